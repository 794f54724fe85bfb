"""Precision and recall of a selection, by hand; what is left out; what is no selection from the labelled candidates."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from humpback.analysis.experiment.measures import read_measure
from humpback.analysis.experiment.measures.number import Number
from humpback.core.store import Store
from humpback.core.tables import Example
from humpback.spec.curation import MicroOracle, Rated, Selected
from humpback.spec.measures import SelectionQuality
from humpback.spec.micro_world import World
from tests.analysis.measures.stored import a_set, new_store, stored

POOL = a_set("a")
LABELS = Rated(POOL, MicroOracle(World()))
SELECTED = Selected(Rated(POOL, MicroOracle(World(), noise=1.0)), at_least=4.5)


def numbers(store: Store, labels: dict[str, float | None], selected: list[str]) -> dict[str, Number]:
    stored(store, LABELS, [Example(name, score=label) for name, label in labels.items()])
    stored(store, SELECTED, [Example(name, score=5.0) for name in selected])
    return {one.metric: one for one in read_measure(store, SelectionQuality("it", SELECTED, LABELS, good=4.5))}


def test_precision_is_over_the_selected_and_recall_over_the_good(tmp_path: Path) -> None:
    labels = {"a": 5.0, "b": 4.5, "c": 4.4, "d": 1.0, "e": 5.0, "f": 4.75}
    found = numbers(new_store(tmp_path), labels, ["b", "c", "e"])
    assert list(found) == ["precision", "recall", "selected", "good"]
    assert found["precision"].values.tolist() == [1, 0, 1]
    assert found["recall"].values.tolist() == [0, 1, 1, 0]
    assert (found["precision"].mean, found["recall"].mean) == (pytest.approx(2 / 3), 0.5)
    assert (found["selected"].mean, found["good"].mean) == (3, 4)


def test_recalls_of_two_selectors_are_paired_over_the_good_and_precisions_are_not(tmp_path: Path) -> None:
    found = numbers(new_store(tmp_path), {"a": 5.0, "b": 1.0, "c": 5.0}, ["b"])
    assert found["recall"].keys == ("a", "c")
    assert found["precision"].keys is None


def test_a_candidate_without_a_label_is_left_out_on_both_sides(tmp_path: Path) -> None:
    found = numbers(new_store(tmp_path), {"a": 5.0, "b": None, "c": 1.0, "d": None}, ["a", "b", "c"])
    assert found["precision"].values.tolist() == [1, 0]
    assert found["recall"].keys == ("a",)
    assert (found["selected"].mean, found["good"].mean) == (2, 1)


@pytest.mark.filterwarnings("error")
def test_nothing_selected_and_nothing_good_have_no_number(tmp_path: Path) -> None:
    found = numbers(new_store(tmp_path), {"a": 1.0}, [])
    assert np.isnan(found["precision"].mean)
    assert np.isnan(found["recall"].mean)
    assert (found["selected"].mean, found["good"].mean) == (0, 0)


def test_a_stranger_and_a_label_given_twice_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"1 of 2 rows .*such as 'z'; label the candidates"):
        numbers(new_store(tmp_path), {"a": 5.0}, ["a", "z"])
    store = Store(tmp_path / "another")
    stored(store, LABELS, [Example("a", score=5.0), Example("a", score=1.0)])
    stored(store, SELECTED, [Example("a", score=5.0)])
    with pytest.raises(ValueError, match="'a' stands twice"):
        read_measure(store, SelectionQuality("it", SELECTED, LABELS, good=4.5))
