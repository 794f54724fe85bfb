"""What training took, from the record alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from humpback.analysis.experiment.finding import Outcomes, findings
from humpback.analysis.experiment.measured import gather_measured
from humpback.analysis.experiment.measures import read_measure
from humpback.analysis.experiment.measures.number import NotMeasured
from humpback.core.store import Store
from humpback.experiments.catalogue import experiment
from humpback.experiments.setups.micro import MICRO
from humpback.spec.measures import TrainingCost
from tests.analysis.measures.stored import recorded

DECLARED = experiment("alpagasus/training_cost").on(MICRO, [0])


def stored(path: Path, *, seconds: dict[str, float], counts: dict[str, Any]) -> tuple[Store, dict[str, TrainingCost]]:
    store = Store(path)
    store.prepare()
    found = {one.name: one for one in DECLARED.measures[0].values() if isinstance(one, TrainingCost)}
    for name, one in found.items():
        store.publish(one.model, store.workspace(one.model), recorded(one.model, counts[name], seconds[name]))
    return store, found


COUNTS = {"filtered": {"kept": 9_229, "updates": 219}, "whole": {"kept": 52_002, "updates": 1_221}}


def test_seconds_become_minutes_and_counts_stay(tmp_path: Path) -> None:
    store, found = stored(tmp_path, seconds={"filtered": 840.0, "whole": 4_800.0}, counts=COUNTS)
    assert {one.metric: one.mean for one in read_measure(store, found["filtered"])} == {
        "training, minutes": 14.0,
        "updates": 219.0,
        "examples": 9_229.0,
    }
    _, numbers = gather_measured(store, {0: found}, {})
    assert [one.by_seed for one in findings(DECLARED.claims, Outcomes({}, {}, numbers=numbers))] == [
        (66.0,),
        (1_002.0,),
    ]


def test_the_cited_minutes_are_the_paper_s() -> None:
    minutes = {name: by_metric["training, minutes"] for name, by_metric in DECLARED.printed.items()}
    assert minutes == {"filtered": 14.0, "whole": 80.0}
    assert [claim.paper_value for claim in DECLARED.claims] == [66.0, None]


def test_a_record_without_updates_is_no_number(tmp_path: Path) -> None:
    counts = {**COUNTS, "filtered": {"kept": 9_229}}
    store, found = stored(tmp_path, seconds={"filtered": 1.0, "whole": 1.0}, counts=counts)
    with pytest.raises(NotMeasured, match=r"on-k4.5-by-accuracy-reader-\w+: its record counts no updates"):
        read_measure(store, found["filtered"])
