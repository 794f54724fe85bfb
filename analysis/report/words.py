"""Numbers and verdicts as the page shows them. A cell without a number is a dash."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from humpback.analysis.layout.text_table import DASH


@dataclass(frozen=True)
class Word:
    """A kind of verdict: how it is counted, styled and marked, so that colour is never all there is."""

    key: str
    """Of the style sheet."""
    words: str
    mark: str


REPLICATED = Word("yes", "replicated", "✓")
NOT_REPLICATED = Word("no", "not replicated", "✗")
UNTOLD = Word("untold", "cannot be told", "?")
NOT_MEASURED = Word("none", "not measured", "–")
NOT_RUN = Word("unrun", "not run", "○")
WORDS = (REPLICATED, NOT_REPLICATED, UNTOLD, NOT_MEASURED, NOT_RUN)


def word_of(verdict: str) -> Word:
    """The kind of one of `Finding.verdict`'s phrases."""
    return next((one for one in WORDS if verdict.startswith(one.words)), NOT_MEASURED)


def tally(words: Iterable[Word]) -> tuple[tuple[Word, int], ...]:
    """How often each kind occurs, in the order of `WORDS`, those that do not left out."""
    found = list(words)
    return tuple((one, found.count(one)) for one in WORDS if one in found)


def number(text: object, form: str = ".1f") -> str:
    """A cell of a CSV file as a number in that form, thousands set apart; a dash where there is none, and words as they
    are."""
    value = _float(text)
    if value is None:
        return str(text) if text not in (None, "") and not _nan(text) else DASH
    if abs(value) >= 1_000 and "," not in form:
        form = form.replace(".", ",.", 1)
    try:
        return format(value, form)
    except ValueError:
        return f"{value:g}"


def form_of(values: Iterable[object]) -> str:
    """The form for numbers that stand together and bring none: one digit after the point, or as many as the largest
    needs to show two."""
    known = [abs(value) for one in values if (value := _float(one)) is not None and value]
    if not known or max(known) >= 1:
        return ",.1f"
    return f".{min(6, 1 - math.floor(math.log10(max(known))))}f"


def interval(row: Mapping[str, str], measure: str, form: str) -> str:
    """Such as "+3.4 (+1.0 to +5.8)", from the columns MEASURE_mean, _low and _high."""
    mean, low, high = (row.get(f"{measure}_{part}", "") for part in ("mean", "low", "high"))
    signed = form if form.startswith("+") else f"+{form}"
    if _float(mean) is None:
        return DASH
    if _float(low) is None:
        return number(mean, signed)
    return f"{number(mean, signed)} ({number(low, signed)} to {number(high, signed)})"


def duration(seconds: float | None) -> str:
    """In the unit that a person would use."""
    if seconds is None:
        return DASH
    for unit, size in (("h", 3_600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:.1f} {unit}"
    return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"


def _float(text: object) -> float | None:
    try:
        value = float(str(text))
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _nan(text: object) -> bool:
    return str(text).lower() in ("nan", "inf", "-inf", "none")
