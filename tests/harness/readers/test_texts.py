"""Ready texts in the place of segments.

Tried: LIMA's conversations, Alpaca, prompt and completion, preferences (each with the instruction held back); a column
of records under eight names and under one that is nobody's; CSV and TSV with quoted line ends; a file that is one text;
several columns that could be it, web pages, archives, binary files, blank texts.
"""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from humpback.core.tables import Example, Rejected, Unreadable
from humpback.readers.texts import COLUMNS, texts
from humpback.readers.unusable import UnusableFile
from humpback.spec.files import InstructionSet, Texts
from tests.harness.readers.archives import HTML, numbered
from tests.harness.readers.test_read_in import Bench, bench
from tests.shared_data import needs_shared

__all__ = ["bench"]


def outputs(path: Path) -> list[str]:
    return [row.output for row in texts(path) if isinstance(row, Example)]


@pytest.mark.parametrize(
    "row",
    [
        {"conversations": ["q", "a"], "source": "s"},
        {"instruction": "q", "input": "", "output": "a"},
        {"prompt": "q", "completion": "a"},
        {"prompt": "q", "chosen": "a", "rejected": "b"},
        {"messages": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}]},
    ],
)
def test_of_pairs_the_outputs_are_taken(tmp_path: Path, row: dict[str, object]) -> None:
    path = tmp_path / "x.jsonl"
    path.write_text(json.dumps(row) + "\n")
    (found,) = texts(path)
    assert isinstance(found, Example)
    assert (found.instruction, found.output, found.known["held back"]) == ("", "a", "q")


@pytest.mark.parametrize("name", [*COLUMNS, "Clean-Text", "essay"])
def test_a_column_of_records_and_tables(tmp_path: Path, name: str) -> None:
    rows = [{"n": i, name: f"one, {i}\ntwo"} for i in range(3)]
    expected = [f"one, {i}\ntwo" for i in range(3)]
    (tmp_path / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (tmp_path / "b.json").write_text(json.dumps(rows))
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "c.parquet")
    table = "".join(f'{i},"one, {i}\ntwo"\n' for i in range(3))
    (tmp_path / "d.csv").write_text(f"n,{name}\n{table}")
    (tmp_path / "e.tsv.gz").write_bytes(gzip.compress(f"n\t{name}\n{table}".replace(',"', '\t"').encode()))
    for path in sorted(tmp_path.iterdir()):
        if name != "essay" or path.suffix in (".jsonl", ".json", ".parquet"):
            assert outputs(path) == expected, path


def test_a_file_can_be_one_text(tmp_path: Path) -> None:
    for name, text in (("a.txt", "Words,\nand more.\n"), ("b.md", "[1] is a note.\n"), ("c", "plain words")):
        (tmp_path / name).write_text(text)
        assert outputs(tmp_path / name) == [text.strip()]
    (tmp_path / "d.txt").write_bytes(b"caf\xe9")
    (found,) = texts(tmp_path / "d.txt")
    assert isinstance(found, Unreadable)
    assert "not UTF-8: byte 0xe9 at 3" in found.reason
    (tmp_path / "e.txt").write_bytes(gzip.compress(b"Words and more of them.\n" * 1_000)[:-20])
    (cut,) = texts(tmp_path / "e.txt")
    assert isinstance(cut, Unreadable)
    assert "the gzip stream breaks off" in cut.reason


def test_what_cannot_be_told_or_is_no_text_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "x"
    for data, says in (
        (b'{"summary": "a", "body": "b"}', "more than one column can hold the texts .*'body', 'summary'"),
        (b'{"text": "a", "content": "b"}', "more than one column"),
        (b'{"n": 3}', "no column holds texts"),
        (HTML, "these are web pages; name them under pages"),
        (b"".join(numbered(2)), "these are web pages"),
    ):
        path.write_bytes(data)
        with pytest.raises(UnusableFile, match=says):
            list(texts(path))


def test_the_stage_counts_and_measures(bench: Bench) -> None:
    rows = [{"output": "x" * n, "instruction": "q"} for n in (5, 1, 30)] + [{"instruction": "q", "output": " "}]
    file = bench.lines("a.jsonl", *rows)
    counts, found = bench.make(Texts((file,)))
    assert [row.output for row in found] == ["xxxxx", "x", "x" * 30]
    assert counts["instructions held back"] == counts["kept"] == 3
    assert [counts[f"characters of the {one}"] for one in ("shortest", "middle one", "longest")] == [1, 5, 30]
    (blank,) = bench.rejected(Texts((file,)))
    assert isinstance(blank, Rejected)
    counts, _ = bench.make(Texts((file,), n=2))
    assert (counts["kept"], counts["rejected"]) == (2, 2)


@needs_shared
def test_lima_s_completions(bench: Bench) -> None:
    file = bench.shared("lima/train.jsonl")
    _, found = bench.make(Texts((file,)))
    _, pairs = bench.make(InstructionSet((file,)))
    assert [row.output for row in found] == [row.output for row in pairs]
    assert len(found) == 1_030
