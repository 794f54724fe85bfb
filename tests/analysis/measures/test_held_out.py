"""The held-out loss as a measured number: a ratio of sums, whose interval is that of a ratio."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from humpback.analysis.experiment.finding import Outcomes, findings
from humpback.analysis.experiment.measured import gather_measured
from humpback.analysis.experiment.measures import read_measure
from humpback.core.store import Store
from humpback.core.tables import LOSSES, AnswerLoss, write
from humpback.spec.measures import HeldOutLoss
from humpback.spec.models import ServedModel
from humpback.spec.outcomes import AnswerLosses
from tests.analysis.measures.stored import a_set, new_store, recorded

RNG = np.random.default_rng(0)
TOKENS = RNG.integers(5, 400, 200)
LOSS = RNG.normal(2.0, 0.4, 200)


def measure(name: str) -> HeldOutLoss:
    return HeldOutLoss(name, AnswerLosses(ServedModel(name), a_set("pairs")))


def put(store: Store, name: str, nats: np.ndarray, tokens: np.ndarray = TOKENS) -> HeldOutLoss:
    found = measure(name)
    store.root.mkdir(exist_ok=True)
    work = store.workspace(found.losses)
    rows = [AnswerLoss(f"p/{i}", int(n), float(one)) for i, (n, one) in enumerate(zip(tokens, nats, strict=True))]
    write(work / LOSSES, AnswerLoss, rows)
    store.publish(found.losses, work, recorded(found.losses, {"in": len(rows)}))
    return found


def test_it_is_nats_over_tokens_with_the_error_of_a_ratio(tmp_path: Path) -> None:
    """As often as it is drawn anew, the ratio varies as the standard error says; the nats alone vary far more."""
    nats = LOSS * TOKENS
    found, pairs, tokens = read_measure(new_store(tmp_path), put(new_store(tmp_path), "one", nats))
    assert found.mean == pytest.approx(nats.sum() / TOKENS.sum())
    assert (pairs.mean, tokens.mean) == (200, TOKENS.sum())
    draws = RNG.integers(0, 200, (4_000, 200))
    ratios = nats[draws].sum(1) / TOKENS[draws].sum(1)
    error = found.values.std(ddof=1) / np.sqrt(200)
    assert error == pytest.approx(ratios.std(), rel=0.05)
    assert error < 0.5 * (nats / TOKENS.mean()).std(ddof=1) / np.sqrt(200)


def test_two_models_are_compared_pair_by_pair(tmp_path: Path) -> None:
    """A difference that no interval of either alone would show; a pair without tokens is left out of both."""
    store, tokens = new_store(tmp_path), np.where(np.arange(200) == 7, 0, TOKENS)
    better = LOSS - 0.03 + RNG.normal(0, 0.05, 200)
    one, two = put(store, "one", LOSS * tokens, tokens), put(store, "two", better * tokens, tokens)
    rows, numbers = gather_measured(store, {0: {"one": one, "two": two}}, {})
    assert rows[0].n == 199
    assert rows[0].high - rows[0].low > 0.06
    claim = one.exceeds(two, HeldOutLoss.METRIC, "", matters=0.02)
    (found,) = findings([claim], Outcomes({}, {}, numbers=numbers))
    assert found.difference is not None
    wanted = (LOSS * tokens).sum() / tokens.sum() - (better * tokens).sum() / tokens.sum()
    assert found.difference.mean == pytest.approx(wanted)
    assert 0 < found.difference.low < wanted < found.difference.high < 0.06
