"""The local executor: stages in order of need, each in a process of its own.

The processes are forked from a server that has torch loaded, so a stage starts in milliseconds. They end when the
parent ends, however it ends. Several executors may share a store: a node that another process is making is waited for
at its lock and then found done.
"""

from __future__ import annotations

import multiprocessing
import multiprocessing.connection as connection
import os
import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from multiprocessing import forkserver
from multiprocessing.connection import Connection
from typing import Any

from humpback.core.errors import HumpbackError
from humpback.core.expression import Artifact
from humpback.core.interrupt import end_children, shielded
from humpback.core.machine import Machine
from humpback.core.plan import Plan
from humpback.core.store import Store, StoreError
from humpback.runs.build import Outcome, build_artifact, source_state
from humpback.runs.needs import needs, refuse
from humpback.spec.models import Pretrained


class StageFailed(HumpbackError):
    """A stage raised. The message names the artifact; `trace` is the worker's traceback."""

    def __init__(self, message: str, trace: str) -> None:
        super().__init__(message)
        self.trace = trace


@dataclass
class Progress:
    """What the executor tells whoever watches. Each is a no-op unless set."""

    started: Callable[[Artifact], None] = lambda artifact: None
    advanced: Callable[[Artifact, int, int, str], None] = lambda artifact, done, total, unit: None
    ended: Callable[[Artifact, Outcome], None] = lambda artifact, outcome: None
    failed: Callable[[Artifact, Exception], None] = lambda artifact, error: None
    lacking: Callable[[str], None] = lambda finding: None
    """What may be missing here, before the first stage."""


@dataclass
class Result:
    """What a run came to, by fingerprint."""

    outcomes: dict[str, Outcome] = field(default_factory=dict)
    failures: dict[str, Exception] = field(default_factory=dict)


@dataclass
class _Running:
    artifact: Artifact
    process: Any
    gpu: int


def execute(plan: Plan, store: Store, machine: Machine, progress: Progress) -> Result:
    """Make everything that the plan has to do. A failure or an empty set stops what depends on it, nothing else.

    Raises:
        StoreError: when the plan has damaged artifacts, the store cannot be written, or something else is lacking that
            the plan cannot do without; nothing more is started.
    """
    if plan.damaged:
        raise StoreError(*(step.state.reason for step in plan.damaged))
    result = Result()
    waiting = {step.artifact.fingerprint: step.artifact for step in plan.to_do}
    if not waiting:
        return result
    findings = needs(plan, store, machine)
    refuse(findings)
    for finding in findings:
        progress.lacking(str(finding))
    store.prepare()
    source = source_state()
    # Read when the OpenMP runtime loads. Waiting threads spin; for long, they starve each other on a busy small machine
    # (ten times slower beside another process), not at all, they lose a third of the speed of an idle one.
    os.environ.setdefault("GOMP_SPINCOUNT", "2000")
    os.environ["TQDM_DISABLE"] = "1"
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["humpback.runs.leash", "humpback.runs.preload"])
    with shielded():  # the workers inherit it
        forkserver.ensure_running()
    running: dict[Connection, _Running] = {}
    free_gpus = list(range(machine.workers))
    try:
        while waiting or running:
            for artifact in _ready(waiting, running):
                blocked = _blocked(artifact, result)
                if blocked:
                    del waiting[artifact.fingerprint]
                    result.outcomes[artifact.fingerprint] = blocked
                    progress.ended(artifact, blocked)
                    continue
                busy = sum(_slots(one.artifact, machine) for one in running.values())
                if busy and busy + _slots(artifact, machine) > machine.workers:
                    break
                del waiting[artifact.fingerprint]
                gpu = free_gpus.pop(0)
                ours, theirs = context.Pipe(duplex=False)
                process = context.Process(  # type: ignore[attr-defined]
                    target=_worker, args=(artifact, store.root, machine, source, gpu, theirs), daemon=True
                )
                process.start()
                theirs.close()
                running[ours] = _Running(artifact, process, gpu)
                progress.started(artifact)
            for pipe in connection.wait(list(running)) if running else ():
                assert isinstance(pipe, Connection)
                if _heard(pipe, running[pipe], result, progress):
                    free_gpus.append(running[pipe].gpu)
                    running.pop(pipe).process.join()
    finally:
        for one in running.values():
            end_children(one.process.pid, itself=True)
            one.process.join()
    return result


