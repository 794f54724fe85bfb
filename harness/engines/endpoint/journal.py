"""The calls that were answered, on disk before anybody sees the answer.

One JSON line a call, in a file for each model that is asked, below the store. A call is known by its key: a hash of the
path, the request as it is to be sent (model as asked, messages, sampling) and the sample's number. The server's address
is no part of it, as hosts are no part of any identity here; it stands in every line, with what the server says that it
is. Only whole answers get in, and refusals of single requests beside them: a call that failed has no line and is asked
again.

A line is one write to a file that is only appended to, and on disk (fsync) before its call returns. Calls that finish
together share one fsync, so that a slow disk does not set the pace. In memory there is where each line begins, and no
line.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any, BinaryIO, Self

from filelock import FileLock, Timeout

from humpback.core.store import StoreError
from humpback.engines.endpoint.calls import Answer, Refusal, Reply, Request, Usage, accept_all
from humpback.engines.endpoint.message import NotText


class Answers:
    """The answered calls of a journal, read from the disk when they are asked for. Use it as a context manager."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._begin: dict[bytes, int] = {}
        self._end = 0
        """Where the last whole line ends."""
        self._reader: BinaryIO | None = None

    @classmethod
    def of(cls, store: Path, model: str) -> Self:
        """The journal of a model (as asked) below a store's folder."""
        name = re.sub(r"[^A-Za-z0-9._-]+", "-", model).strip("-.")[:60]
        return cls(store / ".calls" / f"{name}-{hashlib.sha256(model.encode()).hexdigest()[:8]}.jsonl")

    def known(self, key: str) -> Reply | Refusal | None:
        """The answer to a call, if there is one."""
        begin = self._begin.get(_short(key))
        if begin is None or self._reader is None:
            return None
        self._reader.seek(begin)
        return _answer(json.loads(self._reader.readline()))

    def answer(
        self, request: Request, samples: int = 1, accept: Callable[[Reply], bool] = accept_all
    ) -> tuple[Answer, int]:
        """What is known of a request as it is sent, and how many calls there may still be: 0 where it is settled."""
        usage, reply = Usage(), None
        for sample in range(samples):
            known = self.known(request.key(sample))
            if isinstance(known, Refusal):
                return Answer(None, usage, known.problem), 0
            if known is None:
                return Answer(reply, usage), (sample == 0) if request.is_greedy else samples - sample
            usage += known.used
            try:
                _ = known.message
            except NotText as error:
                return Answer(None, usage, f"answered 200 with {error}"), 0
            reply = known
            if accept(reply):
                break
        return Answer(reply, usage), 0

    def __enter__(self) -> Self:
        """
        Raises:
            StoreError: for a whole line that is none of ours, naming it.
        """
        if self.path.exists():
            self._reader = self.path.open("rb")
            for begin, end, key, answer in lines_of(self.path):
                self._end = end
                if answer is None:
                    self._begin.pop(_short(key), None)
                else:
                    self._begin[_short(key)] = begin
        return self

    def __exit__(self, *error: Any) -> None:
        if self._reader is not None:
            self._reader.close()


class Journal(Answers):
    """The answered calls of one model, to be added to: one process at a time holds it."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._waiting: list[tuple[str, bytes]] = []
        self._loop: asyncio.AbstractEventLoop | None = None
        self._turn = asyncio.Lock()

    async def keep(self, key: str, answer: Reply | Refusal) -> None:
        """Returns once the answer is on disk."""
        row = {"refused": answer.problem, "address": answer.address} if isinstance(answer, Refusal) else asdict(answer)
        self._waiting.append(_line(key, row))
        loop = asyncio.get_running_loop()
        if self._loop is not loop:
            # A lock belongs to the loop that it was first waited for in, and every `ask` runs one of its own.
            self._loop, self._turn = loop, asyncio.Lock()
        async with self._turn:
            if self._waiting:
                lines, self._waiting = self._waiting, []
                await asyncio.to_thread(self._write, lines)

    def forget(self, keys: Iterable[str]) -> int:
        """Have these calls asked anew; how many of them were known. What was answered stays in the file."""
        known = [key for key in keys if _short(key) in self._begin]
        self._write([_line(key, {"forgotten": True}) for key in known])
        for key in known:
            self._begin.pop(_short(key), None)
        return len(known)

    def _write(self, lines: list[tuple[str, bytes]]) -> None:
        begin = os.fstat(self._file).st_size
        view = memoryview(b"".join(line for _, line in lines))
        while view:
            view = view[os.write(self._file, view) :]
        os.fsync(self._file)
        for key, line in lines:
            self._begin[_short(key)] = begin
            begin += len(line)

    def __enter__(self) -> Self:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = FileLock(self.path.with_suffix(".lock"))
        try:
            self._lock.acquire(timeout=0)
        except Timeout:
            print("waiting for another run that asks this model: no call is asked twice", file=sys.stderr)
            self._lock.acquire()
        try:
            self._file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
            super().__enter__()
            os.ftruncate(self._file, self._end)  # a killed writer leaves the beginning of a line
            return self
        except BaseException:
            self._lock.release()
            raise

    def __exit__(self, *error: Any) -> None:
        try:
            # Answers that waited for their turn when the run was stopped: they are paid for.
            self._write(self._waiting)
        finally:
            super().__exit__(*error)
            os.close(self._file)
            self._lock.release()


def lines_of(path: Path) -> Iterator[tuple[int, int, str, Reply | Refusal | None]]:
    """(where it begins and ends, key, answer) of each line; no answer where one was forgotten. A last line without its
    end was never an answer and is passed over.

    Raises:
        StoreError: for a whole line that is none of ours, naming it.
    """
    begin = 0
    with path.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            if not line.endswith(b"\n"):
                return
            try:
                row = json.loads(line)
                key, answer = row["key"], _answer(row)
            except (ValueError, TypeError, AttributeError, LookupError) as error:
                raise StoreError(
                    f"{path}: line {number} is no answered call ({error}); delete the line, and its call is asked again"
                ) from error
            yield begin, begin + len(line), key, answer
            begin += len(line)


def _line(key: str, row: dict[str, Any]) -> tuple[str, bytes]:
    return key, json.dumps({"key": key, **row}).encode() + b"\n"


def _answer(row: dict[str, Any]) -> Reply | Refusal | None:
    row = {name: value for name, value in row.items() if name != "key"}
    if "forgotten" in row:
        return None
    return Refusal(row["refused"], row.get("address", "")) if "refused" in row else Reply(**row)


def _short(key: str) -> bytes:
    """A key in as little memory as will do."""
    return hashlib.blake2b(key.encode(), digest_size=16).digest()
