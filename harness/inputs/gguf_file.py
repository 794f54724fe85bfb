"""The header of a GGUF file: what model it holds, read without its weights and without torch.

The layout is the one of ggml's docs/gguf.md, versions 2 and 3: magic, version, counts, key-value pairs, a table of
tensors, and then their data.
"""

from __future__ import annotations

import mmap
import struct
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

from humpback.core.store import StoreError

MAGIC = b"GGUF"
_NUMBERS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
_STRING, _ARRAY = 8, 9


@dataclass(frozen=True)
class Header:
    """What a file says of its model."""

    values: dict[str, Any]
    """Key-value pairs; of an array only its length."""
    types: dict[str, int]
    """ggml's number of each tensor's type, by name."""
    elements: dict[str, int]
    """How many numbers each tensor holds, by name."""

    @property
    def architecture(self) -> str:
        """Such as "llama"."""
        return str(self.values.get("general.architecture", ""))

    def number(self, key: str) -> int | None:
        """The architecture's value of that name, such as "embedding_length", where it is one number."""
        found = self.values.get(f"{self.architecture}.{key}")
        return found if isinstance(found, int) else None


def is_gguf(path: Path) -> bool:
    """Whether the file is called GGUF or begins as one."""
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return path.suffix == ".gguf" or file.read(len(MAGIC)) == MAGIC


def header(path: Path) -> Header:
    """The header, with the length of the file held against it.

    Raises:
        StoreError: when the package gguf is missing, or the file is no GGUF, one of several parts, or cut.
    """
    try:
        from gguf.constants import GGML_QUANT_SIZES
    except ModuleNotFoundError as error:
        raise StoreError(
            f"{path}: GGUF files need the package gguf; install it with pip install 'humpback-harness[gguf]'"
        ) from error
    size = path.stat().st_size
    try:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            found, tensors, end = _read(data)
    except (struct.error, ValueError, KeyError, IndexError) as error:
        with path.open("rb") as file:
            start = file.read(40)
        what = "a Git LFS pointer" if start.startswith(b"version https://git-lfs") else f"no whole GGUF file ({error})"
        raise StoreError(f"{path}: {what}; bring the file again") from error
    if int(found.values.get("split.count") or 1) > 1:
        raise StoreError(f"{path}: one of several parts; join them with llama-gguf-split --merge")
    alignment = int(found.values.get("general.alignment") or 32)
    data_start = -(-end // alignment) * alignment
    for name, shape, kind, offset in tensors:
        elements, stored = GGML_QUANT_SIZES.get(kind, (0, 0))
        if not elements:
            raise StoreError(f"{path}: {name} is of ggml type {kind}, which the package gguf does not know; update it")
        needed = data_start + offset + prod(shape) // elements * stored
        if needed > size:
            raise StoreError(
                f"{path}: cut; {name} ends at byte {needed:,} and the file has {size:,}; bring the file again"
            )
    return found


def _read(data: mmap.mmap) -> tuple[Header, list[tuple[str, tuple[int, ...], int, int]], int]:
    """The header, (name, shape, type, offset) of each tensor, and where the table of tensors ends."""
    if data[:4] != MAGIC:
        raise ValueError("it does not begin with GGUF")
    version, n_tensors, n_values = struct.unpack_from("<IQQ", data, 4)
    if version not in (2, 3):
        raise ValueError(f"version {version}, and 2 and 3 are read")
    at = 24
    values: dict[str, Any] = {}
    for _ in range(n_values):
        key, at = _string(data, at)
        (kind,) = struct.unpack_from("<I", data, at)
        values[key], at = _value(data, at + 4, kind)
    tensors = []
    for _ in range(n_tensors):
        name, at = _string(data, at)
        (dimensions,) = struct.unpack_from("<I", data, at)
        shape = struct.unpack_from(f"<{dimensions}Q", data, at + 4)
        kind, offset = struct.unpack_from("<IQ", data, at + 4 + 8 * dimensions)
        at += 16 + 8 * dimensions
        tensors.append((name, shape, kind, offset))
    types, elements = {name: kind for name, _, kind, _ in tensors}, {name: prod(shape) for name, shape, _, _ in tensors}
    return Header(values, types, elements), tensors, at


def _value(data: mmap.mmap, at: int, kind: int) -> tuple[Any, int]:
    if kind == _STRING:
        return _string(data, at)
    if kind == _ARRAY:
        inner, n = struct.unpack_from("<IQ", data, at)
        at += 12
        if inner in _NUMBERS:
            return n, at + n * struct.calcsize("<" + _NUMBERS[inner])
        for _ in range(n):
            if inner == _STRING:
                (length,) = struct.unpack_from("<Q", data, at)
                at += 8 + length
            else:
                _, at = _value(data, at, inner)
        return n, at
    (value,) = struct.unpack_from("<" + _NUMBERS[kind], data, at)
    return value, at + struct.calcsize("<" + _NUMBERS[kind])


def _string(data: mmap.mmap, at: int) -> tuple[str, int]:
    (length,) = struct.unpack_from("<Q", data, at)
    if at + 8 + length > len(data):
        raise ValueError(f"a text of {length:,} bytes at byte {at:,} reaches beyond its end")
    return data[at + 8 : at + 8 + length].decode("utf-8"), at + 8 + length
