"""The cost of a plan as people read it, and as programs do."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from humpback.core.plan import Plan, Step
from humpback.costs.plan_cost import Kind, PlanCost

_HEADS = ("stage", "steps", "rows in", "rows out", "tokens", "hours")
_NAMED = 6
"""Kinds of steps that are named for what they wait for."""


def cost_lines(cost: PlanCost) -> list[str]:
    """A table by kind of stage, the totals, what is not known, and what was assumed."""
    if not cost.steps:
        return []
    unit = cost.accelerator.unit
    rows = [(*_HEADS[:-1], f"{unit} hours"), *(_cells(kind) for kind in cost.kinds)]
    widths = [max(len(row[i]) for row in rows) for i in range(len(_HEADS))]
    chip, machine = cost.accelerator, cost.machine
    if chip.memory:
        number = f"{machine.workers} x " if machine.device == "cuda" and machine.workers > 1 else ""
        precision = f" in {machine.precision}" if machine.device == "cuda" else ""
        on = f"{number}{chip.name}{precision}"
        lines = [f"cost on {on} at {chip.utilisation:.0%} of its peak, by the model of docs/costs.md"]
    else:
        lines = [
            f"cost on CPU, {machine.workers} at a time of {machine.threads} threads, by the model of docs/costs.md"
        ]
    lines += [
        "  "
        + "  ".join(
            cell.ljust(w) if i == 0 else cell.rjust(w) for i, (cell, w) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    ]
    lines += _totals(cost)
    if cost.unknown:
        waiting: dict[tuple[str, ...], list[str]] = {}
        for what, kinds in cost.unknown.items():
            waiting.setdefault(tuple(dict.fromkeys(kinds)), []).append(what)
        told = (f"{_named(kinds)} before {', '.join(whats)} {_be(whats)} there" for kinds, whats in waiting.items())
        lines.append("not known: " + "; ".join(told))
    if cost.retired:
        gone = ", ".join(f"{one.model} ({one.provider}, {one.since})" for one in cost.retired)
        lines.append(
            f"no longer at their provider: {gone}; asking them fails: put models of today in their place, or serve "
            "others under these names"
        )
    if cost.assumed:
        lines.append("assumed: " + "; ".join(cost.assumed))
    return lines


def _named(kinds: tuple[str, ...]) -> str:
    more = f" and {len(kinds) - _NAMED} more" if len(kinds) > _NAMED else ""
    return ", ".join(kinds[:_NAMED]) + more


def _be(things: list[str]) -> str:
    return "are" if len(things) > 1 else "is"


def _totals(cost: PlanCost) -> list[str]:
    lines = []
    if cost.accelerator.memory:
        fits = "fits on one GPU" if cost.gpus == 1 else f"{cost.gpus} GPUs for the largest stage"
        lines.append(
            f"total: {_hours(cost.hours)} GPU hours, {_time(cost.wall)} "
            f"{'one stage after another' if cost.at_once == 1 else f'with {cost.at_once} stages at a time'}; "
            f"{cost.memory / 1e9:.3g} GB on each GPU at the most, {fits}"
        )
        if cost.gpus > 1:
            sharded = sum(one.run.gpus > 1 for _, one in cost.steps)
            lines.append(f"       {sharded} stages need more than one GPU; `humpback run` gives a stage one")
        if cost.machine.device == "cuda" and cost.gpus > cost.machine.workers:
            lines.append(f"       the machine has {cost.machine.workers}: it cannot make the largest stage")
    else:
        lines.append(f"total: {_hours(cost.hours)} CPU hours, {_time(cost.wall)} on this machine")
    usage = cost.usage
    if usage.calls:
        price = usage.cost(cost.machine.endpoint)
        told = f"cost {price:,.2f}" if price else "for a price give price_in and price_out in the machine file"
        lines.append(
            f"calls: {usage.calls:,} of the endpoint, {_count(usage.prompt_tokens)} prompt tokens and at most "
            f"{_count(usage.completion_tokens)} completion tokens; {told}"
        )
    lines.append(f"disk: {_bytes(cost.disk)}, of which finetuned models {_bytes(cost.weights)}")
    return lines


def as_json(plan: Plan, cost: PlanCost) -> dict[str, Any]:
    """{"steps": every step and its estimate, "cost": totals}."""
    estimates = {artifact.fingerprint: one for artifact, one in cost.steps}
    return {
        "steps": [_step(step, estimates.get(step.artifact.fingerprint)) for step in plan.steps],
        "cost": {
            "accelerator": asdict(cost.accelerator),
            "unit": f"{cost.accelerator.unit} hours",
            "hours": cost.hours,
            "wall_hours": cost.wall,
            "gpus": cost.gpus,
            "memory_bytes": cost.memory,
            "calls": cost.usage.calls,
            "prompt_tokens": cost.usage.prompt_tokens,
            "completion_tokens": cost.usage.completion_tokens,
            "price": cost.usage.cost(cost.machine.endpoint),
            "disk_bytes": cost.disk,
            "kinds": [asdict(kind) for kind in cost.kinds],
            "unknown": cost.unknown,
            "assumed": list(cost.assumed),
            "retired": [asdict(one) for one in cost.retired],
        },
    }


def _step(step: Step, estimate: Any) -> dict[str, Any]:
    return {
        "artifact": step.artifact.name,
        "fingerprint": step.artifact.fingerprint,
        "state": step.state.word,
        "reason": step.state.reason,
        "nearest": step.nearest,
        "changed": [vars(change) for change in step.changed],
        "cost": None if estimate is None else {**asdict(estimate), "hours": estimate.run.hours},
    }


def _cells(kind: Kind) -> tuple[str, ...]:
    def told(n: float, text: str) -> str:
        return (text if n else "-") if not kind.uncertain else f"{text} + ?" if n else "?"

    tokens = _count(kind.tokens) if kind.tokens else "-"
    hours = _hours(kind.hours) if kind.hours else "-"
    rows = (told(n, _count(n)) for n in (kind.rows_in, kind.rows_out))
    return (kind.name, str(kind.steps), *rows, tokens, hours)


def _count(n: float) -> str:
    for least, size, letter in ((1e12, 1e12, "T"), (1e9, 1e9, "G"), (1e7, 1e6, "M")):
        if n >= least:
            return f"{n / size:.3g} {letter}"
    return f"{n:,.0f}"


def _hours(hours: float) -> str:
    return f"{hours:,.0f}" if hours >= 100 else f"{hours:.2g}" if hours >= 0.001 else "0"


def _time(hours: float) -> str:
    return f"{_hours(hours)} h" if hours >= 1 else f"{max(60 * hours, 1):.0f} min"


def _bytes(n: float) -> str:
    for size, letter in ((1e12, "TB"), (1e9, "GB"), (1e6, "MB")):
        if n >= size:
            return f"{n / size:.3g} {letter}"
    return f"{n / 1e3:.0f} kB"
