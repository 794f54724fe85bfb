"""A Ray cluster that stages are sent to: whether it answers, what its nodes have, and what they lack for a run.

A stage reads its inputs from the store and publishes into it, wherever it runs. So before the first one every node has
to see the store's folder, to be kept out by a lock that is held in it from here, and to have this code.
"""

from __future__ import annotations

import contextlib
import os
import platform
import secrets
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

import ray
from filelock import FileLock, Timeout
from ray.exceptions import RayError, RayTaskError
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from humpback.core.machine import ADDRESS, Machine
from humpback.core.store import StoreError
from humpback.core.text import one_line
from humpback.engines.serving.launch import check_server
from humpback.runs.build import source_state
from humpback.runs.devices import find_devices
from humpback.runs.needs import Finding, nearest_folder

_CONNECTS = 10.0
"""Longest time in seconds that a connection to a cluster may take."""
_ANSWERS = 90.0
"""Longest time in seconds that it may then take to say that it is there."""
_LOOKS = 120.0
"""Longest time in seconds that the nodes may take to look around."""


@dataclass(frozen=True)
class Node:
    """A computer of the cluster on which stages can run."""

    id: str
    host: str
    cpus: float
    gpus: float
    memory: float
    """Bytes that Ray gives out."""

    def __str__(self) -> str:
        return f"{self.host} ({self.id[:8]})"


@contextlib.contextmanager
def connected(machine: Machine) -> Iterator[tuple[Node, ...]]:
    """The nodes of the machine's cluster, for as long as this process is one of its drivers. Whatever tasks it has left
    there are ended with it.

    Raises:
        StoreError: when no cluster answers, or it has no node on which stages can run.
    """
    ours = not ray.is_initialized()
    if ours:
        _connect(machine.ray_address)
    try:
        alive = [one for one in ray.nodes() if one["Alive"]]
        has = [(one["NodeID"], one["NodeManagerHostname"], one["Resources"]) for one in alive]
        nodes = tuple(
            Node(key, host, there.get("CPU", 0.0), there.get("GPU", 0.0), there.get("memory", 0.0))
            for key, host, there in has
            if there.get("CPU")
        )
        if not nodes:
            raise StoreError(
                f"the Ray cluster at {machine.ray_address} has {len(alive)} nodes and none with CPUs; start one "
                "(ray start --address ...)"
            )
        yield nodes
    finally:
        if ours:
            ray.shutdown()


def _connect(address: str) -> None:
    if address == "auto" and (given := os.environ.get("RAY_ADDRESS", "").strip()) not in ("", "auto"):
        address = given  # as Ray would, which does not say so
        if not ADDRESS.fullmatch(address):
            raise StoreError(f"RAY_ADDRESS is {address!r}; it takes HOST:PORT of the cluster's first node, or auto")
    if why := _silent(address):
        raise StoreError(_no_cluster(address, why))
    os.environ.setdefault("RAY_COLOR_PREFIX", str(int(sys.stderr.isatty())))
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        ray.init(address=address, configure_logging=False)
    except (RayError, OSError, RuntimeError, ValueError) as error:
        raise StoreError(_no_cluster(address, str(error))) from error
    finally:
        with contextlib.suppress(ValueError):  # outside of the main thread Ray takes none either
            for number, handler in before.items():
                signal.signal(number, handler)


def _silent(address: str) -> str:
    """Why no cluster answers there; empty where one does. Ray is asked in a process of its own: its way to connect ends
    the process that takes it where nothing answers, after two minutes."""
    if address != "auto":
        host, _, port = address.rpartition(":")
        try:
            socket.create_connection((host.strip("[]"), int(port)), _CONNECTS).close()
        except (OSError, OverflowError, ValueError) as error:
            return str(error)
    words = [sys.executable, "-P", "-m", "ray.scripts.scripts", "health-check", "--address", address]
    try:
        asked = subprocess.run(words, capture_output=True, text=True, timeout=_ANSWERS, check=False)
    except subprocess.TimeoutExpired:
        return f"it did not say within {_ANSWERS:.0f} s that it is one"
    return (asked.stderr.strip().splitlines() or [f"exit code {asked.returncode}"])[-1] if asked.returncode else ""


def _no_cluster(address: str, why: str) -> str:
    return (
        f"no Ray cluster answers at {address} ({one_line(why, 300)}); start one (ray start --head on its first node), "
        "run on one of its nodes, or correct ray_address in the machine file or RAY_ADDRESS"
    )


