"""An experiment's curves as points for the scaling figure: each arm that lies on one, over all seeds; and the paper's
points of the same figure, which are drawn beside them and enter no fit of ours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from analysis.gather import Results
from analysis.published import published
from analysis.scaling import Points
from harness.fingerprint import FieldError

_RATE = "win_rate"


@dataclass(frozen=True)
class PaperCurve:
    """One curve of a paper's figure."""

    points: Points
    """Named as the paper names it."""
    own: tuple[str, ...]
    """The experiment's curves that it is the counterpart of."""


def points_of(results: Results, names: dict[str, str]) -> list[Points]:
    """Win rate against the reference by size, with the standard error over prompts and seeds. `names` has each arm's
    curve; arms without a number are left out."""
    found = []
    for curve in dict.fromkeys(names.values()):
        rows = [
            row
            for row in results.rows
            if names.get(row.arm) == curve
            and row.against == results.reference
            and row.seed == row.set == "all"
            and row.size
            and not row.reason
            and row.standard_error > 0
        ]
        rows.sort(key=lambda row: row.size or 0)
        if rows:
            found.append(
                Points(
                    curve,
                    tuple(float(row.size or 0) for row in rows),
                    tuple(row.win_rate for row in rows),
                    tuple(row.standard_error for row in rows),
                )
            )
    return found


def paper_points(declared: Mapping[str, tuple[str, str]]) -> tuple[PaperCurve, ...]:
    """The published win rates by size of each table and arm that an experiment declares for its curves, once each.

    Raises:
        FieldError: when there is no such table, or the arm has no win rate at a size there.
        StoreError: when the published numbers are not found.
    """
    found = []
    for table, arm in dict.fromkeys(declared.values()):
        rows = [row for row in published(table) if row.arm == arm and row.metric == _RATE and row.n_examples]
        if not rows:
            there = sorted({row.arm for row in published(table) if row.metric == _RATE and row.n_examples})
            raise FieldError(f"{table} has no {_RATE} by size of {arm!r}; it has those of {', '.join(there) or 'none'}")
        rows.sort(key=lambda row: row.n_examples or 0)
        errors = tuple(row.error for row in rows if row.error is not None)
        points = Points(
            arm,
            tuple(float(row.n_examples or 0) for row in rows),
            tuple(row.value for row in rows),
            error=errors if len(errors) == len(rows) else None,
            reading=tuple(row.reading or 0.0 for row in rows),
        )
        found.append(PaperCurve(points, tuple(own for own, where in declared.items() if where == (table, arm))))
    return tuple(found)
