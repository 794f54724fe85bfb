"""What a run says of itself before its first stage is read back as it was, and gathers to the same numbers."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from humpback.analysis.report.begun import FOLDER, read_runs
from humpback.cli.display import experiment_run, report_on
from humpback.core.expression import FieldError
from humpback.core.store import Store
from humpback.experiments.catalogue import experiment, experiment_names
from humpback.experiments.catalogue import setup as setup_named
from tests.analysis.report.store_material import JUDGE, arm, finish, run_of
from tests.conftest import tiny_setup


@pytest.mark.parametrize("setup", ["micro", "llama-7b"])
def test_every_experiment_is_read_back_as_it_was(setup: str, tmp_path: Path) -> None:
    store, written = Store(tmp_path), {}
    for name in experiment_names():
        try:
            declared = experiment(name).on(setup_named(setup), [0, 3])
        except FieldError:
            continue  # the setup has nothing for it
        written[name] = experiment_run(declared, "humpback run", "results")
        written[name].write(store)
    problems: list[str] = []
    found = {run.experiment: run for run, _ in read_runs(store, problems)}
    assert problems == []
    assert len(found) > 10
    for name, run in written.items():
        back = found[name]
        assert (back.arms, back.measures, back.claims) == (run.arms, run.measures, run.claims)
        assert (back.targets, back.bases, back.varying) == (run.targets, run.bases, run.varying)
        assert back.key == f"{setup}/{name}"
        assert [one.fingerprint for one in back.targets] == [one.fingerprint for one in run.targets]


def test_numbers_so_far_are_those_that_the_run_would_report(tmp_path: Path) -> None:
    store = Store(tmp_path)
    run = run_of(store)
    for shift, name in enumerate(("M0", "M1")):
        for seed in run.arms:
            finish(store, arm(run, name, seed).judged, shift)
    ((back, _),) = read_runs(store, [])
    declared = experiment("humpback/headline")
    found = report_on(declared.on(replace(tiny_setup(), judge=JUDGE), (0, 1)), store, {})
    so_far = back.gather(store, {})
    # Not by ==: a number that is not there is NaN.
    assert repr((so_far.rows, so_far.findings, so_far.contamination)) == repr(
        (found.rows, found.findings, found.contamination)
    )
    assert {row.arm for row in found.rows if not row.reason} == {"M0", "M1"}


def test_what_cannot_be_read_is_told_and_the_rest_is_there(tmp_path: Path) -> None:
    store = Store(tmp_path)
    run_of(store)
    folder = tmp_path / FOLDER / "tiny" / "humpback"
    held = json.loads((folder / "headline.json").read_text())
    (folder / "half.json").write_text("{")
    (folder / "old.json").write_text("[]")
    held["claims"][0]["class"] = "MyClaim"
    (folder / "own.json").write_text(json.dumps(held))
    problems: list[str] = []
    assert [run.experiment for run, _ in read_runs(store, problems)] == ["humpback/headline"]
    told = "\n".join(problems)
    assert "half.json: not as a run of this version wrote it" in told
    assert "old.json: not as" in told
    assert "own.json: 'MyClaim' is not known here; --experiments names" in told
