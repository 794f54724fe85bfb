"""Rows out: each once, in layouts that `datasets` reads unchanged and our own reader reads back."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from humpback.core.expression import FieldError
from humpback.core.tables import Example
from humpback.export import layouts
from humpback.export.datasets import export_dataset
from humpback.readers.instructions import pairs, prompts
from tests.harness.export.material import (
    ALPACA,
    OWN,
    PROMPTS,
    ROWS,
    WITH_SYSTEM,
    Put,
)
from tests.shared_data import SHARED, needs_shared


def triples(rows: Sequence[Example]) -> list[tuple[str, str, str]]:
    return [(row.system, row.instruction, row.output) for row in rows]


def chat(
    said: list[dict[str, str]], speaker: str, text: str, system: str, human: str, answer: str
) -> tuple[str, str, str]:
    by = {turn[speaker]: turn[text] for turn in said}
    assert list(by) == [name for name in (system, human, answer) if name in by]
    return by.get(system, ""), by[human], by.get(answer, "")


def joined(row: dict[str, str]) -> tuple[str, str, str]:
    given = row["input"]
    return row.get("system", ""), row["instruction"] + (f"\n\n{given}" if given else ""), row["output"]


BACK: dict[str, Callable[[dict[str, Any]], tuple[str, str, str]]] = {
    "alpaca": joined,
    "messages": lambda row: chat(row["messages"], "role", "content", "system", "user", "assistant"),
    "sharegpt": lambda row: chat(row["conversations"], "from", "value", "system", "human", "gpt"),
    "parquet": lambda row: (row["system"], row["instruction"], row["output"]),
}


@pytest.mark.parametrize("name", layouts.LAYOUTS)
@pytest.mark.parametrize("rows", [ROWS, WITH_SYSTEM, PROMPTS], ids=["pairs", "systems", "prompts"])
def test_a_hub_folder_loads_unchanged(put: Put, load: Any, tmp_path: Path, name: str, rows: list[Example]) -> None:
    done = export_dataset(put(ALPACA, rows), tmp_path / "out", name)
    found = load(tmp_path / "out")
    assert done.rows == len(rows)
    assert [BACK[name](row) for row in found] == triples(rows)
    if name == "parquet":
        assert [Example(**row) for row in found] == rows


@pytest.mark.parametrize("name", ["alpaca", "messages", "sharegpt"])
@pytest.mark.parametrize("suffix", [".json", ".jsonl"])
def test_a_single_file_loads_and_reads_back(put: Put, load: Any, tmp_path: Path, name: str, suffix: str) -> None:
    out = tmp_path / f"mine{suffix}"
    export_dataset(put(ALPACA, WITH_SYSTEM), out, name)
    assert [BACK[name](row) for row in load("json", data_files=str(out))] == triples(WITH_SYSTEM)
    text = out.read_text(encoding="utf-8")
    parsed = json.loads(text) if suffix == ".json" else [json.loads(line) for line in text.splitlines()]
    assert [BACK[name](row) for row in parsed] == triples(WITH_SYSTEM)
    rows = [row for row in pairs(out) if isinstance(row, Example)]
    assert [(row.instruction, row.output) for row in rows] == [(row.instruction, row.output) for row in WITH_SYSTEM]
    if name != "alpaca":
        assert triples(rows) == triples(WITH_SYSTEM)


@pytest.mark.parametrize("name", ["messages", "sharegpt"])
def test_prompts_read_back_as_prompts(put: Put, tmp_path: Path, name: str) -> None:
    out = tmp_path / "mine.jsonl"
    export_dataset(put(ALPACA, PROMPTS), out, name)
    assert triples([row for row in prompts(out) if isinstance(row, Example)]) == triples(PROMPTS)
    assert "assistant" not in out.read_text()
    assert "gpt" not in out.read_text()


def test_the_layouts_are_exactly_these(tmp_path: Path) -> None:

    row, has = Example("x/1", "Do.\n\nThis", "Done.", "Be brief.", origin='{"input": "This"}'), layouts.Has(True, True)
    assert layouts.alpaca(row, has) == {"instruction": "Do.", "input": "This", "output": "Done.", "system": "Be brief."}
    assert list(layouts.alpaca(row, layouts.Has(False, True))) == ["instruction", "input", "output"]
    assert layouts.messages(row, has) == {
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "Do.\n\nThis"},
            {"role": "assistant", "content": "Done."},
        ]
    }
    assert layouts.sharegpt(row, has) == {
        "id": "x/1",
        "conversations": [
            {"from": "system", "value": "Be brief."},
            {"from": "human", "value": "Do.\n\nThis"},
            {"from": "gpt", "value": "Done."},
        ],
    }
    with pytest.raises(FieldError, match="alpaca, messages, sharegpt, parquet"):
        export_dataset(tmp_path, tmp_path / "out", "csv")


def test_a_set_of_dates_is_said_aloud(put: Put, tmp_path: Path) -> None:
    dates = [Example("a/1", "When?", "2018-01-01"), Example("a/2", "When was it?", "2019-05-06T10:00:00Z")]
    folder = put(ALPACA, dates)
    assert any("output reads as a date" in told for told in export_dataset(folder, tmp_path / "a", "alpaca").notices)
    assert not any("date" in told for told in export_dataset(folder, tmp_path / "b", "parquet").notices)
    assert not any("date" in told for told in export_dataset(put(OWN, ROWS), tmp_path / "c", "alpaca").notices)


@needs_shared
def test_real_alpaca_rows_come_out_as_they_went_in(put: Put, tmp_path: Path) -> None:
    """Input below instruction and taken apart again; empty outputs are data."""
    path = SHARED / "alpaca" / "alpaca_data.json"
    rows = [row for row in islice(pairs(path), 3_000) if isinstance(row, Example)]
    export_dataset(put(ALPACA, rows), tmp_path / "out.json", "alpaca")
    given = json.loads(path.read_text(encoding="utf-8"))
    wanted = [{name: row[name] for name in ("instruction", "input", "output")} for row in given[: len(rows)]]
    assert json.loads((tmp_path / "out.json").read_text(encoding="utf-8")) == wanted
    assert sum(bool(row["input"]) for row in wanted) > 1_000
    assert any(not row["output"] for row in wanted)
