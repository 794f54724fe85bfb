"""Any bytes: no crash, and no record lost without a word."""

from __future__ import annotations

import gzip
import random
import zlib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from humpback.core.tables import Page, Rejected, Unreadable
from humpback.readers.pages import Other, entries
from humpback.readers.unusable import UnusableFile
from humpback.readers.warc import Damage, WarcRecord, warc_records
from tests.harness.readers.archives import PACKED, http, members, numbered, record, urls
from tests.shared_data import SHARED, needs_shared

REAL = SHARED / "web" / "pages.warc.gz"


SMALL = members(numbered(6))[0]


PLAIN = b"".join(numbered(6))


def accounted(path: Path) -> list[Page | Rejected | Unreadable | Other]:
    """No crash, and whatever is no page says where and why; empty for a file that is refused as a whole."""
    try:
        rows = list(entries(path))
    except UnusableFile:
        return []
    assert rows
    for row in rows:
        if isinstance(row, Unreadable):
            assert row.place
            assert row.reason
        if isinstance(row, Page):
            assert bool(row.html) != bool(row.text)
            row.html.encode()
            row.text.encode()
    return rows


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_damaged_archives_lose_no_record_silently(tmp_path: Path, data: st.DataObject) -> None:
    raw = data.draw(st.sampled_from([SMALL, PLAIN, gzip.compress(PLAIN, mtime=0)]))
    one, other = sorted(data.draw(st.tuples(*[st.integers(0, len(raw))] * 2)))
    put = data.draw(st.binary(max_size=40))
    bad = raw[:one] + put + raw[other:]
    path = tmp_path / "x.warc"
    path.write_bytes(bad)
    rows = accounted(path)
    if raw is SMALL and rows:
        # Records that were not touched come out, unless what was put there looks like a stream of its own.
        _, starts = members(numbered(6))
        there = urls(rows)
        whole = [i for i in range(6) if starts[i + 1] <= one or (starts[i] >= other and put[:1] != b"\x1f")]
        assert [f"http://a/{i}" for i in whole if f"http://a/{i}" not in there] == []


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=300), st.sampled_from(["x.warc", "x.html", "x.jsonl", "x"]))
def test_any_bytes_are_a_page_or_an_error(tmp_path: Path, raw: bytes, name: str) -> None:
    (tmp_path / name).write_bytes(raw)
    accounted(tmp_path / name)
    (tmp_path / name).write_bytes(record(http(raw, "text/html; charset=" + name)))
    accounted(tmp_path / name)


@needs_shared
@pytest.mark.parametrize("packed", ["a member each", "plain", "one member"])
def test_the_real_archive_damaged(tmp_path: Path, packed: str) -> None:
    parts = [one for one in _real_records() if len(one) < 60_000][:25]
    raw, rng = PACKED[packed](parts), random.Random(0)
    for _ in range(12):
        bad = bytearray(raw)
        one, other = sorted(rng.randrange(len(bad)) for _ in range(2))
        match rng.randrange(3):
            case 0:
                del bad[one:]
            case 1:
                bad[one] ^= 1 << rng.randrange(8)
            case 2:
                bad[one:one] = bad[other : other + 5_000]
        path = tmp_path / "x.warc.gz"
        path.write_bytes(bad)
        accounted(path)
        whole = sum(isinstance(row, WarcRecord) for row in warc_records(path))
        lost = sum(isinstance(row, Damage) for row in warc_records(path))
        assert whole + lost >= 1
        if packed == "a member each" and len(bad) >= len(raw):
            assert whole >= len(parts) - 1


def _real_records() -> list[bytes]:
    raw, found = REAL.read_bytes(), []
    while raw:
        unpack = zlib.decompressobj(31)
        found.append(unpack.decompress(raw))
        raw = unpack.unused_data
    return found