def _slots(artifact: Artifact, machine: Machine) -> int:
    """Workers whose cores a stage takes. Pretraining on a CPU uses all of them, and so goes alone: the 3x128 base took
    332 s beside another's pretraining, and 130 to 210 s without."""
    return machine.workers if isinstance(artifact, Pretrained) and machine.device == "cpu" else 1


def _ready(waiting: dict[str, Artifact], running: dict[Connection, _Running]) -> list[Artifact]:
    """Artifacts none of whose inputs is still to come, in the plan's order."""
    coming = {*waiting, *(one.artifact.fingerprint for one in running.values())}
    return [
        artifact
        for artifact in waiting.values()
        if not any(needed.fingerprint in coming for one in artifact.inputs for needed in (one, *one.companions))
    ]


def _blocked(artifact: Artifact, result: Result) -> Outcome | None:
    """A failed or stopped input stops its dependents, with the first cause as reason."""
    for one in artifact.inputs:
        for needed in (one, *one.companions):
            if needed.fingerprint in result.failures:
                return Outcome("stopped", reason=f"{needed.name} failed")
            outcome = result.outcomes.get(needed.fingerprint)
            if outcome and outcome.status == "stopped":
                return outcome
    return None


def _heard(pipe: Connection, one: _Running, result: Result, progress: Progress) -> bool:
    """Handle one message; True when the worker is finished with."""
    key = one.artifact.fingerprint
    try:
        kind, content = pipe.recv()
    except EOFError:
        one.process.join()
        message = f"{one.artifact.name}: the worker died ({_death(one.process.exitcode)}); run again to go on"
        result.failures[key] = StageFailed(message, "")
        progress.failed(one.artifact, result.failures[key])
        return True
    if kind == "progress":
        progress.advanced(one.artifact, *content)
        return False
    if kind == "outcome":
        result.outcomes[key] = content
        progress.ended(one.artifact, content)
    elif kind == "store":
        raise StoreError(content)
    else:
        message, trace = content
        result.failures[key] = StageFailed(f"{one.artifact.name}: {message}", trace)
        progress.failed(one.artifact, result.failures[key])
    return True


def _death(code: int | None) -> str:
    if code is not None and code < 0:
        hint = ", perhaps out of memory" if code == -9 else ""
        return f"signal {-code}{hint}"
    return f"exit code {code}"


def _worker(
    artifact: Artifact, root: Any, machine: Machine, source: dict[str, Any], gpu: int, pipe: Connection
) -> None:
    """The body of a worker process: one artifact, then the end."""
    threading.Thread(target=_die_with_parent, daemon=True).start()
    if machine.device == "cuda":
        # Of those that this process may use, where somebody has chosen.
        allowed = os.environ.get("CUDA_VISIBLE_DEVICES", "").split(",")
        os.environ["CUDA_VISIBLE_DEVICES"] = allowed[gpu] if gpu < len(allowed) and allowed[gpu] else str(gpu)
    os.environ["TOKENIZERS_PARALLELISM"] = "false"

    last = 0.0

    def report(done: int, total: int, unit: str) -> None:
        nonlocal last
        if time.monotonic() - last > 0.1:
            last = time.monotonic()
            pipe.send(("progress", (done, total, unit)))

    try:
        from humpback.runs.preload import quiet

        quiet(machine.threads)
        pipe.send(("outcome", build_artifact(artifact, Store(root), machine, source, report)))
    except StoreError as error:
        pipe.send(("store", str(error)))
    except Exception as error:  # the boundary of the process: the parent shows it, with the trace
        pipe.send(("failure", (f"{type(error).__name__}: {error}", traceback.format_exc())))


def _die_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        connection.wait([parent.sentinel])
        end_children()
        os._exit(1)
