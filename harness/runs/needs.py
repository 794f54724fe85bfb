"""What a run of a plan would lack on this machine, with the remedy: said by `plan` and `doctor`, and before the first
stage of a run.

What no run can do without is told from what an estimate says, or what may still come: a run is refused for the one and
goes on with the other.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryFile
from typing import Literal

from humpback.core.expression import Artifact, values_in
from humpback.core.locks import hold_lockable
from humpback.core.machine import Endpoint, Machine
from humpback.core.plan import Plan
from humpback.core.store import Store, StoreError
from humpback.costs.hours import USABLE, accelerator
from humpback.costs.plan_cost import PAPERS, PlanCost, cost
from humpback.costs.show import in_bytes
from humpback.engines.serving.launch import check_server
from humpback.runs.devices import Devices, find_devices, memory_here
from humpback.spec.benchmarks import Benchmarked
from humpback.spec.files import ClueWeb22, Source
from humpback.spec.models import Finetuned, GgufModel, Pretrained, ServedModel
from humpback.spec.outcomes import AlpacaEvalJudge
from humpback.spec.recipe import QLora
from humpback.spec.sources import SOURCES
from humpback.spec.template import Model

_EXTRAS = {Benchmarked: ("lm_eval", "benchmarks"), GgufModel: ("gguf", "gguf"), QLora: ("bitsandbytes", "qlora")}
"""Package that a class's stage needs, and the extra that brings it."""


@dataclass(frozen=True)
class Finding:
    """Something that was looked at, and how it is here."""

    about: str
    status: Literal["ok", "note", "lacks"]
    text: str
    remedy: str = ""
    stops: bool = False
    """Whether no run can do without it."""

    def __str__(self) -> str:
        return f"{self.text}; {self.remedy}" if self.remedy else self.text


def needs(plan: Plan, store: Store, machine: Machine) -> list[Finding]:
    """What is lacking here for what the plan has to do; nothing where there is nothing to do. Where stages run on a
    cluster, what its nodes lack is theirs to say (`humpback.runs.ray_cluster`), and not in this.

    Raises:
        FieldError: for an accelerator of the machine that nobody knows.
        StoreError: when a file that a prompt is read from is not here.
    """
    to_do = [step.artifact for step in plan.to_do]
    if not to_do:
        return []
    here = machine.executor == "local"
    on_gpus = here and machine.device == "cuda" and any(map(computes, to_do))
    devices = find_devices() if on_gpus else Devices()
    name = (machine.accelerator or PAPERS) if on_gpus else "CPU"
    # Where torch sees none, those that the machine is said to have.
    room = min((gpu.memory for gpu in devices.gpus), default=accelerator(name, machine).memory)
    costs = cost(plan, store, machine, name, memory=room)
    found = [*_extras(to_do), *_files(to_do, Path(machine.data)), *_endpoint(to_do, machine.endpoint)]
    if on_gpus:
        found += missing_gpus(machine, devices)
    if here and (room or machine.device == "cpu"):
        found += _memory(costs, room)
    found += (one for one in serving(machine) if one.stops) if here else _ray()
    return sorted([*found, *_disk(store, costs)], key=lambda one: not one.stops)


def refuse(findings: Iterable[Finding]) -> None:
    """Nothing, unless something is lacking that no run can do without.

    Raises:
        StoreError: with a line for each.
    """
    if stops := [str(one) for one in findings if one.stops]:
        raise StoreError(*stops)


def computes(artifact: Artifact) -> bool:
    """Whether a model works in its stage, here."""
    return isinstance(artifact, (Pretrained, Finetuned)) or any(
        isinstance(one, Model) and not isinstance(one, ServedModel) for one in artifact.inputs
    )


def missing_gpus(machine: Machine, devices: Devices) -> Iterator[Finding]:
    """Where the machine asks for GPUs that torch does not see."""
    chosen = os.environ.get("CUDA_VISIBLE_DEVICES")
    visible = "" if chosen is None else f"; CUDA_VISIBLE_DEVICES is {chosen!r}"
    if not devices.gpus:
        torch = f"torch {devices.torch}".strip()
        yield Finding(
            "GPUs",
            "lacks",
            f'the machine\'s device is "cuda", and {torch} sees no GPU ({devices.problem}{visible})',
            "install the torch that fits the driver (nvidia-smi shows that), or name a machine file with "
            'device = "cpu" by --machine',
            stops=devices.known,
        )
    elif machine.workers > (seen := len(devices.gpus)):
        yield Finding(
            "GPUs",
            "lacks",
            f"the machine has {machine.workers} workers, each on a GPU of its own, and torch sees {seen}{visible}",
            f"set workers = {seen} in the machine file",
            stops=True,
        )


