"""Sweeps on an objective that costs nothing: workers that are killed, grids, stopping early, what the journal keeps."""

from __future__ import annotations

import math
import os
import signal
import time
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

pytest.importorskip("optuna")

from humpback.core.store import StoreError
from humpback.spec.recipe import Lora
from humpback.spec.search import Choice, Float, Int, Space, Values
from humpback.sweeps.study import Study
from humpback.sweeps.trials import Trial, best
from humpback.sweeps.workers import Sweep, Unusable, sweep

SPACE = Space("M1", (Float("rate", 1e-5, 1e-3, log=True), Float("score", 1.0, 5.0)))
GRID = Space("M1", (Choice("adapter", (Lora(8), Lora(16), None)), Choice("k", (4.0, 4.5))))


def hill(values: Values) -> float:
    return math.exp(-abs(math.log(float(values["rate"]) / 1e-4)) - abs(float(values["score"]) - 4.0))  # type: ignore[arg-type]


@dataclass(frozen=True)
class Cheap:
    """Writes down each evaluation; the `fatal`-th, over all workers, is killed in the middle."""

    folder: Path
    fatal: int = 0
    always: bool = False

    def __call__(self, values: Values, part: int) -> list[float]:
        number = len(list(self.folder.glob("call-*")))
        time.sleep(0.02)
        (self.folder / f"call-{os.getpid()}-{time.monotonic_ns()}").write_text(repr(values))
        if self.always:
            os.kill(os.getpid(), signal.SIGKILL)
        if self.fatal and number >= self.fatal:
            try:
                (self.folder / "killed").touch(exist_ok=False)
            except FileExistsError:
                pass
            else:
                os.kill(os.getpid(), signal.SIGKILL)
        return [hill(values)]


def finished(trials: list[Trial]) -> list[Trial]:
    return [one for one in trials if one.status == "finished"]


def settings(trials: list[Trial]) -> list[str]:
    return [repr(sorted(one.values.items())) for one in trials]


def test_twenty_trials_two_workers_one_killed_end_with_twenty_and_none_twice(tmp_path: Path) -> None:
    (tmp_path / "calls").mkdir()
    told: list[Trial] = []
    trials = sweep(Sweep(tmp_path / "study", SPACE, 20), Cheap(tmp_path / "calls", fatal=6), 2, told.append)
    assert (tmp_path / "calls" / "killed").exists()
    assert len(finished(trials)) == 20
    assert Counter(one.status for one in trials) == {"finished": 20, "lost": 1}
    assert len(set(settings(finished(trials)))) == 20
    (lost,) = [one for one in trials if one.status == "lost"]
    assert settings([lost])[0] in settings(finished(trials)), "the lost trial was not run again"
    calls = Counter(path.read_text() for path in (tmp_path / "calls").glob("call-*"))
    assert sorted(calls.values())[-2:] == [1, 2], "a trial that had finished was run again"
    assert sorted(one.number for one in told) == [one.number for one in trials]
    again = sweep(Sweep(tmp_path / "study", SPACE, 20), Cheap(tmp_path / "calls"), 2, told.append)
    assert len(again) == len(trials), "a sweep that has what was wanted ran more"


def test_when_every_worker_dies_the_next_run_takes_over_what_was_running(tmp_path: Path) -> None:
    (tmp_path / "calls").mkdir()
    wanted = Sweep(tmp_path / "study", SPACE, 4)
    with pytest.raises(StoreError, match=r"every worker of the sweep died \(exit codes -9, -9\).*again to go on"):
        sweep(wanted, Cheap(tmp_path / "calls", always=True), 2, lambda trial: None)
    stale = wanted.study().trials()
    assert {one.status for one in stale} <= {"running", "lost", "waiting"}
    trials = sweep(wanted, Cheap(tmp_path / "calls"), 1, lambda trial: None)
    assert len(finished(trials)) == 4
    assert set(settings(stale)) <= set(settings(finished(trials)))


def test_a_trial_that_kills_every_worker_is_given_up(tmp_path: Path) -> None:
    (tmp_path / "calls").mkdir()
    wanted = Sweep(tmp_path / "study", SPACE, 1)
    for _ in range(3):
        with pytest.raises(StoreError):
            sweep(wanted, Cheap(tmp_path / "calls", always=True), 1, lambda trial: None)
    trials = sweep(wanted, Cheap(tmp_path / "calls"), 1, lambda trial: None)
    assert [one.reason for one in trials if one.status == "failed"] == ["its worker died 3 times"]
    assert not finished(trials)


def letters(values: Values, part: int) -> list[float]:
    if values["adapter"] == Lora(16):
        raise Unusable("selected/k5 is an empty set")
    if values["k"] == 4.5 and values["adapter"] is None:
        raise ValueError("no luck")
    return [0.25]


def test_a_grid_has_every_combination_once_and_says_what_went_wrong(tmp_path: Path) -> None:
    trials = sweep(Sweep(tmp_path, GRID, 6, enumerated=True), letters, 2, lambda trial: None)
    assert len(trials) == 6
    assert len(set(settings(trials))) == 6
    assert Counter(one.status for one in trials) == {"finished": 3, "unusable": 2, "failed": 1}
    assert {one.reason for one in trials} == {"", "selected/k5 is an empty set", "ValueError: no luck"}
    assert {one.values["adapter"] for one in trials} == {Lora(8), Lora(16), None}
    again = sweep(Sweep(tmp_path, GRID, 6, enumerated=True), letters, 2, lambda trial: None)
    kept = [one for one in trials if one.status != "failed"]
    assert [one for one in again if one.status in ("finished", "unusable")] == kept


COUNTED = Space("M1", (Int("n", 1, 3),))


