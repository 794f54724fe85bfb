"""One of the processes of a stage: started by torchrun (`torchrun ... -m humpback.runs.rank JOB`) or by Ray Train, it
does the stage's work beside the others, tells the stage how it goes, and ends as soon as the stage is gone."""

from __future__ import annotations

import contextlib
import os
import pickle
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Callable
from multiprocessing.connection import Client, Connection
from pathlib import Path

from humpback.core.store import CHECKPOINTS
from humpback.core.work import Log, Work, new_log
from humpback.engines import processes
from humpback.runs.launch import Job
from humpback.runs.quiet import quiet
from humpback.stages import stage_for

_EVERY = 0.1
"""Seconds between two tellings of progress at least."""


class _Silent(Log):
    """The log of a process that is not the first one."""

    def progress(self, done: int, total: int, unit: str) -> None:
        pass

    def metrics(self, step: int, **values: float | int | str | None) -> None:
        pass


def main(path: str) -> int:
    """Do the work of the job that lies there; 0 where it is done."""
    job: Job = pickle.loads(Path(path).read_bytes())
    if (copies := job.placement.copies) > 1:
        _see_only(int(os.environ["LOCAL_RANK"]), job.placement.units // copies)
    return int(not do_work(job, int(os.environ["RANK"])))


def do_work(job: Job, rank: int) -> bool:
    """Do this process's part of a job, and tell the stage how it goes and ended; whether it came to its end. The
    process ends when the stage does."""
    stage: Connection = Client(job.address, authkey=job.key)  # type: ignore[assignment]
    over = threading.Event()
    threading.Thread(target=_end_with, args=(stage, over), daemon=True).start()
    quiet(job.machine.threads)
    out, device = job.out, device_of(job)
    if rank and job.placement.copies > 1:  # it makes what the first one does, and keeps its own share of the answers
        out = job.out / CHECKPOINTS / f"process-{rank}"
        out.mkdir(parents=True, exist_ok=True)
    try:
        with tempfile.TemporaryDirectory() as elsewhere, processes.joined(device):
            log = new_log(out, _told(stage)) if rank == 0 else _Silent(Path(elsewhere), lambda *_: None)
            work = Work(job.store.open, out, job.machine, log, made_from=job.made_from, placement=job.placement)
            counts = stage_for(job.artifact)(job.artifact, work)
        over.set()
        if rank == 0:
            told = {"counts": counts, "notes": log.notes, "packages": work.packages, "started": log.started}
            stage.send(("finished", told))
    except Exception as error:  # the boundary of the process: the stage raises it
        over.set()
        stage.send(("failure", (rank, _sendable(error), traceback.format_exc())))
        return False
    return True


def device_of(job: Job) -> str:
    """What its processes meet on: where each has a copy of the model, what they tell each other is text."""
    return "cpu" if job.placement.copies > 1 else job.machine.device


def _see_only(rank: int, units: int) -> None:
    """Its own GPUs, so many of the stage's, before torch looks for any."""
    seen = [one for one in os.environ.get("CUDA_VISIBLE_DEVICES", "").split(",") if one.strip()]
    if seen:
        os.environ["CUDA_VISIBLE_DEVICES"] = ",".join(seen[rank * units :][:units])


def _told(stage: Connection) -> Callable[[int, int, str], None]:
    last = 0.0

    def report(done: int, total: int, unit: str) -> None:
        nonlocal last
        if time.monotonic() - last > _EVERY:
            last = time.monotonic()
            stage.send(("progress", (done, total, unit)))

    return report


def _end_with(stage: Connection, over: threading.Event) -> None:
    with contextlib.suppress(EOFError, OSError):
        stage.recv()
    if not over.is_set():
        os._exit(1)


def _sendable(error: Exception) -> Exception:
    """The error, or where it cannot be sent, its words."""
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:
        return RuntimeError(f"{type(error).__name__}: {error}")
    return error


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
