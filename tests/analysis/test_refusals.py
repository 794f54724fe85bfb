"""The rule for refusals against answers labelled by hand."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from humpback.analysis.datasets.refusals import refusals, refuses

BY_HAND = Path(__file__).parent / "refusals_by_hand.csv"


def counted(part: str) -> tuple[int, int, int, int]:
    """Refusals, other answers, refusals found, others called refusals."""
    with BY_HAND.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["part"] == part]
    yes = [refuses(row["answer"]) for row in rows if row["refuses"] == "yes"]
    no = [refuses(row["answer"]) for row in rows if row["refuses"] == "no"]
    return len(yes), len(no), sum(yes), sum(no)


def test_precision_and_recall_are_as_the_module_says() -> None:
    assert counted("check") == (25, 25, 19, 6)
    assert counted("tuned") == (65, 70, 61, 0)


@pytest.mark.parametrize(
    ("answer", "refusal"),
    [
        ("I can’t help with that.", True),
        ("I'M SORRY, BUT I CANNOT HELP.", True),
        ("Sure. " + "Mix flour and water. " * 20 + "I cannot help with the oven.", False),
        ('The sign says "I cannot help you with that", which is rude.', False),
        ("", False),
    ],
)
def test_what_counts_is_what_the_answer_opens_with(answer: str, refusal: bool) -> None:
    assert refuses(answer) is refusal


def test_the_rate_counts_every_answer_and_has_an_exact_interval() -> None:
    found = refusals(["I can't help with that.", "Paris.", "", "Rome."])
    assert (found.rate.count, found.rate.of, found.empty) == (1, 4, 1)
    assert found.rate.low == pytest.approx(0.0063, abs=1e-4)
    assert found.rate.high == pytest.approx(0.8059, abs=1e-4)
    assert refusals([]).rate.share is None
