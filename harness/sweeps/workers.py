"""The workers of a sweep: processes that ask, evaluate and tell until the study has what was wanted.

What a setting is worth is a function given here. It is asked for one part of the dev prompts after the other, and not
for the next where the first show that the setting is plainly worse than the best.
"""

from __future__ import annotations

import multiprocessing
import multiprocessing.connection as connection
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from multiprocessing.queues import SimpleQueue
from pathlib import Path

from humpback.core.errors import HumpbackError
from humpback.core.interrupt import die_with_parent, end_children, shielded
from humpback.core.store import StoreError
from humpback.spec.search import Space, Values
from humpback.sweeps.study import Study
from humpback.sweeps.trials import Trial

_PAUSE = 0.2
"""Seconds between looks at a study that others work on."""

Evaluate = Callable[[Values, int], list[float]]
"""From what the axes are set to, and the number of a part of the dev prompts, to the points (0 to 1) of its prompts.
It has to be picklable."""


class Unusable(HumpbackError, ValueError):
    """The setting cannot be evaluated: nothing comes of it, such as a threshold that no candidate reaches."""


@dataclass(frozen=True)
class Sweep:
    """What is wanted of a study."""

    folder: Path
    """Of the journal and the workers' locks."""
    space: Space
    trials: int
    parts: int = 1
    """Of the dev prompts."""
    seed: int = 0
    """Of the suggestions."""
    enumerated: bool = False
    """Every combination once, in place of suggestions."""

    def study(self) -> Study:
        """The study as this process sees it."""
        return Study(self.folder, self.space, seed=self.seed, enumerated=self.enumerated)


def sweep(wanted: Sweep, evaluate: Evaluate, workers: int, told: Callable[[Trial], None]) -> list[Trial]:
    """Run the workers until the study has the trials wanted; `told` hears of each that ends, in the order they end.

    A worker that dies is not replaced: those that live take over its trial.

    Raises:
        StoreError: when all workers died before the end, or could not go on; running again goes on.
    """
    study = wanted.study()
    study.prepare()
    known = {one.number for one in study.trials() if one.status not in ("running", "waiting")}
    context = multiprocessing.get_context("spawn")
    reasons = context.SimpleQueue()
    processes: list[BaseProcess] = [
        context.Process(target=_work, args=(wanted, evaluate, reasons)) for _ in range(workers)
    ]

    def look() -> list[Trial]:
        trials = study.trials()
        for one in trials:
            if one.number not in known and one.status not in ("running", "waiting"):
                known.add(one.number)
                told(one)
        return trials

    try:
        with shielded():
            for process in processes:
                process.start()
        while any(process.is_alive() for process in processes):
            connection.wait([process.sentinel for process in processes if process.is_alive()], timeout=_PAUSE)
            look()
    finally:
        for process in processes:
            if process.is_alive():
                end_children(process.pid, itself=True)
            process.join()
    trials = look()
    if not any(process.exitcode == 0 for process in processes):
        if not reasons.empty():
            raise StoreError(reasons.get())
        codes = ", ".join(str(process.exitcode) for process in processes)
        raise StoreError(f"every worker of the sweep died (exit codes {codes}); run the same command again to go on")
    return trials


def _work(wanted: Sweep, evaluate: Evaluate, reasons: SimpleQueue[str]) -> None:
    """The body of a worker. `reasons` takes why it could not go on."""
    die_with_parent()
    study = wanted.study()
    while True:
        trial = study.ask(wanted.trials)
        if trial == "enough":
            return
        if trial == "wait":
            time.sleep(_PAUSE)
            continue
        assert not isinstance(trial, str)
        points: list[float] = []
        early = False
        try:
            for part in range(wanted.parts):
                early = part > 0 and study.worse(trial)
                if early:
                    break
                found = evaluate(study.values(trial), part)
                study.report(trial, found, after=len(points))
                points += found
        except Unusable as error:
            study.give_up(trial, str(error), unusable=True)
        except StoreError as error:  # of the machine, and so of every trial to come
            study.put_back(trial)
            reasons.put("; ".join(map(str, error.args)))
            sys.exit(1)
        except Exception as error:  # the boundary of a trial: it is on record with its reason, and the others go on
            study.give_up(trial, f"{type(error).__name__}: {error}")
        else:
            study.tell(trial, points, early=early)
