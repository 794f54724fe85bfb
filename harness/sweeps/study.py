"""One study: trials of a search space, in a journal that many processes share and any of them may die over.

Optuna suggests and remembers (ask and tell on its journal storage, a file of lines); what is here is what several
workers need around it. Whoever asks holds the study's lock, and in it counts what is done and running, so no trial is
begun beyond the number wanted. A worker holds a lock file as long as it lives, which the system drops when it dies: a
running trial whose worker's lock is free is stale, is told as failed and is put back into the queue.
"""

from __future__ import annotations

import hashlib
import math
import warnings
from pathlib import Path
from typing import Literal
from uuid import uuid4

import optuna
from filelock import FileLock, Timeout
from optuna.exceptions import ExperimentalWarning
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend
from optuna.trial import FrozenTrial, TrialState

from humpback.core.store import StoreError
from humpback.spec.search import Setting, Space, grid
from humpback.sweeps.lock import JournalLock, hold_readable
from humpback.sweeps.trials import Trial, decode, distributions, encode, trial_of

_DEATHS = 3
"""Times that a trial is begun, while its workers die or its stages fail, before it is given up."""
_FEWEST_PROMPTS = 20
"""Points below which no test says that a trial is worse."""
_NAME = "sweep"
optuna.logging.set_verbosity(optuna.logging.ERROR)


