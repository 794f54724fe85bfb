"""Rows as well-known public sets lay them out: each is read as its publisher means it, or refused by name.

Tried, three rows each: ShareGPT with ids, system turns, weights, markdown; OpenAI's, Anthropic's, Gemini's, axolotl's
files; LLaMA-Factory's Alpaca and ShareGPT layouts with system, history, tools, images, preferences and KTO tags; Dolly,
WizardLM, UltraChat, UltraFeedback (raw, binarized, Argilla's), Orca pairs, HelpSteer, OpenHermes, SlimOrca, OpenOrca,
Capybara, LIMA, No Robots, Tulu, MetaMath, CodeAlpaca, Baize, GPTeacher, BELLE, Firefly, COIG, MOSS, FLAN, P3, Super-NI,
xP3, HC3, PKU-SafeRLHF, BeaverTails, WebGPT, SHP, Aya, HH-RLHF, Nectar, Magpie, NuminaMath, SQuAD, WildChat, LMSYS-Chat,
XTuner, Nemotron, SteerLM. Those of raw transcripts with marks of their own (Baize, MOSS 002, Llama 2's, ChatML) and of
two answers without a choice (HelpSteer2, SafeRLHF, SHP) are refused; the reason names what is missing.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from humpback.core.tables import Example, Rejected, Unreadable
from humpback.readers.unusable import UnusableFile
from tests.harness.readers.test_instructions import BOT, USER, one, pairs, written

HUMAN, GPT, WORSE = {"from": "human", "value": "q"}, {"from": "gpt", "value": "a"}, {"from": "gpt", "value": "b"}


@pytest.mark.parametrize(
    ("row", "instruction"),
    [
        ({"instruction": "q", "input": "given", "response": "a"}, "q\n\ngiven"),
        ({"instruction": "q", "input": "", "chosen": "a", "rejected": "b"}, "q"),
        ({"instruction": "q", "input": "given", "completions": [{"response": "a"}]}, "q\n\ngiven"),
        ({"conversation": [{"input": "q", "output": "a"}, {"input": "r", "output": "b"}]}, "q"),
        ({"conversation": [{"human": "q", "assistant": "a"}]}, "q"),
        ({"conversations": [["q", "a"], ["r", "b"]]}, "q"),
        ({"conversations": [HUMAN], "chosen": GPT, "rejected": WORSE}, "q"),
        ({"messages": [USER], "chosen": [BOT], "rejected": "b"}, "q"),
        ({"messages": [USER], "response": "a"}, "q"),
        ({"input": [USER], "output": "a"}, "q"),
        ({"instruction": "q", "response": "a", "conversations": [HUMAN, GPT]}, "q"),
        ({"problem": "q", "solution": "a", "messages": [USER, BOT]}, "q"),
        ({"definition": ["do it"], "inputs": "q", "targets": "a"}, "do it\n\nq"),
        ({"inputs": "q? x or y", "targets": "a", "answer_choices": ["x", "y"]}, "q? x or y"),
        ({"prompt": "\n\nHuman: q\n\nAssistant:", "completion": "a"}, "q"),
        ({"instruction": "Human:u\nAssistant:v\nHuman:q\nAssistant:", "output": "a"}, "User: u\n\nAssistant: v\n\nq"),
        ({"chosen": "\n\nHuman: q\n\nAssistant: a", "rejected": "\n\nHuman: q\n\nAssistant: b"}, "q"),
        ({"Instruction": "q", "Input": "given", "Output": "a"}, "q\n\ngiven"),
        ({"Prompt": "q", "Response": "a"}, "q"),
        ({"instruction": "q", "input": "nan", "output": "a"}, "q"),
        ({"instruction": "q", "input": "<noinput>", "output": "a"}, "q"),
        ({"Conversations": json.dumps([HUMAN, GPT])}, "q"),
        ({"conversations": [HUMAN, {**GPT, "from": "chatbot"}]}, "q"),
        ({"prompt": "Who said it?\n\nHuman: or Assistant:", "completion": "a"}, "Who said it?\n\nHuman: or Assistant:"),
        ({"prompt": "Human: Assistant: what are these?", "completion": "a"}, "Human: Assistant: what are these?"),
    ],
)
def test_what_is_read(tmp_path: Path, row: dict[str, Any], instruction: str) -> None:
    found = one(tmp_path, row)
    assert isinstance(found, Example), found
    assert (found.instruction, found.output, found.system) == (instruction, "a", "")
    assert set(found.known.get("aside", ())) <= {"rejected"}


@pytest.mark.parametrize(
    "row",
    [
        {"conversation": [{"system": "Be brief.", "input": "q", "output": "a"}]},
        {"input": [USER], "output": "a", "system_prompt": "Be brief."},
        {"instruction": "q", "completions": [
            {"response": "b", "score": 2, "custom_system_prompt": "Be long."},
            {"response": "a", "score": 5, "custom_system_prompt": "Be brief."},
        ]},
    ],
)  # fmt: skip
def test_a_system_sentence_inside_of_a_round_or_of_the_best_answer(tmp_path: Path, row: dict[str, Any]) -> None:
    found = one(tmp_path, row)
    assert isinstance(found, Example), found
    assert (found.system, found.instruction, found.output) == ("Be brief.", "q", "a")


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ({"question": "q", "choices": ["yes", "no"], "answer": "yes"}, "field choices holds answers to choose from"),
        ({"question": "q", "options": {"text": ["x"], "label": ["A"]}, "answer": "A"}, "field options holds answers"),
        ({"instruction": "Speak as a sailor.", "conversations": [HUMAN, GPT]}, "field instruction and the row's"),
        ({"chosen": "no marks", "rejected": "none"}, "no layout fits"),
        ({"prompt": "q", "response_0": "a", "response_1": "b"}, "no output"),
        ({"question": "q", "answers": [{"text": "a"}, {"text": "b"}]}, "0 of them a score"),
        ({"text": "<|im_start|>user\nq<|im_end|>"}, "no output"),
    ],
)
def test_what_is_refused(tmp_path: Path, row: dict[str, Any], says: str) -> None:
    if says == "no layout fits":
        with pytest.raises(UnusableFile, match=says):
            one(tmp_path, row)
        return
    found = one(tmp_path, row)
    assert isinstance(found, Unreadable)
    assert says in found.reason


def test_fields_inside_of_turns_are_named_or_acted_on(tmp_path: Path) -> None:
    thought = {**BOT, "reasoning_content": "hm", "weight": 1, "tool_calls": None}
    found = one(tmp_path, {"messages": [{**USER, "name": "Ann"}, thought, {**USER, "later": "x"}, BOT]})
    assert isinstance(found, Example)
    assert found.known["aside"] == ["messages[].name", "messages[].reasoning_content"]
    assert isinstance(one(tmp_path, {"instruction": "q", "output": "a", "kto_tag": False}), Rejected)
    assert isinstance(one(tmp_path, {"conversation": [{"human": "q", "assistant": "a", "toxic": True}]}), Rejected)


@pytest.mark.parametrize(
    ("good", "odd", "says"),
    [
        ({"chosen": "Human: q\n\nAssistant: a"}, {"chosen": "no marks"}, "field chosen has no turns that Human:"),
        ({"prompt": "q", "responses": ["a"]}, {"responses": True}, "field responses is true; it takes a list"),
        ({"prompt": "q", "responses": ["a"]}, {"n": 1}, "field completions is missing; it takes a list"),
        ({"messages": [USER, BOT]}, {"messages": [[]]}, "field messages is a list; it takes a list of turns"),
    ],
)
def test_the_odd_row_of_a_file_costs_no_other(
    tmp_path: Path, good: dict[str, Any], odd: dict[str, Any], says: str
) -> None:
    first, second = pairs(written(tmp_path, good, odd))
    assert isinstance(first, Example)
    assert isinstance(second, Unreadable)
    assert says in second.reason
