"""One model on one task, sample by sample, whichever program ran it.

A log keeps scores and digests and no text, so that MMLU with its prompts stays small.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

from humpback.analysis.judgements.formats.items import NoJudgements
from humpback.core.tables import Unreadable

NONE = "none"
"""lm-eval's name of the filter that does nothing."""


@dataclass(frozen=True, slots=True)
class Sample:
    """What a sample asks, as digests; empty where the log does not say."""

    question: str
    target: str
    prompt: str = ""
    """Of the text that the model was shown, with examples and template."""


@dataclass(frozen=True)
class TaskLog:
    """One model's scores on one task."""

    model: str
    """As the log names it."""
    task: str
    kind: str
    """The format in words."""
    file: str
    """Name of the file, with its folder."""
    samples: Mapping[str, Sample]
    """By the sample's id."""
    scores: Mapping[str, Mapping[str, tuple[float, ...]]]
    """By metric, then by the sample's id: a score for each time it was asked. A sample without a score is not there."""
    version: str = ""
    """The task's; empty where the log does not say."""
    about: Mapping[str, str] = field(default_factory=dict)
    """What else bears on the scores, such as the number of shots, in words."""
    lower: frozenset[str] = frozenset()
    """Metrics of which less is better, as far as the log says."""
    unreadable: tuple[Unreadable, ...] = ()
    """Rows that could not be used."""
    notes: tuple[str, ...] = ()
    """What a reader should know of how the file was taken."""


@dataclass(frozen=True)
class SystemLog:
    """One model's logs."""

    name: str
    tasks: Mapping[str, TaskLog]
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """lm-eval's groups by name: the tasks in them."""
    tasks_alike: frozenset[tuple[str, str]] = frozenset()
    """Groups and metrics whose published value is the mean of the tasks' values, whatever their sizes."""


def measure(metric: str, filter_: str) -> str:
    """A metric's name in tables, with the filter that its answers went through."""
    return metric if filter_ in ("", NONE) else f"{metric} ({filter_})"


def digest(value: Any) -> str:
    """Of a text, or of any JSON."""
    text = value if isinstance(value, str) else json.dumps(value, sort_keys=True, ensure_ascii=False)
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def read_json(path: Path) -> Any:
    """What a JSON file holds.

    Raises:
        NoJudgements: when it is not to be read or no whole JSON, naming the file.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise NoJudgements(f"{path}: no whole JSON: damaged or cut off ({error})") from error


def number(value: Any) -> float | None:
    """A number or truth value as a score; None for NaN and null, which are no score.

    Raises:
        ValueError: for anything else, infinity too.
    """
    if value is None:
        return None
    if not isinstance(value, bool | int | float) or math.isinf(value):
        raise ValueError
    return None if math.isnan(value) else float(value)
