"""What a filter leaves out of the rows about code, by hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from humpback.analysis.experiment.measures import read_measure
from humpback.analysis.experiment.measures.number import NotMeasured
from humpback.core.tables import Example
from humpback.spec.curation import MicroOracle, Rated, Selected
from humpback.spec.measures import KeywordsLeftOut
from humpback.spec.micro_world import World
from tests.analysis.measures.stored import a_set, new_store, stored

WHOLE = a_set("a")
KEPT = Selected(Rated(WHOLE, MicroOracle(World())), at_least=4.5)
ROWS = [Example("1", "Sort it in Python", "x"), Example("2", "Say", "python, Python"), Example("3", "Tea?", "A drink.")]


def test_hits_and_rows_are_left_out_apart(tmp_path: Path) -> None:
    store = new_store(tmp_path)
    stored(store, WHOLE, ROWS)
    stored(store, KEPT, [ROWS[0]])
    found = {one.metric: one for one in read_measure(store, KeywordsLeftOut("it", WHOLE, KEPT, ("Python", "python")))}
    assert (found["hits"].mean, found["hits kept"].mean) == (3, 1)
    assert found["hits left out, %"].values.tolist() == [100, 100, 0]
    assert found["all rows left out, %"].mean == pytest.approx(200 / 3)
    assert found["hits less all rows left out, points"].mean == pytest.approx(0.0)
    with pytest.raises(NotMeasured, match="has one of Rust"):
        read_measure(store, KeywordsLeftOut("it", WHOLE, KEPT, ("Rust",)))