def look_around(nodes: Sequence[Node], machine: Machine) -> tuple[list[Finding], float | None]:
    """What nodes lack for stages of this machine's runs, none of which can be done without; and the bytes of the
    smallest GPU, where the machine's device is one and torch sees any.

    Raises:
        StoreError: when the store cannot be written from here.
    """
    machine, found, memory = elsewhere(machine), list[Finding](), list[float]()
    folder = nearest_folder(Path(machine.store))
    mark = folder / f".seen-{secrets.token_hex(8)}"
    places = [place for place in (machine.data, *(place for _, place in machine.files)) if Path(place).exists()]
    task = ray.remote(num_cpus=0, max_retries=0)(_look)
    try:
        with FileLock(mark):
            asked = {}
            for node in nodes:
                here = NodeAffinitySchedulingStrategy(node.id, soft=False)
                words = (machine, mark, places, platform.node(), _code())
                asked[task.options(scheduling_strategy=here).remote(*words)] = node
            ray.wait(list(asked), num_returns=len(asked), timeout=_LOOKS)
            for one, node in asked.items():
                try:
                    told, seen = ray.get(one, timeout=0)
                    memory += seen
                except RayTaskError as error:
                    last = one_line(str(error).strip().splitlines()[-1], 300)
                    told = [("code", f"cannot run this code: {last}", "install the same environment there")]
                except RayError as error:
                    told = [("node", f"does not answer ({type(error).__name__})", "mend it, or end it with ray stop")]
                found += [
                    Finding(about, "lacks", f"node {node} {text}", cure, stops=True) for about, text, cure in told
                ]
    except OSError as error:
        raise StoreError(f"{folder}: cannot be written from here ({error.strerror})") from error
    finally:
        mark.unlink(missing_ok=True)
    return found, min(memory, default=None)


def elsewhere(machine: Machine) -> Machine:
    """The machine with its places as other computers find them too."""
    files = tuple((sha256, str(Path(place).absolute())) for sha256, place in machine.files)
    store, data = (str(Path(place).absolute()) for place in (machine.store, machine.data))
    return replace(machine, store=store, data=data, files=files)


def _code() -> dict[str, Any]:
    return {name: value for name, value in source_state().items() if name in ("commit", "diff")}


def _look(
    machine: Machine, mark: Path, places: list[str], driver: str, code: dict[str, Any]
) -> tuple[list[tuple[str, str, str]], list[float]]:
    """On a node: what it lacks, by what it is about, with the remedy, and the bytes of its GPUs. `mark` is a file below
    the store, or where that will be, whose lock is held on `driver`; `places` are there, too."""
    found = []
    if lacking := _of_store(mark, driver):
        cure = "give a folder that all nodes share, locks included, with --store or store in the machine file"
        found.append(("store", f"{lacking}; the store is {machine.store}", cure))
    for place in places:
        if not Path(place).exists():
            found.append(("files", f"does not see {place} of {driver}", "put it into a folder that all nodes share"))
    if code != _code():
        found.append(("code", f"has other code than {driver} ({_code()}, not {code})", "install the same there"))
    try:
        check_server(machine)
    except StoreError as error:
        text, _, remedy = str(error).rpartition("; ")
        found.append(("server", f"cannot start the server: {text}", remedy))
    return found, _gpu_memory() if machine.device == "cuda" else []


def _gpu_memory() -> list[float]:
    """Of all of the node's GPUs, which Ray hides from a task that takes none."""
    hidden = os.environ.pop("CUDA_VISIBLE_DEVICES", None)
    try:
        return [gpu.memory for gpu in find_devices().gpus]
    finally:
        if hidden is not None:
            os.environ["CUDA_VISIBLE_DEVICES"] = hidden


def _of_store(mark: Path, driver: str) -> str:
    """On a node: why stages could not share the folder of the mark; empty where they can."""
    if not mark.exists():
        return f"does not see {mark.parent} of {driver}" + " (it has another)" * mark.parent.exists()
    try:
        with TemporaryFile(dir=mark.parent):
            pass
        with FileLock(mark, timeout=0):
            return f"is not kept out of {mark.parent} by a lock that {driver} holds there"
    except Timeout:
        return ""
    except (OSError, NotImplementedError) as error:
        return f"cannot write or lock in {mark.parent} ({error})"
