"""Damaged web archives: what is broken is reported with its place, and what is whole comes out."""

from __future__ import annotations

import gzip
import tracemalloc
from pathlib import Path

import pytest

from humpback.core.tables import Rejected
from humpback.readers import warc
from humpback.readers.warc import warc_records
from tests.harness.readers.archives import HTML, PACKED, broken, found, http, members, numbered, record, urls


@pytest.mark.parametrize("n", [-9, -1, 9, 150, 10_000_000, 10**12])
@pytest.mark.parametrize("packed", ["plain", "a member each", "one member"])
def test_a_wrong_length_costs_one_record(tmp_path: Path, n: int, packed: str) -> None:
    parts = numbered(5)
    block = http(HTML + b"2")
    parts[2] = record(block, url="http://a/2", Content_Length=str(len(block) + n))
    rows = found(tmp_path, PACKED[packed](parts))
    assert urls(rows) == [f"http://a/{i}" for i in (0, 1, 3, 4)]
    (row,) = broken(rows)
    assert f"Content-Length is {len(block) + n}" in row.reason
    assert "http://a/2" in row.raw


@pytest.mark.parametrize(
    ("damage", "reason", "lost"),
    [
        (lambda one: b"junk" + one, "this belongs to no record", 0),
        (lambda one: b"\x00" * 3_000 + one, "this belongs to no record", 0),
        (lambda one: one.replace(b"Content-Length", b"Content-Lengt"), "its Content-Length is missing", 1),
        (lambda one: record(http(), Content_Length="-5"), "its Content-Length is '-5', no number", 1),
        (lambda one: record(http(), Content_Length="１２"), "its Content-Length is ", 1),
        (lambda one: record(http(), kind=""), "its header has no WARC-Type", 1),
        (lambda one: record(http(), url=""), "its header has no WARC-Target-URI", 1),
        (lambda one: record(b"x", X_Long="y" * 70_000), "its header has no end within 65536 bytes", 1),
        (lambda one: record(http(b"<p>" + b"x" * (9 << 20))), "the record has ", 1),
    ],
)
def test_a_broken_record_is_kept_aside_and_the_rest_goes_on(tmp_path: Path, damage, reason: str, lost: int) -> None:  # type: ignore[no-untyped-def]
    parts = numbered(4)
    parts[1] = damage(parts[1])
    rows = found(tmp_path, b"".join(parts))
    assert urls(rows) == [f"http://a/{i}" for i in range(4) if i != 1 or not lost]
    (row,) = broken(rows)
    assert row.reason.startswith(reason)
    assert row.place.endswith(f" at byte {len(parts[0])}")
    assert row.raw


def test_a_large_image_is_no_damage(tmp_path: Path) -> None:
    parts = numbered(2)
    parts.insert(1, record(http(b"\xff" * (10 << 20), "image/jpeg")))
    first, image, last = found(tmp_path, b"".join(parts))
    assert isinstance(image, Rejected)
    assert urls([first, last]) == ["http://a/0", "http://a/1"]


def test_a_record_beyond_the_largest_is_left_out_and_the_next_one_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(warc, "LARGEST", 100_000)
    parts = numbered(2)
    parts.insert(1, record(http(b"\xff" * 200_000, "video/mp4")))
    rows = found(tmp_path, b"".join(parts))
    assert urls(rows) == ["http://a/0", "http://a/1"]
    (row,) = broken(rows)
    assert "records of up to 100000 are read; " in row.reason


def test_a_record_that_claims_the_next_one_does_not_get_it(tmp_path: Path) -> None:
    first, second, third = numbered(3)
    block = http()
    after = record(block, Content_Length=str(len(block) + 4 + len(second) - 4))
    rows = found(tmp_path, first + after + second + b"junk\r\n" + third)
    assert urls(rows) == ["http://a/0", "http://a/1", "http://a/2"]
    assert len(broken(rows)) == 2


def test_a_page_about_web_archives_is_one_page(tmp_path: Path) -> None:
    page = HTML + b"\r\n\r\nWARC/1.0\r\nWARC-Type: response\r\nContent-Length: 3\r\n\r\nabc\r\n\r\n"
    rows = found(tmp_path, record(http(page)) + numbered(1)[0])
    assert urls(rows) == ["http://a/", "http://a/0"]


def test_a_damaged_member_costs_its_record(tmp_path: Path) -> None:
    data, starts = members(numbered(5))
    for at in (starts[2] + 900, starts[3] - 6):  # in the data, in the checksum
        bad = bytearray(data)
        bad[at] ^= 0xFF
        rows = found(tmp_path, bytes(bad), "x.warc.gz")
        assert urls(rows) == [f"http://a/{i}" for i in (0, 1, 3, 4)]
        (row,) = broken(rows)
        assert "the gzip stream is damaged" in row.reason
        assert f"at byte {starts[2]}" in row.place


def test_garbage_between_members_costs_nothing(tmp_path: Path) -> None:
    data, starts = members(numbered(5))
    rows = found(tmp_path, data[: starts[2]] + b"garbage" * 30 + data[starts[2] :])
    assert len(urls(rows)) == 5
    assert [row.place for row in broken(rows)] == [f"byte {starts[2]}"]
    assert "210 bytes before the next member" in broken(rows)[0].reason
    rows = found(tmp_path, data[: starts[2]] + b"\x1f\x8b\x08\x00 garbage" * 30 + data[starts[2] :])
    assert (len(urls(rows)), len(broken(rows))) == (5, 1)


def test_zeros_after_a_member_are_no_damage(tmp_path: Path) -> None:
    data, starts = members(numbered(5))
    rows = found(tmp_path, data[: starts[2]] + bytes(700) + data[starts[2] :] + bytes(3), "x.warc.gz")
    assert (len(urls(rows)), broken(rows)) == (5, [])


def test_an_archive_without_its_beginning_is_one_still(tmp_path: Path) -> None:
    data, _ = members(numbered(5))
    rows = found(tmp_path, data[20:], "x")
    assert urls(rows) == [f"http://a/{i}" for i in range(1, 5)]
    assert len(broken(rows)) == 1


def test_a_cut_off_archive_says_so(tmp_path: Path) -> None:
    parts = numbered(5)
    data, starts = members(parts)
    rows = found(tmp_path, data[: starts[3] + 900], "x.warc.gz")
    assert urls(rows) == [f"http://a/{i}" for i in range(3)]
    (row,) = broken(rows)
    assert "the gzip stream ends early" in row.reason
    assert row.place == f"record 3 at byte {starts[3]}"
    whole = gzip.compress(b"".join(parts))
    rows = found(tmp_path, whole[: len(whole) - 30], "x.warc.gz")
    assert len(broken(rows)) == 1
    rows = found(tmp_path, b"".join(parts)[:-60])
    assert (len(urls(rows)), len(broken(rows))) == (4, 1)


def test_one_record_at_a_time_is_in_memory(tmp_path: Path) -> None:
    path = tmp_path / "x.warc.gz"
    with gzip.open(path, "wb", compresslevel=1) as out:
        for _ in range(60):
            out.write(record(http(HTML + b" " * 1_000_000)))
    tracemalloc.start()
    assert sum(1 for _ in warc_records(path)) == 60
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 20_000_000
