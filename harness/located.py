"""Where files lie on this machine: the user's own, found by checksum, and public ones that were pulled.

Files are verified each time a stage reads one, because nothing else stands between a changed file and a result that
claims to come from the old one.
"""

from __future__ import annotations

from pathlib import Path

from harness.files import File, Source
from harness.machine import Machine
from harness.store import StoreError, checksum


def located(given: File | Source, machine: Machine) -> Path:
    """The path of a file, verified.

    Raises:
        StoreError: when it is not there or not what it was, saying how to get it.
    """
    if isinstance(given, Source):
        from harness.pull import pulled

        return pulled(given, Path(machine.data))
    path = next((Path(where) for sha256, where in machine.files if sha256 == given.sha256), None)
    if path is None or not path.is_file():
        raise StoreError(
            f"{given.name} ({given.sha256[:16]}) is not on this machine{f' at {path}' if path else ''}; "
            "name the file in the setup file, or as an option of the command"
        )
    found = checksum(path)
    if found != given.sha256:
        raise StoreError(f"{path}: checksum {found[:16]}, not {given.sha256[:16]}; it was changed since this was planned")
    return path
