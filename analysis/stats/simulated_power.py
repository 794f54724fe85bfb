"""How often a claim would hold, by simulation: from the variance components of a few runs, for any number of seeds."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from humpback.analysis.stats.evidence import FEWEST_UNITS
from humpback.analysis.stats.multiplicity import p_of
from humpback.analysis.stats.statistics import Labels, Scores, crossed_mean, units
from humpback.spec.protocol import Variance

TRIALS = 2_000
"""Simulated runs: a power of .8 is then known to within .02."""


def components(scores: Scores, bases: Labels | None = None) -> Variance:
    """Variance components of (runs, prompts) by the method of moments, none below 0. Where no base has two runs, what
    varies between seeds counts as varying between bases, which no number of seeds makes less.

    Raises:
        ValueError: for fewer than two runs or prompts that every run has an outcome of.
    """
    scores = scores[:, ~np.isnan(scores).any(axis=0)]
    runs, prompts = scores.shape
    if runs < 2 or prompts < 2:
        raise ValueError(f"{runs} runs with {prompts} prompts in common; variance components take 2 and 2 or more")
    place = units(runs, bases) if bases is not None and len(set(bases)) > 1 else np.zeros(runs, dtype=int)
    groups = [scores[place == one] for one in np.unique(place)]
    inner, residual, seed = sum(len(one) - 1 for one in groups), 0.0, 0.0
    if inner:
        left = sum(float(np.square(_without_means(one)).sum()) for one in groups)
        residual = left / (inner * (prompts - 1))
        among = sum(float(np.square(one.mean(axis=1) - one.mean()).sum()) for one in groups) / inner
        seed = max(0.0, among - residual / prompts)
    if len(groups) == 1:
        table, runs_each = scores, 1.0
    else:
        table = np.stack([one.mean(axis=0) for one in groups])
        runs_each = 1 / float(np.mean([1 / len(one) for one in groups]))
    rows = len(table)
    cell = float(np.square(_without_means(table)).sum()) / ((rows - 1) * (prompts - 1))
    of_prompts = max(0.0, float(table.mean(axis=0).var(ddof=1)) - cell / rows)
    if len(groups) == 1:
        return _rounded(0.0, seed, of_prompts, 0.0, residual)
    of_bases = max(0.0, float(table.mean(axis=1).var(ddof=1)) - cell / prompts - seed / runs_each)
    return _rounded(of_bases, seed, of_prompts, max(0.0, cell - residual / runs_each), residual)


def _rounded(*parts: float) -> Variance:
    """To six digits: they are written into a file that people read."""
    return Variance(*(float(f"{one:.6g}") for one in parts))


def _without_means(table: Scores) -> Scores:
    left: Scores = table - table.mean(axis=1, keepdims=True) - table.mean(axis=0) + table.mean()
    return left


def power(
    measures: Sequence[Variance], *, difference: float, prompts: int, bases: int, seeds: int, level: float
) -> float:
    """The share of simulated runs in which every measure of a claim is above zero with a two-sided p below `level`,
    where the truth is `difference` for each. Measures of one claim (the difference through the reference, the head to
    head) are simulated as if independent, which asks no less than if they go together.

    seeds: of all bases together, a multiple of them.

    Raises:
        ValueError: for seeds that are no multiple of the bases.
    """
    if seeds % bases:
        raise ValueError(f"{seeds} seeds on {bases} bases; each base takes as many")
    rng = np.random.default_rng(0)
    found = sum(
        all(_found(rng, one, difference, prompts, bases, seeds, level) for one in measures) for _ in range(TRIALS)
    )
    return found / TRIALS


def _found(
    rng: np.random.Generator, one: Variance, mean: float, prompts: int, bases: int, seeds: int, level: float
) -> bool:
    # The units of `crossed_mean`: bases, each the mean of its seeds, where there are several, and else seeds.
    rows, each = (bases, seeds // bases) if bases > 1 else (seeds, 1)
    between = one.base + one.seed / each if bases > 1 else one.base + one.seed
    within = one.prompt_by_base + one.residual / each
    table = (
        mean
        + np.sqrt(between) * rng.standard_normal((rows, 1))
        + np.sqrt(one.prompt) * rng.standard_normal((1, prompts))
        + np.sqrt(within) * rng.standard_normal((rows, prompts))
    )
    if rows < FEWEST_UNITS:
        return False
    estimate = crossed_mean(table)
    p = p_of(estimate)
    return p is not None and estimate.mean > 0 and p < level
