"""Statistics of a set: against the standard library's own mean, deviation and median, and on real files."""

from __future__ import annotations

import json
import os
import random
import statistics
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from humpback.analysis.datasets.corpus import Lengths, describe, describe_file
from humpback.analysis.datasets.corpus_tables import as_text
from humpback.core.store import StoreError
from humpback.core.tables import Example, write
from tests.shared_data import SHARED, needs_shared


def some(n: int) -> list[Example]:
    rng = random.Random(1)
    return [
        Example(f"x:{i}", "é" * rng.randint(0, 40), "字" * rng.randint(0, 9_000), source=rng.choice("aab"))
        for i in range(n)
    ]


@pytest.mark.parametrize("n", [1, 2, 7, 2_000])
def test_lengths_are_the_standard_librarys(n: int) -> None:
    rows = some(n)
    found = describe(rows).whole
    for name in ("instruction", "output"):
        lengths = [len(getattr(row, name)) for row in rows]
        one = getattr(found, name)
        assert one.mean == pytest.approx(statistics.fmean(lengths))
        assert one.std == pytest.approx(statistics.pstdev(lengths))
        assert one.median == statistics.median(lengths)
        assert (one.least, one.most) == (min(lengths), max(lengths))
    assert found.examples == n


def test_sources_stand_apart_largest_first_and_add_up() -> None:
    rows = some(500)
    found = describe(rows)
    assert [part.source for part in found.sources] == ["a", "b"]
    for part in found.sources:
        assert replace(part, source="") == describe(row for row in rows if row.source == part.source).whole
    assert sum(part.examples for part in found.sources) == found.whole.examples == 500


def test_duplicates_need_both_texts_and_are_counted_within_a_part() -> None:
    rows = [
        Example("1", "a", "bc", source="one"),
        Example("2", "ab", "c", source="one"),
        Example("3", "a", "bc", source="two"),
        Example("4", "a", "bc", source="two"),
        Example("5", "A", "bc", source="two"),
        Example("6", "bc", "a", source="two"),
    ]
    found = describe(rows)
    assert found.whole.duplicates == 2
    assert {part.source: part.duplicates for part in found.sources} == {"one": 0, "two": 1}


def test_empty_texts_are_counted_and_count_as_their_length() -> None:
    found = describe([Example("1", "", " \n"), Example("2", "ask", ""), Example("3", "x", "out")]).whole
    assert (found.empty_instructions, found.empty_outputs) == (1, 2)
    assert found.instruction == Lengths(4 / 3, pytest.approx(statistics.pstdev([0, 3, 1])), 0, 1, 3)


def test_no_rows_are_no_numbers() -> None:
    found = describe([])
    assert found.whole.examples == 0
    assert found.whole.output == Lengths(None, None, None, None, None)
    assert "–" in as_text({"nothing": found})


def test_tokens_are_those_of_the_function_given() -> None:
    rows = [Example(str(i), "one two", "w " * (i % 5), source="ab"[i % 2]) for i in range(3_000)]
    assert describe(rows).whole.instruction_tokens is None
    batches: list[int] = []

    def words(texts: list[str]) -> list[int]:
        batches.append(len(texts))
        return [len(text.split()) for text in texts]

    found = describe(iter(rows), tokens=words)
    assert found.whole.instruction_tokens == Lengths(2, 0, 2, 2, 2)
    assert found.whole.output_tokens == Lengths(2, pytest.approx(2**0.5), 0, 2, 4)
    assert found.sources[1].output_tokens == Lengths(2, pytest.approx(2**0.5), 0, 2, 4)
    assert max(batches) < 3_000
    assert sum(batches) == 6_000
    assert "output tokens" in as_text({"set": found})
    with pytest.raises(ValueError, match="returned 1 numbers for 1024 texts"):
        describe(rows, tokens=lambda texts: [1])


def test_half_a_surrogate_pair_is_text_too() -> None:
    assert describe([Example("1", "\ud83d", "x")]).whole.instruction.most == 1


