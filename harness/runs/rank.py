"""One of the processes of a stage: started by torchrun (`torchrun ... -m humpback.runs.rank JOB`), it does the stage's
work beside the others, tells the stage how it goes, and ends as soon as the stage is gone."""

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

from humpback.core.work import Log, Work, new_log
from humpback.runs.launch import Job
from humpback.runs.preload import quiet
from humpback.stages import processes, stage_for

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
    stage: Connection = Client(job.address)  # type: ignore[assignment]
    threading.Thread(target=_end_with, args=(stage,), daemon=True).start()
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    quiet(job.machine.threads)
    rank = int(os.environ["RANK"])
    try:
        with tempfile.TemporaryDirectory() as elsewhere, processes.joined(job.machine.device):
            log = new_log(job.out, _told(stage)) if rank == 0 else _Silent(Path(elsewhere), lambda *_: None)
            work = Work(job.store.open, job.out, job.machine, log, made_from=job.made_from, placement=job.placement)
            counts = stage_for(job.artifact)(job.artifact, work)
        if rank == 0:
            told = {"counts": counts, "notes": log.notes, "packages": work.packages, "started": log.started}
            stage.send(("finished", told))
    except Exception as error:  # the boundary of the process: the stage raises it
        stage.send(("failure", (rank, _sendable(error), traceback.format_exc())))
        return 1
    return 0


def _told(stage: Connection) -> Callable[[int, int, str], None]:
    last = 0.0

    def report(done: int, total: int, unit: str) -> None:
        nonlocal last
        if time.monotonic() - last > _EVERY:
            last = time.monotonic()
            stage.send(("progress", (done, total, unit)))

    return report


def _end_with(stage: Connection) -> None:
    with contextlib.suppress(EOFError, OSError):
        stage.recv()
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
