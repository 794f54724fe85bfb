"""How often a 95 % interval over bases, seeds and prompts holds the truth, by what dominates.

    .venv/bin/python benchmarks/interval_coverage.py > benchmarks/interval_coverage.json

Run by hand (two minutes on one idle core). Outcomes are -1, 0 or 1 for each run and prompt, as differences of
preferences are: a latent sum of what the base, the seed, the prompt and both together do, cut symmetrically, so that
the true mean is 0. Beside the intervals of `crossed_mean` stand the same with bases left out (runs as units), and those
of resampling runs and prompts, which it took the place of; and how often the lack-of-fit test of a line that fits
raises an alarm.
"""

from __future__ import annotations

import json
import sys

import numpy as np

from humpback.analysis.experiment.curve_fits import lack_of_fit
from humpback.analysis.scaling.checks import LackOfFit
from humpback.analysis.stats.statistics import Scores, crossed_mean

TRIALS, PROMPTS, DRAWS = 2_000, 200, 400
DESIGNS = ((2, 1), (3, 1), (5, 1), (10, 1), (3, 3), (5, 3), (10, 3))
"""Runs, and bases that they are spread over."""
REGIMES = {
    "residual alone": (0.0, 0.0, 0.0),
    "residual and prompts": (0.0, 0.0, 0.7),
    "seeds a little": (0.0, 0.1, 0.3),
    "seeds and prompts alike": (0.0, 0.2, 1.0),
    "seeds dominate": (0.0, 0.6, 0.3),
    "bases a little": (0.1, 0.1, 0.3),
    "bases dominate": (0.6, 0.2, 0.3),
}
"""Deviation of what bases, seeds and prompts do, that of what is left being 1. One base is given: nothing varies it."""


def outcomes(rng: np.random.Generator, bases: list[int], base: float, seed: float, prompt: float) -> Scores:
    """(runs, prompts)."""
    runs, several = len(bases), len(set(bases)) > 1
    of_base = base * rng.standard_normal((max(bases) + 1, 1))[bases] if several else np.zeros((runs, 1))
    latent = (
        of_base
        + seed * rng.standard_normal((runs, 1))
        + prompt * rng.standard_normal((1, PROMPTS))
        + rng.standard_normal((runs, PROMPTS))
    )
    found: Scores = np.sign(latent) * (np.abs(latent) > 0.6)
    return found


def times_drawn(rng: np.random.Generator, n: int) -> Scores:
    """(draws, n) how often each of n is drawn."""
    return rng.multinomial(n, np.full(n, 1 / n), size=DRAWS).astype(float)


def resampled(scores: Scores, of_runs: Scores, of_prompts: Scores) -> bool:
    """Whether the percentile interval from resampling runs and prompts so often holds 0."""
    means = ((of_prompts @ scores.T) * of_runs).sum(axis=1) / scores.size
    low, high = np.percentile(means, [2.5, 97.5])
    return bool(low <= 0 <= high)


def coverage(runs: int, of: int, base: float, seed: float, prompt: float) -> dict[str, float]:
    """Shares of the trials, and how far the interval reaches either way on average."""
    rng = np.random.default_rng(0)
    bases = [run % of for run in range(runs)]
    of_runs, of_prompts = times_drawn(rng, runs), times_drawn(rng, PROMPTS)
    held = np.zeros(3)
    reach = 0.0
    for _ in range(TRIALS):
        scores = outcomes(rng, bases, base, seed, prompt)
        found, alone = crossed_mean(scores, bases=bases), crossed_mean(scores)
        held += (found.low <= 0 <= found.high, alone.low <= 0 <= alone.high, resampled(scores, of_runs, of_prompts))
        reach += (found.high - found.low) / 2
    names = ("held", "held, bases left out", "held, resampled")
    return {**dict(zip(names, (held / TRIALS).round(3).tolist(), strict=True)), "reach": round(reach / TRIALS, 3)}


def false_alarms(runs: int, of: int, base: float, seed: float, prompt: float) -> float:
    """Share of trials in which five sizes on a level line are said not to lie on one, at 5 %."""
    rng = np.random.default_rng(0)
    bases, sizes = [run % of for run in range(runs)], (100, 200, 400, 800, 1600)
    alarms = 0
    for _ in range(TRIALS // 4):
        found = lack_of_fit(sizes, np.stack([outcomes(rng, bases, base, seed, prompt) for _ in sizes]), bases)
        alarms += isinstance(found, LackOfFit) and found.p < 0.05
    return round(alarms / (TRIALS // 4), 3)


def main() -> None:
    found = {}
    for runs, of in DESIGNS:
        name = f"{runs} seeds on {of} base{'s' * (of > 1)}"
        print(name, file=sys.stderr)
        some = {what: how for what, how in REGIMES.items() if of > 1 or not what.startswith("bases")}
        found[name] = {
            what: {**coverage(runs, of, *how), "lack of fit, false alarms": false_alarms(runs, of, *how)}
            for what, how in some.items()
        }
    print(json.dumps({"trials": TRIALS, "prompts": PROMPTS, "coverage": found}, indent=1))


if __name__ == "__main__":
    main()