def test_a_file_says_what_its_rows_say(tmp_path: Path) -> None:
    rows = [*some(1_500), Example("dup", "same", "same", source="c"), Example("dup", "same", "same", source="c")]
    path = tmp_path / "rows.parquet"
    write(path, Example, rows)
    assert describe_file(path) == describe(rows)
    assert (
        describe_file(path, tokens=lambda texts: [len(t) for t in texts]).whole.output_tokens
        == describe(rows).whole.output
    )


def test_a_file_does_not_pile_up_in_memory(tmp_path: Path) -> None:
    path = tmp_path / "rows.parquet"
    write(path, Example, (Example(str(i), "ask", os.urandom(500).hex()) for i in range(20_000)))
    before, most = pa.total_allocated_bytes(), 0

    def watch(texts: list[str]) -> list[int]:
        nonlocal most
        most = max(most, pa.total_allocated_bytes() - before)
        return [0] * len(texts)

    describe_file(path, tokens=watch)
    assert 0 < most < 0.75 * path.stat().st_size


def test_a_file_without_the_columns_or_with_nulls_is_refused(tmp_path: Path) -> None:
    other = tmp_path / "other.parquet"
    pq.write_table(pa.table({"instruction": ["a"], "response": ["b"], "source": ["c"]}), other)
    with pytest.raises(StoreError, match=r"other.parquet: no column 'output'; it has 'instruction', 'response'"):
        describe_file(other)
    holes = tmp_path / "holes.parquet"
    texts = ["x"] * 2_000
    pq.write_table(pa.table({"instruction": texts, "output": [*texts[1:], None], "source": texts}), holes)
    with pytest.raises(StoreError, match=r"holes.parquet, row 1999: output is null"):
        describe_file(holes)


def test_table_one_as_text_markdown_and_json() -> None:
    rows = [Example(str(i), "i" * (100 + i), "o" * 10 * i, source=f"s{i % 25}") for i in range(100)]
    found = describe(rows)
    text = as_text({"a|b": found})
    head, whole, first, *_, last = text.splitlines()
    assert head.split()[:4] == ["set", "examples", "instruction", "output"]
    assert whole.split()[:8] == ["a|b", "100", "150", "±", "29", "495", "±", "289"]
    assert "100/150/199" in whole
    assert first.startswith("· s0")
    assert len(text.splitlines()) == 2 + 20 + 1
    assert "5 others" in last
    assert last.split()[3] == "20"
    assert "| a\\|b | 100 | 150 ± 29 | 495 ± 289 |" in as_text({"a|b": found}, as_markdown=True)
    assert json.loads(json.dumps(asdict(found)))["whole"]["duplicates"] == 0


def test_a_set_of_one_source_is_one_line() -> None:
    assert len(as_text({"set": describe([Example("1", "a", "b", source="x")])}).splitlines()) == 2


@needs_shared
def test_alpaca() -> None:
    raw = json.loads((SHARED / "alpaca/alpaca_data.json").read_text(encoding="utf-8"))
    rows = [Example(str(i), f"{r['instruction']}\n\n{r['input']}".rstrip(), r["output"]) for i, r in enumerate(raw)]
    found = describe(rows).whole
    outputs = np.array([len(r["output"]) for r in raw])
    assert found.examples == 52_002
    assert found.output.mean == pytest.approx(outputs.mean())
    assert found.output.std == pytest.approx(outputs.std(ddof=0))
    assert found.output.median == np.median(outputs)
    assert found.empty_outputs == sum(not r["output"].strip() for r in raw) == 28
    assert found.duplicates == 52_002 - len({(row.instruction, row.output) for row in rows})


@needs_shared
def test_lima() -> None:
    lines = (SHARED / "lima/train.jsonl").read_text(encoding="utf-8").splitlines()
    raw = [json.loads(line) for line in lines]
    found = describe(Example("", *r["conversations"][:2], source=r["source"]) for r in raw)
    assert found.whole.examples == 1_030
    assert {p.source: p.examples for p in found.sources} == {
        "stackexchange": 400,
        "writingprompts": 150,
        "wikihow": 200,
        "multi_turn": 30,
        "nlp": 50,
        "authors": 200,
    }
    outputs = [len(r["conversations"][1]) for r in raw if r["source"] == "wikihow"]
    wikihow = next(part for part in found.sources if part.source == "wikihow")
    assert wikihow.output.std == pytest.approx(statistics.pstdev(outputs))
