"""Members of a zip file, those too that are compressed with Zstandard, as inspect's are: Python's zipfile does that
from 3.14 on."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path
from typing import Self
from zipfile import BadZipFile, ZipFile

import pyarrow as pa

_ZSTANDARD = 93
_LOCAL_HEAD = 30


class Members:
    """A zip file open for reading."""

    def __init__(self, path: Path) -> None:
        """Raises BadZipFile where the directory at its end is not there."""
        self._file = path.open("rb")
        try:
            self._zip = ZipFile(self._file)
        except BadZipFile:
            self._file.close()
            raise
        self.names = tuple(dict.fromkeys(self._zip.namelist()))
        """Each once: of a member written twice the later one counts."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def read(self, name: str) -> bytes:
        """A member's bytes.

        Raises:
            BadZipFile: when it is damaged or compressed in another way.
        """
        info = self._zip.getinfo(name)
        if info.compress_type != _ZSTANDARD:
            try:
                return self._zip.read(name)
            except (NotImplementedError, EOFError, OSError, zlib.error) as error:
                raise BadZipFile(f"member {name}: {error}") from error
        self._file.seek(info.header_offset)
        head = self._file.read(_LOCAL_HEAD)
        if len(head) < _LOCAL_HEAD or head[:4] != b"PK\x03\x04":
            raise BadZipFile(f"member {name}: no member begins at byte {info.header_offset}")
        self._file.seek(sum(struct.unpack_from("<HH", head, 26)), 1)
        packed = self._file.read(info.compress_size)
        try:
            found: bytes = pa.CompressedInputStream(pa.BufferReader(packed), "zstd").read()
        except (pa.ArrowException, OSError) as error:
            raise BadZipFile(f"member {name}: {error}") from error
        if len(found) != info.file_size or zlib.crc32(found) != info.CRC:
            raise BadZipFile(f"member {name}: its checksum does not match")
        return found
