"""The W&B mirror: one offline run an artifact, an attempt or a result; whole, the same whenever it is rebuilt, with no
trace of the machine or of keys, and nothing where it is off."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from humpback import tracking
from humpback.cli import mirror as cli_mirror
from humpback.core.store import METRICS, Store, StoreError
from humpback.experiments.humpback.algorithm import arm, seed_model
from humpback.experiments.setups.base import Setup
from humpback.tracking.reading import experiment_in, metrics_of
from tests.harness.offline_runs import Made, held, mirror_all, records, runs
from tests.harness.offline_runs import no_key as no_key
from tests.harness.offline_runs import small as small


def test_a_run_holds_the_expression_the_history_and_the_counts(
    made: Made, tiny: Setup, shared_store: Store, tmp_path: Path
) -> None:
    pytest.importorskip("wandb")
    node = seed_model(tiny)
    folder = made(node)
    assert tracking.without_run(shared_store, [node]) == [node]
    tracking.mirror(shared_store, {"humpback/headline": [node]})
    assert tracking.without_run(shared_store, [node]) == []
    path = runs(shared_store)[node.fingerprint[:16]]
    held = records(path)
    (run,) = [one.run for one in held if one.WhichOneof("record_type") == "run"]
    assert (run.project, run.run_group, run.job_type) == ("humpback-harness", "humpback/headline", "finetuned")
    config = {entry.key: json.loads(entry.value_json) for entry in run.config.update}
    assert config["recipe"]["learning_rate"] == tiny.sft.learning_rate
    assert config["examples"]["examples"]["class"] == "MicroSeed"
    assert config["fingerprint"] == node.fingerprint
    logged = [one.history for one in held if one.WhichOneof("record_type") == "history"]
    losses = [
        json.loads(item.value_json)
        for history in logged
        for item in history.item
        if (item.key or item.nested_key[0]) == "loss"
    ]
    measured = [json.loads(line) for line in (folder / METRICS).read_text().splitlines()]
    assert losses == pytest.approx([row["loss"] for row in measured if "loss" in row])
    assert len(losses) == 12
    names = {
        item.key or item.nested_key[0]
        for one in held
        if one.WhichOneof("record_type") == "summary"
        for item in one.summary.update
    }
    assert "count/in" in names


ROOT = Path(__file__).parents[2]
SECRETS = {name: f"not-to-be-told-{name.lower()}-5e8a1d0c" for name in ("HOST", "USER", "LOGNAME", "HOME", "FOLDER")}
"""Long enough to stand in no file by chance."""
MIRRORING = """
import os, platform, socket, sys
from pathlib import Path

host = os.environ["HOST"]
uname = platform.uname()._replace(node=host)
socket.gethostname = socket.getfqdn = lambda *_: host
platform.node, platform.uname = lambda: host, lambda: uname

from humpback import tracking
from humpback.core.store import Store
from tests.conftest import tiny_setup

