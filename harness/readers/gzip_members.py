"""A file's decompressed bytes with lookahead, and where in the file they stand: what the WARC reader reads from.

A web archive is a row of gzip members, as a rule one for each record, so a broken one need not end the reading: the
bytes come in stretches, and after a break the next member is looked for.
"""

from __future__ import annotations

import re
import zlib
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from humpback.readers.web_text import GZIP, ZSTD

_PIECE = 1 << 14
_PACKED_PIECE = 1 << 9
"""Compressed bytes at a time: zlib gives nothing of a call that fails, so this much is lost before a break."""
_CONTROLS = re.compile(rb"[\x00-\x08\x0e-\x1f]")
_MEMBER = re.compile(rb"\x1f\x8b\x08[\x00-\x1f]")


@dataclass(frozen=True)
class Break:
    """Where decompression cannot go on."""

    member: int
    """Where in the file the member began that is broken."""
    reason: str


_Events = Iterator[tuple[bytes, int] | Break]
"""Decompressed bytes with the place of their gzip member (0 where there are none), and breaks."""


class GzipMembers:
    """The bytes, read forward; also those of a file that is zstd or not compressed. Use it as a context manager."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("rb")
        head = self._file.read(64)
        # Where the beginning is damaged, a member that begins soon tells.
        gzip = head.startswith(GZIP) or (
            bool(_CONTROLS.search(head)) and _next_member(self._file, 0, 1 << 20) < 1 << 20
        )
        self.packed = gzip or head.startswith(ZSTD)
        self._file.seek(0)
        self._events = _gzip(self._file) if gzip else _zstd(self._file) if self.packed else _plain(self._file)
        self._members: deque[tuple[int, int]] = deque()
        """Where each member of the buffer begins: in decompressed bytes, in the file."""
        self.buffer = bytearray()
        """What was decompressed and not yet used."""
        self._at = 0
        """Where the buffer begins, in decompressed bytes."""
        self.stopped: Break | None = None
        """Why the stretch ended, when that is not the end of the file."""
        self._ended = False

    def __enter__(self) -> GzipMembers:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def peek(self, n: int) -> bool:
        """Have at least n bytes in the buffer; False when the stretch has fewer."""
        while len(self.buffer) < n and not self._ended:
            event = next(self._events, None)
            if event is None or isinstance(event, Break):
                self._ended, self.stopped = True, event
            elif event[0]:
                if not self._members or self._members[-1][1] != event[1]:
                    self._members.append((self._at + len(self.buffer), event[1]))
                self.buffer += event[0]
        return len(self.buffer) >= n

    def skip(self, n: int) -> None:
        """Drop the first n bytes of the buffer."""
        del self.buffer[:n]
        self._at += n
        while len(self._members) > 1 and self._members[1][0] <= self._at:
            self._members.popleft()

    def resync(self) -> bool:
        """Go on after a break; False where there was none, at the end of the file."""
        self.skip(len(self.buffer))
        self._members.clear()
        more = self.stopped is not None
        self._ended, self.stopped = not more, None
        return more

    @property
    def in_broken_member(self) -> bool:
        """Whether the last bytes of the stretch come from the member that is broken."""
        return self.stopped is not None and bool(self._members) and self._members[-1][1] == self.stopped.member

    @property
    def place(self) -> str:
        """Where the buffer's first byte stands, such as "byte 40812"."""
        if not self.packed:
            return f"byte {self._at}"
        begun, member = self._members[0] if self._members else (self._at, 0)
        return f"byte {member}" + (f" (+{self._at - begun} decompressed)" if self._at > begun else "")


def _plain(file: IO[bytes]) -> _Events:
    while data := file.read(_PIECE):
        yield data, 0


def _zstd(file: IO[bytes]) -> _Events:
    import pyarrow as pa

    stream, done = pa.CompressedInputStream(pa.PythonFile(file, mode="r"), "zstd"), 0
    try:
        while data := stream.read(_PIECE):
            done += len(data)
            yield bytes(data), 0
    except OSError as error:
        yield Break(0, f"the zstd stream is damaged or cut off after {done} decompressed bytes ({error})")


def _gzip(file: IO[bytes]) -> _Events:
    member, size = 0, file.seek(0, 2)
    while member < size:
        at = file.seek(member)
        unpack, why = zlib.decompressobj(31), ""
        while not (unpack.eof or why):
            raw = file.read(_PACKED_PIECE)
            try:
                yield unpack.decompress(raw), member
                at += len(raw)
                why = "" if raw else "the gzip stream ends early"
            except zlib.error as error:
                why = f"the gzip stream is damaged ({error})"
        if not why:
            member = at - len(unpack.unused_data)
            continue
        found = _next_member(file, member + 1, size)
        goes_on = "the end of the file" if found == size else "the next member that holds a record"
        yield Break(member, f"{why} in the member at byte {member}, {max(0, found - at)} bytes before {goes_on}")
        member = found


def _member_soon(file: IO[bytes]) -> bool:
    """Whether a member begins behind bytes that are none: an archive's own beginning may be damaged."""
    return _next_member(file, 0, 1 << 20) < 1 << 20


def _next_member(file: IO[bytes], start: int, size: int) -> int:
    """Where the next gzip member begins that holds a WARC record, or `size` where none does before."""
    while start < size:
        file.seek(start)
        block = file.read(1 << 20)
        if not block:
            break
        for found in _MEMBER.finditer(block):
            file.seek(start + found.start())
            try:
                begins = zlib.decompressobj(31).decompress(file.read(4_096), 16)
            except zlib.error:
                continue
            if begins.lstrip().startswith(b"WARC/"):
                return start + found.start()
        # The four bytes of a member's head may lie across two blocks.
        start += max(1, len(block) - 3)
    return size
