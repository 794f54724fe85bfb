"""One stage in a process of its own, with what it says on the way. Every executor runs stages so.

The processes are forked from a server that has torch and this package's modules loaded, so a stage starts in
milliseconds; where there are GPUs, each loads them by itself, in seconds, because CUDA works in no process that is
forked from one which looked for GPUs.
They end when the process that started them ends, however it ends, with all that they have started.
"""

from __future__ import annotations

import multiprocessing
import os
import platform
import sys
import time
import traceback
from collections.abc import Callable
from multiprocessing import forkserver
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from humpback.core.expression import Artifact
from humpback.core.interrupt import die_with_parent, end_children, shielded
from humpback.core.machine import Machine
from humpback.core.placement import ALONE, Placement
from humpback.core.store import Store, StoreError
from humpback.runs.build import build_artifact
from humpback.runs.launch import TORCHRUN, Launcher, ProcessDied
from humpback.runs.quiet import forget_launchers, quiet

Message = tuple[str, Any]
"""What is told of a stage: ("started", host); ("progress", (done, total, unit)) as often as there is something; and as
the last thing one of ("outcome", Outcome), ("store", why), ("failure", (message, trace)) and ("died", how)."""


def last(message: Message) -> bool:
    """Whether nothing more will come of that stage."""
    return message[0] not in ("started", "progress")


class StageProcess:
    """Makes one artifact whose inputs are finished."""

    def __init__(
        self,
        artifact: Artifact,
        root: Path,
        machine: Machine,
        source: dict[str, Any],
        gpus: str,
        placement: Placement = ALONE,
    ) -> None:
        """`gpus`: those that it may see, as CUDA_VISIBLE_DEVICES names them; only where the machine has GPUs."""
        # Read when the OpenMP runtime loads. Waiting threads spin; for long, they starve each other on a busy small
        # machine (ten times slower beside another process), not at all, they lose a third of an idle one's speed.
        os.environ.setdefault("GOMP_SPINCOUNT", "2000")
        context = multiprocessing.get_context("forkserver")
        loaded = [] if machine.device == "cuda" else ["humpback.runs.preload", *_loaded_here()]
        context.set_forkserver_preload(["humpback.runs.leash", *loaded])
        with shielded():  # the workers inherit it
            forkserver.ensure_running()
        self.pipe, theirs = context.Pipe(duplex=False)
        words = (artifact, root, machine, source, gpus, placement, theirs)
        self._process: Any = context.Process(target=_work, args=words, daemon=True)  # type: ignore[attr-defined]
        self._process.start()
        theirs.close()

    def hear(self) -> Message:
        """The next of its messages, waited for. After the last one the process is gone."""
        try:
            message: Message = self.pipe.recv()
        except EOFError:
            self._process.join()
            return "died", _death(self._process.exitcode)
        if last(message):
            self._process.join()
        return message

    def end(self) -> None:
        """End it with all that it has started."""
        end_children(self._process.pid, itself=True)
        self._process.join()


def _loaded_here() -> list[str]:
    """This package's modules that this process has loaded, as the stages' would, each anew."""
    return [name for name in sys.modules if name.startswith("humpback.")]


def _death(code: int | None) -> str:
    if code is not None and code < 0:
        hint = ", perhaps out of memory" if code == -9 else ""
        return f"signal {-code}{hint}"
    return f"exit code {code}"


def _work(
    artifact: Artifact,
    root: Path,
    machine: Machine,
    source: dict[str, Any],
    gpus: str,
    placement: Placement,
    pipe: Connection,
) -> None:
    """The body of the process: one artifact, then the end."""
    die_with_parent()
    if machine.device == "cuda":
        os.environ["CUDA_VISIBLE_DEVICES"] = gpus
    forget_launchers()
    quiet(machine.threads)
    make_and_tell(artifact, Store(root), machine, source, placement, TORCHRUN, pipe.send)


def make_and_tell(
    artifact: Artifact,
    store: Store,
    machine: Machine,
    source: dict[str, Any],
    placement: Placement,
    launcher: Launcher,
    tell: Callable[[Message], None],
) -> None:
    """Make one artifact whose inputs are finished, and tell how that goes and ends."""
    tell(("started", platform.node()))
    told = 0.0

    def report(done: int, total: int, unit: str) -> None:
        nonlocal told
        if time.monotonic() - told > 0.1:
            told = time.monotonic()
            tell(("progress", (done, total, unit)))

    try:
        tell(("outcome", build_artifact(artifact, store, machine, source, report, placement, launcher)))
    except StoreError as error:
        tell(("store", str(error)))
    except ProcessDied as error:
        tell(("died", str(error)))
    except Exception as error:  # the boundary of the stage: whoever started it shows it, with the trace
        tell(("failure", (f"{type(error).__name__}: {error}", traceback.format_exc())))