assert not tracking.mirror(Store(Path(sys.argv[1])), {"humpback/headline": [tiny_setup().seed_data]})
"""


def test_a_run_says_nothing_of_the_machine(made: Made, tiny: Setup, shared_store: Store, tmp_path: Path) -> None:
    """Where host, user, home, folder and store have names of their own."""
    pytest.importorskip("wandb")
    folder = made(tiny.seed_data)
    work, home = tmp_path / SECRETS["FOLDER"], tmp_path / SECRETS["HOME"]
    store = Store(work / "store")
    shutil.copytree(folder, store.folder(tiny.seed_data))
    home.mkdir()
    env = {**os.environ, **SECRETS, "HOME": str(home), "PYTHONPATH": str(ROOT)}
    subprocess.run([sys.executable, "-c", MIRRORING, str(store.root)], cwd=work, env=env, check=True)
    data = runs(store)[tiny.seed_data.fingerprint[:16]].read_bytes()
    assert b"humpback-harness" in data
    assert [name for name, secret in SECRETS.items() if secret.encode() in data] == []


def test_metrics_are_merged_by_step(made: Made, tiny: Setup) -> None:
    rows = metrics_of(made(seed_model(tiny)) / METRICS, [])
    assert [row["step"] for row in rows] == sorted({row["step"] for row in rows})
    assert {"loss", "learning_rate"} <= rows[0].keys()


def test_without_the_package_a_run_warns_and_goes_on(
    monkeypatch: pytest.MonkeyPatch, made: Made, tiny: Setup, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from rich.console import Console

    from humpback.cli.display import _mirrored

    made(tiny.seed_data)
    monkeypatch.setattr(tracking, "available", lambda: False)
    monkeypatch.setattr(tracking, "without_run", lambda store, artifacts: artifacts)
    _mirrored(Console(), Store(tmp_path), {"humpback/headline": [tiny.seed_data]})
    assert "wandb is not installed" in capsys.readouterr().out
    assert not (tmp_path / "wandb").exists()


def test_deleting_the_folder_and_mirroring_again_brings_the_same_runs_back(small: Store, tiny: Setup) -> None:
    pytest.importorskip("wandb")
    results = small.root / "results"
    assert mirror_all(small, results) == 5
    first = held(small)
    shutil.rmtree(small.root / "wandb")
    assert mirror_all(small, results) == 5
    assert held(small) == first
    judged = arm(tiny, "M0", seed_model(tiny)).judged
    group, job, _, tags, _, files, exits = first[judged.fingerprint[:16]]
    assert (group, job, exits) == ("humpback/headline", "judged", [0])
    assert tags == ["arm M0", "humpback/headline", "seed 0", "tiny"]
    assert any(name.startswith("files/media/table/verdicts") for name in files)
    (results_files,) = [one[5] for one in first.values() if one[1] == "results"]
    assert any("table/comparisons" in name for name in results_files)
    assert any("images/figure" in name for name in results_files)


def test_variables_of_another_run_have_no_part_in_these(small: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("wandb")
    mirror_all(small, small.root / "results")
    first = held(small)
    shutil.rmtree(small.root / "wandb")
    others = {"SWEEP_ID": "s1", "LAUNCH": "true", "RUN_ID": "a/b", "RESUME": "must", "NAME": "mine", "JOB_TYPE": "job"}
    others |= {"TAGS": "t" * 100, "MODE": "Offline", "SILENT": "perhaps", "DIR": "/proc/none", "RUN_GROUP": "group"}
    for name, value in others.items():
        monkeypatch.setenv(f"WANDB_{name}", value)
    assert mirror_all(small, small.root / "results") == 5
    assert held(small) == first
    assert os.environ["WANDB_RUN_ID"] == "a/b"
    monkeypatch.setenv("WANDB_BASE_URL", "nowhere")
    shutil.rmtree(small.root / "wandb")
    with pytest.raises(StoreError, match="base_url: Input should be a valid URL"):
        mirror_all(small, small.root / "results")


def test_mirroring_twice_writes_nothing_twice_and_a_change_replaces_the_run(small: Store) -> None:
    pytest.importorskip("wandb")
    results = small.root / "results"
    mirror_all(small, results)
    before = {path: path.stat().st_mtime_ns for path in runs(small).values()}
    assert mirror_all(small, results) == 0
    assert {path: path.stat().st_mtime_ns for path in runs(small).values()} == before
    table = results / "tiny" / "humpback" / "headline" / "comparisons.csv"
    table.write_text(table.read_text().replace("2.5", "2.75"))
    assert mirror_all(small, results) == 1
    folders = [path.name.split("-", 3)[3] for path in (small.root / "wandb").glob("offline-run-*")]
    assert len(folders) == len(set(folders)) == 5, "a second segment of a run would overwrite the first"


def test_a_run_cut_off_while_it_was_mirrored_is_written_whole(small: Store) -> None:
    pytest.importorskip("wandb")
    mirror_all(small)
    first = held(small)
    torn = next(iter(runs(small).values()))
    torn.write_bytes(torn.read_bytes()[:100])
    (small.root / "wandb" / "mirrored" / torn.stem.removeprefix("run-")).unlink()
    assert mirror_all(small) == 1
    assert held(small) == first


@pytest.mark.parametrize(
    ("argv", "group"),
    [
        (["humpback", "run", "humpback/headline", "--setup", "micro"], "humpback/headline"),
        (["humpback", "run", "--json", "alpagasus/headline"], "alpagasus/headline"),
        (["humpback", "run", "--store", "my/store", "humpback/headline"], "humpback/headline"),
        (["humpback", "run", "--store=my/store", "humpback/headline"], "humpback/headline"),
        (["humpback", "data", "segment", "--out", "my/folder"], ""),
    ],
)
def test_the_group_is_the_experiment_that_was_asked_for(argv: list[str], group: str) -> None:
    assert experiment_in(argv) == group


def test_no_key_is_in_any_file(small: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("wandb")
    for name in ("OPENAI_API_KEY", "HF_TOKEN"):
        monkeypatch.setenv(name, f"sk-secret-{name}")
    mirror_all(small, small.root / "results")
    for path in (small.root / "wandb").rglob("*"):
        assert not path.is_file() or b"sk-secret" not in path.read_bytes(), path


def test_names_are_what_the_server_takes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wandb = pytest.importorskip("wandb")
    begun: list[dict[str, Any]] = []
    made: list[str] = []
    logged = SimpleNamespace(
        summary={},
        finish=lambda exit_code: None,
        use_artifact=lambda one: made.append(one.name),
        log_artifact=lambda one: made.append(one.name) or SimpleNamespace(wait=lambda: None),
    )
    monkeypatch.setattr(wandb, "init", lambda **given: begun.append(given) or logged)
    ends = ("0123456789abcdef", "0123456789abcdee")
    slugs = [f"instructionset/{'対話 データ' * 20}-{end}" for end in ends]
    common = {"stage": "joined", "tags": (), "config": {}, "history": (), "summary": {}, "ended": "finished"}
    run = tracking.Run("id", "x" * 150 + "-end", "g" * 200, makes=slugs[0], inputs=tuple(slugs[1:]), **common)
    assert list(tracking.mirror_runs(Store(tmp_path), [run], online=True)) == [(run, True)]
    assert max(len(begun[0][name]) for name in ("name", "group")) == 128
    assert begun[0]["name"].endswith("-end")
    assert len(set(made)) == 2
    assert all(len(name) <= 128 and name.isascii() and name.endswith(ends) for name in made)


def test_online_replaces_runs_and_logs_lineage(small: Store, tiny: Setup, monkeypatch: pytest.MonkeyPatch) -> None:
    """Against wandb's calls as they are made: no server is to be had here."""
    wandb = pytest.importorskip("wandb")
    begun: list[dict[str, Any]] = []
    used: list[tuple[str, str]] = []
    logged: list[tuple[str, str]] = []

    class Logged:
        summary: dict[str, Any]

        def __init__(self, **given: Any) -> None:
            self.id, self.summary = given["id"], {}
            begun.append(given)

        def log(self, row: Any, step: int | None = None) -> None: ...
        def finish(self, exit_code: int) -> None: ...
        def use_artifact(self, one: Any) -> None:
            used.append((self.id, one.name))

        def log_artifact(self, one: Any) -> Any:
            logged.append((self.id, one.name))
            return self

        def wait(self) -> None: ...

    monkeypatch.setattr(wandb, "init", Logged)
    every = list(tracking.all_runs(small, [], []))
    assert all(anew for _, anew in tracking.mirror_runs(small, every, online=True))
    assert {one["mode"] for one in begun} == {"online"}
    assert {one["resume"] for one in begun} == {None}
    model = seed_model(tiny)
    name = model.name.replace("/", "-").replace("+", "-")
    assert (model.fingerprint[:16], name) in logged
    assert name in {one for _, one in used}
    order = [one for _, one in logged]
    answers = next(one for one in order if one.startswith("responses"))
    assert order.index(name) < order.index(answers), "an artifact is logged before it is used"
    assert not any(anew for _, anew in tracking.mirror_runs(small, every, online=True))


