"""The calls that were answered, on disk before anybody sees the answer.

One JSON line a call, in a file for each model that is asked, below the store. A call is known by its key: a hash of the
path, the request as it is sent (model as asked, messages, sampling) and the sample's number. The server's address is
no part of it, as hosts are no part of any identity here; what the server says that it is stands in every line. Only
whole answers get in: a call that failed has no line and is asked again.

A line is one write to a file that is only appended to, and on disk (fsync) before its call returns. Calls that finish
together share one fsync, so that a slow disk does not set the pace.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import re
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from filelock import FileLock, Timeout

from harness.store import StoreError


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

    @property
    def text(self) -> str:
        """What was written: the arguments where a function or tool was called, or else the message's content. Halves
        of surrogate pairs, which JSON can spell and no file can hold, become question marks."""
        return self._written().encode("utf-16", "surrogatepass").decode("utf-16", "replace")

    def _written(self) -> str:
        message = self.choice.get("message")
        if not isinstance(message, dict):
            return str(self.choice.get("text") or "")
        tools = message.get("tool_calls")
        for call in [*(tools if isinstance(tools, list) else ()), {"function": message.get("function_call")}]:
            function = call.get("function") if isinstance(call, dict) else None
            if isinstance(function, dict) and isinstance(function.get("arguments"), str):
                return str(function["arguments"])
        return str(message.get("content") or "")


class Journal:
    """The answered calls of one model. Use it as a context manager: one process at a time holds it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._known: dict[str, Reply] = {}
        self._waiting: list[bytes] = []
        self._loop: asyncio.AbstractEventLoop | None = None
        self._turn = asyncio.Lock()

    @classmethod
    def of(cls, store: Path, model: str) -> Journal:
        """The journal of a model (as asked) below a store's folder."""
        name = re.sub(r"[^A-Za-z0-9._-]+", "-", model).strip("-.")[:60]
        return cls(store / ".calls" / f"{name}-{hashlib.sha256(model.encode()).hexdigest()[:8]}.jsonl")

    def known(self, key: str) -> Reply | None:
        """The answer to a call, if there is one."""
        return self._known.get(key)

    async def keep(self, key: str, reply: Reply) -> Reply:
        """The reply, once it is on disk."""
        self._waiting.append(json.dumps({"key": key, **asdict(reply)}).encode() + b"\n")
        loop = asyncio.get_running_loop()
        if self._loop is not loop:
            # A lock belongs to the loop that it was first waited for in, and every `ask` runs one of its own.
            self._loop, self._turn = loop, asyncio.Lock()
        async with self._turn:
            if self._waiting:
                lines, self._waiting = self._waiting, []
                await asyncio.to_thread(self._write, b"".join(lines))
        self._known[key] = reply
        return reply

    def _write(self, data: bytes) -> None:
        view = memoryview(data)
        while view:
            view = view[os.write(self._file, view) :]
        os.fsync(self._file)

    def __enter__(self) -> Self:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = FileLock(self.path.with_suffix(".lock"))
        try:
            self._lock.acquire(timeout=0)
        except Timeout:
            print("waiting for another run that asks this model: no call is asked twice", file=sys.stderr)
            self._lock.acquire()
        try:
            self._known = read_journal(self.path)
            self._file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
            _cut_unfinished(self._file)
        except BaseException:
            self._lock.release()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            # Answers that waited for their turn when the run was stopped: they are paid for.
            self._write(b"".join(self._waiting))
        finally:
            os.close(self._file)
            self._lock.release()


def read_journal(path: Path) -> dict[str, Reply]:
    """The answered calls of a journal by key. A last line without its end was never an answer and is passed over.

    Raises:
        StoreError: for a whole line that is none of ours, naming it.
    """
    if not path.exists():
        return {}
    found: dict[str, Reply] = {}
    with path.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            if not line.endswith(b"\n"):
                break
            try:
                row = json.loads(line)
                key = row.pop("key")
                found[key] = Reply(**row)
            except (ValueError, TypeError, AttributeError, LookupError) as error:
                raise StoreError(
                    f"{path}: line {number} is no answered call ({error}); delete the line, and its call is asked again"
                ) from error
    return found


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
