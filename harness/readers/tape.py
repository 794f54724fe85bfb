"""A file's decompressed bytes that can be looked at before they are used, with where they stand in the file.

This is what the WARC reader reads from. A web archive is a row of gzip members, as a rule one for each record, so a
broken one need not end the reading: the bytes come in stretches, and after a break the next member is looked for.
"""

from __future__ import annotations

import re
import zlib
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import IO

GZIP, ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"
_PIECE = 1 << 14
_CONTROLS = re.compile(rb"[\x00-\x08\x0e-\x1f]")
_MEMBER = re.compile(rb"\x1f\x8b\x08[\x00-\x1f]")


@dataclass(frozen=True)
class _Piece:
    data: bytes
    member: int
    """Where in the file the gzip member began; 0 throughout where there are none."""


@dataclass(frozen=True)
class Break:
    """Where decompression cannot go on."""

    member: int
    """Where in the file the member began that is broken."""
    reason: str
    left: int
    """Bytes of the file between the break and where reading goes on, to within 64."""
    ends: bool
    """Whether that is the end of the file."""


class Tape:
    """The bytes, read forward. Use it as a context manager."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("rb")
        head = self._file.read(64)
        members = head.startswith(GZIP) or (bool(_CONTROLS.search(head)) and _archive_inside(self._file))
        self.packed = members or head.startswith(ZSTD)
        self._file.seek(0)
        self._events = _gzip(self._file) if members else _zstd(self._file) if self.packed else _plain(self._file)
        self._starts: deque[tuple[int, int]] = deque()
        self.buffer = bytearray()
        """What was decompressed and not yet used."""
        self.at = 0
        """Where the buffer begins, in decompressed bytes."""
        self.stopped: Break | None = None
        """Why the stretch ended, when that is not the end of the file."""
        self._ended = False

    def __enter__(self) -> Tape:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def fill(self) -> bool:
        """Decompress some more of this stretch; False at its end."""
        while not self._ended:
            event = next(self._events, None)
            if not isinstance(event, _Piece):
                self._ended, self.stopped = True, event
            elif event.data:
                if not self._starts or self._starts[-1][1] != event.member:
                    self._starts.append((self.at + len(self.buffer), event.member))
                self.buffer += event.data
                return True
        return False

    def hold(self, n: int) -> bool:
        """Have at least n bytes in the buffer; False when the stretch has fewer."""
        while len(self.buffer) < n:
            if not self.fill():
                return False
        return True

    def use(self, n: int) -> None:
        """Drop the first n bytes of the buffer."""
        del self.buffer[:n]
        self.at += n
        while len(self._starts) > 1 and self._starts[1][0] <= self.at:
            self._starts.popleft()

    def next_stretch(self) -> bool:
        """Go on after a break; False when the file has ended."""
        self.use(len(self.buffer))
        self._starts.clear()
        more = self.stopped is not None and not self.stopped.ends
        self._ended, self.stopped = not more, None
        return more

    def member(self, ahead: int = 0) -> int:
        """Where in the file the member began that holds the byte so far ahead."""
        return max((start for start in self._starts if start[0] <= self.at + ahead), default=(0, 0))[1]

    def where(self) -> str:
        """The place of the buffer's first byte, such as "byte 40812"."""
        if not self.packed:
            return f"byte {self.at}"
        begun, member = self._starts[0] if self._starts else (self.at, 0)
        inside = f" (+{self.at - begun} decompressed)" if self.at > begun else ""
        return f"byte {member}{inside}"


def _archive_inside(file: IO[bytes]) -> bool:
    """Whether a compressed archive begins soon, behind bytes that are none: its own beginning may be damaged."""
    return _next_member(file, 0, 1 << 20) < 1 << 20


def _plain(file: IO[bytes]) -> Iterator[_Piece | Break]:
    while data := file.read(_PIECE):
        yield _Piece(data, 0)


def _zstd(file: IO[bytes]) -> Iterator[_Piece | Break]:
    import pyarrow as pa

    stream = pa.CompressedInputStream(pa.PythonFile(file, mode="r"), "zstd")
    done = 0
    try:
        while data := stream.read(_PIECE):
            done += len(data)
            yield _Piece(bytes(data), 0)
    except OSError as error:
        left = max(0, file.seek(0, 2) - done)
        yield Break(
            0, f"the zstd stream is damaged or cut off after {done} decompressed bytes ({error})", left, ends=True
        )


def _gzip(file: IO[bytes]) -> Iterator[_Piece | Break]:
    member, size = 0, file.seek(0, 2)
    while member < size:
        file.seek(member)
        unpack, why, at = zlib.decompressobj(31), "", member
        while not unpack.eof and not why:
            raw = file.read(_PIECE)
            if not raw:
                why = "the gzip stream ends early"
                break
            before = unpack.copy()
            try:
                data = unpack.decompress(raw)
                at = file.tell()
            except zlib.error as error:
                data, used = _until_error(before, raw)
                at, why = file.tell() - len(raw) + used, f"the gzip stream is damaged ({error})"
            yield _Piece(data, member)
        if why:
            found = _next_member(file, member + 1, size)
            yield Break(member, why, max(0, found - at), ends=found == size)
            member = found
        else:
            member = file.tell() - len(unpack.unused_data)


def _until_error(unpack: zlib._Decompress, raw: bytes) -> tuple[bytes, int]:
    """What the damaged bytes still give, and of how many of them: zlib returns nothing of a call that fails."""
    parts: list[bytes] = []
    try:
        for one, other in pairwise([*range(0, len(raw), 64), len(raw)]):
            parts.append(unpack.decompress(raw[one:other]))
    except zlib.error:
        pass
    return b"".join(parts), 64 * len(parts)


def _next_member(file: IO[bytes], start: int, size: int) -> int:
    """Where the next gzip member begins that holds a WARC record, or the file's size."""
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
