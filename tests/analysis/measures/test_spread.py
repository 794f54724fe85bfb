"""The histogram's shares, row by row; rows without a score are in none."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from humpback.analysis.experiment.finding import Outcomes, findings
from humpback.analysis.experiment.measured import gather_measured
from humpback.analysis.experiment.measures import read_measure
from humpback.analysis.experiment.measures.number import Number
from humpback.core.store import Store
from humpback.core.tables import Example
from humpback.experiments.catalogue import experiment
from humpback.experiments.setups.micro import MICRO
from humpback.spec.curation import MicroOracle, Rated
from humpback.spec.data import MicroSeed
from humpback.spec.measures import Greater, ScoreDistribution
from humpback.spec.micro_world import World
from tests.analysis.measures.stored import new_store, stored

SCORES = (0.0, 2.99, 3.0, 3.5, 3.75, 4.0, 4.49, 4.5, 4.8, 5.0, None)
RATED = Rated(MicroSeed(World(), n=11), by=MicroOracle(World()))
OTHER = Rated(MicroSeed(World(), n=11), by=MicroOracle(World(), seed=1))


def holding(path: Path, *sets: tuple[Rated, tuple[float | None, ...]]) -> Store:
    store = new_store(path)
    for one, scores in sets:
        stored(store, one, [Example(f"r/{i}", score=score) for i, score in enumerate(scores)])
    return store


@pytest.fixture
def numbers(tmp_path: Path) -> dict[str, Number]:
    found = read_measure(holding(tmp_path, (RATED, SCORES)), ScoreDistribution("it", RATED, (4.0, 4.5)))
    assert len({one.metric for one in found}) == len(found)
    return {one.metric: one for one in found}


def test_rows_are_counted_with_and_without_a_score(numbers: dict[str, Number]) -> None:
    assert numbers["examples rated"].mean == 11
    assert numbers["unparsed"].mean == 1
    assert numbers["mean score"].mean == pytest.approx(sum(score for score in SCORES if score is not None) / 10)


def test_each_bar_holds_its_half_point_and_all_bars_the_whole(numbers: dict[str, Number]) -> None:
    """A score on an edge belongs to the bar above it, and what lies between edges to the one below."""
    bars = {"scored below 3": 20, "scored 3": 10, "scored 3.5": 20, "scored 4": 20, "scored 4.5": 20, "scored 5": 10}
    assert {name: numbers[f"{name}, %"].mean for name in bars} == bars
    assert numbers["rated 4.5 or better, %"].mean == 30
    assert numbers["rated 4 or better, %"].mean == 50
    assert numbers["rated below 4.5, %"].mean == 70


def test_a_row_without_a_score_is_in_no_share(numbers: dict[str, Number]) -> None:
    for metric in ("rated 4 or better, %", "rated below 4, %", "scored below 3, %"):
        assert np.isnan(numbers[metric].values[10]), metric
        assert numbers[metric].keys == tuple(f"r/{i}" for i in range(11))


def test_two_raters_of_one_set_are_compared_row_by_row(tmp_path: Path) -> None:
    """Of ten rows the second rater keeps the same nine and one more, so that the difference varies in one row only."""
    store = holding(tmp_path, (RATED, (4.6,) * 5 + (1.0,) * 5), (OTHER, (4.6,) * 6 + (1.0,) * 4))
    one, two = ScoreDistribution("one", RATED, (4.5,)), ScoreDistribution("two", OTHER, (4.5,))
    _, numbers = gather_measured(store, {0: {"one": one, "two": two}}, {})
    claim = two.exceeds(one, "rated 4.5 or better, %", "", matters=5.0)
    (found,) = findings([claim], Outcomes({}, {}, numbers=numbers))
    assert found.difference is not None
    assert found.difference.mean == pytest.approx(10)
    assert found.difference.standard_error == pytest.approx(10)


def test_the_experiment_claims_what_the_measure_gives(tmp_path: Path) -> None:
    """Every metric that the experiment claims or cites is one that comes out, under that name."""
    store = holding(tmp_path, (RATED, SCORES))
    names = {one.metric for one in read_measure(store, ScoreDistribution("it", RATED, (4.0, 4.5)))}
    declared = experiment("alpagasus/score_histogram").on(MICRO, [0])
    claimed = {claim.metric for claim in declared.claims if isinstance(claim, Greater)}
    printed = {metric for by_metric in declared.printed.values() for metric in by_metric}
    assert claimed | printed <= names
