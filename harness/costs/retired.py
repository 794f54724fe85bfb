"""Raters, judges and systems of a plan that no longer exist at their provider: to ask for them would only fail.

What was retired and when is a table beside this module, `retired.csv`, with its sources. A version of a retired model,
such as claude-v1.3 or claude-2.1, is retired with it.
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from functools import cache
from importlib import resources

from humpback.core.expression import values_in
from humpback.core.plan import Plan
from humpback.spec.models import ServedModel
from humpback.spec.outcomes import AlpacaEvalJudge

_VERSION = re.compile(r"\.\d+(?:-100k)?|-100k")


@dataclass(frozen=True)
class Retired:
    """A model that its provider shut down."""

    model: str
    """Name of the model as the plan asks for it."""
    provider: str
    since: str
    """Year-month-day."""
    source: str


def retired_of(plan: Plan) -> tuple[Retired, ...]:
    """Those that making what the plan has to do would ask, each once, in the order of its steps."""
    names: dict[str, None] = {}
    for step in plan.to_do:
        # Of an artifact's own fields. What its inputs ask is theirs, and may be done.
        for value in values_in(step.artifact):
            if isinstance(value, ServedModel):
                names[value.served_as] = None
            elif isinstance(value, AlpacaEvalJudge):
                names[value.model] = None
    return tuple(found for name in names if (found := retired(name)) is not None)


def retired(name: str) -> Retired | None:
    """The model of that name, where it is retired; whatever stands before a slash is the server's."""
    plain = name.lower().rsplit("/", 1)[-1]
    row = _table().get(plain) or _table().get(_VERSION.sub("", plain))
    return None if row is None else Retired(name, row["provider"], row["retired"], row["source"])


@cache
def _table() -> dict[str, dict[str, str]]:
    text = resources.files("humpback.costs").joinpath("retired.csv").read_text(encoding="utf-8")
    return {row["model"]: row for row in csv.DictReader(text.splitlines())}
