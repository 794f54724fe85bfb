"""The batches that one call of a model has come through: done once, however often their maker is killed.

A file below `Work.checkpoints`, named by what was asked. Each line is a checksum and, as JSON, what came of one batch.
Batches stand in the order in which they were done, and a maker that goes on asks for them in that order, so that those
still to do are made up of the same rows as without the death: what a batch shares is the arithmetic.
"""

from __future__ import annotations

import hashlib
import json
import os
from typing import TYPE_CHECKING, Any, BinaryIO, Self

from humpback.core.checkpoints import conditions, other_conditions

if TYPE_CHECKING:
    from humpback.core.work import Work


class BatchLog:
    """Use it as a context manager: first `recorded` until it gives None, then `add`. Where the work keeps nothing, it
    has no file."""

    def __init__(self, work: Work, call: str) -> None:
        """call: a checksum over what is asked."""
        self._work = work
        self.path = work.checkpoints / f"{call[:32]}.jsonl"
        self._head: dict[str, Any] = {
            "made_from": work.made_from,
            "conditions": conditions(work.machine, work.placement),
        }
        self._last_head: dict[str, Any] | None = None
        """Of what the file holds; what follows was done by a maker of that kind."""
        self._reader: BinaryIO | None = None
        self._writer: BinaryIO | None = None
        self._next: dict[str, Any] | None = None
        """The line to be given next."""
        self._begin = self._end = 0
        """Of that line."""
        self._given = 0
        """Where the line that was given last begins."""
        self._seconds, self._count = 0.0, 0
        """Of what was given."""

    def __enter__(self) -> Self:
        if self._work.made_from and self.path.exists():
            self._reader = self.path.open("rb")
            self._advance()
        return self

    def __exit__(self, *error: Any) -> None:
        for file in (self._reader, self._writer):
            if file is not None:
                file.close()

    @property
    def is_live(self) -> bool:
        """Whether all that is known was given."""
        return self._next is None

    def recorded(self) -> Any | None:
        """What came of the next batch, if that is known."""
        if self._next is None:
            return None
        self._given, self._seconds, batch = self._begin, self._next["seconds"], self._next["batch"]
        self._count += 1
        self._advance()
        return batch

    def refuse(self, why: str) -> None:
        """What was given last is of no use, nor is what follows it: it is done again."""
        self._work.log.note(f"{self.path}: {why}; done again")
        self._go_live(self._given)

    def add(self, batch: Any) -> None:
        """Keep what came of a batch (as JSON)."""
        if not self._work.made_from:
            return
        if self._writer is None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._writer = self.path.open("ab", buffering=0)
            if self._last_head != self._head:
                self._writer.write(_line(self._head))
        self._writer.write(_line({"seconds": self._work.log.seconds, "batch": batch}))

    def _advance(self) -> None:
        assert self._reader is not None
        while (line := self._read()) is not None and "batch" not in line:
            if line["made_from"] != self._work.made_from:
                self.refuse("made from something else")
                return
            self._last_head = line
            if other := other_conditions(line["conditions"], self._head["conditions"]):
                self._work.log.note(f"in part made under other conditions: {other}")
        if line is None:
            self._go_live(self._end)
        self._next = line

    def _go_live(self, end: int) -> None:
        assert self._reader is not None
        self._reader.close()
        self._next = None
        os.truncate(self.path, end)
        self._work.log.went_before(self._seconds)
        if self._count:
            self._work.log.note(f"went on after {self._count:,} batches")

    def _read(self) -> dict[str, Any] | None:
        """The next whole line. One that was cut off by a death is passed over, and a damaged one is told."""
        assert self._reader is not None
        line = self._reader.readline()
        body = line[17:-1]
        if line.endswith(b"\n") and line[:17] == _checksum(body):
            self._begin, self._end = self._end, self._end + len(line)
            held: dict[str, Any] = json.loads(body)
            return held
        if line.endswith(b"\n"):
            self._work.log.note(f"{self.path}: damaged after {self._end:,} bytes; done again from there")
        return None


def _line(held: dict[str, Any]) -> bytes:
    body = json.dumps(held).encode()
    return _checksum(body) + body + b"\n"


def _checksum(body: bytes) -> bytes:
    return hashlib.sha256(body).hexdigest()[:16].encode() + b" "
