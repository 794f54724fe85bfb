"""A server that the harness starts: up late or never, dead in the middle, with children; a stage goes on where it was
stopped, and nothing is left running."""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from humpback.core.interrupt import end_children
from humpback.core.machine import Machine, Server
from humpback.core.plan import plan
from humpback.core.store import CHECKPOINTS, Store, StoreError, read_record
from humpback.core.tables import EXAMPLES, Example, read
from humpback.engines.serving.server import LOG, ServerFailed
from humpback.runs.build_one import build_here
from humpback.runs.executor import Progress, execute
from humpback.spec.data import Sampling
from humpback.spec.files import File, PromptSet
from humpback.spec.outcomes import Responses
from humpback.stages.respond import respond
from tests.harness.engines.serving.material import N, all_gone, answers, rows, running, stand_in
from tests.harness.training.material import SEED, Workshop, examples

KEPT = f"*/{CHECKPOINTS}/server/*.jsonl"
"""What was answered, below a store's unfinished artifacts."""


def test_a_server_that_comes_up_late_writes_from_a_seed_for_each_prompt(shop: Workshop, mark: str) -> None:
    shop.put(SEED, [*examples(N), *examples(2)])
    said: list[str] = []
    node = answers(shop)
    work = shop.work("out", server=stand_in(mark, "--up-after", 0.6))
    work.log.report = lambda done, total, unit: said.append(unit if not total else f"{done}/{total} {unit}")
    counts = respond(node, work)
    assert said[0] == "stand-in starts, 0 s"
    assert said[-1] == f"{N + 2}/{N + 2} answers"
    found = [row.output.split() for row in rows(work)]
    assert len({seed for _, seed in found}) == N + 2, "equal prompts have seeds of their own"
    assert all(0 <= int(seed) < 2**31 for _, seed in found)
    assert (counts["kept"], "calls" in counts) == (N + 2, False)
    assert work.packages == {"stand-in": "1.2.3"}
    assert not running(mark)
    again = shop.work("again", server=stand_in(mark), generation_batch=1)
    respond(node, again)
    assert rows(again) == rows(work), "whatever is in flight at once"


def test_a_server_that_does_not_come_up_says_why(shop: Workshop, mark: str) -> None:
    node = answers(shop)
    began = time.monotonic()
    with pytest.raises(StoreError, match=r"(?s)stand-in did not come up within 3 s .start_within.*loading /"):
        respond(node, shop.work("never", server=stand_in(mark, "--up-after", 600, "--deaf", start_within=3)))
    assert time.monotonic() - began < 60
    with pytest.raises(StoreError, match=r"(?s)ended after \d+ s .exit code 3.. The last of .*out of stand-in memory"):
        respond(node, dead := shop.work("dead", server=stand_in(mark, "--broken", "--children")))
    assert "out of stand-in memory" in (dead.checkpoints / "server" / LOG).read_text()
    assert not running(mark)


def test_a_server_that_dies_is_named_and_the_next_one_writes_the_rest(shop: Workshop, mark: str) -> None:
    node, lives = answers(shop), shop.root / "lives"
    server = stand_in(mark, "--lives", lives)
    lives.write_text("10")
    work = shop.work("out", server=server)
    with pytest.raises(ServerFailed, match=r"(?s)stand-in ended in the middle .exit code 1.. .*is tired"):
        respond(node, work)
    assert not (work.out / EXAMPLES).exists()
    (journal,) = (work.checkpoints / "server").glob("*.jsonl")
    assert len(journal.read_text().splitlines()) == 10
    lives.write_text(str(N - 10))  # one call asked again would be its end
    respond(node, work)
    assert len(rows(work)) == N
    other = replace(work, machine=replace(work.machine, precision="bfloat16"))
    with pytest.raises(ServerFailed):  # other weights: what the first wrote is none of theirs
        respond(node, other)


def test_a_stage_that_went_through_is_published_with_its_engine_and_without_paths(
    shop: Workshop, mark: str, tmp_path: Path
) -> None:
    machine, node, _ = on_disk(shop, mark)
    folder = build_here(node, machine, Console(quiet=True))
    record = read_record(folder / "record.json")
    assert record.packages["stand-in"] == "1.2.3"
    assert record.machine["server"] == {"engine": "stand-in", "arguments": []}
    assert str(tmp_path) not in json.dumps(record.machine)
    of_model = read_record(Store(Path(machine.store)).folder(node.model) / "record.json")
    assert "stand-in" not in of_model.packages
    assert sorted(record.payload) == ["examples.parquet"]


def on_disk(shop: Workshop, mark: str, *words: object) -> tuple[Machine, Responses, list[str]]:
    """A machine with the server, answers of a model through plan and store, and the files' words for a command."""
    prompts = shop.root / "prompts.json"
    prompts.write_text(json.dumps([{"instruction": f"Why {i}?"} for i in range(N)]))
    sha256 = hashlib.sha256(prompts.read_bytes()).hexdigest()
    model = shop.base("llama")
    machine = replace(
        shop.machine, server=stand_in(mark, *words), files=(*shop.machine.files, (sha256, str(prompts))), workers=1
    )
    node = Responses(model, PromptSet((File("prompts.json", sha256),)), Sampling(max_new_tokens=9))
    return machine, node, [str(shop.root / "llama"), str(prompts)]


