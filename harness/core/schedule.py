"""How long stages take that wait for one another: each begins once its inputs are there and there is room for it, as
the executor starts them. The sum of their hours, shared out over the machine's GPUs, would tell nothing: the loop of
either paper is a chain, in which one model learns from what the one before it wrote.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from humpback.core.expression import Artifact


@dataclass(frozen=True)
class Share:
    """What a stage takes of a machine."""

    hours: float = 0.0
    """From its start to its end."""
    units: int = 1
    """GPUs; on a CPU, workers."""


def elapsed(stages: Iterable[Artifact], shares: Mapping[str, Share], units: int) -> float:
    """Hours until the last of the stages has ended on a machine of so many units.

    stages: in an order in which inputs come first; an input that is none of them is there. shares: by fingerprint; a
    stage that is not among them takes one unit and no time.
    """
    waiting = {artifact.fingerprint: artifact for artifact in stages}
    lacking: dict[str, set[str]] = {}
    after: dict[str, list[str]] = {}
    for key, artifact in waiting.items():
        needed = {every.fingerprint for one in artifact.inputs for every in (one, *one.companions)}
        lacking[key] = needed & waiting.keys()
        for one in lacking[key]:
            after.setdefault(one, []).append(key)
    place = {key: i for i, key in enumerate(waiting)}
    ready = [(place[key], key) for key in waiting if not lacking[key]]
    heapq.heapify(ready)
    now, free = 0.0, units
    running: list[tuple[float, int, str, int]] = []
    while ready or running:
        while ready:
            share = shares.get(ready[0][1], Share())
            taken = min(share.units, units)
            if taken > free:
                break
            at, key = heapq.heappop(ready)
            free -= taken
            heapq.heappush(running, (now + share.hours, at, key, taken))
        now, _, ended, taken = heapq.heappop(running)
        free += taken
        for key in after.get(ended, ()):
            lacking[key].discard(ended)
            if not lacking[key]:
                heapq.heappush(ready, (place[key], key))
    return now
