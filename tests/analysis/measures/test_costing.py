"""What training took, from the record alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from humpback.analysis.experiment.measured import gather_measured, measured_finding
from humpback.analysis.experiment.measures import measured
from humpback.analysis.experiment.measures.number import NotMeasured
from humpback.core.store import Store
from humpback.experiments.alpagasus import training_cost
from humpback.experiments.setups.micro import MICRO
from humpback.spec.claims import Greater
from humpback.spec.measures import Cost
from tests.analysis.measures.stored import recorded


def stored(path: Path, *, seconds: dict[str, float], counts: dict[str, Any]) -> tuple[Store, dict[str, Cost]]:
    store = Store(path)
    store.prepare()
    found = {name: one for name, one in training_cost.measures(MICRO, 0).items() if isinstance(one, Cost)}
    for name, one in found.items():
        store.publish(one.model, store.workspace(one.model), recorded(one.model, counts[name], seconds[name]))
    return store, found


COUNTS = {"filtered": {"kept": 9_229, "updates": 219}, "whole": {"kept": 52_002, "updates": 1_221}}


def test_seconds_become_minutes_and_counts_stay(tmp_path: Path) -> None:
    store, found = stored(tmp_path, seconds={"filtered": 840.0, "whole": 4_800.0}, counts=COUNTS)
    assert {one.metric: one.mean for one in measured(store, found["filtered"])} == {
        "training, minutes": 14.0,
        "updates": 219.0,
        "examples": 9_229.0,
    }
    _, numbers = gather_measured(store, {0: found}, {}, {})
    claims = [claim for claim in training_cost.claims(MICRO) if isinstance(claim, Greater)]
    assert [measured_finding(claim, numbers).by_seed for claim in claims] == [(66.0,), (1_002.0,)]


def test_the_cited_minutes_are_the_paper_s(tmp_path: Path) -> None:
    from humpback.spec.paper_numbers import number

    cited = {name: by_metric["training, minutes"] for name, by_metric in training_cost.cited(MICRO).items()}
    minutes = {name: number(one.table, one.arm, one.metric, one.n_examples).value for name, one in cited.items()}
    assert minutes == {"filtered": 14.0, "whole": 80.0}


def test_a_record_without_updates_is_no_number(tmp_path: Path) -> None:
    counts = {**COUNTS, "filtered": {"kept": 9_229}}
    store, found = stored(tmp_path, seconds={"filtered": 1.0, "whole": 1.0}, counts=counts)
    with pytest.raises(NotMeasured, match=r"on-k4.5-by-oracle-\w+: its record counts no updates"):
        measured(store, found["filtered"])
