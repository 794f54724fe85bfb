"""An experiment's curves as points for the scaling figure: each arm that lies on one, over all seeds."""

from __future__ import annotations

from collections.abc import Mapping

from humpback.analysis.experiment.gather import Results
from humpback.analysis.scaling.fit import Points


def points_of(results: Results, names: Mapping[str, str]) -> list[Points]:
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