class Study:
    """The study of one journal file, as one process sees it."""

    def __init__(self, folder: Path, space: Space, *, seed: int = 0, enumerated: bool = False) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.space, self._seed, self._enumerated = space, seed, enumerated
        self._workers = folder / "workers"
        self._workers.mkdir(exist_ok=True)
        self._lock = FileLock(folder / "study.lock")
        journal = folder / "journal.log"
        backend = JournalFileBackend(str(journal), lock_obj=JournalLock(journal))  # type: ignore[arg-type]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ExperimentalWarning)
            pruner = optuna.pruners.WilcoxonPruner(p_threshold=0.05, n_startup_steps=_FEWEST_PROMPTS)
        with self._lock:
            hold_readable(journal)
            try:
                self._study = optuna.create_study(
                    storage=JournalStorage(backend),
                    study_name=_NAME,
                    direction="maximize",
                    load_if_exists=True,
                    pruner=pruner,
                )
            except (AssertionError, LookupError, TypeError, ValueError) as error:
                # Each line is a record, and together they are none: one of them is of another file, or is missing.
                raise StoreError(
                    f"{journal}: its records do not fit each other ({type(error).__name__}: {error}); bring back the "
                    "file as it was, or move it away to begin the sweep anew"
                ) from error
        self._worker = uuid4().hex
        self._alive = FileLock(self._workers / f"{self._worker}.lock")

    def trials(self) -> list[Trial]:
        """Every trial there ever was, in order."""
        every = self._study.get_trials(deepcopy=False)
        copied = {one.user_attrs.get("again") for one in every}
        return [trial_of(one, self.space, replaced=one.number in copied) for one in every]

    def prepare(self) -> None:
        """Put stale trials and those of which a stage failed back into the queue and, where the space is enumerated,
        every combination not there yet."""
        with self._lock:
            self._reclaim()
            for one, trial in zip(self._study.get_trials(deepcopy=False), self.trials(), strict=True):
                deaths = 1 + one.user_attrs.get("deaths", 0)
                if trial.status == "failed" and deaths < _DEATHS:
                    self._queue_again(one, deaths)
            if self._enumerated:
                there = [one.values for one in self.trials() if one.status != "lost"]
                for values in grid(self.space):
                    if values not in there:
                        self._study.enqueue_trial(encode(values, self.space))

    def ask(self, wanted: int) -> optuna.Trial | Literal["wait", "enough"]:
        """The next trial to run: one that was lost, else a combination not tried yet, else what Optuna suggests.

        "wait" while those that others run would make up the number wanted: one of them may die. "enough" when that
        many are done.
        """
        self._alive.acquire()
        with self._lock:
            self._reclaim()
            every = self.trials()
            done = sum(one.status in ("finished", "stopped early", "unusable", "failed") for one in every)
            running = sum(one.status == "running" for one in every)
            if done + running >= wanted:
                return "wait" if running else "enough"
            return self._fresh(every)

    def values(self, trial: optuna.Trial) -> dict[str, Setting]:
        """What the trial sets."""
        return decode(trial.params, self.space)

    def report(self, trial: optuna.Trial, points: list[float], after: int) -> None:
        """Note the points of the prompts from number `after` on; what is no number is left out."""
        for step, point in enumerate(points, after):
            if math.isfinite(point):
                trial.report(point, step)

    def worse(self, trial: optuna.Trial) -> bool:
        """Whether the trial is plainly worse than the best so far: by a one-sided Wilcoxon test at 0.05 on the prompts
        that both have points of. Never where every combination is wanted."""
        return not self._enumerated and trial.should_prune()

    def tell(self, trial: optuna.Trial, points: list[float], *, early: bool) -> None:
        """The trial is done: its objective is the mean of its points.

        Optuna is told so too where it was stopped early, rather than that it was pruned, so that its sampler learns
        the mean and not the last prompt's point.
        """
        known = [point for point in points if math.isfinite(point)]
        if not known:
            self.give_up(trial, "no reply of the judge could be parsed", unusable=True)
            return
        trial.set_user_attr("points", len(known))
        if early:
            trial.set_user_attr("early", True)
        self._study.tell(trial, sum(known) / len(known))

    def give_up(self, trial: optuna.Trial, reason: str, *, unusable: bool = False) -> None:
        """The trial has no objective. unusable: because of what it sets, which Optuna then counts as the worst."""
        trial.set_user_attr("reason", reason)
        self._study.tell(trial, state=TrialState.PRUNED if unusable else TrialState.FAIL)

    def put_back(self, trial: optuna.Trial) -> None:
        """The trial is queued again: what kept it from its end is none of its own."""
        with self._lock:
            frozen = self._study.get_trials(deepcopy=False)[trial.number]
            self._queue_again(frozen, frozen.user_attrs.get("deaths", 0))
            self._study.tell(trial, state=TrialState.FAIL)

    def importance(self) -> dict[str, float]:
        """The share of the objective's variance that each axis explains (fANOVA), largest first; empty where too few
        trials, or no differences, tell nothing."""
        finished = [one for one in self.trials() if one.objective is not None]
        if len(finished) < 4 or len({one.objective for one in finished}) < 2:
            return {}
        evaluator = optuna.importance.FanovaImportanceEvaluator(seed=0)
        return {
            path: float(share)
            for path, share in optuna.importance.get_param_importances(self._study, evaluator=evaluator).items()
        }

    def _fresh(self, every: list[Trial]) -> optuna.Trial:
        """Asked for anew while Optuna repeats itself, which it does on few choices."""
        before = [one.values for one in every if one.status not in ("lost", "repeat", "waiting")]
        queued = any(one.status == "waiting" for one in every)
        for number in range(len(every), len(every) + 20):
            # Its own stream for each trial: workers with one seed between them would all draw the same.
            digest = hashlib.sha256(f"{self._seed}/{number}".encode()).digest()
            self._study.sampler = optuna.samplers.TPESampler(seed=int.from_bytes(digest[:4], "big"))
            trial = self._study.ask(fixed_distributions=distributions(self.space))
            if queued or decode(trial.params, self.space) not in before:
                break
            trial.set_user_attr("repeat", True)
            self._study.tell(trial, state=TrialState.FAIL)
        trial.set_user_attr("worker", self._worker)
        return trial

    def _reclaim(self) -> None:
        """Call it under the lock. The copy is queued before the stale trial is told, and at most once, so that a death
        in between loses nothing and doubles nothing."""
        every = self._study.get_trials(deepcopy=False)
        copied = {one.user_attrs.get("again") for one in every}
        for one in every:
            if one.state != TrialState.RUNNING or self._lives(one.user_attrs.get("worker")):
                continue
            deaths = 1 + one.user_attrs.get("deaths", 0)
            if deaths >= _DEATHS:
                reason = f"its worker died {deaths} times"
                optuna.Trial(self._study, one._trial_id).set_user_attr("reason", reason)
            elif one.number not in copied:
                self._queue_again(one, deaths)
            self._study.tell(one.number, state=TrialState.FAIL)

    def _queue_again(self, one: FrozenTrial, deaths: int) -> None:
        fixed = one.params if len(one.params) == len(self.space.axes) else one.system_attrs.get("fixed_params")
        if fixed:
            self._study.enqueue_trial(dict(fixed), user_attrs={"again": one.number, "deaths": deaths})

    def _lives(self, worker: str | None) -> bool:
        if worker is None or worker == self._worker:
            return worker is not None
        path = self._workers / f"{worker}.lock"
        try:
            with FileLock(path, timeout=0):
                return False
        except Timeout:
            return True
