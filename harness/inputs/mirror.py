"""Public files in a folder of one's own: what another machine pulled, or what a colleague handed over.

A file is looked for as NAME/FILENAME, then by its file name anywhere below the folder, then, where the checksum is
known, by size and checksum under any name. Several different files of the right name are refused where nothing tells
which is meant.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from humpback.core.payload import checksum
from humpback.core.store import StoreError
from humpback.spec.public_files import PublicFile


def found_in(mirror: Path, row: PublicFile, expected: str | None) -> Path:
    """The file of a mirror folder that is this public one.

    Raises:
        StoreError: one line: when there is none, only others of that name, or several to choose from.
    """
    if not mirror.is_dir():
        raise StoreError(f"{mirror} is not a folder; --from takes one that holds {row.filename}")
    if expected is None:
        return _only(mirror, row)
    seen: dict[Path, str] = {}
    for path in _candidates(mirror, row):
        if path not in seen:
            seen[path] = checksum(path)
            if seen[path] == expected:
                return path
    named = [path for path in seen if path.name == row.filename]
    if named:
        raise StoreError(
            f"{row.name} is not what was published: {named[0]} has checksum {seen[named[0]]}, not {expected}"
        )
    raise _absent(mirror, row)


def _candidates(mirror: Path, row: PublicFile) -> Iterator[Path]:
    """In the order in which they are likely; the last resort reads every file of the right size."""
    direct = mirror / row.name / row.filename
    if direct.is_file():
        yield direct
    yield from _named(mirror, row)
    if row.bytes is not None:
        yield from (path for path in sorted(mirror.rglob("*")) if path.is_file() and path.stat().st_size == row.bytes)


def _only(mirror: Path, row: PublicFile) -> Path:
    direct = mirror / row.name / row.filename
    if direct.is_file():
        return direct
    named = list(_named(mirror, row))
    if not named:
        raise _absent(mirror, row)
    if len({checksum(path) for path in named}) > 1:
        raise StoreError(
            f"{row.name}: {len(named)} files in {mirror} are called {row.filename} and differ; "
            f"put the right one at {direct}"
        )
    return named[0]


def _named(mirror: Path, row: PublicFile) -> Iterator[Path]:
    yield from (path for path in sorted(mirror.rglob(row.filename)) if path.is_file())


def _absent(mirror: Path, row: PublicFile) -> StoreError:
    return StoreError(f"{row.name} is not in {mirror}: there is no {row.filename} in it; it comes from {row.address}")
