"""Every outcome behind an experiment's intervals, so that anybody computes them again: `results/recompute.py` does."""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Iterable, Mapping, Sequence
from math import isnan

from humpback.analysis.experiment.finding import Outcomes
from humpback.analysis.judgements.contest import Contest

OUTCOMES, ITEMS = "outcomes.csv.gz", "items.csv.gz"
_KEYS = ("base", "seed", "prompt", "set")
Prompt = tuple[str, str]
"""Its id and its set."""


def outcome_files(outcomes: Outcomes, bases: Mapping[int, int]) -> dict[str, bytes]:
    """The files by name, the same bytes for the same outcomes; what there is nothing for is left out. `bases` numbers
    the pretraining that each seed started from.

    `outcomes.csv.gz` has a line for each base, seed and prompt, and for each arm and each head to head two columns: the
    preference for the first named, 1, 0.5 or 0, where its answer was shown first and where second, empty where there
    is no verdict. Points are the mean of what is there. `items.csv.gz` has a line for each item that a measured number
    is the mean of, with its name where it has one.
    """
    files = {OUTCOMES: _judged(outcomes, bases), ITEMS: _measured(outcomes, bases)}
    return {name: _zipped(rows) for name, rows in files.items() if len(rows) > 1}


def _judged(outcomes: Outcomes, bases: Mapping[int, int]) -> list[Sequence[object]]:
    contests = {
        **{(name, outcomes.arms[name].opponent): by_seed for name, by_seed in outcomes.contests.items() if by_seed},
        **{pair: by_seed for pair, by_seed in outcomes.direct.items() if by_seed},
    }
    shown = [f"{one} against {other}, shown {place}" for one, other in contests for place in ("first", "second")]
    rows: list[Sequence[object]] = [(*_KEYS, *shown)]
    for seed, base in bases.items():
        judged = [_by_prompt(by_seed[seed]) if seed in by_seed else {} for by_seed in contests.values()]
        for prompt in dict.fromkeys(prompt for one in judged for prompt in one):
            cells = [cell for one in judged for cell in one.get(prompt, (None, None))]
            rows.append((base, seed, *prompt, *map(_cell, cells)))
    return rows


def _by_prompt(contest: Contest) -> dict[Prompt, tuple[float | None, float | None]]:
    return dict(zip(zip(contest.prompts, contest.sets, strict=True), contest.orders, strict=True))


def _measured(outcomes: Outcomes, bases: Mapping[int, int]) -> list[Sequence[object]]:
    rows: list[Sequence[object]] = [("measure", "metric", "base", "seed", "item", "value")]
    for name, metrics in outcomes.numbers.items():
        for metric, by_seed in metrics.items():
            for seed, number in by_seed.items():
                items = number.keys or ("",) * len(number.values)
                for item, value in zip(items, number.values.tolist(), strict=True):
                    rows.append((name, metric, bases[seed], seed, item, _cell(value)))
    return rows


def _cell(value: float | None) -> str:
    return "" if value is None or isnan(value) else f"{value:.12g}"


def _zipped(rows: Iterable[Sequence[object]]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return gzip.compress(text.getvalue().encode(), mtime=0)
