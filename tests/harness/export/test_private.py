"""No path of this computer and no key leaves with the data."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from humpback.core.tables import Example, Rejected, read
from humpback.export.datasets import export_dataset
from humpback.export.private import REMOVED, cleaned
from tests.harness.export.material import (
    Put,
    own_set,
)

PRIVATE = {
    "file": "/home/ada/secret project/data.jsonl",
    "url": "https://bob:hunter22@example.org/home/carol/page?access_token=abc123&x=1",
    "note": "read from /home/dora/x.warc.gz and C:\\Users\\Emil\\y.html by hf_abcdefghijklmnopqrstuvwxyz",
    "list": ["~/frieda/notes.txt", {"where": "file:///Users/gus/page.html", "row": 3}, "\\\\host\\share\\hal.txt"],
    "home": "/home/ian",
    "password": "swordfish",
    "page": "https://example.org/a/b.html",
    "header": "and/or, 1/2",
    "instruction": "Explain /etc/passwd to me.",
}


def test_no_path_of_this_computer_and_no_key_leaves(put: Put, tmp_path: Path) -> None:
    row = Example(
        "/home/ada/set/1",
        "Explain /etc/passwd to me.",
        "It is a file.",
        source="/home/ada/set.jsonl",
        origin=json.dumps(PRIVATE),
    )
    folder = put(
        own_set("mine.jsonl"),
        [row, Example("kept/2", "And?", "So.")],
        rejected=[Rejected("r", "no header in /home/kim/a.html", "")],
    )
    export_dataset(folder, tmp_path / "hub", "parquet")
    export_dataset(folder, tmp_path / "chat.jsonl", "sharegpt")
    found = list(read(tmp_path / "hub" / "data" / "train.parquet", Example))
    card = (tmp_path / "hub" / "README.md").read_text(encoding="utf-8")
    everything = card + (tmp_path / "chat.jsonl").read_text(encoding="utf-8") + repr(found)
    leaking = (
        "ada",
        "hunter22",
        "abc123",
        "dora",
        "Emil",
        "hf_abc",
        "frieda",
        "gus",
        "share",
        "/ian",
        "swordfish",
        "kim",
    )
    for name in leaking:
        assert name not in everything, name
    assert str(tmp_path) not in everything
    known = found[0].known
    assert known["file"] == found[0].source.replace("set.jsonl", "data.jsonl")
    assert known["url"] == f"https://{REMOVED}@example.org/home/carol/page?access_token={REMOVED}&x=1"
    assert known["note"] == f"read from x.warc.gz and y.html by {REMOVED}"
    assert known["list"] == ["notes.txt", {"row": 3, "where": "page.html"}, "hal.txt"]
    assert known["home"] == REMOVED
    assert {key: known[key] for key in ("page", "header", "instruction")} == {
        key: PRIVATE[key] for key in ("page", "header", "instruction")
    }
    assert found[0].instruction == row.instruction
    assert found[1].id == "kept/2"
    assert len(found[0].id) == 16


@pytest.mark.parametrize(
    "text",
    ["https://a.org/b/c", "and/or", "</s>", "org/name", "5/6/2020", "### Response:", "data/train.jsonl", "a / b / c"],
)
def test_what_is_no_path_stays(text: str) -> None:
    assert cleaned(f"so {text} it is") == f"so {text} it is"
