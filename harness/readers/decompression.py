"""Bytes of a file, decompressed in pieces: gzip member by member, zstd, bzip2, xz, or as they lie there.

Compression is told by a file's first bytes. A stream that breaks off is no exception: what came before is good, and the
break comes out in its place. After a broken gzip member the next one that holds a WARC record is looked for, because a
web archive is a row of them, as a rule one for each record.
"""

from __future__ import annotations

import bz2
import lzma
import re
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import IO

GZIP, ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"
COMPRESSED = {GZIP: "gzip", ZSTD: "zstd", b"BZh": "bzip2", b"\xfd7zXZ\x00": "xz"}
"""Compressions by the bytes that a file begins with."""
_PIECE = 1 << 14
_PACKED_PIECE = 1 << 9
"""Compressed bytes at a time: zlib gives nothing of a call that fails, so this much is lost before a break."""
_MEMBER = re.compile(rb"\x1f\x8b\x08[\x00-\x1f]")


@dataclass(frozen=True)
class Break:
    """Where decompression cannot go on."""

    member: int
    """Where in the file the gzip member began that is broken; 0 where there are none."""
    why: str
    then: str = ""
    """Where reading goes on."""

    @property
    def reason(self) -> str:
        """For people."""
        return f"{self.why}{self.then}"


Pieces = Iterator[tuple[bytes, int] | Break]
"""Decompressed bytes with the place of their gzip member (0 where there are none), and breaks."""


def compression_of(head: bytes) -> str:
    """The compression of a file that begins so; empty where it has none."""
    return next((name for magic, name in COMPRESSED.items() if head.startswith(magic)), "")


def decompressed(file: IO[bytes], compression: str) -> Pieces:
    """All of a file from its beginning."""
    file.seek(0)
    return _gzip(file) if compression == "gzip" else _stream(file, compression)


def _stream(file: IO[bytes], compression: str) -> Pieces:
    read, done = _reader(file, compression), 0
    while True:
        try:
            piece = read(_PIECE)
        except (EOFError, OSError, lzma.LZMAError) as error:
            what = f"the {compression} stream" if compression else "the file"
            yield Break(0, f"{what} is damaged or cut off after {done} decompressed bytes ({error})")
            return
        if not piece:
            return
        done += len(piece)
        yield piece, 0


def _reader(file: IO[bytes], compression: str) -> Callable[[int], bytes]:
    """A function that reads some bytes: `read1` where there is one, for it hands out what came before a break."""
    match compression:
        case "bzip2":
            return bz2.BZ2File(file).read1
        case "xz":
            return lzma.LZMAFile(file).read1
        case "zstd":
            import pyarrow as pa

            stream = pa.CompressedInputStream(pa.PythonFile(file, mode="r"), "zstd")
            return lambda n: bytes(stream.read(min(n, 4_096)))
    return file.read


def _gzip(file: IO[bytes]) -> Pieces:
    member, size = 0, file.seek(0, 2)
    while member < size:
        file.seek(member)
        begins = file.read(_PACKED_PIECE)
        if padding := len(begins) - len(begins.lstrip(b"\x00")):
            member += padding
            continue
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
        found = next_member(file, member + 1, size)
        goes_on = "the end of the file" if found == size else "the next member that holds a record"
        yield Break(member, why, f" in the member at byte {member}, {max(0, found - at)} bytes before {goes_on}")
        member = found


def next_member(file: IO[bytes], start: int, size: int) -> int:
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
