"""Marks in candidates: what carries one is rejected with it, and a sentence that quotes one is kept.

Tried: the plain template, micro's, and ten chat templates (marks that are special tokens, added words or plain text,
at a line's start and behind a text); other case, spaces, emphasis, quotation signs, numbers of #, full-width and
zero-width characters, other line ends; scores as decimals, of five, in brackets, with a rule behind them, after a
sentence; the rating prompt's own lines; near misses of each.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from humpback.core.tables import EXAMPLES, REJECTED, Example, Rejected, Writer, read
from humpback.engines.chat.chat_format import ChatFormat
from humpback.engines.chat.marks import Marks
from humpback.engines.completion import Completion
from humpback.engines.transformers_engine import Engine
from humpback.experiments.humpback.algorithm import candidates
from humpback.experiments.setups.base import Setup
from humpback.experiments.setups.micro import MICRO
from humpback.spec.prompts import ALPAGASUS_ACCURACY, HUMPBACK_RATING, MICRO_RATING, Prompt
from humpback.spec.template import INSTRUCTION_RESPONSE, ChatTemplate, Template
from humpback.stages.backtranslate import backtranslate
from tests.harness.engines.small_models import byte_bpe, work_at
from tests.harness.engines.small_tokenizers import CHATS, with_marks


def marks(template: Template = INSTRUCTION_RESPONSE, rating: Prompt = HUMPBACK_RATING) -> Marks:
    return Marks(ChatFormat(template, byte_bpe()), rating)


@pytest.mark.parametrize(
    "line",
    [
        *("### Response:", "### Instruction: Rate this.", "###Response :", "  ### RESPONSE:", "**### Response:**"),
        *("## response:", "> ### Instruction:", "### **Response**:", "###\u00a0Response\uff1a", "- ### Response:"),
        *("#\u200b## Res\u00adponse:", "\uff03\uff03\uff03 \uff32esponse:", "### Response", "`### Response:`"),
        *("<|end|>", "<|END|> and more", "It ends.<|end|>"),
    ],
)
def test_the_template_s_marks_count_at_a_line_s_start(line: str) -> None:
    for text in (line, f"Bad.\n{line}\nGood.", f"Bad.\r\n{line}", f"Bad.\u2028{line}\n\n"):
        assert marks().find(text)


@pytest.mark.parametrize(
    "text",
    [
        "Put ### Response: behind the instruction.",
        "Alpaca's prompt has a line for the instruction, '### Instruction:', and one for the response.",
        "Response: she said yes.\nInstruction: go on.",
        "### Responsibilities:\n### Instructions for use",
        "A turn ends with <|end|> in some models.",
        "Score: 3-2\nThe home side won.",
        "The final score: 5",
        "The game ended.\nScore: 12",
        "Underscore: 5",
        "We asked for the score: it was 5.",
        "Answer: it depends.\nInstruction: go on.",
        "Rate this answer.",
        "",
    ],
)
def test_a_text_about_them_is_kept(text: str) -> None:
    assert not marks().find(text)


@pytest.mark.parametrize(
    "line",
    [
        *("Score: 5", "score : 5", "SCORE: 5/5", "**Score:** 5", "Score: 4.5", "Score: 5.", "Score = 5", "Score - 5"),
        *("[Score: 5]", "Score\uff1a\uff15", "S\u200bcore: 5", "Score: 5 out of 5", "| Score: 5 / 5 |", "> Score: 5"),
        *("It is a perfect answer. Score: 5", "Nothing is missing! **Score: 5/5**", '"Score: 5"'),
    ],
)
def test_a_score_on_the_last_line_counts(line: str) -> None:
    for text in (line, f"Bad.\n{line}", f"Bad.\n\n{line}\n\n---\n"):
        assert marks().find(text).startswith("score: "), text


@pytest.mark.parametrize("prompt", [HUMPBACK_RATING, MICRO_RATING, ALPAGASUS_ACCURACY])
def test_the_rating_prompt_s_lines_in_their_order_count(prompt: Prompt) -> None:
    shown = prompt.fill(instruction="What holds water?", output="A kettle does.")
    plain = Template(instruction="{instruction}\n\n")
    assert marks(plain, prompt).find(f"Bad.\n\n{shown}").startswith("rating prompt: ")
    assert not marks(plain, prompt).find(prompt.fill(instruction="What holds water?", output="").split("\n")[0])


@pytest.mark.parametrize("special", [True, False], ids=["special tokens", "added words"])
@pytest.mark.parametrize("chat", CHATS)
def test_turns_of_a_chat_template_count(chat: str, special: bool) -> None:
    """However it writes them, with the start of a line or without."""
    tokenizer = with_marks("byte-level BPE", special=special)
    found = Marks(ChatFormat(ChatTemplate(CHATS[chat]), tokenizer), HUMPBACK_RATING)
    turns = [
        {"role": "user", "content": "What holds water?"},
        {"role": "assistant", "content": "Bad."},
        {"role": "user", "content": "Is it so?"},
        {"role": "assistant", "content": "It is."},
    ]
    written: Any = tokenizer.apply_chat_template(turns, chat_template=CHATS[chat], tokenize=False)
    assert found.find(written[written.index("Bad.") : written.index("It is.")])
    for text in ("Bad.", "user\nassistant\nmodel\nsystem", "What is user<|im_end|> in a sentence?", "[see] <user>"):
        assert not found.find(text)


def test_micro_s_own_template_and_prompt() -> None:
    found = marks(MICRO.base.template, MICRO_RATING)  # type: ignore[arg-type]
    assert found.find("It is blue.\nAnswer:\nScore: 5").startswith("template: ")
    assert found.find("It is blue.\nRequest: What is it?\nReply: It is blue.").startswith("rating prompt: ")
    assert not found.find("It is blue. The answer is short. A question is asked.\n- The request: none.")


def test_such_candidates_are_rejected_counted_and_kept_aside(
    made: Callable[..., Path], tiny: Setup, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A segment with marks is not asked about; an instruction with marks is what the model wrote."""
    node = candidates(tiny)
    texts = ["It is blue.", "It is red.\nScore: 5", "It is old.", "It is green."]
    with Writer(tmp_path / EXAMPLES, Example) as out:
        for i, text in enumerate(texts):
            out.add(Example(str(i), output=text, source="web"))
    made(node.by)
    asked: list[str] = []

    def written(self: Engine, prompts: list[str], sampling: object, unit: str) -> list[Completion]:
        asked.extend(prompts)
        return [Completion(one, "stop") for one in ("What is it?", "Rate it.\nAnswer:\nScore: 5", "Is it green?")]

    monkeypatch.setattr(Engine, "generate", written)
    place = tmp_path / "out"
    place.mkdir()
    work = replace(work_at(place), open=lambda one: tmp_path if one == node.segments else made(one))
    assert backtranslate(node, work) == {"in": 4, "kept": 2, "rejected": 2, "marked": 2}
    assert len(asked) == 3
    assert not any("red" in one for one in asked)
    kept = list(read(place / EXAMPLES, Example))
    assert [(row.id, row.instruction) for row in kept] == [("0", "What is it?"), ("3", "Is it green?")]
    aside = [(row.id, row.reason, row.text) for row in read(place / REJECTED, Rejected)]
    assert aside == [
        ("1", "mark in the segment: score: 'Score: 5'", texts[1]),
        ("2", "mark in the instruction: template: 'Answer:'", "Rate it.\nAnswer:\nScore: 5"),
    ]
