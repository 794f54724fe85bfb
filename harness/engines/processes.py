"""The processes of one stage: which one this is, and what they tell each other. A stage of one process needs none."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import TypeVar

import torch
import torch.distributed as dist

T = TypeVar("T")
LONGEST = timedelta(hours=2)
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


def share(rows: dict[int, T], size: Callable[[T], int]) -> dict[int, T]:
    """Those that this process is to do, of rows by place: every n-th of n processes, the largest first, so that each
    has as much to do as the others."""
    if count() == 1:
        return rows
    mine = set(sorted(rows, key=lambda place: (-size(rows[place]), place))[rank() :: count()])
    return {place: row for place, row in rows.items() if place in mine}


def put_together(found: dict[int, T]) -> dict[int, T]:
    """What all processes have found at their places; every process has to ask."""
    return {place: one for each in from_all(found) for place, one in each.items()}


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
    """This process as one of those that torchrun or Ray Train has started, each with a GPU of its own where there are
    GPUs. Ray Train has joined them already."""
    if device == "cuda":
        torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
    if dist.is_initialized():
        yield
        return
    dist.init_process_group(backend(device), timeout=LONGEST)
    try:
        yield
    finally:
        dist.destroy_process_group()


def backend(device: str) -> str:
    """What they speak by."""
    return "nccl" if device == "cuda" else "gloo"
