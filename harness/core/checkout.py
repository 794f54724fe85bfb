"""What git knows of a folder."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Committed:
    """The last commit that changed a file."""

    commit: str
    date: str
    """When it was committed, in ISO 8601."""


def git(folder: Path, *words: str) -> str | None:
    """What git says there; None where it fails, is not installed, or the folder is in no repository."""
    # A hook of git's names its own repository here, which may be another.
    environment = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    command = ["git", "-C", str(folder), *words]
    try:
        done = subprocess.run(command, capture_output=True, check=False, env=environment)
    except FileNotFoundError:
        return None
    return done.stdout.decode(errors="backslashreplace") if done.returncode == 0 else None


def repository(folder: Path) -> Path | None:
    """The top of the checkout that the folder is in; None where there is none."""
    top = git(folder, "rev-parse", "--show-toplevel")
    return Path(top.rstrip("\n")) if top else None


def changed(top: Path, besides: tuple[Path, ...] = ()) -> list[str]:
    """Files of the checkout that are not as they were committed, or are neither committed nor ignored, but for what
    lies below the folders `besides`."""
    status = git(top, "status", "--porcelain", "-z", "--untracked-files=all", "--no-renames") or ""
    names = [line[3:] for line in status.split("\0") if line]
    return [name for name in names if not any((top / name).resolve().is_relative_to(one.resolve()) for one in besides)]


def committed(path: Path) -> Committed | None:
    """The last commit that changed the file; None where it was never committed."""
    told = git(path.parent, "log", "-1", "--format=%H %cI", "--", path.name)
    return Committed(*told.split()) if told and told.strip() else None
