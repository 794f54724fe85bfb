"""Artifacts, licences and rows to export."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from humpback.core.tables import Example
from humpback.spec.curation import ModelRater, Rated, SampledScore, Selected
from humpback.spec.data import Sampling
from humpback.spec.files import File, InstructionSet, OpenAssistant, Source
from humpback.spec.models import Finetuned, HubModel
from humpback.spec.prompts import HUMPBACK_RATING
from humpback.spec.recipe import Sft

ALPACA = InstructionSet((Source("alpaca", "761dc5bfbdee"),))


OASST = OpenAssistant((Source("oasst1", "fdf72ae0827c"),), n=3)


OWN = InstructionSet((File("mine.jsonl", "a" * 64),))


RATER = Finetuned(HubModel("org/base", "c" * 40), OASST, Sft())


RATED = Rated(ALPACA, ModelRater(RATER, SampledScore(HUMPBACK_RATING, Sampling())))


SELECTED = Selected(RATED, at_least=4.5)


LICENCES = {"alpaca": "CC BY-NC 4.0", "oasst1": "Apache-2.0", "org/base": "Apache-2.0", "a" * 64: "MIT"}


ROWS = [
    Example(
        "a/1",
        "Sum up.\n\nA text\nof two lines.",
        "Done \U0001f600.",
        source="a",
        origin='{"input": "A text\\nof two lines."}',
    ),
    Example("a/2", 'Quote "{this}" \\ and \u2028 and \u0085 that.', "Line\r\nline\x00\ttab.", score=4.5),
    Example("a/3", "No input in it.", "", origin='{"input": "another text"}'),
    Example("a/4", "2018-01-01", "2018-01-01"),
]


WITH_SYSTEM = [*ROWS, Example("a/5", "Who?", "Me.", "Answer in the style of an AI Assistant.")]


PROMPTS = [Example("a/1", "One?"), Example("a/2", "Two?")]


Put = Callable[..., Path]


def own_set(name: str) -> InstructionSet:
    return InstructionSet((File(name, "d" * 64),))