def _memory(costs: PlanCost, gpu: float | None) -> Iterator[Finding]:
    """The largest of the stages that do not fit, surely or by the model of costs."""
    workers = costs.machine.workers

    def room(artifact: Artifact) -> float:
        # All models but those that are pretrained here are laid out over several GPUs.
        return gpu * (1 if isinstance(artifact, Pretrained) else workers) if gpu else memory_here()

    surely = [(one.run.state, artifact) for artifact, one in costs.steps if one.run.state > room(artifact)]
    likely = [
        (one.run.memory * one.run.gpus, artifact) for artifact, one in costs.steps if gpu and one.run.gpus > workers
    ]
    if not (stages := surely or likely):
        return
    most, largest = max(stages, key=lambda pair: pair[0])
    name = largest.name.rsplit("-", 1)[0] + (f" of {largest.base.slug}" if isinstance(largest, Finetuned) else "")
    held = "weights, gradients and optimizer state" if isinstance(largest, (Pretrained, Finetuned)) else "its weights"
    what = f"for {held}" if surely else f"by the model of docs/costs.md, which plans with {USABLE:.0%} of a GPU"
    more = f" ({len(stages) - 1} more stages do not fit)" if stages[1:] else ""
    n = round(room(largest) / gpu) if gpu else 0
    owner = "this machine has" if not gpu else "the GPU has" if n == 1 else f"its {n} GPUs have"
    yield Finding(
        "memory",
        "lacks",
        f"{name} needs {in_bytes(most)} {what}, and {owner} {in_bytes(room(largest))}{more}",
        "take more GPUs or larger ones, a smaller base, or an adapter (Lora) in the recipe",
        stops=bool(surely),
    )


def unwritable(store: Store) -> Finding | None:
    """Where the store could not be written or locked, which leaves nothing behind: neither its folder nor a file."""
    try:
        with TemporaryFile(dir=nearest_folder(store.root)) as file:
            hold_lockable(file)
            return None
    except OSError as error:
        text, _, remedy = str(store.unwritable(error)).rpartition("; ")
        return Finding("store", "lacks", text, remedy, stops=True)


def free_bytes(store: Store) -> int:
    """Bytes that the store's disk has free for this user."""
    return shutil.disk_usage(nearest_folder(store.root)).free


def nearest_folder(folder: Path) -> Path:
    """The folder, or as long as that is not there, the first above it that is."""
    return next(one for one in (folder.absolute(), *folder.absolute().parents) if os.path.exists(one))


def _ray() -> Iterator[Finding]:
    if find_spec("ray") is None:
        text = 'executor = "ray" takes the package ray, which is not installed'
        yield Finding("packages", "lacks", text, "pip install 'humpback-harness[ray]'", stops=True)


def serving(machine: Machine) -> Iterator[Finding]:
    """The server that models of ours write through, where the machine has one, and what it lacks."""
    try:
        if server := check_server(machine):
            yield Finding("server", "ok", f"models write through {server}")
    except StoreError as error:
        text, _, remedy = str(error).rpartition("; ")
        yield Finding("server", "lacks", text, remedy, stops=True)


def _disk(store: Store, costs: PlanCost) -> Iterator[Finding]:
    if problem := unwritable(store):
        yield problem
        return
    free = free_bytes(store)
    weights = sum(one.disk for artifact, one in costs.steps if isinstance(artifact, (Pretrained, Finetuned)))
    if costs.total.disk > free:
        what = (
            f"models take {in_bytes(weights)}" if weights > free else f"about {in_bytes(costs.total.disk)} are written"
        )
        yield Finding(
            "disk",
            "lacks",
            f"{what}, and the store {store.root} has {in_bytes(free)} free",
            "make room, give another folder with --store, or make fewer experiments or seeds at a time",
            stops=weights > free,
        )


def _files(to_do: list[Artifact], data: Path) -> Iterator[Finding]:
    if any(isinstance(one, ClueWeb22) for one in to_do):
        yield Finding("web pages", "lacks", ClueWeb22.MISSING, ClueWeb22.REMEDY, stops=True)
    sources = {one.name: None for artifact in to_do for one in values_in(artifact) if isinstance(one, Source)}
    if not sources:
        return
    from humpback.inputs.pull import why_unusable  # which loads what downloads; a plan of micro starts without that

    if names := [name for name in sources if name in SOURCES and why_unusable(SOURCES[name], data)]:
        size = sum(SOURCES[name].bytes or 0 for name in names)
        many = f"{len(names)} public files are" if names[1:] else "a public file is"
        yield Finding(
            "public files",
            "lacks",
            f"{many} not in {data}: {', '.join(names)}" + (f" ({in_bytes(size)} or more)" if size else ""),
            f"humpback data pull {' '.join(names)}{'' if data == Path('data') else f' --data {data}'} (with --from DIR "
            "on a machine without internet)",
            stops=True,
        )


def _endpoint(to_do: list[Artifact], endpoint: Endpoint) -> Iterator[Finding]:
    asked: dict[str, None] = {}
    for value in (value for artifact in to_do for value in values_in(artifact)):
        if isinstance(value, ServedModel):
            asked[value.served_as] = None
        elif isinstance(value, AlpacaEvalJudge):
            asked[value.model] = None
    if asked and endpoint.address == Endpoint().address and not os.environ.get(endpoint.key_variable, "").strip():
        yield Finding(
            "endpoint",
            "lacks",
            f"a server is asked for {', '.join(asked)}, and none is given: {endpoint.key_variable} is not set",
            f"set {endpoint.key_variable}, or name another server: address under [endpoint] of the machine file",
        )


def _extras(to_do: list[Artifact]) -> Iterator[Finding]:
    kinds = {type(one) for one in to_do} | {type(one.recipe.adapter) for one in to_do if isinstance(one, Finetuned)}
    for kind, (package, extra) in _EXTRAS.items():
        if any(issubclass(one, kind) for one in kinds) and find_spec(package) is None:
            yield Finding(
                "packages",
                "lacks",
                f"{kind.__name__.lower()} takes the package {package}, which is not installed",
                f"pip install 'humpback-harness[{extra}]'",
            )