def test_a_server_that_cannot_be_reached_is_one_line(small: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    wandb = pytest.importorskip("wandb")

    def refuse(**given: Any) -> None:
        raise wandb.Error("no route\nto host")

    monkeypatch.setattr(wandb, "init", refuse)
    with pytest.raises(StoreError, match=r"did not take the run .*: no route; nothing is lost"):
        list(tracking.mirror_runs(small, tracking.all_runs(small, [], []), online=True))


def test_the_command_says_what_it_needs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(StoreError, match="WANDB_API_KEY"):
        cli_mirror.mirror(online=True, store=tmp_path)
    with pytest.raises(StoreError, match="nowhere is not a folder"):
        cli_mirror.mirror(store=tmp_path / "nowhere")
    monkeypatch.setattr(tracking, "available", lambda: False)
    with pytest.raises(StoreError, match="wandb is not installed"):
        cli_mirror.mirror(store=tmp_path)


def test_a_damaged_record_is_named_and_the_others_are_mirrored(
    small: Store, tiny: Setup, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("wandb")
    import typer

    record = small.folder(tiny.seed_data) / "record.json"
    record.unlink()  # it may be another store's too, by a link
    record.write_text("{")
    with pytest.raises(typer.Exit):
        cli_mirror.mirror(store=small.root)
    told = capsys.readouterr()
    assert "3 artifacts, 1 results written" in told.out
    assert "record.json: not a record" in told.err


def test_the_analysis_reads_nothing_of_the_mirror() -> None:
    root = Path(__file__).parents[2] / "analysis"
    assert not [path for path in root.rglob("*.py") if "wandb" in path.read_text(encoding="utf-8")]
