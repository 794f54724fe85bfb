"""Where runs of W&B go, and that a mirror which fails costs a line and no exit code.

Tried: every spelling of W&B's switches with and without a key; a server that refuses the key, answers with an error, is
no W&B, hangs or is not there; a package that cannot be imported; a disk that is full.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from humpback import tracking
from humpback.cli import mirror as cli_mirror
from humpback.core.expression import Artifact, FieldError
from humpback.core.store import Store, StoreError
from humpback.core.tables import Example
from humpback.experiments.setups.base import Setup
from humpback.tracking import server
from tests.analysis.measures.stored import a_set, stored
from tests.commands import succeed
from tests.harness.offline_runs import records, runs

Made = Callable[[Artifact], Path]
KEY = "0" * 40


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("API_KEY", "MODE", "DISABLED", "BASE_URL", "PROJECT", "ENTITY"):
        monkeypatch.setenv(f"WANDB_{name}", "")  # so that what a command sets is taken away too
        monkeypatch.delenv(f"WANDB_{name}")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


@contextmanager
def answering(status: int, body: object = None, *, wait: float = 0.0) -> Iterator[tuple[str, list[str]]]:
    """A server on this machine, and the paths that were asked for."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked.append(self.path)
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            time.sleep(wait)
            self.send_response(status)
            self.end_headers()
            self.wfile.write(json.dumps(body).encode())

        def log_message(self, *args: object) -> None: ...

    there = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=there.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{there.server_address[1]}", asked
    finally:
        there.shutdown()
        there.server_close()


