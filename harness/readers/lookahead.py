"""A file's decompressed bytes with lookahead, and where in the file they stand: what the WARC reader reads from."""

from __future__ import annotations

import re
from collections import deque
from pathlib import Path

from humpback.readers.decompression import Break, compression_of, decompressed, next_member

_CONTROLS = re.compile(rb"[\x00-\x08\x0e-\x1f]")


class Lookahead:
    """A file's decompressed bytes, read forward in stretches: after a break the next gzip member that holds a record
    begins another. Use it as a context manager."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("rb")
        head = self._file.read(64)
        self.packed = compression_of(head)
        # Where the beginning of an archive is damaged, a member that begins soon tells.
        if not self.packed and _CONTROLS.search(head) and next_member(self._file, 0, 1 << 20) < 1 << 20:
            self.packed = "gzip"
        self._pieces = decompressed(self._file, self.packed)
        self._members: deque[tuple[int, int]] = deque()
        """Where each member of the buffer begins: in decompressed bytes, in the file."""
        self.buffer = bytearray()
        """What was decompressed and not yet used."""
        self._at = 0
        """Where the buffer begins, in decompressed bytes."""
        self.stopped: Break | None = None
        """Why the stretch ended, when that is not the end of the file."""
        self._ended = False

    def __enter__(self) -> Lookahead:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def peek(self, n: int) -> bool:
        """Have at least n bytes in the buffer; False when the stretch has fewer."""
        while len(self.buffer) < n and not self._ended:
            event = next(self._pieces, None)
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
