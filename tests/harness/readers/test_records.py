"""Records of files in every format, and of files that are broken in every way that was thought of."""

from __future__ import annotations

import bz2
import gzip
import json
import lzma
import pickle
import resource
import zlib
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from humpback.core.tables import Unreadable
from humpback.readers import json_arrays as arrays
from humpback.readers.records import FileRecord, UnusableFile, records

ROWS: list[dict[str, Any]] = [{"id": i, "text": f"é {i} \n " + "x" * (i % 7)} for i in range(40)]
LINES = "".join(json.dumps(row) + "\n" for row in ROWS).encode()
ARRAY = json.dumps(ROWS, ensure_ascii=False, indent=2).encode()


def read(path: Path, content: bytes) -> list[FileRecord | Unreadable]:
    path.write_bytes(content)
    return list(records(path))


def values(found: list[FileRecord | Unreadable]) -> list[dict[str, Any]]:
    return [one.value for one in found if isinstance(one, FileRecord)]


def broken(found: list[FileRecord | Unreadable]) -> list[Unreadable]:
    return [one for one in found if isinstance(one, Unreadable)]


def zstd(content: bytes) -> bytes:
    return bytes(pa.compress(content, codec="zstd", asbytes=True))


PACKERS: list[Callable[[bytes], bytes]] = [
    bytes,
    gzip.compress,
    partial(bz2.compress, compresslevel=1),
    partial(lzma.compress, preset=0),
    zstd,
]


@pytest.mark.parametrize("pack", PACKERS)
@pytest.mark.parametrize("content", [LINES, ARRAY, b"\xef\xbb\xbf" + ARRAY, ARRAY.decode().encode("utf-16")])
def test_formats_are_told_by_content_whatever_the_name(
    tmp_path: Path, pack: Callable[[bytes], bytes], content: bytes
) -> None:
    found = read(tmp_path / "anything.txt", pack(content))
    assert values(found) == ROWS
    assert [one.row for one in found if isinstance(one, FileRecord)] == list(range(40))


def test_places_are_lines_elements_with_their_byte_and_rows(tmp_path: Path) -> None:
    in_lines = read(tmp_path / "a", b"\n" + LINES)
    assert [one.place for one in in_lines[:2]] == ["line 2", "line 3"]
    in_array = read(tmp_path / "b", ARRAY)
    byte = ARRAY.index(b"{", 10)
    assert in_array[1].place == f"element 1 at byte {byte}"
    pq.write_table(pa.Table.from_pylist(ROWS), tmp_path / "c")
    in_table = list(records(tmp_path / "c", "called.parquet"))
    assert values(in_table) == ROWS
    assert (in_table[3].place, in_table[3].file) == ("row 3", "called.parquet")


@pytest.mark.parametrize(
    "content",
    [
        b'{"type": "t", "version": "1", "instances": [{"a": 1}, {"a": 2}], "license": "x"}\n',
        b'{\n "data": [\n {"a": 1},\n {"a": 2}\n ]\n}',
        b'{"a": 1}\n\n{"a": 2}',
        b'{\n"a": 1\n}\n{\n"a": 2\n}',
    ],
)
def test_arrays_in_an_object_and_objects_in_a_row(tmp_path: Path, content: bytes) -> None:
    assert read(tmp_path / "a", content) == [
        FileRecord("a", one.place, i, {"a": i + 1}) for i, one in enumerate(read(tmp_path / "a", content))
    ]
    assert len(read(tmp_path / "a", content)) == 2


def test_a_row_with_a_list_of_its_own_is_a_row(tmp_path: Path) -> None:
    row = {"instruction": "x", "instances": [{"input": "a"}]}
    assert values(read(tmp_path / "a", json.dumps(row).encode())) == [row]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b'{"a": "caf\xe9"}', "not UTF-8: byte 0xe9 at byte 10"),
        (b'{"a": 1', "no JSON"),
        (b'{"a": NaN}', "NaN is no JSON number"),
        (b'{"a": -Infinity}', "Infinity is no JSON number"),
        (b'{"a": 1, "a": 2}', "'a' stands twice"),
        (b'{"a": "\\ud800"}', "half of a surrogate pair"),
        (b'{"a": 1} {"b": 2}', "more follows"),
        (b"17", "this is a number"),
        (b'["a"]', "this is a list"),
        (b"\x00" * 30, "30 NUL bytes"),
        (b'{"a": "\x00"}', "Invalid control character"),
        (b'{"a": ' + b"9" * 5_000 + b"}", "digits"),
        (b'{"a": ' + b"[" * 200_000, "nested too deeply"),
    ],
)
@pytest.mark.parametrize("array", [False, True])
def test_a_broken_record_is_kept_aside_and_the_rest_goes_on(
    tmp_path: Path, line: bytes, reason: str, array: bool
) -> None:
    good = [b'{"a": 1}', b'{"a": 2}', b'{"a": 3}']
    rows = [*good[:2], line, good[2]]
    found = read(tmp_path / "a", b"[" + b",\n".join(rows) + b"]" if array else b"\n".join(rows))
    if array and reason == "more follows":
        assert values(found) == [{"a": 1}, {"a": 2}, {"a": 1}, {"b": 2}, {"a": 3}]
        return
    assert values(found) == [{"a": 1}, {"a": 2}, {"a": 3}]
    (bad,) = broken(found)
    if array and reason in ("30 NUL bytes", "no JSON"):
        reason = "no JSON"
    assert reason in bad.reason
    assert bad.file == "a"
    assert bad.place.startswith("element 2 at byte" if array else "line 3")
    assert found[-1].row == 3  # type: ignore[union-attr]


