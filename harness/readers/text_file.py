"""Bytes of a file as UTF-8 text in pieces, whatever it is compressed with.

A stream that breaks off ends there and says so in `broken`; the reader above reports it where the next record would
have stood.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from pathlib import Path

from humpback.core.tables import RAW_SHOWN
from humpback.readers.decompression import COMPRESSED, Break, compression_of, decompressed
from humpback.readers.unusable import unusable

HEAD = 1 << 20
"""Bytes looked at to tell what a file is."""
PARQUET = b"PAR1"
_UNUSABLE: dict[bytes, str] = {
    **{b"\x80" + bytes([i]): "a Python pickle, which runs code when it is loaded" for i in range(2, 6)},
    b"PK\x03\x04": "a zip archive; unpack it and name the file in it",
    b"ARROW1": "an Arrow file; save it as Parquet",
    b"\xff\xff\xff\xff": "an Arrow stream, as datasets keeps sets; save it as Parquet",
    b"WARC/": "a web archive; name it among the pages",
    b"<!DOCTYPE": "a web page; name it among the pages",
    b"<html": "a web page; name it among the pages",
    b"SQLite format 3": "an SQLite database; export its table",
    codecs.BOM_UTF32_LE: "UTF-32 text; save it as UTF-8",
    codecs.BOM_UTF32_BE: "UTF-32 text; save it as UTF-8",
}


def excerpt(raw: bytes | str) -> str:
    """The beginning of a raw record, for `Unreadable.raw`: bytes that are no UTF-8 as backslash escapes.

    Text is taken as decoded with "surrogateescape".
    """
    if isinstance(raw, str):
        raw = raw[:RAW_SHOWN].encode("utf-8", "surrogateescape")
    return raw[: 4 * RAW_SHOWN].decode("utf-8", "backslashreplace")[:RAW_SHOWN]


def first_bytes(path: Path) -> bytes:
    """The first bytes as they lie on disk.

    Raises:
        UnusableFile: when there is no file, it is a folder, empty, or may not be read.
    """
    if not path.exists():
        raise unusable(path, "there is no such file")
    if not path.is_file():
        raise unusable(path, "this is a folder and not a file; name the file in it")
    try:
        with path.open("rb") as file:
            head = file.read(16)
    except OSError as error:
        raise unusable(path, f"it cannot be read ({error.strerror})") from error
    if not head:
        raise unusable(path, "the file is empty")
    return head


class Text:
    """A file's text, decompressed, as UTF-8 bytes without a byte order mark, read once from start to end.

    Raises:
        UnusableFile: when there is nothing in it, or it is of a kind that is known and not read here.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.broken = ""
        """Why the stream ended early, once it has."""
        self.compression = compression_of(first_bytes(path))
        self._pieces = self._recoded(self._raw())
        self._head = _at_least(HEAD, self._pieces)
        self.head = b"".join(self._head)
        """The first HEAD bytes or so, decoded; reading them does not consume them."""
        if not self.head.strip(b" \t\r\n"):
            why = self.broken or ("nothing but blank lines" if self.head else "nothing in it")
            raise unusable(path, f"the file holds no record: {why}")

    def pieces(self) -> Iterator[bytes]:
        """All of the text, the head included."""
        yield from self._head
        self._head = []
        yield from self._pieces

    def _raw(self) -> Iterator[bytes]:
        done = 0
        with self.path.open("rb") as file:
            for piece in decompressed(file, self.compression):
                if isinstance(piece, Break):
                    what = f"the {self.compression} stream" if self.compression else "the file"
                    self.broken = f"{what} breaks off or is damaged after {done} bytes of text ({piece.why})"
                    return
                done += len(piece[0])
                yield piece[0]

    def _recoded(self, raw: Iterator[bytes]) -> Iterator[bytes]:
        first = b"".join(_at_least(16, raw))
        self._refuse(first)
        if not first.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            yield first.removeprefix(codecs.BOM_UTF8)
            yield from raw
            return
        decoder = codecs.getincrementaldecoder("utf-16")("surrogatepass")
        yield decoder.decode(first).encode("utf-8", "surrogatepass")
        for piece in raw:
            yield decoder.decode(piece).encode("utf-8", "surrogatepass")
        yield b"\xff" * len(decoder.getstate()[0])  # half of a character, as what is no UTF-8

    def _refuse(self, first: bytes) -> None:
        inside = f" inside the {self.compression} stream" if self.compression else ""
        for magic, what in _UNUSABLE.items():
            if first.startswith(magic):
                raise unusable(self.path, f"this is {what}{inside}")
        if inside and first.startswith(PARQUET):
            raise unusable(self.path, f"this is Parquet{inside}; decompress it, Parquet compresses by itself")
        if inside and first.startswith(tuple(COMPRESSED)):
            raise unusable(self.path, f"this is compressed twice: another stream{inside}; decompress it once")


def _at_least(size: int, pieces: Iterator[bytes]) -> list[bytes]:
    """The next pieces, so many bytes together where there are as many."""
    taken: list[bytes] = []
    for piece in pieces:
        taken.append(piece)
        size -= len(piece)
        if size <= 0:
            break
    return taken
