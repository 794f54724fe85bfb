"""Replies as servers give them, understood before anything is parsed.

Neighbours that were tried: thinking in fields (`reasoning_content`, `reasoning`, `reasoning_details`), in parts
(Mistral's, Anthropic's, Google's `thought`), in marks (`<think>`, `<thinking>`, `<reasoning>`, `<seed:think>`,
`[THINK]`, `◁think▷`, Cohere's, gpt-oss's channels with and without their marks), unclosed, unopened, nested, quoted
within a line or in fenced code; parts as strings, dicts and lists; tool arguments as text and object, the older
`function_call`, a part; refusals; every spelling of the reason to finish; and what is no text.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from humpback.engines.endpoint.message import NotText, begins_with_thinking, understand, without_thinking


def message(content: Any, finish: Any = "stop", **more: Any) -> dict[str, Any]:
    return {"finish_reason": finish, "message": {"role": "assistant", "content": content, **more}}


HARMONY = "<|channel|>analysis<|message|>Hm.<|end|><|start|>assistant<|channel|>final<|message|>B<|return|>"


@pytest.mark.parametrize(
    ("text", "thinking", "rest"),
    [
        ("B", "", "B"),
        (" B\n", "", " B\n"),
        ("<think>Hm.</think>\n\nB", "Hm.", "B"),
        ("\n<THINKING>Hm.</THINKING>B", "Hm.", "B"),
        ("<reasoning>Hm.</reasoning><answer>B</answer>", "Hm.", "B"),
        ("<seed:think>Hm.</seed:think>B", "Hm.", "B"),
        ("[THINK]Hm.[/THINK]B", "Hm.", "B"),
        ("◁think▷Hm.◁/think▷B", "Hm.", "B"),
        ("<|START_THINKING|>Hm.<|END_THINKING|><|START_RESPONSE|>B<|END_RESPONSE|>", "Hm.", "B"),
        ("<|begin_of_thought|>Hm.<|end_of_thought|><|begin_of_solution|>B<|end_of_solution|>", "Hm.", "B"),
        (HARMONY, "<|channel|>analysis<|message|>Hm.<|end|>", "B"),
        ("<|channel|>analysis<|message|>Hm", "<|channel|>analysis<|message|>Hm", ""),
        ("<|channel|>analysis<|message|>Hm.<|end|>B", "<|channel|>analysis<|message|>Hm.<|end|>", "B"),
        (HARMONY.partition("<|message|>")[2], "Hm.<|end|>", "B"),
        ("analysisHm.assistantfinalB", "Hm.", "B"),
        ("Hm.assistantfinalB", "Hm.", "B"),
        ("Hm.\n```\nx\n```\nHm.assistantfinalB", "Hm.\n```\nx\n```\nHm.", "B"),
        ("analysis of an assistant final grade", "", "analysis of an assistant final grade"),
        (f"So:\n```\n{HARMONY}\n```", "", f"So:\n```\n{HARMONY}\n```"),
        ("<think></think>\nB", "", "B"),
        ("Hm.\n</think>\n\nB", "Hm.", "B"),
        ("</think>B", "", "B"),
        ("<think>Hm, then", "Hm, then", ""),
        ("<think>One.</think><think>Two.</think>B", "One.\nTwo.", "B"),
        ("Well.\n<think>\nHm.\n</think>\nB", "Hm.", "Well.\n\nB"),
        ("<think>(a) holds <think>x</think> too.</think>B", "(a) holds <think>x</think> too.", "B"),
        ("<think>(a) opens with <think> alone.</think>B", "(a) opens with <think> alone.", "B"),
        ("(a) says <think>x</think> first.\n</think>B", "(a) says <think>x first.", "B"),
        ("Use <think>x</think> in a prompt.", "", "Use <think>x</think> in a prompt."),
        ("It ends at `</think>` there.", "", "It ends at `</think>` there."),
        ("As in\n```\n<think>x</think>\n```", "", "As in\n```\n<think>x</think>\n```"),
    ],
)
def test_thinking_is_no_part_of_what_is_said(text: str, thinking: str, rest: str) -> None:
    assert without_thinking(text) == (thinking, rest)


@pytest.mark.parametrize(
    ("choice", "text", "thinking"),
    [
        (message(None, reasoning_content="Hm."), "", "Hm."),
        (message("B", reasoning="Hm."), "B", "Hm."),
        (message("B", reasoning_details=[{"type": "reasoning.text", "text": "Hm."}]), "B", "Hm."),
        (message("B", reasoning={"summary": ["Hm."]}), "B", "Hm."),
        (message([{"type": "text", "text": "B"}, {"type": "text", "text": "C"}]), "BC", ""),
        (message(["B", {"text": "C"}]), "BC", ""),
        (message({"type": "text", "text": "B"}), "B", ""),
        (message([{"type": "text", "text": {"value": "B", "annotations": []}}]), "B", ""),
        (message([{"type": "output_text", "text": "B"}]), "B", ""),
        (
            message(
                [{"type": "thinking", "thinking": [{"type": "text", "text": "Hm."}]}, {"type": "text", "text": "B"}]
            ),
            "B",
            "Hm.",
        ),
        (
            message([{"type": "thinking", "thinking": "Hm.", "signature": "x"}, {"type": "text", "text": "B"}]),
            "B",
            "Hm.",
        ),
        (message([{"type": "text", "text": "Hm.", "thought": True}, {"type": "text", "text": "B"}]), "B", "Hm."),
        (message([{"type": "text", "text": "<think>Hm.</think>B"}]), "B", "Hm."),
        (message(None), "", ""),
        (message([]), "", ""),
        ({"text": "<think>Hm.</think>B", "finish_reason": "stop"}, "B", "Hm."),
        ({"text": None, "finish_reason": "stop"}, "", ""),
    ],
)
def test_the_text_is_found_wherever_it_stands(choice: dict[str, Any], text: str, thinking: str) -> None:
    found = understand(choice)
    assert (found.text, found.thinking, found.ended) == (text, thinking, "stop")


RANKS = {"ordered_models": [{"model": "m", "rank": 1}]}


@pytest.mark.parametrize(
    "choice",
    [
        message(None, "tool_calls", tool_calls=[{"function": {"name": "f", "arguments": json.dumps(RANKS)}}]),
        message("Sure:", "tool_calls", tool_calls=[{"function": {"name": "f", "arguments": RANKS}}]),
        message("", "function_call", function_call={"name": "f", "arguments": json.dumps(RANKS)}),
        message(None, "function_call", tool_calls=None, function_call={"name": "f", "arguments": RANKS}),
        message([{"type": "tool_use", "name": "f", "input": RANKS}], "tool_use"),
    ],
)
def test_arguments_of_a_tool_are_what_was_said(choice: dict[str, Any]) -> None:
    assert json.loads(understand(choice).text) == RANKS


@pytest.mark.parametrize(
    ("reason", "ended"),
    [
        *(("stop", "stop"), ("end_turn", "stop"), ("length", "length"), ("max_tokens", "length")),
        *(
            ("MAX_TOKENS", "length"),
            ("model_length", "length"),
            ("content_filter", "filter"),
            ("SAFETY", "filter"),
            ("content_filter: RECITATION", "filter"),
        ),
        *(("model_context_window_exceeded", "length"), ("FinishReason.MAX_TOKENS", "length"), ("max_length", "length")),
        *(("sensitive", "filter"), ("IMAGE_SAFETY", "filter"), ("guardrail_intervened", "filter")),
        *(("content_filtered", "filter"), ("refusal", "filter"), ("eos_token", "stop"), ("stop_sequence", "stop")),
        *((None, ""), ({"x": 1}, ""), ({"type": "length", "length": 16}, "length")),
    ],
)
def test_how_a_reply_ended(reason: Any, ended: str) -> None:
    assert understand(message("B", reason)).ended == ended


def test_a_refusal_is_known_as_one() -> None:
    assert (found := understand(message(None, refusal="I cannot."))).ended == "refusal"
    assert found.text == "I cannot."
    assert understand(message([{"type": "refusal", "refusal": "No."}])).ended == "refusal"
    assert understand(message("B", refusal=None)).ended == "stop"


@pytest.mark.parametrize(
    "content",
    [7, True, [7], [{"type": "image_url", "image_url": {}}], [{"type": "text", "text": ["B"]}], {"answer": "B"}],
    ids=repr,
)
def test_what_is_no_text_is_not_made_one(content: Any) -> None:
    with pytest.raises(NotText):
        understand(message(content))


def test_answers_that_begin_with_thinking_are_known() -> None:
    assert all(map(begins_with_thinking, ["<think>x</think>B", " \n<think>x", "x</think>B", HARMONY]))
    assert not any(map(begins_with_thinking, ["B", "Use <think>x</think>.", "Well.\n<think>x</think>B", ""]))