def test_a_truncated_array_gives_what_came_before_and_says_how_much_is_left(tmp_path: Path) -> None:
    cut = ARRAY.index(b'"id": 30') + 26
    found = read(tmp_path / "a", ARRAY[:cut])
    assert values(found) == ROWS[:30]
    (bad,) = broken(found)
    at = ARRAY.rindex(b"{", 0, cut)
    assert bad.place == f"element 30 at byte {at}"
    assert f"ends inside this element: Unterminated string starting at; {cut - at} bytes" in bad.reason
    after_comma = read(tmp_path / "a", ARRAY[: ARRAY.index(b"}", cut) + 2])
    assert values(after_comma) == ROWS[:31]
    assert "no closing bracket" in broken(after_comma)[0].reason


def test_what_follows_an_array_is_reported_and_its_objects_are_read(tmp_path: Path) -> None:
    found = read(tmp_path / "a", b'[{"a": 1}] trailing words\n{"a": 2}')
    assert values(found) == [{"a": 1}, {"a": 2}]
    assert [one.raw[:14] for one in broken(found)] == ["trailing words", ""]


@pytest.mark.parametrize("pack", PACKERS[1:])
@pytest.mark.parametrize("array", [False, True])
def test_a_truncated_stream_gives_what_came_before_and_one_report(
    tmp_path: Path, pack: Callable[[bytes], bytes], array: bool
) -> None:
    """Long enough for every compressor to have written a block before the last."""
    rows = [{"n": i, "x": f"{(i * 7919) ** 9:x}"} for i in range(8_000)]
    content = json.dumps(rows) if array else "".join(json.dumps(row) + "\n" for row in rows)
    found = read(tmp_path / "a", pack(content.encode())[:-12])
    good = values(found)
    assert len(good) > 2_000
    assert good == rows[: len(good)]
    (bad,) = broken(found)
    assert "stream breaks off or is damaged after" in bad.reason


def test_a_gzip_file_cut_in_the_middle_loses_little(tmp_path: Path) -> None:
    content = b"".join(b'{"n": %d, "x": "%d"}\n' % (i, i * i * 7919) for i in range(200_000))
    packed = gzip.compress(content, 1)
    found = read(tmp_path / "a", packed[: len(packed) // 2])
    there = zlib.decompressobj(31).decompress(packed[: len(packed) // 2])
    assert len(values(found)) in (there.count(b"\n"), there.count(b"\n") + 1)
    assert values(found) == [{"n": i, "x": str(i * i * 7919)} for i in range(len(values(found)))]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"),
        (b" \n\n", "no record"),
        (pickle.dumps([{"a": 1}]), "pickle"),
        (
            gzip.compress(pickle.dumps([{"a": 1}]), mtime=0),
            "pickle, which runs code when it is loaded inside the gzip stream",
        ),
        (b"PK\x03\x04rest", "zip archive"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "no text"),
        (b"just words\nand more of them\n", "no JSON; it begins with 'just words"),
        (b"PAR1 and then nothing", "cannot be opened"),
        (gzip.compress(gzip.compress(LINES, mtime=0), mtime=0), "compressed twice"),
        (gzip.compress(b"PAR1", mtime=0), "Parquet inside"),
        (json.dumps(ROWS).encode("utf-32"), "UTF-32"),
        (gzip.compress(LINES, mtime=0)[:11], "breaks off"),
    ],
)
def test_a_file_of_which_nothing_can_be_used_is_an_error(tmp_path: Path, content: bytes, reason: str) -> None:
    with pytest.raises(UnusableFile, match=reason) as caught:
        read(tmp_path / "a", content)
    assert str(tmp_path / "a") in str(caught.value)
    assert "Accepted are JSON" in str(caught.value)


def test_absent_files_and_folders_are_errors(tmp_path: Path) -> None:
    with pytest.raises(UnusableFile, match="no such file"):
        list(records(tmp_path / "absent"))
    with pytest.raises(UnusableFile, match="is a folder"):
        list(records(tmp_path))


def test_long_lines_and_large_elements_are_read_and_endless_ones_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = {"text": "word " * 600_000}
    lines = json.dumps(row).encode() + b'\n{"a": 1}\n'
    array = json.dumps([row, {"a": 1}]).encode()
    assert values(read(tmp_path / "a", lines)) == [row, {"a": 1}]
    assert values(read(tmp_path / "a", array)) == [row, {"a": 1}]
    monkeypatch.setattr(arrays, "LONGEST", 100_000)
    for content in (lines, array):
        found = read(tmp_path / "a", content)
        assert values(found) == [{"a": 1}]
        assert "longer than 100000" in broken(found)[0].reason


def test_memory_does_not_grow_with_an_array(tmp_path: Path) -> None:
    """Sixty megabytes of rows pass through far less than that."""
    path = tmp_path / "a"
    row = json.dumps({"text": "x" * 6_000})
    with path.open("w", encoding="utf-8") as out:
        out.write("[" + ",".join([row] * 10_000) + "]")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert sum(1 for one in records(path) if isinstance(one, FileRecord)) == 10_000
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 30_000
