"""Where an export goes: whole or not at all, and over nothing that somebody else put there."""

from __future__ import annotations

from pathlib import Path

import pytest

from humpback.core.store import Damaged, StoreError
from humpback.core.tables import EXAMPLES, Example
from humpback.export.datasets import export_dataset
from tests.harness.export.material import (
    ALPACA,
    OWN,
    PROMPTS,
    ROWS,
    Put,
)


def test_nothing_is_overwritten_unasked(put: Put, tmp_path: Path) -> None:
    first, second = put(ALPACA, ROWS), put(OWN, PROMPTS)
    for out in (tmp_path / "folder", tmp_path / "file.jsonl"):
        export_dataset(first, out, "alpaca")
        with pytest.raises(StoreError, match="there already"):
            export_dataset(second, out, "alpaca")
        export_dataset(second, out, "alpaca", overwrite=True)
        data = out / "data" / "train.jsonl" if out.is_dir() else out
        assert len(data.read_text(encoding="utf-8").splitlines()) == len(PROMPTS)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file.jsonl", "folder", "store"]
    (tmp_path / "empty").mkdir()
    export_dataset(first, tmp_path / "empty", "alpaca")


def test_a_folder_that_is_no_export_is_never_replaced(put: Put, tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "thesis.txt").write_text("all my work")
    for _ in range(2):
        with pytest.raises(StoreError, match="no earlier export"):
            export_dataset(put(ALPACA, ROWS), mine, "alpaca", overwrite=True)
        (mine / "README.md").write_text("# My thesis")
    out = tmp_path / "out"
    export_dataset(put(OWN, ROWS), out, "alpaca")
    (out / ".git").mkdir()
    (out / ".git" / "HEAD").write_text("ref")
    with pytest.raises(StoreError, match="HEAD"):
        export_dataset(put(ALPACA, ROWS), out, "alpaca", overwrite=True)
    assert (mine / "thesis.txt").read_text() == "all my work"
    assert (out / ".git" / "HEAD").exists()
    (tmp_path / "named.jsonl").mkdir()
    with pytest.raises(StoreError, match="a folder stands there"):
        export_dataset(put(ALPACA, ROWS), tmp_path / "named.jsonl", "alpaca", overwrite=True)


def test_a_failure_leaves_what_was_there(put: Put, tmp_path: Path) -> None:
    good = put(ALPACA, ROWS)
    export_dataset(good, tmp_path / "out", "parquet")
    before = (tmp_path / "out" / "data" / "train.parquet").read_bytes()
    bad = put(OWN, [*ROWS, Example("x", "a", "b", origin="{not json")])
    with pytest.raises(StoreError, match=r"'x'.*no JSON"):
        export_dataset(bad, tmp_path / "out", "parquet", overwrite=True)
    assert (tmp_path / "out" / "data" / "train.parquet").read_bytes() == before
    with pytest.raises(StoreError, match="cannot be written"):
        export_dataset(good, tmp_path / "out" / "README.md" / "below", "parquet")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out", "store"]


def test_what_cannot_be_exported_is_refused(put: Put, tmp_path: Path) -> None:
    out = tmp_path / "out"
    with pytest.raises(StoreError, match="empty set"):
        export_dataset(put(OWN, []), out, "parquet")
    segments = put(ALPACA, [Example("1", "Do", "x"), Example("s/2", " ", "A web text.")])
    with pytest.raises(StoreError, match=r"'s/2' has no instruction.*parquet"):
        export_dataset(segments, out, "messages")
    export_dataset(segments, tmp_path / "segments.parquet", "parquet")
    with pytest.raises(StoreError, match=r"alpaca is written as .jsonl"):
        export_dataset(segments, tmp_path / "x.parquet", "alpaca")
    with pytest.raises(StoreError, match=r"parquet is written as .parquet"):
        export_dataset(segments, tmp_path / "x.json", "parquet")
    with pytest.raises(StoreError, match="lies in the artifact"):
        export_dataset(segments, segments / "out", "parquet")
    with pytest.raises(StoreError, match=r"no record\.json"):
        export_dataset(tmp_path, out, "parquet")
    with (segments / EXAMPLES).open("ab") as file:
        file.write(b"x")
    with pytest.raises(Damaged, match="were published; restore it"):
        export_dataset(segments, out, "parquet")
    assert not out.exists()