@dataclass(frozen=True)
class Troubled:
    """Fails as it is told to while its file is there."""

    file: Path
    error: type[Exception]

    def __call__(self, values: Values, part: int) -> list[float]:
        if self.file.exists():
            raise self.error("the disk is full")
        return letters(values, part) if values["adapter"] is not None else [0.5]


def test_a_store_that_takes_no_more_ends_the_sweep_and_costs_no_trial(tmp_path: Path) -> None:
    full = tmp_path / "full"
    wanted, evaluate = Sweep(tmp_path / "study", GRID, 6, enumerated=True), Troubled(full, StoreError)
    full.touch()
    for workers in (1, 2, 1, 1):
        with pytest.raises(StoreError, match=r"^the disk is full$"):
            sweep(wanted, evaluate, workers, lambda trial: None)
    full.unlink()
    trials = sweep(wanted, evaluate, 1, lambda trial: None)
    assert len([one for one in trials if one.status != "lost"]) == 6
    assert not [one for one in trials if one.status == "failed"]


def test_a_trial_whose_stage_failed_is_tried_again_by_the_next_call_and_in_the_end_given_up(tmp_path: Path) -> None:
    down = tmp_path / "down"
    wanted, evaluate = Sweep(tmp_path / "study", GRID, 6, enumerated=True), Troubled(down, RuntimeError)
    down.touch()
    for times in (1, 2, 3):
        trials = sweep(wanted, evaluate, 1, lambda trial: None)
        assert Counter(one.status for one in trials) == Counter(failed=6, lost=6 * (times - 1))
    down.unlink()
    assert len(sweep(wanted, evaluate, 1, lambda trial: None)) == 18
    down.touch()
    other = replace(wanted, folder=tmp_path / "other")
    sweep(other, evaluate, 1, lambda trial: None)
    down.unlink()
    assert best(sweep(other, evaluate, 1, lambda trial: None)) is not None


def by_number(values: Values, part: int) -> list[float]:
    return [float(values["n"]) / 10]  # type: ignore[arg-type]


def test_a_setting_that_was_tried_is_not_tried_again_while_there_are_others(tmp_path: Path) -> None:
    trials = sweep(Sweep(tmp_path, COUNTED, 3), by_number, 1, lambda trial: None)
    assert sorted(one.values["n"] for one in finished(trials)) == [1, 2, 3]
    assert best(trials).values == {"n": 3}  # type: ignore[union-attr]


def good_then_bad(values: Values, part: int) -> list[float]:
    """Good for a low score; how much so varies from prompt to prompt in the same way for all."""
    low = 0.9 if float(values["score"]) < 3.0 else 0.3  # type: ignore[arg-type]
    return [low + 0.001 * number for number in range(30)] if part == 0 else [0.5] * 70


ORDERED = Space("M1", (Choice("score", (2.0, 4.0)), Choice("other", (1, 2, 3, 4))))


def test_a_plainly_worse_setting_is_stopped_after_the_first_part(tmp_path: Path) -> None:
    trials = sweep(Sweep(tmp_path / "sampled", ORDERED, 8, parts=2), good_then_bad, 1, lambda trial: None)
    tried = [one for one in trials if one.status != "repeat"]
    first_good = next(one.number for one in tried if one.values["score"] == 2.0)
    late = [one for one in tried if one.values["score"] == 4.0 and one.number > first_good]
    assert late
    assert {(one.status, one.points) for one in late} == {("stopped early", 30)}
    assert {one.points for one in tried if one.values["score"] == 2.0} == {100}
    assert best(trials).values["score"] == 2.0  # type: ignore[union-attr]
    whole = sweep(Sweep(tmp_path / "grid", ORDERED, 8, parts=2, enumerated=True), good_then_bad, 1, lambda trial: None)
    assert {one.points for one in whole} == {100}, "a grid is reported whole"


def test_points_that_are_no_number_are_left_out_of_the_mean(tmp_path: Path) -> None:
    study = Study(tmp_path, COUNTED)
    for points, status, objective in (([1.0, math.nan, 0.5], "finished", 0.75), ([math.nan], "unusable", None)):
        trial = study.ask(2)
        assert not isinstance(trial, str)
        study.report(trial, points, after=0)
        study.tell(trial, points, early=False)
        assert (study.trials()[-1].status, study.trials()[-1].objective) == (status, objective)


def test_another_worker_s_running_trial_is_left_alone_and_waited_for(tmp_path: Path) -> None:
    one, other = Study(tmp_path, COUNTED), Study(tmp_path, COUNTED)
    first, second = one.ask(2), other.ask(2)
    assert not isinstance(first, str)
    assert not isinstance(second, str)
    assert first.number != second.number
    assert other.ask(2) == "wait"
    one.tell(first, [0.5], early=False)
    other.tell(second, [0.5], early=False)
    assert other.ask(2) == "enough"


def test_a_line_that_a_dead_writer_left_unfinished_harms_nothing(tmp_path: Path) -> None:
    study = Study(tmp_path, COUNTED)
    trial = study.ask(1)
    assert not isinstance(trial, str)
    with (tmp_path / "journal.log").open("a") as out:
        out.write('{"op_code": 4, "wor')
    study.tell(trial, [0.5], early=False)
    assert [one.objective for one in Study(tmp_path, COUNTED).trials()] == [0.5]


def test_importance_names_the_axis_that_matters(tmp_path: Path) -> None:
    study = Study(tmp_path, SPACE)
    assert study.importance() == {}
    for _ in range(12):
        trial = study.ask(12)
        assert not isinstance(trial, str)
        study.tell(trial, [float(study.values(trial)["score"]) / 5], early=False)  # type: ignore[arg-type]
    assert next(iter(study.importance())) == "score"
