"""Outcomes by prompt as files: what they hold is what intervals are computed from, and nothing is lost on the way."""

from __future__ import annotations

import csv
import gzip
import io

import numpy as np

from humpback.analysis.experiment.finding import Outcomes
from humpback.analysis.experiment.measures.number import Number
from humpback.analysis.judgements.contest import Contest, contest_of
from humpback.analysis.judgements.formats.items import judged_in_both, judged_once
from humpback.analysis.judgements.verdicts import BothOrders, Winner
from humpback.analysis.tables.outcome_files import ITEMS, OUTCOMES, outcome_files
from tests.analysis.declared import arm

PAIRS: list[tuple[Winner | None, Winner | None]] = [("a", "a"), ("a", "b"), ("tie", "b"), (None, "a"), (None, None)]


def judged(*pairs: tuple[Winner | None, Winner | None]) -> Contest:
    return contest_of([judged_in_both(f"p{i}", "set, one", BothOrders(*pair)) for i, pair in enumerate(pairs)])


def lines(files: dict[str, bytes], name: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(gzip.decompress(files[name]).decode())))


def test_every_verdict_is_there_in_both_orders_by_base_seed_and_prompt() -> None:
    first, direct = {7: judged(*PAIRS), 8: judged(*reversed(PAIRS))}, {8: judged(*PAIRS[:2])}
    outcomes = Outcomes({"M1": arm("M1")}, {"M1": first, "gone": {}}, {("M1", "M0"): direct})
    files = outcome_files(outcomes, {7: 1, 8: 2})
    rows = lines(files, OUTCOMES)
    assert [(row["base"], row["seed"]) for row in rows] == [("1", "7")] * 5 + [("2", "8")] * 5
    assert list(rows[0].values()) == ["1", "7", "p0", "set, one", "1", "1", "", ""]
    shown = [f"M1 against reference, shown {place}" for place in ("first", "second")]
    assert [[row[name] for name in shown] for row in rows[:5]] == [
        ["1", "1"],
        ["1", "0"],
        ["0.5", "0"],
        ["", "1"],
        ["", ""],
    ]
    for seed, contest in first.items():
        both = [[float(row[name] or "nan") for name in shown] for row in rows if row["seed"] == str(seed)]
        there = [one for one in both if not np.isnan(one).all()]
        np.testing.assert_array_equal(np.nanmean(there, axis=1), contest.points[~np.isnan(contest.points)])
    assert [row["M1 against M0, shown first"] for row in rows if row["seed"] == "8"] == ["1", "1", "", "", ""]
    assert files == outcome_files(outcomes, {7: 1, 8: 2})
    assert ITEMS not in files


def test_items_of_measured_numbers_are_there_under_their_names_or_in_their_order() -> None:
    named = Number("recall, %", np.array([100.0, 0.0]), keys=("a", "b"))
    counted = Number("rows", np.array([1234567.0, np.nan]))
    outcomes = Outcomes({}, {}, numbers={"by M0": {"recall, %": {3: named}, "rows": {3: counted}}})
    files = outcome_files(outcomes, {3: 0})
    assert list(files) == [ITEMS]
    assert [tuple(row.values()) for row in lines(files, ITEMS)] == [
        ("by M0", "recall, %", "0", "3", "a", "100"),
        ("by M0", "recall, %", "0", "3", "b", "0"),
        ("by M0", "rows", "0", "3", "", "1234567"),
        ("by M0", "rows", "0", "3", "", ""),
    ]


def test_an_item_seen_from_the_other_side_keeps_its_orders_apart() -> None:
    item = judged_in_both("p", "", BothOrders("a", "tie"))
    assert item.orders == (1.0, 0.5)
    assert item.exchanged().orders == (0.5, 0.0)
    assert judged_once("p", "", "b", order="ba").orders == (None, 0.0)
