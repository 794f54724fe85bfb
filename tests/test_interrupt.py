"""Stopping commands for real: one line that says how to go on, no traceback, no process left.

Tried beside what stands here, by hand: at 15 moments from 0.1 to 20 s of a run, to the group and to the parent alone,
SIGINT and SIGTERM; during the imports of torch in the server of the workers and in the command itself.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2
import psutil
import pytest

from tests.harness.judging.test_asking import longer
from tests.harness.model_server import Body, ModelServer, serving

ROOT = Path(__file__).parent.parent
LINE = "humpback: stopped; what is finished is kept: run the same command again to go on"


def start(*words: object) -> subprocess.Popen[str]:
    code = [sys.executable, *map(str, words)]
    return subprocess.Popen(
        code, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )


def until(there: Callable[[], object], process: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + 240
    while not there():
        assert process.poll() is None, process.stderr and process.stderr.read()
        assert time.monotonic() < deadline
        time.sleep(0.01)


def ended(process: subprocess.Popen[str], number: int) -> None:
    """It ends as it should, and so does everything that it had started."""
    _, said = process.communicate(timeout=60)
    assert process.returncode == 128 + number
    assert said.splitlines()[-1] == LINE
    assert "Traceback" not in said
    assert "KeyboardInterrupt" not in said
    deadline = time.monotonic() + 60
    while left := [one for one in psutil.process_iter() if session(one.pid) == process.pid]:
        assert time.monotonic() < deadline, left
        time.sleep(0.01)


def answers(address: str) -> bool:
    try:
        httpx2.get(address, timeout=30.0, trust_env=False)
    except httpx2.TransportError:
        return False
    return True


def session(process: int) -> int:
    try:
        return os.getsid(process)
    except ProcessLookupError:
        return -1


@pytest.mark.parametrize(
    ("moment", "number"), [(".locks", signal.SIGINT), (".locks", signal.SIGTERM), (".partial/*/*", signal.SIGINT)]
)
def test_a_run_ends_with_its_workers_and_their_server(moment: str, number: signal.Signals, tmp_path: Path) -> None:
    """Before the workers' server has its imports, and while stages work."""
    process = start("-m", "humpback.cli", "run", "humpback/headline", "--store", tmp_path)
    until(lambda: any(tmp_path.glob(moment)), process)
    os.killpg(process.pid, number)
    ended(process, number)


def test_a_judgement_that_waits_for_a_server_ends_and_goes_on_where_it_was(tmp_path: Path) -> None:
    go_on = threading.Event()

    def reply(body: Body) -> dict[str, Any]:
        if len(server.asked) == 3:
            go_on.wait(60)
        return longer(body)

    with serving(ModelServer(reply)) as server:
        for name in ("a", "b"):
            rows = [{"instruction": f"Q{i}", "output": name * (i + 1), "generator": f"model-{name}"} for i in range(3)]
            (tmp_path / f"{name}.json").write_text(json.dumps(rows), encoding="utf-8")
        words = ["-m", "humpback.cli", "judge", tmp_path / "a.json", tmp_path / "b.json", "--judge", "alpaca_eval_gpt4"]
        words += ["--base-url", server.address, "--concurrency", 1, "--store", tmp_path / "store"]
        process = start(*words)
        until(lambda: len(server.asked) == 3, process)
        process.send_signal(signal.SIGINT)
        ended(process, signal.SIGINT)
        go_on.set()
        again = start(*words)
        _, said = again.communicate(timeout=240)
        assert again.returncode == 0, said
        assert "4 calls to ask" in said
        assert "2 answered in earlier runs" in said


def test_what_does_not_listen_is_ended_all_the_same() -> None:
    """A call of a library that takes minutes, and code that takes the exception for its own."""
    deaf = "print('ready', flush=True); hashlib.pbkdf2_hmac('sha256', b'', b'', 10**9)"
    stubborn = (
        "exec('while True:\\n try: print(\"ready\", flush=True); time.sleep(60)\\n except KeyboardInterrupt: pass')"
    )
    for kept_busy in (deaf, stubborn):
        code = "import hashlib, time; from humpback.core import interrupt; interrupt._GRACE = 0.2; interrupt.watch(); "
        process = start("-c", code + kept_busy)
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        if kept_busy is deaf:
            computed = psutil.Process(process.pid).cpu_times().user
            until(lambda: psutil.Process(process.pid).cpu_times().user > computed + 0.1, process)  # noqa: B023
        process.send_signal(signal.SIGINT)
        ended(process, signal.SIGINT)


def test_the_annotation_page_ends_by_ctrl_c_with_its_own_words(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / f"{name}.json").write_text(json.dumps([{"instruction": "Q", "output": name}]), encoding="utf-8")
    words = ["-m", "humpback.cli", "annotate", tmp_path / "a.json", tmp_path / "b.json", "--port", 0]
    process = start(*words, "--votes", tmp_path / "votes.sqlite")
    assert process.stdout is not None
    while not (address := process.stdout.readline()).startswith("http://"):
        assert process.poll() is None
    until(lambda: answers(address.split()[0]), process)
    process.send_signal(signal.SIGINT)
    said, complaints = process.communicate(timeout=60)
    assert (process.returncode, complaints) == (0, "")
    assert said.startswith("0 votes in ")