@pytest.mark.parametrize(
    ("environment", "where"),
    [
        ({}, "offline"),
        ({"WANDB_API_KEY": KEY}, "online"),
        ({"WANDB_API_KEY": KEY, "WANDB_MODE": "online"}, "online"),
        ({"WANDB_API_KEY": KEY, "WANDB_MODE": ""}, "online"),
        ({"WANDB_API_KEY": KEY, "WANDB_MODE": "offline"}, "offline"),
        ({"WANDB_API_KEY": KEY, "WANDB_MODE": "dryrun"}, "offline"),
        ({"WANDB_API_KEY": KEY, "WANDB_MODE": "Disabled"}, "disabled"),
        ({"WANDB_API_KEY": KEY, "WANDB_DISABLED": "true"}, "disabled"),
        ({"WANDB_API_KEY": KEY, "WANDB_DISABLED": "1", "WANDB_MODE": "online"}, "disabled"),
        ({"WANDB_API_KEY": KEY, "WANDB_DISABLED": "false"}, "online"),
        ({"WANDB_MODE": "online"}, "offline"),
    ],
)
def test_the_environment_says_where(environment: dict[str, str], where: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert tracking.mode() == where


def mirrored(made: Made, tiny: Setup, tmp_path: Path) -> tuple[str, int]:
    """What a mirror of one artifact says, and the offline runs that it left."""
    made(tiny.seed_data)
    store = Store(tmp_path / "store")
    store.prepare()
    source = made(tiny.seed_data)
    target = store.folder(tiny.seed_data)
    target.parent.mkdir(parents=True, exist_ok=True)
    if not target.exists():
        target.symlink_to(source, target_is_directory=True)
    waiting = tracking.without_run(store, [tiny.seed_data])
    said = tracking.mirror(store, {"humpback/headline": waiting}) if waiting else ""
    return said, len(list((store.root / "wandb").glob("offline-run-*")))


@pytest.mark.parametrize(
    ("status", "body", "says"),
    [
        (401, {}, "refuses the key"),
        (500, {}, "answers 500"),
        (200, {"data": {"viewer": None}}, "knows nobody by the key"),
        (200, ["not W&B"], "does not answer as W&B's server does"),
    ],
)
def test_a_server_that_does_not_take_runs_costs_a_line(
    status: int, body: object, says: str, made: Made, tiny: Setup, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("wandb")
    monkeypatch.setenv("WANDB_API_KEY", KEY)
    with answering(status, body) as (address, asked):
        monkeypatch.setenv("WANDB_BASE_URL", address)
        said, runs = mirrored(made, tiny, tmp_path)
    assert says in said
    assert "the runs are offline below" in said
    assert (runs, asked, said.count("\n")) == (1, ["/graphql"], 0)


def test_a_server_that_is_not_there_or_hangs_is_known_in_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("wandb")
    monkeypatch.setenv("WANDB_API_KEY", KEY)
    monkeypatch.setenv("WANDB_BASE_URL", "http://127.0.0.1:9")
    with pytest.raises(StoreError, match=r"cannot be asked \(ConnectionError\)"):
        server.hold_reachable()
    monkeypatch.setattr(server, "_ANSWER", 0.2)
    with answering(200, wait=1.0) as (address, _):
        monkeypatch.setenv("WANDB_BASE_URL", address)
        with pytest.raises(StoreError, match=r"cannot be asked \(ReadTimeout\)"):
            server.hold_reachable()


@pytest.mark.parametrize(("name", "value"), [("WANDB_MODE", "offline"), ("WANDB_MODE", "disabled")])
def test_a_switch_asks_no_server(
    name: str, value: str, made: Made, tiny: Setup, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("wandb")
    monkeypatch.setenv("WANDB_API_KEY", KEY)
    monkeypatch.setenv(name, value)
    with answering(401) as (address, asked):
        monkeypatch.setenv("WANDB_BASE_URL", address)
        assert mirrored(made, tiny, tmp_path) == ("", int(value == "offline"))
        with pytest.raises(StoreError, match="leave --online out"):
            cli_mirror.mirror(online=True, store=tmp_path)
    assert asked == []


def test_an_empty_switch_is_none(made: Made, tiny: Setup, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("wandb")
    for name in ("WANDB_MODE", "WANDB_RESUME", "WANDB_RUN_ID", "WANDB_BASE_URL"):
        monkeypatch.setenv(name, "")
    assert mirrored(made, tiny, tmp_path) == ("", 1)


def test_a_wrong_setting_of_the_package_is_said(
    made: Made, tiny: Setup, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("wandb")
    monkeypatch.setenv("WANDB_BASE_URL", "nowhere")
    said, _ = mirrored(made, tiny, tmp_path)
    assert "base_url: Input should be" in said
    assert said.count("\n") == 0


def test_a_package_that_is_broken_and_a_disk_that_is_full_cost_a_line(
    made: Made, tiny: Setup, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*args: object, **more: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(tracking, "mirror_runs", full)
    said, _ = mirrored(made, tiny, tmp_path)
    assert said == (
        "W&B's runs were not written: [Errno 28] No space left on device; nothing is lost: humpback mirror writes them"
    )
    monkeypatch.undo()
    monkeypatch.delenv("WANDB_API_KEY", raising=False)
    monkeypatch.setitem(sys.modules, "wandb", None)
    monkeypatch.delitem(sys.modules, "humpback.tracking.writing", raising=False)
    said, _ = mirrored(made, tiny, tmp_path)
    assert "W&B's runs were not written: import of wandb halted" in said


def test_runs_go_to_the_project_and_the_entity_that_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("wandb")

    small = Store(tmp_path / "artifacts")
    for name in ("one", "two"):
        stored(small, a_set(name), [Example("0", "Why?", "So.")])

    def where() -> set[tuple[str, str]]:
        found = [one.run for path in runs(small).values() for one in records(path) if one.HasField("run")]
        return {(run.entity, run.project) for run in found}

    command = ("mirror", "--store", small.root)
    assert "2 artifacts written" in succeed(*command).output
    assert where() == {("", "humpback-harness")}
    said = succeed(*command, "--wandb-project", "mine", "--wandb-entity", "team").output
    assert "2 artifacts written" in said
    assert where() == {("team", "mine")}
    assert len(runs(small)) == 2, "offline a run is of one project"
    assert "nothing written, 2 runs as they were" in succeed(*command).output
    monkeypatch.delenv("WANDB_PROJECT")
    monkeypatch.delenv("WANDB_ENTITY")
    assert "2 artifacts written" in succeed(*command).output
    assert where() == {("", "humpback-harness")}


def test_a_project_is_refused_where_no_run_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    machine = tmp_path / "machine.toml"
    machine.write_text('tracking = "off"\n')
    run = ("run", "humpback/headline", "--store", tmp_path, "--machine", machine, "--wandb-project", "mine")
    with pytest.raises(FieldError, match='--wandb-project: no run is written to W&B, because of tracking = "off"'):
        succeed(*run)
    monkeypatch.setenv("WANDB_MODE", "disabled")
    with pytest.raises(FieldError, match="--wandb-entity: no run is written to W&B, because of WANDB_MODE"):
        succeed("mirror", "--store", tmp_path, "--wandb-entity", "team")
