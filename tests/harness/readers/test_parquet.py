"""Tables with damage in them."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from humpback.readers.records import records
from tests.harness.readers.test_records import ROWS, broken, read, values


def test_a_damaged_row_group_is_reported_and_the_others_are_read(tmp_path: Path) -> None:
    path = tmp_path / "a"
    pq.write_table(pa.Table.from_pylist(ROWS), path, row_group_size=10, compression="zstd", use_dictionary=False)
    column = pq.ParquetFile(path).metadata.row_group(1).column(1)
    content = bytearray(path.read_bytes())
    start = column.data_page_offset
    content[start + 20 : start + column.total_compressed_size] = b"\xff" * (column.total_compressed_size - 20)
    found = read(path, bytes(content))
    assert values(found) == ROWS[:10] + ROWS[20:]
    assert [one.place for one in broken(found)] == ["rows 10 to 19"]


def test_a_bad_string_in_a_table_costs_its_row_alone(tmp_path: Path) -> None:
    text = pa.array([b"good", b"\xff\xfe", b"also"]).view(pa.string())
    pq.write_table(pa.table({"text": text}), tmp_path / "a")
    found = list(records(tmp_path / "a"))
    assert values(found) == [{"text": "good"}, {"text": "also"}]
    assert [one.place for one in broken(found)] == ["row 1"]
