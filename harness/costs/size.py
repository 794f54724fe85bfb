"""A size, and how sizes are put together and read off a finished table."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from humpback.core.expression import Artifact
from humpback.spec.files import Source

_WHOLE = 1 << 25
"""Bytes up to which a finished table is read for its lengths; a larger one is taken to be as its rule says."""


@dataclass(frozen=True)
class Size:
    """Of an artifact."""

    rows: float | None
    instruction: float = 0.0
    """Mean characters."""
    output: float = 0.0
    waits_for: str = ""
    """Where the rows are not known: what has to be there first."""
    exact: bool = False
    """Rows as the record of a finished artifact counts them."""

    @property
    def characters(self) -> float:
        """Of one row."""
        return self.instruction + self.output


def together(*sizes: Size) -> Size:
    """Rows summed, lengths averaged over rows; unknown as soon as one is."""
    waiting = next((one for one in sizes if one.rows is None), None)
    if waiting is not None:
        return Size(None, sizes[0].instruction, sizes[0].output, waiting.waits_for)
    rows = sum(one.rows or 0.0 for one in sizes)
    over = max(rows, 1.0)
    instruction = sum((one.rows or 0.0) * one.instruction for one in sizes) / over
    return Size(rows, instruction, sum((one.rows or 0.0) * one.output for one in sizes) / over)


def sources_of(artifacts: tuple[Artifact, ...]) -> list[str]:
    """Names of the public files that artifacts are read from."""
    read_from = (one for artifact in artifacts for one in getattr(artifact, "files", ()))
    return [one.name for one in read_from if isinstance(one, Source)]


def measured(path: Path) -> tuple[float, float] | None:
    """Mean characters of instruction and output of a finished table; None where there is none, or it is large."""
    if not path.is_file() or path.stat().st_size > _WHOLE:
        return None
    import pyarrow.parquet as pq

    with pq.ParquetFile(path) as file:
        table = file.read(columns=["instruction", "output"])
    rows = max(table.num_rows, 1)
    columns = (table.column(name).to_pylist() for name in ("instruction", "output"))
    first, second = (sum(map(len, column)) / rows for column in columns)
    return first, second
