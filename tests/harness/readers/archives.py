"""Web archives made for tests."""

from __future__ import annotations

import bz2
import gzip
import lzma
import random
from pathlib import Path

import pyarrow as pa

from humpback.core.tables import Page, Rejected, Unreadable
from humpback.readers.pages import Other, entries

HTML = b"<!doctype html><h1>Title</h1><p>Some text.</p>"


def record(block: bytes, kind: str = "response", url: str = "http://a/", **headers: str) -> bytes:
    """A WARC record; a header given as "" is left out."""
    given = {"WARC-Type": kind, "WARC-Target-URI": url, "Content-Type": "application/http; msgtype=response"}
    given["Content-Length"] = str(len(block))
    given.update({name.replace("_", "-"): value for name, value in headers.items()})
    head = "".join(f"{name}: {value}\r\n" for name, value in given.items() if value)
    return b"WARC/1.0\r\n" + head.encode() + b"\r\n" + block + b"\r\n\r\n"


def http(body: bytes = HTML, kind: str = "text/html", status: int = 200, **headers: str) -> bytes:
    given = {"Content-Type": kind, **{name.replace("_", "-"): value for name, value in headers.items()}}
    head = "".join(f"{name}: {value}\r\n" for name, value in given.items() if value)
    return f"HTTP/1.1 {status} OK\r\n{head}\r\n".encode() + body


def numbered(n: int) -> list[bytes]:
    rng = random.Random(n)
    return [record(http(HTML + rng.randbytes(1_000).hex().encode()), url=f"http://a/{i}") for i in range(n)]


def found(folder: Path, data: bytes, name: str = "x.warc") -> list[Page | Rejected | Unreadable | Other]:
    path = folder / name
    path.write_bytes(data)
    return list(entries(path))


def urls(rows: list[Page | Rejected | Unreadable | Other]) -> list[str]:
    return [row.url for row in rows if isinstance(row, Page)]


def broken(rows: list[Page | Rejected | Unreadable | Other]) -> list[Unreadable]:
    return [row for row in rows if isinstance(row, Unreadable)]


PACKED = {
    "plain": b"".join,
    "a member each": lambda parts: b"".join(map(gzip.compress, parts)),
    "one member": lambda parts: gzip.compress(b"".join(parts)),
    "bzip2": lambda parts: bz2.compress(b"".join(parts)),
    "xz": lambda parts: lzma.compress(b"".join(parts)),
    "zstd": lambda parts: pa.compress(b"".join(parts), codec="zstd", asbytes=True),
}


def members(parts: list[bytes]) -> tuple[bytes, list[int]]:
    packed = [gzip.compress(one, mtime=0) for one in parts]
    return b"".join(packed), [sum(map(len, packed[:i])) for i in range(len(packed) + 1)]
