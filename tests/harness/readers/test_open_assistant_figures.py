"""Open Assistant's conversations: the real files' figures at each step."""

from __future__ import annotations

import gzip
import json
import random
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from humpback.readers.open_assistant import select_pairs
from humpback.readers.records import records
from humpback.spec.files import OpenAssistant
from tests.shared_data import SHARED, needs_shared

RULES = OpenAssistant(())
FLAT, TREES = SHARED / "oasst1/validation-en.jsonl", SHARED / "oasst1/trees-100-en.jsonl"


@needs_shared
def test_known_counts_of_the_flat_file() -> None:
    found = select_pairs([records(FLAT)], RULES)
    assert found.counts == {
        "records": 2_022,
        "trees": 0,
        "messages": 2_022,
        "conversations": 188,
        "first replies": 568,
        "in their roles": 568,
        "of rank 0": 186,
        "not deleted": 186,
        "in en": 186,
        "in": 1_834,
        "kept": 186,
        "rejected": 1_648,
        "unreadable": 0,
    }
    why = Counter(one.reason.split(":")[0] for one in found.rejected)
    assert (why["without a rank"], why["orphan"]) == (26, 3)


@needs_shared
def test_none_of_the_40_deleted_messages_is_a_best_first_reply() -> None:
    """So 186 is also the count after the deleted ones are removed; at rank 1 and beyond they do count."""
    rows = [json.loads(line) for line in FLAT.open(encoding="utf-8")]
    assert sum(row["deleted"] for row in rows) == 40
    by_rank = [select_pairs([records(FLAT)], replace(RULES, rank=rank)).counts for rank in range(4)]
    assert [(one["of rank " + str(i)], one["not deleted"]) for i, one in enumerate(by_rank)] == [
        (186, 186),
        (185, 185),
        (164, 164),
        (7, 7),
    ]


@needs_shared
def test_known_counts_of_the_trees() -> None:
    counts = select_pairs([records(TREES)], RULES).counts
    assert (counts["trees"], counts["messages"], counts["conversations"]) == (100, 1_167, 100)
    assert (counts["first replies"], counts["of rank 0"], counts["kept"]) == (333, 99, 99)


@needs_shared
def test_flat_and_nested_files_together_in_any_order_and_form(tmp_path: Path) -> None:
    rows = [json.loads(line) for line in FLAT.open(encoding="utf-8")]
    random.Random(0).shuffle(rows)
    (tmp_path / "a.gz").write_bytes(gzip.compress("".join(json.dumps(row) + "\n" for row in rows).encode()))
    columns = ("message_id", "parent_id", "text", "role", "lang", "rank", "deleted")
    pq.write_table(pa.Table.from_pylist([{name: row[name] for name in columns} for row in rows]), tmp_path / "b")
    wanted = select_pairs([records(FLAT)], RULES).kept
    for name in ("a.gz", "b"):
        kept = select_pairs([records(tmp_path / name)], RULES).kept
        assert [(one.id, one.instruction, one.output) for one in kept] == [
            (one.id, one.instruction, one.output) for one in wanted
        ]
    both = select_pairs([records(FLAT), records(TREES)], RULES)
    other = select_pairs([records(TREES), records(FLAT)], RULES)
    assert [one.id for one in both.kept] == [one.id for one in other.kept]
    shared = both.counts["records"] - 100 + 1_167 - both.counts["messages"]
    assert both.counts["kept"] == 279
    assert sum(one.reason.startswith("duplicate id") for one in both.rejected) == shared == 73
