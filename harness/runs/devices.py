"""What there is to compute with: memory, GPUs as torch sees them, and how fast they multiply.

torch is asked in a process of its own: a driver that hangs is left behind, and the memory that CUDA takes on each GPU
as soon as it is looked at is given back.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any

_SECONDS = 120.0
"""Longest time that torch is waited for, its import included."""
_MEASURED = 0.4
"""Seconds of matrix products on each device."""
_CGROUP = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))


@dataclass(frozen=True)
class Device:
    """A CPU or a GPU."""

    name: str
    memory: float = 0.0
    """Bytes of a GPU; 0 for the CPU."""
    free: float = 0.0
    """Of them, those that no program has."""
    flops: float = 0.0
    """FLOPs per second of large matrix products in `precision`; 0 where they were not measured."""
    precision: str = "float32"


@dataclass(frozen=True)
class Devices:
    """What torch sees."""

    torch: str = ""
    """Its version; empty where it is not there."""
    cpu: Device | None = None
    """Where it was measured."""
    gpus: tuple[Device, ...] = ()
    problem: str = ""
    """Why there are no GPUs."""
    known: bool = True
    """Whether torch said so; not where it was not done in time."""


@cache
def find_devices(*, precision: str = "", threads: int = 1) -> Devices:
    """What torch sees in this environment; given a precision, with the rate of matrix products: of each GPU in it, and
    of so many threads of the CPU in float32."""
    words = [sys.executable, "-P", "-m", __name__, precision, str(threads)]
    try:
        done = subprocess.run(words, capture_output=True, text=True, timeout=_SECONDS, check=False)
        told = json.loads(done.stdout.splitlines()[-1])
    except subprocess.TimeoutExpired:
        return Devices(problem=f"torch did not say within {_SECONDS:.0f} s what it sees", known=False)
    except (IndexError, ValueError):
        last = (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]
        return Devices(problem=f"torch cannot be loaded ({last[:200]})")
    gpus = tuple(Device(**one) for one in told["gpus"])
    return Devices(told["torch"], told["cpu"] and Device(**told["cpu"]), gpus, told["problem"])


def memory_here() -> float:
    """Bytes of memory and swap that this process and those below it may use together."""
    import psutil

    limits = [path.read_text().strip() for path in _CGROUP if path.is_file()]
    whole: int = psutil.virtual_memory().total
    return min([whole, *(int(limit) for limit in limits if limit.isdigit())]) + float(psutil.swap_memory().total)


def _look(precision: str, threads: int) -> Devices:
    import torch

    gpus, problem, cpu = [_gpu(n, precision) for n in range(torch.cuda.device_count())], "", None
    if not gpus:
        try:
            torch.zeros(1, device="cuda")
        except (RuntimeError, AssertionError) as error:
            problem = str(error).strip().splitlines()[0]
    if precision:
        torch.set_num_threads(threads)
        cpu = Device("CPU", flops=_rate("cpu", "float32", 1_024))
    return Devices(torch.__version__, cpu, tuple(gpus), problem)


def _gpu(n: int, precision: str) -> Device:
    import torch

    found = torch.cuda.get_device_properties(n)
    free, flops = 0, 0.0
    with suppress(RuntimeError):  # no room for another program on it
        free = torch.cuda.mem_get_info(n)[0]
        flops = _rate(f"cuda:{n}", precision, 8_192 if free > 2e9 else 2_048) if precision else 0.0
    return Device(found.name, found.total_memory, free, flops, precision or "float32")


def _rate(where: str, precision: str, size: int) -> float:
    """FLOPs per second of products of square matrices."""
    import torch

    one = torch.randn(size, size, device=where, dtype=getattr(torch, precision))
    wait: Callable[[], Any] = partial(torch.cuda.synchronize, where) if where != "cpu" else lambda: None

    def seconds(times: int) -> float:
        wait()
        started = time.perf_counter()
        for _ in range(times):
            one @ one
        wait()
        return time.perf_counter() - started

    seconds(2)
    times = max(1, min(1_000, int(_MEASURED / max(seconds(2) / 2, 1e-6))))
    return times * 2 * size**3 / seconds(times)


if __name__ == "__main__":
    print(json.dumps(asdict(_look(sys.argv[1], int(sys.argv[2])))))
