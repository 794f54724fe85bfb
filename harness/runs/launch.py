"""One stage in several processes: launched on this machine by torchrun's own means, or on those of a cluster
(`humpback.runs.ray_train`). Whichever of them dies, all end."""

from __future__ import annotations

import logging
import os
import pickle
import secrets
import signal
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from multiprocessing import AuthenticationError
from multiprocessing.connection import Connection, Listener
from pathlib import Path
from typing import Any, Protocol

from humpback.core.errors import HumpbackError
from humpback.core.expression import Artifact
from humpback.core.machine import Machine
from humpback.core.placement import Placement
from humpback.core.store import Store
from humpback.core.text import one_line
from humpback.core.work import Counts, Work

_LINES = 12
"""Last lines of what a process said that are shown where it died."""


class ProcessDied(HumpbackError, RuntimeError):
    """One of a stage's processes was killed. The message says which, and by what."""


@dataclass(frozen=True)
class Job:
    """What each process of a stage is told."""

    artifact: Artifact
    store: Store
    machine: Machine
    placement: Placement
    out: Path
    """Folder of the payload; the first process writes into it."""
    made_from: str
    address: Any
    """Of the socket on which the stage listens to its processes."""
    key: bytes = field(repr=False)
    """By which they know each other."""


@dataclass(frozen=True)
class Death:
    """A process that did not come to its end."""

    rank: int
    how: str
    """What follows its name, with the last that it said."""
    killed: bool
    """By something other than the end of another process."""


class Launcher(Protocol):
    """Starts a job's processes."""

    host: str
    """Where they find the stage; empty where they are on its machine."""

    def launch(self, job: Job) -> list[Death]:
        """Start them, and wait until all have ended. What killed one comes first."""


@dataclass
class Heard:
    """What the processes have told."""

    finished: dict[str, Any] | None = None
    """By the first one, at its end."""
    failures: dict[int, tuple[Exception, str]] = field(default_factory=dict)
    """Of each process that raised: what, and its traceback; the first comes first."""


def launch_words(placement: Placement, job: str) -> list[str]:
    """What follows `torchrun` on the command line that starts the processes of a stage."""
    processes = ["--nproc-per-node", str(placement.processes)]
    return ["--standalone", "--local-addr", "127.0.0.1", *processes, "-m", "humpback.runs.rank", job]


def run_launched(artifact: Artifact, store: Store, work: Work, launcher: Launcher) -> Counts:
    """Make the artifact in as many processes as its placement says. Where memory does not hold a micro-batch, they are
    started again, from the last checkpoint, with half of it.

    Raises:
        ProcessDied: when one was killed; the others are ended.
        Exception: what was raised first in any of them.
    """
    while True:
        heard = _run(artifact, store, work, launcher)
        if heard.finished is not None:
            told = heard.finished
            work.log.started = min(work.log.started, told["started"])
            for note in told["notes"]:
                work.log.note(note)
            work.packages.update(told["packages"])
            counts: Counts = told["counts"]
            return counts
        error, trace = next(iter(heard.failures.values()))
        rows = getattr(error, "rows", 0)
        if rows < 2:
            error.add_note(f"in one of {work.placement.processes} processes:\n{trace}")
            raise error
        work = replace(work, placement=replace(work.placement, micro_batch=rows // 2))
        work.log.note(f"{error}: begun again from the last checkpoint with {rows // 2} at once")


def _run(artifact: Artifact, store: Store, work: Work, launcher: Launcher) -> Heard:
    key = secrets.token_bytes(32)
    with _listening(work, launcher.host, key) as (address, heard):
        job = Job(artifact, store, work.machine, work.placement, work.out, work.made_from, address, key)
        died = launcher.launch(job)
    # Where one was killed, others may have failed by its going.
    if died and (died[0].killed or not heard.failures):
        raise ProcessDied(f"process {died[0].rank + 1} of {work.placement.processes} {died[0].how}")
    return heard


class Torchrun:
    """The processes on this machine."""

    host = ""

    def launch(self, job: Job) -> list[Death]:
        """Start them, and wait until all have ended. What killed one comes first."""
        from torch.distributed.elastic.multiprocessing.errors import ChildFailedError
        from torch.distributed.run import parse_args, run

        os.environ["OMP_NUM_THREADS"] = str(job.machine.threads)
        logging.getLogger("torch.distributed.elastic").setLevel(logging.CRITICAL)  # what it would say is told here
        with tempfile.TemporaryDirectory(prefix="humpback-") as folder:
            file, logs = Path(folder) / "job", Path(folder) / "logs"
            file.write_bytes(pickle.dumps(job))
            words = launch_words(job.placement, str(file))
            try:
                run(parse_args(["--log-dir", str(logs), "--redirects", "3", *words]))  # type: ignore[no-untyped-call]
            except ChildFailedError as error:
                died = []
                for rank, one in error.failures.items():
                    # torchrun ends the others by that signal
                    killed = one.exitcode < 0 and one.exitcode != -signal.SIGTERM
                    died.append(Death(rank, f"{_death(one.exitcode)}{_last_lines(logs, rank)}", killed))
                return sorted(died, key=lambda one: not one.killed)
        return []


TORCHRUN = Torchrun()


@contextmanager
def _listening(work: Work, host: str, key: bytes) -> Iterator[tuple[Any, Heard]]:
    """Hear what the processes tell, until the end; when this process is gone, they hear that and end."""
    heard, threads = Heard(), []  # type: Heard, list[threading.Thread]
    with Listener((host, 0) if host else None, authkey=key) as listener:

        def listen() -> None:
            while len(threads) < work.placement.processes:
                try:
                    one = listener.accept()
                except AuthenticationError:
                    continue
                except (OSError, EOFError):
                    return
                threads.append(threading.Thread(target=_hear, args=(one, heard, work), daemon=True))
                threads[-1].start()

        threading.Thread(target=listen, daemon=True).start()
        yield listener.address, heard
        for thread in threads:
            thread.join(5.0)


def _hear(one: Connection, heard: Heard, work: Work) -> None:
    with one:
        while True:
            try:
                kind, content = one.recv()
            except (EOFError, OSError):
                return
            if kind == "progress":
                work.log.progress(*content)
            elif kind == "finished":
                heard.finished = content
            else:
                rank, error, trace = content
                heard.failures[rank] = (error, trace)


def _death(code: int) -> str:
    hint = ", perhaps out of memory" if code == -9 else ""
    return f"was killed by signal {-code}{hint}" if code < 0 else f"ended with exit code {code}"


def _last_lines(logs: Path, rank: int) -> str:
    said = [path.read_text(errors="replace") for path in logs.glob(f"**/{rank}/stderr.log")]
    lines = [line.rstrip() for text in said for line in text.splitlines() if line.strip()]
    return "".join(f"\n    {one_line(line, 200)}" for line in lines[-_LINES:])
