"""A set's rows and how long they are: Humpback's Table 1, with an interval for each mean length.

`analysis/datasets/corpus.py` tells more of a set and keeps counts of lengths alone. Here the lengths themselves are
wanted, a number a row, so only the two columns are read and only their lengths stay: 8 MB for half a million rows.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow.compute as pc
import pyarrow.parquet as pq

from humpback.analysis.experiment.measures.number import Number, count
from humpback.analysis.stats.statistics import Scores
from humpback.core.store import Store
from humpback.core.tables import EXAMPLES
from humpback.spec.measures import LengthStatistics

_COLUMNS = ("instruction", "output")
_BATCH = 4_096


def length_statistics(store: Store, measure: LengthStatistics) -> tuple[Number, ...]:
    """Rows, mean lengths in characters (Unicode code points), and their deviations over the set (divided by n, as in
    `analysis/datasets/corpus.py`). An empty text has length 0."""
    lengths = _lengths(store.open(measure.examples) / EXAMPLES)
    return (
        count("examples", len(lengths["instruction"])),
        *(Number(f"{column}, characters", lengths[column]) for column in _COLUMNS),
        *(count(f"{column}, sd", _deviation(lengths[column]), form=".1f") for column in _COLUMNS),
    )


def _lengths(path: Path) -> dict[str, Scores]:
    """(rows,) characters of each column."""
    found: dict[str, list[Scores]] = {column: [np.empty(0)] for column in _COLUMNS}
    # Buffering ahead would keep every column chunk that was read, and so the whole file, until it is closed.
    with pq.ParquetFile(path, pre_buffer=False) as file:
        for batch in file.iter_batches(batch_size=_BATCH, columns=list(_COLUMNS)):
            for column in _COLUMNS:
                characters = pc.utf8_length(batch.column(column))
                found[column].append(characters.to_numpy(zero_copy_only=False).astype(np.float64))
    return {column: np.concatenate(parts) for column, parts in found.items()}


def _deviation(lengths: Scores) -> float:
    return float(lengths.std()) if len(lengths) else float("nan")
