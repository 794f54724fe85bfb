"""What is left to do: the same walk that `run` follows, with the reason for every step.

A finished artifact needs nothing below it to be made; but what lies below is read for tables and cards, so damage there
is found too. An unfinished one needs its inputs whole, and what those need to be used.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from humpback.core.differences import Difference, differences
from humpback.core.expression import Artifact, expression
from humpback.core.payload import State
from humpback.core.store import Record, Store


@dataclass(frozen=True)
class Step:
    """One artifact of a plan."""

    artifact: Artifact
    state: State
    nearest: str = ""
    """Name of the finished sibling that differs in the fewest fields, where there is one."""
    changed: tuple[Difference, ...] = ()
    """Those fields."""


@dataclass(frozen=True)
class Plan:
    """Steps in an order in which every input comes before what needs it."""

    steps: tuple[Step, ...]

    def __str__(self) -> str:
        names = [f"  {step.artifact.name}" for step in self.to_do]
        return "\n".join([f"{len(names)} to make, {len(self.steps) - len(names)} done", *names])

    @property
    def to_do(self) -> tuple[Step, ...]:
        """What a run would make."""
        return tuple(step for step in self.steps if not step.state.readable)

    @property
    def damaged(self) -> tuple[Step, ...]:
        """What has to be mended by hand before a run."""
        return tuple(step for step in self.steps if step.state.status == "damaged")


def plan(store: Store, targets: list[Artifact]) -> Plan:
    """The plan for making `targets`."""
    steps: dict[str, Step] = {}
    looked_at: set[str] = set()

    def look(artifact: Artifact) -> None:
        """Find damage in a finished artifact's inputs, which nothing has to make but something may read."""
        waiting = [artifact]
        while waiting:
            for one in waiting.pop().inputs:
                if one.fingerprint not in looked_at:
                    looked_at.add(one.fingerprint)
                    waiting.append(one)
                    state = store.state(one, weights=False)
                    if state.status == "damaged":
                        steps.setdefault(one.fingerprint, Step(one, state))

    def visit(artifact: Artifact, *, whole: bool) -> None:
        """`whole` where something is to be made from it, so that weights have to be there too."""
        known = steps.get(artifact.fingerprint)
        if known is not None and (not whole or known.state.status != "weightless"):
            return
        steps.pop(artifact.fingerprint, None)
        state = store.state(artifact)
        if state.status == "weightless" and whole:
            state = State("missing", f"{state.reason}, and something is to be made with them")
        if state.readable:
            look(artifact)
        else:
            for needed in artifact.inputs:
                visit(needed, whole=True)
                for companion in needed.companions:
                    visit(companion, whole=True)
        steps[artifact.fingerprint] = Step(artifact, state)

    for target in targets:
        visit(target, whole=False)
    return Plan(tuple(steps.values()))


def explain(plan: Plan, store: Store) -> Plan:
    """The plan in which a missing step names its nearest finished sibling."""
    siblings: dict[str, list[Record]] = {}

    def explained(step: Step) -> Step:
        if step.state.status != "missing":
            return step
        kind = type(step.artifact).__name__.lower()
        if kind not in siblings:
            siblings[kind] = list(store.records(kind))
        nearest, changed = _nearest(siblings[kind], step.artifact)
        return replace(step, nearest=nearest, changed=changed)

    return Plan(tuple(map(explained, plan.steps)))


def _nearest(finished: list[Record], artifact: Artifact) -> tuple[str, tuple[Difference, ...]]:
    mine = expression(artifact)
    best: tuple[str, tuple[Difference, ...]] = ("", ())
    for record in finished:
        theirs = record.expression
        # What differs in as many fields as the nearest so far is no nearer, and is not looked at to its end.
        most = len(best[1]) if best[0] else None
        changed = tuple(differences(artifact.fingerprint, record.fingerprint, tables=(mine, theirs), most=most))
        if changed and (not best[0] or len(changed) < len(best[1])):
            best = (record.name, changed)
    return best
