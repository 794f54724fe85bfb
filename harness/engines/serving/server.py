"""A server of one model for one stage: started, watched until it is healthy, and gone when the stage is.

What it says goes into `server.log` below `Work.checkpoints`, beside the calls that it answered. Both are kept until the
artifact is published, so a stage that was stopped goes on where it was and one that failed can be looked into.
"""

from __future__ import annotations

import contextlib
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2

from humpback.core.errors import HumpbackError
from humpback.core.interrupt import end_children
from humpback.core.machine import Server
from humpback.core.store import StoreError
from humpback.core.text import one_line
from humpback.core.work import Work
from humpback.engines.endpoint.client import Unanswered
from humpback.engines.serving import keeper
from humpback.engines.serving.launch import ModelFiles, launch_environment, launch_words

LOG = "server.log"
_LOOK_EVERY = 0.25
_LINES = 12
"""Last lines of the log that are shown where a server failed."""
_SAYS_WHY = re.compile(r"\b\w*(?:Error|Exception)\b:? \S")


class ServerFailed(HumpbackError, RuntimeError):
    """A server died, or left calls unanswered. The message has its log's last lines."""


@dataclass(frozen=True)
class Served:
    """A server that is healthy."""

    address: str
    """Up to what stands before `/completions`."""
    name: str
    """The model, as calls name it."""
    version: str
    """Of the engine, as it reports it; "unknown" where it does not."""
    context: int | None
    """Tokens of prompt and answer together that it takes, where it says so."""


@contextmanager
def serve(server: Server, files: ModelFiles, name: str, folder: Path, work: Work) -> Iterator[Served]:
    """The model, served on a free port of this machine; `folder` is where the log goes.

    Raises:
        StoreError: when the server cannot be started, ends, or is not healthy within its time.
        ServerFailed: when calls are left unanswered meanwhile.
    """
    folder.mkdir(parents=True, exist_ok=True)
    log, port = folder / LOG, _free_port()
    words = launch_words(server, work.machine, files, name, port)
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", keeper.__name__, *words],
            stdin=subprocess.PIPE,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            env=launch_environment(work.machine),
        )
    root = f"http://127.0.0.1:{port}"
    try:
        _wait_until_healthy(process, server, root, log, work)
        yield _described(server, root, name, log)
    except Unanswered as error:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(5.0)  # it may be about to end
        code = process.poll()
        what = f"left calls unanswered ({error})" if code is None else f"ended in the middle ({_exit(code)})"
        go_on = "what it answered is kept: run the same command again to go on"
        raise ServerFailed(f"the server {server.engine} {what}; {go_on}{_last_lines(log)}") from error
    finally:
        _stop(process)


def _wait_until_healthy(process: subprocess.Popen[bytes], server: Server, root: str, log: Path, work: Work) -> None:
    started = time.monotonic()
    with httpx2.Client(timeout=5.0, trust_env=False) as http:
        while not _healthy(http, root):
            seconds = time.monotonic() - started
            if process.poll() is not None:
                raise StoreError(
                    f"the server {server.engine} did not come up: it ended after {seconds:.0f} s "
                    f"({_exit(process.returncode)}){_last_lines(log)}"
                )
            if seconds > server.start_within:
                raise StoreError(
                    f"the server {server.engine} did not come up within {server.start_within:g} s (start_within under "
                    f"[server] of the machine file){_last_lines(log)}"
                )
            work.log.progress(0, 0, f"{server.engine} starts, {seconds:.0f} s")
            time.sleep(_LOOK_EVERY)


def _healthy(http: httpx2.Client, root: str) -> bool:
    """By `/health`, or the list of models of a server that has no such place."""
    try:
        found = http.get(f"{root}/health")
        if found.status_code == 404:
            found = http.get(f"{root}/v1/models")
    except httpx2.TransportError:
        return False
    return found.status_code == 200


def _described(server: Server, root: str, name: str, log: Path) -> Served:
    """
    Raises:
        StoreError: when it wants a key, or another program listens there.
    """
    with httpx2.Client(timeout=30.0, trust_env=False) as http:
        (status, models), (_, version) = (_asked(http, f"{root}/{place}") for place in ("v1/models", "version"))
    if status in (401, 403):
        raise StoreError(
            f"the server {server.engine} wants a key, though it listens to this machine alone: leave the key out of "
            f"[server] of the machine file, and of the environment{_last_lines(log)}"
        )
    listed = [one for one in models.get("data") or () if isinstance(one, dict)] if isinstance(models, dict) else []
    if server.python and all(one.get("id") != name for one in listed):
        raise StoreError(
            f"the server {server.engine} does not have the model that it was started with: `arguments` name it "
            f"otherwise (--served-model-name), or another program has taken its port {root.rsplit(':', 1)[-1]} and it "
            f"helps to run again{_last_lines(log)}"
        )
    contexts = [one["max_model_len"] for one in listed if isinstance(one.get("max_model_len"), int)]
    told = version.get("version") if isinstance(version, dict) else None
    return Served(f"{root}/v1", name, str(told or "unknown"), min(contexts, default=None))


def _asked(http: httpx2.Client, address: str) -> tuple[int, Any]:
    """The status of an answer, and what it says as JSON; 0 and None where there is none."""
    status = 0
    try:
        answer = http.get(address)
        status = answer.status_code
        return status, answer.json()
    except (httpx2.TransportError, ValueError):
        return status, None


def _stop(process: subprocess.Popen[bytes]) -> None:
    """End the server with everything that it has started."""
    assert process.stdin is not None
    with contextlib.suppress(OSError):
        process.stdin.close()
    try:
        process.wait(3 * keeper.GRACE)
    except subprocess.TimeoutExpired:
        end_children(process.pid, itself=True)
        process.wait()


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    return port


def _exit(code: int) -> str:
    return f"signal {code - 128}" if code > 128 else f"exit code {code}"


def _last_lines(log: Path) -> str:
    """Where the log lies, with its last lines and those before them that name an error."""
    text = log.read_bytes()[-200_000:].decode("utf-8", "replace").replace("\r", "\n")
    lines = [line.rstrip() for line in text.splitlines() if line.strip()]
    said = [line for line in lines[:-_LINES] if _SAYS_WHY.search(line)][-4:]
    shown = [*said, *(["..."] if said else []), *lines[-_LINES:]]
    if not shown:
        return f". It said nothing ({log})"
    return "\n".join([f". The last of {log}:", *(f"    {one_line(line, 200)}" for line in shown)])
