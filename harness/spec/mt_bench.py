"""The vocabulary of MT-Bench with single-answer grading: 80 questions of two turns, each answer rated from 1 to 10.

Questions, judge prompts and GPT-4's reference answers are public files, as FastChat published them
(`harness/spec/packaged_sources.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from humpback.core.expression import Artifact, FieldError, Value
from humpback.spec.data import Examples
from humpback.spec.files import File, Source

TEMPERATURES: Mapping[float, tuple[str, ...]] = MappingProxyType(
    {
        0.7: ("writing", "roleplay"),
        0.0: ("extraction", "math", "coding", "reasoning"),
        0.1: ("stem", "humanities"),
    }
)
"""FastChat's temperature of each category's answers (`temperature_config`)."""


@dataclass(frozen=True)
class MtBenchTurn(Examples):
    """MT-Bench's questions as prompts: the first turns, or the second ones below what was said in the first.

    A second turn stands below "User: ..." and "Assistant: ..." paragraphs in one prompt, as this harness trains earlier
    turns. That is an assumption: FastChat gives a chat model turns of their own.
    """

    stage = "humpback.stages.mt_bench:ask_turn"
    says = "MT-Bench's questions"
    slug_format = "mt-bench"

    questions: File | Source
    categories: tuple[str, ...] = ()
    """Categories that are asked; none means all."""
    answered: Examples | None = None
    """Answers to the first turns, whose second turns are asked; None asks the first."""


@dataclass(frozen=True)
class MtBenchAnswers(Examples):
    """Somebody's answers to one turn of MT-Bench, from a file as FastChat's `gen_model_answer` writes it."""

    stage = "humpback.stages.mt_bench:read_answers"
    says = "answers to turn {turn} of MT-Bench from {answers}"
    slug_format = "mt-bench-turn{turn}"

    answers: File | Source
    questions: File | Source
    turn: int = 1
    """1 or 2."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.turn not in (1, 2):
            raise FieldError(f"MtBenchAnswers.turn is {self.turn}; it takes 1 or 2")


@dataclass(frozen=True)
class MtBenchJudge(Value):
    """A model behind an endpoint that rates single answers, asked as FastChat does: greedily, at most 2,048 tokens."""

    model: str
    """Name by which the server is asked for it."""
    prompts: File | Source
    """FastChat's `judge_prompts.jsonl`."""
    references: File | Source
    """Reference answers to the questions of math, reasoning and coding."""
    send: tuple[tuple[str, str], ...] = ()
    """Fields of the request in the place of FastChat's, or beside them: names, and values as JSON."""
    drop: tuple[str, ...] = ()
    """Fields that are not sent."""


@dataclass(frozen=True)
class MtBenchGraded(Artifact):
    """Both turns' answers rated from 1 to 10 by the judge, one call each."""

    stage = "humpback.stages.mt_bench:grade"
    says = "MT-Bench's answers rated by {by}"
    slug_format = "mt-bench"

    questions: File | Source
    first: tuple[Examples, ...]
    """Answers to the first turns, in parts that share no question."""
    second: tuple[Examples, ...]
    """Answers to the second turns, in the same parts."""
    by: MtBenchJudge

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.first or len(self.first) != len(self.second):
            parts = f"{len(self.first)} parts of first turns and {len(self.second)} of second"
            raise FieldError(f"MtBenchGraded has {parts}; it takes as many of both, and at least one")
