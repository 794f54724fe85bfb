"""Pairs and prompts as tables of cells, by their names' endings."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from humpback.core.tables import Example, Unreadable
from humpback.readers.instructions import pairs, prompts
from humpback.readers.texts import texts

LONG = "x" * 200_000
"""More than Python's csv reads by itself."""


def pair_of(path: Path) -> list[tuple[str, str]]:
    return [(row.instruction, row.output) for row in pairs(path) if isinstance(row, Example)]


@pytest.mark.parametrize(
    ("name", "text", "rows"),
    [
        ("a.csv", 'instruction,input,output\nq,,"a, b\nc"\nr,given,d\n', [("q", "a, b\nc"), ("r\n\ngiven", "d")]),
        ("a.csv", "\ufeff,Prompt,Response\r\n0,q,a\r\n", [("q", "a")]),
        ("a.csv", "prompt;response\nq, r;a\n", [("q, r", "a")]),
        ("a.tsv", "question\tanswer\nq, r\ta\n", [("q, r", "a")]),
        ("a.csv", f"prompt,response\nq,{LONG}\n", [("q", LONG)]),
    ],
)
def test_a_table_is_read(tmp_path: Path, name: str, text: str, rows: list[tuple[str, str]]) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8", newline="")
    assert pair_of(tmp_path / name) == rows
    packed = tmp_path / f"{name}.gz"
    packed.write_bytes(gzip.compress((tmp_path / name).read_bytes()))
    assert pair_of(packed) == rows


def test_a_row_that_is_no_utf8_is_kept_aside_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes("prompt,response\nq,café\nr,a\n".encode("cp1252"))
    bad, good = pairs(path)
    assert isinstance(bad, Unreadable)
    assert (bad.place, bad.reason[:20], bad.raw) == ("line 2", "not UTF-8: byte 0xe9", "q,caf\\xe9")
    assert isinstance(good, Example)
    alone = tmp_path / "b.csv"
    alone.write_bytes("text\ncafé\nso\n".encode("cp1252"))
    assert [type(row) for row in texts(alone)] == [Unreadable, Example]


def test_prompts_and_texts_of_a_table(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("prompt,category\nq,x\n")
    (row,) = prompts(path)
    assert isinstance(row, Example)
    assert (row.instruction, row.output, row.source) == ("q", "", "x")
    path.write_text("prompt,response\nq,a\n")
    (row,) = texts(path)
    assert isinstance(row, Example)
    assert (row.instruction, row.output, row.known["held back"]) == ("", "a", "q")
