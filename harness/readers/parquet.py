"""Rows of a Parquet file, in batches, and the row groups of it that cannot be read."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from humpback.readers.unusable import unusable

_ERRORS = (pa.ArrowException, OSError, ValueError)
"""What pyarrow raises on damaged files; its own errors are all of the first kind but not all documented so."""


def rows(path: Path) -> Iterator[tuple[str, Any, str, str]]:
    """(place, value, raw text, reason) of each row.

    Raises:
        UnusableFile: when the footer cannot be read, or two columns have one name.
    """
    try:
        file = pq.ParquetFile(path)
        names = file.schema_arrow.names
    except _ERRORS as error:
        raise unusable(path, f"this is Parquet that cannot be opened: {error}") from error
    with file:
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise unusable(path, f"two columns are called {twice!r}")
        done = 0
        for group in range(file.metadata.num_row_groups):
            size = file.metadata.row_group(group).num_rows
            end = done + size
            try:
                for batch in file.iter_batches(batch_size=1_024, row_groups=[group]):
                    for found in _batch(batch, done):
                        yield found
                        done += 1
            except _ERRORS as error:
                yield f"rows {done} to {end - 1}", None, "", f"row group {group} is damaged: {error}"
            done = end


def _batch(batch: pa.RecordBatch, first: int) -> Iterator[tuple[str, Any, str, str]]:
    try:
        for i, row in enumerate(batch.to_pylist()):
            yield f"row {first + i}", row, "", ""
    except _ERRORS:
        # One value that cannot be turned into Python fails its whole batch, so here each row is tried by itself.
        for i in range(len(batch)):
            try:
                yield f"row {first + i}", batch.slice(i, 1).to_pylist()[0], "", ""
            except _ERRORS as error:
                yield f"row {first + i}", None, "", f"a value cannot be decoded: {error}"
