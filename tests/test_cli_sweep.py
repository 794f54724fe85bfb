"""`humpback sweep` for real, on a setup that takes seconds; and what it says where it cannot."""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

pytest.importorskip("optuna")

from humpback.cli import sweep as cli_sweep
from humpback.cli.app import Locations
from humpback.cli.sweep import OnDev
from humpback.core.expression import Artifact, FieldError
from humpback.core.store import Store
from humpback.experiments.setups.base import AtLeast, Setup
from humpback.experiments.sweeps import SEED
from humpback.spec.recipe import Lora
from humpback.spec.search import Float, Space, apply, enumerable, grid
from humpback.spec.template import Model
from tests.commands import humpback
from tests.conftest import MACHINE

SPACE = Space("M0", (Float("sft.learning_rate", 1e-4, 1e-2, log=True, scaled=(("sft.schedule.final", 0.9),)),))


def test_two_trials_run_share_their_base_and_end_in_a_literal(
    tiny: Setup,
    shared_store: Store,
    made: Callable[[Artifact], Path],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    made(tiny.base)
    bases = set(shared_store.root.glob("pretrained/*/record.json"))
    machine = replace(MACHINE, store=str(shared_store.root))
    worth = OnDev("humpback/headline", tiny, SPACE, (SEED,), machine, parts=(6, 8))
    worth.check()
    wanted = cli_sweep._wanted(worth, 2, False, tmp_path)
    cli_sweep._run(worth, wanted, 1, tmp_path / "results", "humpback sweep")
    told = capsys.readouterr().out
    rows = list(csv.DictReader((tmp_path / "results" / "trials.csv").open()))
    assert [row["ended"] for row in rows] == ["finished", "finished"]
    assert {row["points"] for row in rows} == {"14"}
    assert "2 finished; wrote" in told
    pasted = (tmp_path / "results" / "best.txt").read_text().splitlines()[1]
    assert pasted in told.splitlines()
    highest = max(rows, key=lambda row: float(row["win_rate"]))
    best = next(t for t in wanted.study().trials() if t.number == int(highest["trial"]))
    assert eval(pasted, {"replace": replace, "setup": tiny}) == apply(tiny, SPACE, best.values)
    for name in ("history.svg", "history.png"):
        assert (tmp_path / "results" / name).stat().st_size > 1_000
    assert len({arm.model.fingerprint for t in wanted.study().trials() for arm in worth.arms(t.values, 0)}) == 2
    assert set(shared_store.root.glob("pretrained/*/record.json")) == bases
    cli_sweep._run(worth, wanted, 1, tmp_path / "results", "humpback sweep")
    assert len(wanted.study().trials()) == 2


def test_a_grid_stands_in_the_place_of_the_space_and_settings_hold_for_all_of_it(tmp_path: Path) -> None:
    from humpback.cli.sweep import _space
    from humpback.experiments.catalogue import experiment
    from humpback.experiments.setups.micro import MICRO

    def no_model(name: str) -> Model:
        raise AssertionError(name)

    grids = ["selection.at_least=3,4.5", "sft.adapter.rank=4,8"]
    space = _space(experiment("humpback/headline"), MICRO, grids, None, no_model)
    assert (space.arm, enumerable(space), len(grid(space))) == ("M1", True, 4)
    changed = apply(MICRO, space, grid(space)[-1])
    assert (changed.selection, changed.sft.adapter) == (AtLeast(4.5), Lora(8))
    with pytest.raises(FieldError, match="declares no SPACE, so --grid takes --arm"):
        _space(experiment("humpback/iterations"), MICRO, grids, None, no_model)
    assert _space(experiment("humpback/iterations"), MICRO, grids, "M2", no_model).arm == "M2"


def test_another_space_or_setup_is_another_study(tiny: Setup, tmp_path: Path) -> None:
    worth = OnDev("humpback/headline", tiny, SPACE, (SEED,), MACHINE)
    others = (
        replace(worth, space=replace(SPACE, arm="M1")),
        replace(worth, setup=replace(tiny, answering=replace(tiny.answering, temperature=0.5))),
        replace(worth, seeds=(SEED + 1,)),
        replace(worth, parts=(10, 20)),
    )
    folders = {cli_sweep._wanted(one, 20, False, tmp_path).folder for one in (worth, *others)}
    assert len(folders) == 5
    assert cli_sweep._wanted(worth, 40, False, tmp_path).folder in folders


def test_an_arm_that_is_not_there_is_named(tiny: Setup) -> None:
    with pytest.raises(FieldError, match=r"SPACE\.arm is 'M9'; humpback/headline has M0, uncurated"):
        OnDev("humpback/headline", tiny, replace(SPACE, arm="M9"), (SEED,), MACHINE).check()


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("humpback/headlin",), "did you mean humpback/headline"),
        (("humpback/headline", "--setup", "files"), "'files' has no dev prompts"),
        (("humpback/headline", "--seeds", "0"), "seed 0 is for reports"),
        (("humpback/headline", "--seeds", "x"), "--seeds 'x': 'x' is no whole number"),
        (("humpback/headline", "--every"), "'sft.learning_rate' is a Float"),
        (("humpback/headline", "--grid", "sft.learning_rate=fast,1"), "'fast' is none of what it takes: a number"),
        (("humpback/headline", "--grid", "judge.noise=0,1"), "the setup has no 'judge'"),
        (("humpback/iterations", "--grid", "sft.longest=64,128"), "--grid takes --arm"),
        (("humpback/headline", "--set", "filtering.looser=3"), "changes nothing in humpback/headline"),
    ],
)
def test_wrong_words_are_one_line(words: tuple[str, ...], says: str, tmp_path: Path) -> None:
    done = humpback("sweep", *words, cwd=tmp_path)
    assert done.returncode != 0
    assert says in done.stderr
    assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_without_the_package_it_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    import importlib.util

    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(Exception, match=r"optuna is not installed: pip install"):
        cli_sweep.sweep("humpback/headline")


def test_several_workers_on_several_gpus_are_refused(tmp_path: Path) -> None:
    """Each would put its stages on the first."""
    (tmp_path / "machine.toml").write_text('device = "cuda"\nworkers = 4\n')
    with pytest.raises(FieldError, match="--workers is 2 on 4 GPUs"):
        cli_sweep.sweep(
            "humpback/headline", workers=2, locations=Locations(tmp_path / "machine.toml", store=tmp_path / "store")
        )