RUN = """
import pickle, sys
from pathlib import Path
from humpback.core import interrupt
from humpback.core.plan import plan
from humpback.core.store import Store
from humpback.runs.executor import Progress, execute
if __name__ == "__main__":
    machine, node = pickle.loads(Path(sys.argv[1]).read_bytes())
    store = Store(Path(machine.store))
    interrupt.watch()
    try:
        execute(plan(store, [node]), store, machine, Progress())
    finally:
        interrupt.end_if_stopped()
"""


@pytest.mark.parametrize(
    ("number", "moment"), [(signal.SIGINT, "starting"), (signal.SIGTERM, "writing"), (signal.SIGKILL, "writing")]
)
def test_a_run_that_is_stopped_or_killed_leaves_no_server(
    number: signal.Signals, moment: str, shop: Workshop, mark: str
) -> None:
    import pickle

    words = ("--up-after", 600) if moment == "starting" else ("--latency", 0.2)
    machine, node, _ = on_disk(shop, mark, *words, "--children", "--deaf")
    (shop.root / "run.pickle").write_bytes(pickle.dumps((machine, node)))
    (shop.root / "run.py").write_text(RUN)
    process = subprocess.Popen(
        [sys.executable, shop.root / "run.py", shop.root / "run.pickle"], start_new_session=True, stderr=subprocess.PIPE
    )
    calls = Path(machine.store) / ".partial"

    def under_way() -> bool:
        said = any(
            one.stat().st_size
            for one in calls.glob(f"*/{CHECKPOINTS}/server/{LOG if moment == 'starting' else '*.jsonl'}")
        )
        return said and len(running(mark)) >= 2

    until(under_way, process)
    os.kill(process.pid, number) if number == signal.SIGKILL else os.killpg(process.pid, number)
    process.communicate(timeout=60)
    if number != signal.SIGKILL:
        assert process.returncode == 128 + number
        assert not running(mark), "gone before the command ends"
    assert all_gone(mark)


def until(there: Callable[[], object], process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 240
    while not there():
        assert process.poll() is None, process.stderr and process.stderr.read()
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_ctrl_c_at_a_command_that_makes_one_thing_itself_leaves_no_server(shop: Workshop, mark: str) -> None:
    machine, _, files = on_disk(shop, mark, "--latency", 0.2, "--children")
    assert machine.server is not None
    toml = shop.root / "machine.toml"
    toml.write_text(f'[server]\nengine = "stand-in"\ncommand = {json.dumps(machine.server.command)}\n')
    words = ["-m", "humpback.cli", "responses", *files, "--out", shop.root / "told", "--machine", toml]
    process = subprocess.Popen(
        [sys.executable, *words, "--store", machine.store], start_new_session=True, stderr=subprocess.PIPE
    )
    until(lambda: any(Path(machine.store, ".partial").glob(KEPT)), process)
    os.killpg(process.pid, signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130, said
    assert all_gone(mark, 5.0)
    assert not (shop.root / "told").exists()


def test_a_killed_stage_goes_on_where_it_was(shop: Workshop, mark: str) -> None:
    lives = shop.root / "lives"
    lives.write_text(str(N))
    machine, node, _ = on_disk(shop, mark, "--latency", 0.05, "--lives", lives)
    store = Store(Path(machine.store))
    process = multiprocessing.get_context("fork").Process(target=build_here, args=(node, machine, Console(quiet=True)))
    process.start()

    def known() -> int:
        return sum(len(one.read_bytes().splitlines()) for one in (store.root / ".partial").glob(KEPT))

    while known() <= 8:
        assert process.is_alive()
        time.sleep(0.01)
    assert process.pid is not None
    os.kill(process.pid, signal.SIGKILL)
    process.join()
    assert all_gone(mark)
    assert 8 < known() < N
    lives.write_text(str(N - known()))  # one call asked again would be its end
    assert not execute(plan(store, [node]), store, machine, Progress()).failures
    assert len(list(read(store.open(node) / EXAMPLES, Example))) == N


def test_a_server_that_is_not_there_is_named_before_the_first_stage(shop: Workshop, mark: str) -> None:
    machine, node, _ = on_disk(shop, mark)
    machine = replace(machine, server=Server(python="/nowhere/bin/python"))
    store = Store(Path(machine.store))
    with pytest.raises(StoreError, match="python names /nowhere/bin/python, which is no program on this machine"):
        execute(plan(store, [node]), store, machine, Progress())
    with pytest.raises(StoreError, match="/nowhere/bin/python"):
        build_here(node, machine, Console(quiet=True))
    assert not store.root.exists()


def test_what_starts_others_while_it_is_ended_ends_with_them(mark: str) -> None:
    idle = f"subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)', '{mark}'])"
    process = subprocess.Popen([sys.executable, "-c", f"import subprocess, sys\nwhile True: {idle}", mark])
    while len(running(mark)) < 4:
        time.sleep(0.01)
    end_children(process.pid, itself=True)
    process.wait()
    assert all_gone(mark, 2.0)
