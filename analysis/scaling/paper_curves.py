"""The paper's points of a figure, which are drawn beside ours and enter no fit of ours."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from humpback.analysis.scaling.fit import Points
from humpback.core.expression import FieldError
from humpback.spec.claims import Curve
from humpback.spec.paper_numbers import paper_numbers

_RATE = "win_rate"


@dataclass(frozen=True)
class PaperCurve:
    """One curve of a paper's figure."""

    points: Points
    """Named as the paper names it."""
    own: tuple[str, ...]
    """The experiment's curves that it is the counterpart of."""


def paper_points(curves: Iterable[Curve]) -> tuple[PaperCurve, ...]:
    """The published win rates by size of each table and row that curves name, once each.

    Raises:
        FieldError: when there is no such table, or the arm has no win rate at a size there.
        StoreError: when the published numbers are not found.
    """
    found = []
    declared = {curve.name: curve.points for curve in curves if curve.points}
    for table, arm in dict.fromkeys(declared.values()):
        rows = [row for row in paper_numbers(table) if row.arm == arm and row.metric == _RATE and row.n_examples]
        if not rows:
            there = sorted({row.arm for row in paper_numbers(table) if row.metric == _RATE and row.n_examples})
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
