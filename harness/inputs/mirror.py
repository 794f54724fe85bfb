"""Public files in a folder of one's own: what another machine pulled, or what a colleague handed over.

A file is looked for as NAME/FILENAME, then by its file name anywhere below the folder, then, where the checksum is
known, by size and checksum under any name. Several different files of the right name are refused where nothing tells
which is meant.
"""

from __future__ import annotations

from itertools import chain
from pathlib import Path

from humpback.core.payload import checksum
from humpback.core.store import StoreError
from humpback.spec.public_file import PublicFile


def find_in_mirror(mirror: Path, row: PublicFile, expected: str | None) -> Path:
    """The file of a mirror folder that is this public one.

    Raises:
        StoreError: one line: when there is none, only others of that name, or several to choose from.
    """
    if not mirror.is_dir():
        raise StoreError(f"{mirror} is not a folder; --from takes one that holds {row.filename}")
    direct = mirror / row.name / row.filename
    named = [path for path in (direct, *sorted(mirror.rglob(row.filename))) if path.is_file()]
    if expected is None:
        if named and named[0] != direct and len({checksum(path) for path in named}) > 1:
            raise StoreError(
                f"{row.name}: {len(named)} files in {mirror} are called {row.filename} and differ; "
                f"put the right one at {direct}"
            )
    else:
        # The last resort reads every file of the right size.
        others = (path for path in sorted(mirror.rglob("*")) if path.is_file() and path.stat().st_size == row.bytes)
        for path in chain(dict.fromkeys(named), others):
            if checksum(path) == expected:
                return path
        if named:
            raise StoreError(
                f"{row.name} is not what was published: {named[0]} has checksum {checksum(named[0])}, not {expected}"
            )
    if not named:
        raise StoreError(
            f"{row.name} is not in {mirror}: there is no {row.filename} in it; it comes from {row.address}"
        )
    return named[0]
