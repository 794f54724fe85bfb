"""The executor: stages in order of need, each where its workers have room for it, until all that can be made is made.

Several executors may share a store: a node that another process is making is waited for at its lock and then found
done. Who the workers are is the machine's: processes here (`humpback.runs.local`), or tasks of a Ray cluster
(`humpback.runs.ray_workers`).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterator
from contextlib import AbstractContextManager, closing
from dataclasses import dataclass, field
from typing import Protocol

from humpback.core.errors import HumpbackError
from humpback.core.expression import Artifact
from humpback.core.machine import Machine
from humpback.core.plan import Plan
from humpback.core.store import Store, StoreError
from humpback.runs.build import Outcome, source_state
from humpback.runs.local import LocalWorkers
from humpback.runs.needs import needs, refuse
from humpback.runs.placements import placements
from humpback.runs.stage_process import Message


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
    lost: Callable[[Artifact, str], None] = lambda artifact, how: None
    """Its worker, or the node it ran on, died; the stage is started again elsewhere."""
    begun: Callable[[], None] = lambda: None
    """Nothing that the run cannot do without is lacking, and the store is there."""


@dataclass
class Result:
    """What a run came to, by fingerprint."""

    outcomes: dict[str, Outcome] = field(default_factory=dict)
    failures: dict[str, Exception] = field(default_factory=dict)


class Workers(Protocol):
    """What stages run on."""

    def has_room(self, artifact: Artifact) -> bool:
        """Whether it can be started beside those that run."""

    def start(self, artifact: Artifact) -> None:
        """Start its stage; there is room for it. That it has begun is said by itself."""

    def hear(self) -> Iterator[tuple[Artifact, Message]]:
        """What those that run have said since; waits for a moment at least."""


def execute(plan: Plan, store: Store, machine: Machine, progress: Progress) -> Result:
    """Make everything that the plan has to do. A failure or an empty set stops what depends on it, nothing else.

    Raises:
        StoreError: when the plan has damaged artifacts, the store cannot be written, the cluster does not answer, or
            something else is lacking that the plan cannot do without; nothing more is started.
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
    running: set[str] = set()
    with _workers(plan, store, machine) as workers:
        store.prepare()
        progress.begun()
        while waiting or running:
            for artifact in _ready(waiting, running):
                blocked = _blocked(artifact, result)
                if blocked:
                    del waiting[artifact.fingerprint]
                    result.outcomes[artifact.fingerprint] = blocked
                    progress.ended(artifact, blocked)
                    continue
                if not workers.has_room(artifact):
                    break
                del waiting[artifact.fingerprint]
                workers.start(artifact)
                running.add(artifact.fingerprint)
            for artifact, message in workers.hear() if running else ():
                if _heard(artifact, message, result, progress):
                    running.remove(artifact.fingerprint)
    return result


def _workers(plan: Plan, store: Store, machine: Machine) -> AbstractContextManager[Workers]:
    """Ended with all that runs on them when they are left."""
    if machine.executor == "ray":
        # What Ray Train says where a cluster has no dashboard, which it asks; Ray reads this when it is loaded.
        os.environ.setdefault("RAY_DEDUP_LOGS_SKIP_REGEX", "Failed to query Ray Train Controller|'PreemptionWatcher'")
        from humpback.runs.ray_workers import ray_workers  # which loads Ray

        return ray_workers(plan, store, machine)
    return closing(LocalWorkers(store.root, machine, source_state(), placements(plan, store, machine)))


def _ready(waiting: dict[str, Artifact], running: Collection[str]) -> list[Artifact]:
    """Artifacts none of whose inputs is still to come, in the plan's order."""
    coming = {*waiting, *running}
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


def _heard(artifact: Artifact, message: Message, result: Result, progress: Progress) -> bool:
    """Handle one message; True when its stage is over."""
    key = artifact.fingerprint
    match message:
        case "started", _:
            progress.started(artifact)
            return False
        case "lost", how:
            progress.lost(artifact, how)
            return False
        case "progress", content:
            progress.advanced(artifact, *content)
            return False
        case "outcome", outcome:
            result.outcomes[key] = outcome
            progress.ended(artifact, outcome)
            return True
        case "store", why:
            raise StoreError(why)
        case "died", how:
            told, trace = f"the worker died ({how}); run again to go on", ""
        case _, (told, trace):
            pass
    result.failures[key] = StageFailed(f"{artifact.name}: {told}", trace)
    progress.failed(artifact, result.failures[key])
    return True
