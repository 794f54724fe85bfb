"""`humpback run --dry`: what a run would start, and where on the machine."""

from __future__ import annotations

import shlex
from typing import Any

from humpback.core.expression import Artifact
from humpback.core.machine import Machine
from humpback.core.placement import ALONE, Placement
from humpback.core.plan import Plan
from humpback.core.store import Store
from humpback.runs.launch import launch_words
from humpback.runs.needs import computes
from humpback.runs.placements import placements


def stages(plan: Plan, store: Store, machine: Machine) -> list[dict[str, Any]]:
    """Of each stage that a run would make, in an order in which it could: its artifact, the units that it takes, their
    kind, how it is laid out on them and the command that launches its processes, where they are several."""
    placed = placements(plan, store, machine)
    found = []
    for artifact in (step.artifact for step in plan.to_do):
        placement = placed.get(artifact.fingerprint, ALONE)
        launched = placement.processes > 1 and machine.executor == "local"  # Ray Train takes no command
        words = ["torchrun", *launch_words(placement, "JOB")] if launched else []
        found.append(
            {
                "artifact": artifact.name,
                "units": placement.units,
                "of": machine.workers,
                "kind": _kind(artifact, machine),
                "layout": _layout(placement, machine),
                "command": shlex.join(words),
            }
        )
    return found


def stage_lines(found: list[dict[str, Any]]) -> list[str]:
    """The stages for people."""
    if not found:
        return ["nothing to run"]
    places = [f"{one['units']} of {one['of']} {one['kind']}s" for one in found]
    widths = max(len(one["artifact"]) for one in found), max(map(len, places))
    lines = []
    for one, place in zip(found, places, strict=True):
        how = one["layout"] or "a process of the run"
        lines.append(f"{one['artifact'].ljust(widths[0])}  {place.ljust(widths[1])}  {how}")
        if one["command"]:
            lines.append(f"    {one['command']}")
    if any(one["command"] for one in found):
        lines.append("JOB is a file that the stage writes when it starts")
    return lines


def _layout(placement: Placement, machine: Machine) -> str:
    by_ray = ", started by Ray Train" if placement.processes > 1 and machine.executor == "ray" else ""
    return "" if placement == ALONE else f"{placement}{by_ray}"


def _kind(artifact: Artifact, machine: Machine) -> str:
    return "GPU" if machine.device == "cuda" and computes(artifact) else "worker"
