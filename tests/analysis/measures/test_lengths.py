"""Rows and lengths of a set: the numbers of Table 1, by hand and against the other way of counting them."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest

from humpback.analysis.datasets.corpus import describe_file
from humpback.analysis.experiment.measures import lengths, read_measure
from humpback.analysis.experiment.measures.number import Number
from humpback.core.store import Store
from humpback.core.tables import EXAMPLES, Example
from humpback.spec.measures import LengthStatistics
from tests.analysis.measures.stored import a_set, new_store, stored

METRICS = ("examples", "instruction, characters", "output, characters", "instruction, sd", "output, sd")


def numbers(store: Store, texts: list[tuple[str, str]]) -> dict[str, Number]:
    rows = [Example(f"e/{i}", instruction, output) for i, (instruction, output) in enumerate(texts)]
    found = read_measure(store, LengthStatistics("it", stored(store, a_set("a"), rows)))
    assert tuple(one.metric for one in found) == METRICS
    return {one.metric: one for one in found}


def test_lengths_are_characters_and_not_bytes_a_number_a_row(tmp_path: Path) -> None:
    found = numbers(new_store(tmp_path), [("naïve", "日本"), ("", "four"), ("a\nb", "😀😀😀😀😀😀")])
    assert found["examples"].mean == 3
    assert found["instruction, characters"].values.tolist() == [5, 0, 3]
    assert found["output, characters"].values.tolist() == [2, 4, 6]
    assert found["output, sd"].mean == pytest.approx(np.sqrt(8 / 3))


def test_they_are_those_of_the_corpus_over_batches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lengths, "_BATCH", 7)
    rng = random.Random(0)
    store = new_store(tmp_path)
    found = numbers(store, [("ü" * rng.randint(0, 90), "x" * rng.randint(1, 900)) for _ in range(50)])
    whole = describe_file(store.folder(a_set("a")) / EXAMPLES).whole
    assert found["examples"].mean == whole.examples == 50
    for column, known in (("instruction", whole.instruction), ("output", whole.output)):
        assert found[f"{column}, characters"].mean == pytest.approx(known.mean)
        assert len(found[f"{column}, characters"].values) == 50
        assert found[f"{column}, sd"].mean == pytest.approx(known.std)


@pytest.mark.filterwarnings("error")
def test_a_set_without_rows_has_none_and_no_lengths(tmp_path: Path) -> None:
    found = numbers(new_store(tmp_path), [])
    assert found["examples"].mean == 0
    assert all(np.isnan(found[metric].mean) for metric in METRICS[1:])
