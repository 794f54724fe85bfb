"""Variance components are found again in tables that were drawn with them, and power is what theory says it is."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import nct
from scipy.stats import t as student

from humpback.analysis.stats import simulated_power
from humpback.analysis.stats.simulated_power import components, power
from humpback.spec.protocol import Variance

PARTS = ("base", "seed", "prompt", "prompt_by_base", "residual")


def drawn(rng: np.random.Generator, truth: Variance, of_base: np.ndarray, prompts: int) -> np.ndarray:
    bases = int(of_base.max()) + 1
    found: np.ndarray = (
        (np.sqrt(truth.base) * rng.standard_normal((bases, 1)))[of_base]
        + np.sqrt(truth.seed) * rng.standard_normal((len(of_base), 1))
        + np.sqrt(truth.prompt) * rng.standard_normal((1, prompts))
        + (np.sqrt(truth.prompt_by_base) * rng.standard_normal((bases, prompts)))[of_base]
        + np.sqrt(truth.residual) * rng.standard_normal((len(of_base), prompts))
    )
    return found


@pytest.mark.parametrize("of_base", [[0, 1, 2, 0, 1], [0, 0, 1, 1, 2, 2, 3, 3]])
def test_components_are_those_that_the_table_was_drawn_with(of_base: list[int]) -> None:
    rng, truth = np.random.default_rng(3), Variance(40.0, 10.0, 100.0, 60.0, 200.0)
    found = [components(drawn(rng, truth, np.array(of_base), 150), of_base) for _ in range(400)]
    for name in PARTS:
        mean = float(np.mean([getattr(one, name) for one in found]))
        assert mean == pytest.approx(getattr(truth, name), rel=0.12), name


def test_runs_of_one_base_have_no_variance_between_bases_and_single_runs_none_between_seeds() -> None:
    rng = np.random.default_rng(4)
    table = drawn(rng, Variance(seed=10.0, prompt=100.0, residual=200.0), np.zeros(6, dtype=int), 400)
    one = components(table)
    assert (one.base, one.prompt_by_base) == (0, 0)
    assert one.prompt == pytest.approx(100, rel=0.3)
    assert one == components(table, ["a"] * 6)
    apart = components(table, range(6))
    assert (apart.seed, apart.residual) == (0, 0)
    assert (apart.base, apart.prompt_by_base) == pytest.approx((one.seed, one.residual))
    gaps = table.copy()
    gaps[2, :7] = np.nan
    assert components(gaps) == components(table[:, 7:])
    with pytest.raises(ValueError, match="1 runs with 400 prompts in common"):
        components(table[:1])


def test_power_where_seeds_are_all_that_varies_is_that_of_student_s_test(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(simulated_power, "TRIALS", 1_000)
    for bases, seeds in ((1, 6), (6, 6), (6, 12)):
        truth = Variance(base=4.0) if bases > 1 else Variance(seed=4.0)
        found = power([truth], difference=3.0, prompts=30, bases=bases, seeds=seeds, level=0.05)
        exact = 1 - nct.cdf(student.ppf(0.975, 5), 5, 3 / (2 / np.sqrt(6)))
        # One observation is added to Satterthwaite's degrees of freedom, which asks for a little more.
        assert exact - 0.08 < found < exact + 0.03
    none = power([truth], difference=0.0, prompts=30, bases=6, seeds=6, level=0.05)
    assert none == pytest.approx(0.025, abs=0.015)


def test_both_measures_have_to_hold_and_fewer_than_three_units_tell_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(simulated_power, "TRIALS", 300)
    sure, poor = Variance(residual=1.0), Variance(seed=9.0)
    how = {"difference": 2.0, "prompts": 30, "level": 0.05}
    assert power([sure], bases=1, seeds=5, **how) == 1  # type: ignore[arg-type]
    alone = power([poor], bases=1, seeds=5, **how)  # type: ignore[arg-type]
    assert power([poor, sure], bases=1, seeds=5, **how) == pytest.approx(alone, abs=0.06)  # type: ignore[arg-type]
    assert power([poor, poor], bases=1, seeds=5, **how) < 0.6 * alone  # type: ignore[arg-type]
    assert power([sure], bases=2, seeds=8, **how) == 0  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="8 seeds on 3 bases"):
        power([sure], bases=3, seeds=8, **how)  # type: ignore[arg-type]
