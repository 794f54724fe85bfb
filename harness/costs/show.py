"""The cost of a plan as people read it, and as programs do."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any

from humpback.core.plan import Plan
from humpback.costs.estimate import Estimate
from humpback.costs.hours import accelerator
from humpback.costs.placing import NODE, place_on_a_node
from humpback.costs.plan_cost import PlanCost
from humpback.costs.retired import Retired
from humpback.costs.wall_time import shared_out, wall_hours
from humpback.spec.models import Finetuned

_NAMED = 6
"""Kinds of steps that are named for what they wait for."""


def cost_lines(cost: PlanCost) -> list[str]:
    """A table by kind of stage, the totals, what is not known, and what was assumed."""
    if not cost.steps:
        return []
    lines = [f"cost on {_where(cost)}, by the model of docs/costs.md", *_table(cost), *_totals(cost)]
    waiting: dict[tuple[str, ...], list[str]] = {}
    for what, kinds in cost.unknown.items():
        waiting.setdefault(tuple(dict.fromkeys(kinds)), []).append(what)
    if waiting:
        lines.append("not known: " + "; ".join(_waiting(kinds, whats) for kinds, whats in waiting.items()))
    if cost.retired:
        lines.append(retired_line(cost.retired))
    if cost.assumed:
        lines.append("assumed: " + "; ".join(cost.assumed))
    return lines


def retired_line(retired: Sequence[Retired]) -> str:
    """Models that no longer exist, and what to do."""
    gone = ", ".join(f"{one.model} ({one.provider}, {one.since})" for one in retired)
    return (
        f"no longer at their provider: {gone}; asking them fails: put models of today in their place, or serve others "
        "under these names"
    )


def _where(cost: PlanCost) -> str:
    chip, machine = cost.accelerator, cost.machine
    if not chip.memory:
        return f"CPU, {machine.workers} at a time of {machine.threads} threads"
    number = f"{machine.workers} x " if machine.device == "cuda" and machine.workers > 1 else ""
    precision = f" in {machine.precision}" if machine.device == "cuda" else ""
    return f"{number}{chip.name}{precision} at {chip.utilisation:.0%} of its peak"


def _table(cost: PlanCost) -> list[str]:
    heads = ("stage", "steps", "rows in", "rows out", "tokens", f"{cost.accelerator.unit} hours")
    rows = [heads, *(_cells(name, ones) for name, ones in cost.by_kind.items())]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(["", row[0].ljust(widths[0]), *(cell.rjust(w) for cell, w in zip(row[1:], widths[1:], strict=True))])
        for row in rows
    ]


def _cells(name: str, ones: list[Estimate]) -> tuple[str, ...]:
    total = sum(ones, Estimate())

    def rows(n: float | None) -> str:
        if total.unknown:
            return f"{_count(n)} + ?" if n else "?"
        return _count(n) if n else "-"

    tokens = _count(total.tokens) if total.tokens else "-"
    hours = _hours(total.run.hours) if total.run.hours else "-"
    return name, str(len(ones)), rows(total.rows_in), rows(total.rows_out), tokens, hours


def _waiting(kinds: tuple[str, ...], whats: list[str]) -> str:
    more = f" and {len(kinds) - _NAMED} more" if len(kinds) > _NAMED else ""
    return f"{', '.join(kinds[:_NAMED])}{more} before {', '.join(whats)} {'are' if len(whats) > 1 else 'is'} there"


def _totals(cost: PlanCost) -> list[str]:
    lines, total = [], cost.total
    if cost.accelerator.memory:
        least = math.ceil(total.run.least / 1e9)
        fits = (
            f"fits on one GPU (of {least} GB or more)" if cost.gpus == 1 else f"{cost.gpus} GPUs for the largest stage"
        )
        lines.append(
            f"total: {_hours(cost.hours)} GPU hours, {_time(wall_hours(cost))} {_beside(cost)}; "
            f"{total.run.memory / 1e9:.3g} GB on each GPU at the most, {fits}"
        )
        if shared := shared_out(cost):
            many = f"processes = {cost.machine.workers} in the machine file"
            lines.append(f"       {_time(shared)} with {many}, by which each stage is shared out over its GPUs")
        if (times := _times_in_bf16(cost)) > 1:
            lines.append(
                f'       {times:.2g} times the arithmetic a second with precision = "bfloat16" in the machine file'
            )
        lines += [f"       {line}" for line in _placed(cost)]
    else:
        lines.append(f"total: {_hours(cost.hours)} CPU hours, {_time(wall_hours(cost))} on this machine")
    usage = total.usage
    if usage.calls:
        price = usage.cost(cost.machine.endpoint)
        told = f"cost {price:,.2f}" if price else "for a price give price_in and price_out in the machine file"
        lines.append(
            f"calls: {usage.calls:,} of the endpoint, {_count(usage.prompt_tokens)} prompt tokens and at most "
            f"{_count(usage.completion_tokens)} completion tokens; {told}"
        )
    weights = sum(one.disk for one in cost.by_kind.get("finetuned", ()))
    return [*lines, f"disk: {in_bytes(total.disk)}, of which finetuned models {in_bytes(weights)}"]


def _beside(cost: PlanCost) -> str:
    several = cost.machine.device == "cuda" and cost.machine.workers > 1
    return f"on {cost.machine.workers} of them" if several else "one stage after another"


def _times_in_bf16(cost: PlanCost) -> float:
    machine = replace(cost.machine, precision="bfloat16")
    return accelerator(cost.accelerator.name, machine).flops / cost.accelerator.flops


def _placed(cost: PlanCost) -> list[str]:
    """How finetunings are laid out, and what no machine like this can take."""
    has, owner = (cost.machine.workers, "the machine has") if cost.machine.device == "cuda" else (NODE, "a node has")
    fitting = [artifact for artifact, one in cost.steps if one.run.gpus <= has and isinstance(artifact, Finetuned)]
    found = place_on_a_node(cost)
    layouts = Counter(str(found[one.fingerprint]) for one in fitting)
    lines = [f"{many} finetuned by {layout}" for layout, many in layouts.most_common()]
    if too_large := sum(one.run.gpus > has for _, one in cost.steps):
        lines.append(
            f"{too_large} stages want more GPUs, up to {cost.gpus}, and {owner} {has}: they cannot be run there"
        )
    return lines


def as_json(plan: Plan, cost: PlanCost) -> dict[str, Any]:
    """{"steps": every step and its estimate, "cost": totals, and the sums of each kind of stage}."""
    estimates = {artifact.fingerprint: asdict(one) for artifact, one in cost.steps}
    placed = place_on_a_node(cost) if cost.accelerator.memory else {}
    steps = [
        {
            "artifact": step.artifact.name,
            "fingerprint": step.artifact.fingerprint,
            "state": step.state.status,
            "reason": step.state.reason,
            "nearest": step.nearest,
            "changed": [vars(change) for change in step.changed],
            "cost": estimates.get(step.artifact.fingerprint),
            "placement": asdict(placed[key]) if (key := step.artifact.fingerprint) in placed else None,
        }
        for step in plan.steps
    ]
    totals = {
        "unit": f"{cost.accelerator.unit} hours",
        "hours": cost.hours,
        "wall_hours": wall_hours(cost),
        "gpus": cost.gpus,
        "memory_bytes": cost.total.run.memory,
        **asdict(cost.total.usage),
        "price": cost.total.usage.cost(cost.machine.endpoint),
        "disk_bytes": cost.total.disk,
        "kinds": {name: asdict(sum(ones, Estimate())) for name, ones in cost.by_kind.items()},
        "unknown": cost.unknown,
        "assumed": cost.assumed,
        "retired": [asdict(one) for one in cost.retired],
    }
    return {"steps": steps, "cost": {"accelerator": asdict(cost.accelerator), **totals}}


def _count(n: float) -> str:
    return _scaled(n, ((1e12, 1e12, "T"), (1e9, 1e9, "G"), (1e7, 1e6, "M"))) or f"{n:,.0f}"


def in_bytes(n: float) -> str:
    """A number of bytes for people."""
    return _scaled(n, ((1e12, 1e12, "TB"), (1e9, 1e9, "GB"), (1e6, 1e6, "MB"))) or f"{n / 1e3:.0f} kB"


def _scaled(n: float, units: tuple[tuple[float, float, str], ...]) -> str:
    return next((f"{n / size:.3g} {letter}" for least, size, letter in units if n >= least), "")


def _hours(hours: float) -> str:
    return f"{hours:,.0f}" if hours >= 100 else f"{hours:.2g}" if hours >= 0.001 else "0"


def _time(hours: float) -> str:
    return f"{_hours(hours)} h" if hours >= 1 else f"{max(60 * hours, 1):.0f} min"
