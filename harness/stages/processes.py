"""The processes of one stage: which one this is, and what they tell each other. A stage of one process needs none."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import TypeVar

import torch
import torch.distributed as dist

T = TypeVar("T")
_LONGEST = timedelta(hours=2)
"""That one waits for the others: for a checkpoint of a large model, or while they load it in turn."""


def count() -> int:
    """How many there are."""
    return dist.get_world_size() if dist.is_available() and dist.is_initialized() else 1


def rank() -> int:
    """This one's number, from 0. The first writes what the stage leaves."""
    return dist.get_rank() if count() > 1 else 0


def from_first(value: T) -> T:
    """What the first process has; every process has to ask."""
    if count() == 1:
        return value
    held = [value]
    dist.broadcast_object_list(held, src=0)
    return held[0]


def from_all(value: T) -> list[T]:
    """What each process has, in their order; every process has to ask."""
    if count() == 1:
        return [value]
    held: list[T | None] = [None] * count()
    dist.all_gather_object(held, value)
    return held  # type: ignore[return-value]


@contextmanager
def in_turn() -> Iterator[None]:
    """One process after the other."""
    for turn in range(count()):
        if turn == rank():
            yield
        if count() > 1:
            dist.barrier()


@contextmanager
def joined(device: str) -> Iterator[None]:
    """This process as one of those that torchrun has started, each with a GPU of its own where there are GPUs."""
    if device == "cuda":
        torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
    dist.init_process_group("nccl" if device == "cuda" else "gloo", timeout=_LONGEST)
    try:
        yield
    finally:
        dist.destroy_process_group()
