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
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self

from filelock import FileLock, Timeout

from humpback.core.store import StoreError
from humpback.engines.endpoint.message import Message, understand


@dataclass(frozen=True)
class Request:
    """What is asked."""

    path: str
    """Below the endpoint's address, such as "chat/completions"."""
    body: dict[str, Any]
    """JSON object with the model as asked, messages or prompt, and sampling."""

    def key(self, sample: int) -> str:
        """64 hexadecimal digits that name the `sample`-th call of this request."""
        text = json.dumps([self.path, self.body, sample], sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()

    @property
    def is_greedy(self) -> bool:
        """Whether another call can be expected to bring the same reply, so that asking again is money for nothing."""
        return self.body.get("temperature") == 0


@dataclass(frozen=True)
class Reply:
    """What a server answered, whole."""

    model: str
    """As the server reports it."""
    choice: dict[str, Any]
    """The first of `choices`, as it came: message or text, finish_reason, logprobs."""
    prompt_tokens: int
    """As the server reports it; 0 where it does not."""
    completion_tokens: int
    address: str = ""
    """Of the server that was asked."""
    system_fingerprint: str = ""
    """Of the server's configuration, as it reports it."""
    mended: str = ""
    """How the request was said otherwise because the server did not take it as it was."""

    @cached_property
    def message(self) -> Message:
        """The choice as it is understood.

        Raises:
            NoText: when it holds what is no text.
        """
        return understand(self.choice)

    @property
    def text(self) -> str:
        """What was said, without the thinking."""
        return self.message.text


@dataclass(frozen=True)
class Refusal:
    """A server will not answer this request."""

    problem: str
    """The server's words."""
    address: str = ""


class Answers:
    """The answered calls of a journal, read from the disk when they are asked for. Use it as a context manager."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._begin: dict[bytes, int] = {}
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

    def __enter__(self) -> Self:
        """
        Raises:
            StoreError: for a whole line that is none of ours, naming it.
        """
        if self.path.exists():
            self._reader = self.path.open("rb")
            for begin, key, answer in _lines(self.path):
                if answer is None:
                    self._begin.pop(_short(key), None)
                else:
                    self._begin[_short(key)] = begin
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
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
        self._waiting.append((key, json.dumps({"key": key, **row}).encode() + b"\n"))
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
        known = [key for key in keys if self._begin.pop(_short(key), None) is not None]
        self._write([(key, json.dumps({"key": key, "forgotten": True}).encode() + b"\n") for key in known])
        for key in known:
            self._begin.pop(_short(key))
        return len(known)

    def _write(self, lines: list[tuple[str, bytes]]) -> None:
        begins = []
        end = os.fstat(self._file).st_size
        for _, line in lines:
            begins.append(end)
            end += len(line)
        view = memoryview(b"".join(line for _, line in lines))
        while view:
            view = view[os.write(self._file, view) :]
        os.fsync(self._file)
        self._begin.update((_short(key), begin) for (key, _), begin in zip(lines, begins, strict=True))

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
            _cut_unfinished(self._file)
            return super().__enter__()
        except BaseException:
            self._lock.release()
            raise

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            # Answers that waited for their turn when the run was stopped: they are paid for.
            self._write(self._waiting)
        finally:
            super().__exit__(kind, error, trace)
            os.close(self._file)
            self._lock.release()


def read_journal(path: Path) -> dict[str, Reply]:
    """The answered calls of a journal by key, all at once. A last line without its end was never an answer and is
    passed over.

    Raises:
        StoreError: for a whole line that is none of ours, naming it.
    """
    found: dict[str, Reply] = {}
    for _, key, answer in _lines(path) if path.exists() else ():
        found.pop(key, None)
        if isinstance(answer, Reply):
            found[key] = answer
    return found


def _lines(path: Path) -> Iterator[tuple[int, str, Reply | Refusal | None]]:
    """(where it begins, key, answer) of each line; no answer where one was forgotten."""
    begin = 0
    with path.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            if not line.endswith(b"\n"):
                return
            try:
                row = json.loads(line)
                key = row["key"]
                answer = _answer(row)
            except (ValueError, TypeError, AttributeError, LookupError) as error:
                raise StoreError(
                    f"{path}: line {number} is no answered call ({error}); delete the line, and its call is asked again"
                ) from error
            yield begin, key, answer
            begin += len(line)


def _answer(row: dict[str, Any]) -> Reply | Refusal | None:
    row = {name: value for name, value in row.items() if name != "key"}
    if "forgotten" in row:
        return None
    return Refusal(row["refused"], row.get("address", "")) if "refused" in row else Reply(**row)


def _short(key: str) -> bytes:
    """A key in as little memory as will do."""
    return hashlib.blake2b(key.encode(), digest_size=16).digest()


def _cut_unfinished(file: int) -> None:
    """Drop the beginning of a line that a killed writer left."""
    size = os.fstat(file).st_size
    end = size
    while end:
        start = max(0, end - 65_536)
        at = os.pread(file, end - start, start).rfind(b"\n")
        if at >= 0:
            end = start + at + 1
            break
        end = start
    if end < size:
        os.ftruncate(file, end)
