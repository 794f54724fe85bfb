"""Measured numbers: intervals over seeds and items, pairs, and what a claim about them comes to."""

from __future__ import annotations

import numpy as np
import pytest

from humpback.analysis.experiment.finding import Outcomes, findings
from humpback.analysis.experiment.measured import over_seeds
from humpback.analysis.experiment.measures.number import Number, count
from tests.analysis.declared import measure

RNG = np.random.default_rng(7)


def share(rate: float, n: int, keys: bool = False, shift: int = 0) -> Number:
    """The first `rate` of n items right, the rest wrong."""
    values = np.where(np.arange(n) < rate * n, 100.0, 0.0)
    return Number("right, %", np.roll(values, shift), tuple(map(str, range(n))) if keys else None)


def finding(first: dict[int, Number], second: dict[int, Number] | float, matters: float = 5.0):  # type: ignore[no-untyped-def]
    metric = next(iter(first.values())).metric
    numbers = {"one": {metric: first}}
    if isinstance(second, dict):
        numbers["two"] = {metric: second}
    other = measure("two") if isinstance(second, dict) else second
    claim = measure("one").exceeds(other, metric, "it is more", matters=matters)
    (found,) = findings([claim], Outcomes({}, {}, numbers=numbers))
    return found


def test_one_seed_s_interval_is_that_of_its_items() -> None:
    found = over_seeds([share(0.3, 400)])
    assert found.mean == pytest.approx(30)
    error = 100 * np.sqrt(0.3 * 0.7 / 399)
    assert found.standard_error == pytest.approx(error, rel=0.05)
    assert (found.low, found.high) == pytest.approx((30 - 1.96 * error, 30 + 1.96 * error), abs=0.2)


def test_the_interval_covers_the_truth_about_as_often_as_it_says() -> None:
    hits = 0
    for _ in range(1000):
        seeds = [Number("n", RNG.normal(RNG.normal(10, 1), 5, size=60)) for _ in range(5)]
        found = over_seeds(seeds)
        hits += found.low < 10 < found.high
    assert 0.92 < hits / 1000 < 0.975


def test_counts_have_student_s_interval_over_seeds_and_none_for_one() -> None:
    found = over_seeds([count("n", value) for value in (10, 12, 14)])
    assert (found.mean, found.standard_error) == (12, pytest.approx(2 / np.sqrt(3)))
    assert found.high - found.mean == pytest.approx(4.302653 * 2 / np.sqrt(3))
    alone = over_seeds([count("n", 10)])
    assert alone.mean == 10
    assert np.isnan(alone.low)


def test_a_seed_without_values_is_left_out_and_none_at_all_is_no_number() -> None:
    gap = Number("n", np.full(3, np.nan))
    assert over_seeds([gap, share(0.5, 10)]).mean == 50
    assert np.isnan(over_seeds([gap]).mean)


def test_the_same_items_are_paired_and_others_are_not() -> None:
    """Ten items of 1,000 that only the first has right: surely better when paired, lost in the noise when not."""
    ones, twos = {0: share(0.51, 1000, keys=True)}, {0: share(0.50, 1000, keys=True)}
    paired = finding(ones, twos)
    assert paired.verdict == "holds"
    assert paired.difference.mean == pytest.approx(1)
    apart = finding({0: share(0.51, 1000)}, {0: share(0.50, 1000)}, matters=10.0)
    assert apart.verdict == "does not hold: no difference that matters"
    assert apart.difference.standard_error > 2 * paired.difference.standard_error


def test_pairs_of_several_seeds_and_of_items_that_change_from_seed_to_seed() -> None:
    alike = finding({s: share(0.6, 200, keys=True) for s in (0, 1)}, {s: share(0.5, 200, keys=True) for s in (0, 1)})
    assert alike.by_seed == (10, 10)
    assert alike.n == 800
    other = Number("right, %", share(0.6, 200).values, tuple(f"b{i}" for i in range(200)))
    base = Number("right, %", share(0.5, 200).values, other.keys)
    mixed = finding({0: share(0.6, 200, keys=True), 1: other}, {0: share(0.5, 200, keys=True), 1: base})
    assert mixed.difference.mean == pytest.approx(10)
    assert mixed.verdict == "holds"


def test_against_a_value_and_the_margin_that_matters() -> None:
    small = {0: share(0.52, 5000)}
    assert finding(small, 50.0).verdict == "holds"
    assert finding(small, 52.0, matters=5).verdict == "does not hold: no difference that matters"
    assert finding(small, 52.0, matters=0.5).verdict == "cannot be told at this n"
    assert finding(small, 80.0).verdict == "does not hold: reversed"


def test_one_count_tells_nothing_and_a_missing_measure_is_not_measured() -> None:
    assert finding({0: count("n", 10)}, {0: count("n", 5)}).verdict == "cannot be told: one count, and seeds vary it"
    assert finding({0: count("n", 10)}, {1: count("n", 5)}).verdict == "not measured"
    seeds = {s: count("n", 10 + s) for s in range(3)}
    same = finding(seeds, {s: count("n", s) for s in range(3)})
    assert (same.by_seed, same.verdict) == ((10, 10, 10), "cannot be told: nothing varies")
    assert finding(seeds, {s: count("n", 2 * s) for s in range(3)}).verdict == "holds"


def test_items_that_every_seed_shares_are_drawn_once_for_all() -> None:
    """Five seeds on the same 100 prompts, alike on nearly each: they say no more than one seed on 100 prompts does. And
    what no seed changes is told once, with keys or without."""
    same = {s: share(0.6, 100, keys=True, shift=s) for s in range(5)}
    apart = {s: share(0.6, 100, shift=s) for s in range(5)}
    assert finding(same, 50.0).difference.standard_error == pytest.approx(4.9, abs=0.2)
    copies = {s: share(0.6, 100) for s in range(5)}
    assert finding(copies, 50.0).difference == finding({0: copies[0]}, 50.0).difference
    assert finding(apart, 50.0).difference.standard_error == pytest.approx(4.9 / np.sqrt(5), abs=0.2)
    assert (finding(same, 52.0).verdict == "holds", finding(apart, 52.0).verdict) == (False, "holds")
