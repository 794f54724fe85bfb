"""Where and how stages run. Recorded with every result, never part of its identity.

A machine file is TOML with the fields of `Machine`; what it leaves out is taken from this computer.
"""

from __future__ import annotations

import difflib
import os
import tomllib
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Literal

from harness.fingerprint import FieldError, Value


@dataclass(frozen=True)
class Machine(Value):
    """A computer as the stages see it."""

    device: Literal["cpu", "cuda"] = "cpu"
    precision: Literal["float32", "bfloat16"] = "float32"
    """Of the engine's weights and of autocast in training; adapters and optimizer state stay float32."""
    workers: int = 1
    """Stages at a time. With GPUs, each worker sees one of them."""
    threads: int = 1
    """CPU threads of a stage. Sums come out in another order with another number, so it stays fixed in a run."""
    micro_batch: int = 32
    """Examples in memory at once while training; accumulation makes up the recipe's global batch."""
    generation_batch: int = 256
    """Sequences generated or scored at once."""
    tracking: Literal["wandb", "off"] = "wandb"
    """Mirror metrics to Weights & Biases (offline unless WANDB_API_KEY is set), or not."""
    store: str = "artifacts"
    """Folder of the artifacts."""
    data: str = "data"
    """Folder of the public files that `humpback data pull` brings."""
    files: tuple[tuple[str, str], ...] = ()
    """(SHA-256, path) of the user's own files and models, which expressions name by checksum."""

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("workers", "threads", "micro_batch", "generation_batch"):
            if getattr(self, name) < 1:
                raise FieldError(f"Machine.{name} is {getattr(self, name)}; it takes 1 or more")


def this_machine() -> dict[str, Any]:
    """The fields that can be seen from here without loading torch: GPUs if the driver shows any, else CPU cores."""
    gpus = len([name for name in os.listdir("/dev") if name.startswith("nvidia") and name[6:].isdigit()])
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1)
    if gpus:
        return {"device": "cuda", "precision": "bfloat16", "workers": gpus, "threads": max(1, cores // gpus)}
    return {"workers": cores, "threads": 1}


def load_machine(path: Path | None, **overrides: Any) -> Machine:
    """The machine of a TOML file (or none), with `overrides` on top.

    Raises:
        FieldError: naming file, field and the closest valid name.
        FileNotFoundError: when the file is not there.
    """
    given: dict[str, Any] = {}
    if path is not None:
        try:
            given = tomllib.loads(path.read_text(encoding="utf-8"))
        except tomllib.TOMLDecodeError as error:
            raise FieldError(f"{path}: not TOML: {error}") from error
    names = [field.name for field in fields(Machine)]
    for name in given:
        if name not in names:
            close = difflib.get_close_matches(name, names, n=1)
            hint = f"; did you mean {close[0]}?" if close else ""
            raise FieldError(f"{path}: no field {name!r}{hint} A machine has {', '.join(names)}")
    try:
        return Machine(**{**this_machine(), **given, **overrides})
    except FieldError as error:
        raise FieldError(f"{path}: {error}" if path else str(error)) from error
