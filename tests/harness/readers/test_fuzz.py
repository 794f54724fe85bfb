"""Damaged files: no crash other than `UnusableFile`, and no record lost.

That nothing is lost is held twice. For lines, every line that is not blank comes out once, in order, and untouched ones
as they were. For arrays, between what comes out stand only separators, so every byte belongs to one record or report.
"""

from __future__ import annotations

import bz2
import gzip
import json
import lzma
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from humpback.core.tables import Example, Rejected, Unreadable
from humpback.readers.instructions import pairs, prompts
from humpback.readers.json_arrays import elements
from humpback.readers.messages import conversations
from humpback.readers.open_assistant import select_pairs
from humpback.readers.records import FileRecord, UnusableFile, records
from humpback.readers.text_file import Text
from humpback.spec.files import EveryTurn, OpenAssistant
from tests.shared_data import SHARED, needs_shared

FEW = settings(max_examples=80, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
ROWS = [{"instruction": f"é question {i}", "input": "{[" * (i % 3), "output": f'"a", {i}\n'} for i in range(30)]
LINES = [json.dumps(row, ensure_ascii=i % 2 > 0).encode() for i, row in enumerate(ROWS)]
Change = Callable[[bytes], bytes]


@st.composite
def changes(draw: st.DrawFn) -> Change:
    """A few byte flips, cuts, splices of the file into itself, removals and insertions, as one function."""
    kinds = st.sampled_from(["flip", "set", "cut", "splice", "remove", "insert"])
    at = st.floats(0, 1, exclude_max=True)
    steps = draw(
        st.lists(st.tuples(kinds, at, at, st.binary(max_size=40), st.sampled_from(b'{}[]",:\\\n\x00\xff')), max_size=6)
    )

    def change(content: bytes) -> bytes:
        out = bytearray(content)
        for kind, where, other, new, byte in steps:
            i, j = int(where * len(out)), int(other * len(out))
            if not out:
                break
            match kind:
                case "flip":
                    out[i] ^= 1 << (byte % 8)
                case "set":
                    out[i] = byte
                case "cut":
                    del out[max(i, len(out) // 2) :]
                case "splice":
                    out[i:i] = out[j : j + 500]
                case "remove":
                    del out[i : i + len(new) * 10]
                case "insert":
                    out[i:i] = new
        return bytes(out)

    return change


def through_all(path: Path) -> None:
    """Every reader over the file: the same number of rows comes of each as there are records."""
    try:
        there = list(records(path))
    except UnusableFile:
        there = None
    for reader in (pairs, prompts):
        try:
            found = list(reader(path))
        except UnusableFile:
            continue
        assert there is not None
        assert len(found) == len(there)
        ids = [one.id for one in found if isinstance(one, (Example, Rejected))]
        assert len(set(ids)) == len(ids)
    if there is None:
        return
    for rules in (OpenAssistant(()), OpenAssistant((), turns=EveryTurn())):
        chosen = select_pairs([iter(there)], rules)
        counts, table = chosen.counts, conversations([iter(there)])
        assert counts["in"] == counts["kept"] + counts["rejected"] + counts["unreadable"]
        assert counts["messages"] + len(table.rejected) + counts["unreadable"] >= len(there)
        seen = [one.id for one in (*chosen.kept, *chosen.rejected)]
        answered = {one.parent for one in table.messages.values()}
        openings = [one.id for one in table.messages.values() if one.parent is None and one.id in answered]
        assert sorted(seen + openings) == sorted([*table.messages, *(one.id for one in table.rejected)])


@FEW
@given(changes())
def test_no_line_is_lost(tmp_path_factory: pytest.TempPathFactory, change: Change) -> None:
    path = tmp_path_factory.getbasetemp() / "lines"
    content = change(b"\n".join(LINES))
    path.write_bytes(content)
    try:
        found = list(records(path))
    except UnusableFile:
        return
    if isinstance(found[0], (FileRecord, Unreadable)) and found[0].place.startswith("element"):
        return
    lines = [line for line in content.removeprefix(b"\xef\xbb\xbf").split(b"\n") if line.strip()]
    assert len(found) == len(lines)
    known = dict(zip(LINES, ROWS, strict=True))
    for line, one in zip(lines, found, strict=True):
        if line in known:
            assert isinstance(one, FileRecord)
            assert one.value == known[line]
        elif isinstance(one, FileRecord):
            assert json.loads(line) == one.value


@FEW
@given(changes(), st.sampled_from([None, 1]))
def test_no_byte_of_an_array_is_lost(
    tmp_path_factory: pytest.TempPathFactory, change: Change, indent: int | None
) -> None:
    path = tmp_path_factory.getbasetemp() / "array"
    content = b"[" + change(json.dumps(ROWS, ensure_ascii=False, indent=indent).encode()[1:])
    path.write_bytes(content)
    at = 1
    for one in elements(Text(path), 1, array=True):
        assert content[at : one.byte].strip(b" \t\r\n,]") == b""
        assert one.byte >= at
        at = one.byte + one.size
        if not one.reason:
            assert json.loads(content[one.byte : at]) == one.value
    assert content[at:].strip(b" \t\r\n,]") == b""


@FEW
@given(st.data())
def test_one_damaged_element_costs_no_other(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    which = data.draw(st.integers(0, len(ROWS) - 1))
    line = bytearray(LINES[which])
    i = data.draw(st.integers(0, len(line) - 1))
    line[i] = data.draw(st.integers(0, 255))
    path = tmp_path_factory.getbasetemp() / "one"
    path.write_bytes(b"[" + b",\n".join([*LINES[:which], bytes(line), *LINES[which + 1 :]]) + b"]")
    whole = [one.value for one in records(path) if isinstance(one, FileRecord)]
    lost = [row for i, row in enumerate(ROWS) if row not in whole and i != which]
    assert len(lost) <= 1, "a quote or bracket that is gone can take the next element with it, and no more"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)
FIELDS = (
    "instruction", "input", "output", "context", "response", "prompt", "messages", "conversations", "instances", "text",
    "id", "idx", "category", "role", "message_id", "parent_id", "rank", "replies", "lang", "deleted", "Instruction",
)  # fmt: skip
ANYTHING = st.recursive(
    JSON | st.sampled_from(["user", "assistant", "prompter", "human", "gpt", "en", 0]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.fixed_dictionaries({"role": inner, "content": inner})
        | st.fixed_dictionaries({"message_id": inner, "text": inner, "role": inner, "replies": inner})
    ),
    max_leaves=6,
)


@FEW
@given(st.lists(st.dictionaries(st.sampled_from(FIELDS), ANYTHING, max_size=6), min_size=1, max_size=6))
def test_rows_of_any_fields_crash_nothing(tmp_path_factory: pytest.TempPathFactory, rows: list[dict[str, Any]]) -> None:
    path = tmp_path_factory.getbasetemp() / "rows"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    through_all(path)


def zstd(content: bytes) -> bytes:
    return bytes(pa.compress(content, codec="zstd", asbytes=True))


PACKERS: list[Callable[[bytes], bytes]] = [bytes, gzip.compress, bz2.compress, lzma.compress, zstd]
REAL = ("oasst1/validation-en.jsonl", "oasst1/trees-100-en.jsonl", "lima/train.jsonl", "alpagasus/claude_t45.json",
        "self_instruct/user_oriented_instructions.jsonl", "alpagasus/test_sets/vicuna_test_set.jsonl")  # fmt: skip


@needs_shared
@settings(FEW, max_examples=40)
@given(changes(), st.sampled_from(REAL), st.sampled_from(PACKERS), st.booleans())
def test_mutated_real_files(
    tmp_path_factory: pytest.TempPathFactory, change: Change, name: str, pack: Callable[[bytes], bytes], utf16: bool
) -> None:
    content = (SHARED / name).read_bytes()[:40_000]
    path = tmp_path_factory.getbasetemp() / "real"
    path.write_bytes(change(pack(content.decode("utf-8", "ignore").encode("utf-16") if utf16 else content)))
    through_all(path)


@settings(FEW, max_examples=40)
@given(changes())
def test_mutated_tables(tmp_path_factory: pytest.TempPathFactory, change: Change) -> None:
    path = tmp_path_factory.getbasetemp() / "table"
    pq.write_table(pa.Table.from_pylist(ROWS), path, row_group_size=10)
    path.write_bytes(change(path.read_bytes()))
    through_all(path)
