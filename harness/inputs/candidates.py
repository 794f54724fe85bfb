"""What lies in a folder that a setup could be made of: pairs, prompts, web pages and models, each told by its contents.

Only the beginning of each file is read, so that a corpus of any size is looked at in seconds.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Literal

from humpback.core.tables import Example, Page
from humpback.inputs.gguf_file import is_gguf
from humpback.inputs.model_folder import CONFIG
from humpback.readers.instructions import layout_of, prompts
from humpback.readers.pages import entries, kind_of
from humpback.readers.sets import is_open_assistant
from humpback.readers.unusable import UnusableFile

Kind = Literal["pairs", "prompts", "pages", "model"]
_ENDINGS = frozenset(("json", "jsonl", "ndjson", "parquet", "csv", "html", "htm", "warc", "gguf"))
_PACKED = frozenset(("gz", "zst", "bz2", "xz"))
_OTHERS = frozenset(("artifacts", "node_modules", "site-packages", "__pycache__", "results", "wandb"))
"""Folders that hold nobody's data."""
_DEEP = 3
"""Folders below the one that is looked in."""
_MOST = 200
"""Files that are looked into."""
_ROWS = 50
"""Rows by which a file is told."""


@dataclass(frozen=True)
class Candidate:
    """A file, a model's folder, or files of one kind that lie together."""

    name: str
    """Path below the folder that was looked in, or a pattern of several."""
    kind: Kind
    what: str
    """In words."""
    bytes: int


@dataclass(frozen=True)
class Candidates:
    """What was found, and what was not looked at."""

    found: tuple[Candidate, ...]
    aside: tuple[str, ...] = ()
    """Files that look like data and cannot be used, each with the reason; a line for those that were not looked at."""

    def of(self, kind: Kind) -> list[Candidate]:
        """Those of a kind, by name."""
        return [one for one in self.found if one.kind == kind]


def find_candidates(folder: Path) -> Candidates:
    """Everything in a folder, and in those below it, that a setup could be made of."""
    found: list[Candidate] = []
    aside: list[str] = []
    files = []
    for path in _data_below(folder):
        if path.is_dir():
            found.append(Candidate(_name(path, folder), "model", "a model's folder", _size(path)))
        else:
            files.append(path)
    for path in files[:_MOST]:
        if why := _unnameable(path):
            aside.append(f"{_name(path, folder)}: {why}")
            continue
        try:
            kind, what = _told(path)
        except (UnusableFile, OSError, ValueError) as error:
            aside.append(str(error).removeprefix(f"{folder}/"))
            continue
        found.append(Candidate(_name(path, folder), kind, what, path.stat().st_size))
    if len(files) > _MOST:
        aside.append(f"{len(files) - _MOST:,} of {len(files):,} files were not looked into; name those that are meant")
    return Candidates(tuple(_together(found)), tuple(aside))


def _data_below(folder: Path) -> Iterator[Path]:
    """Models' folders, and files whose names are those of data, in alphabetical order."""
    for place, folders, names in os.walk(folder):
        here = Path(place)
        if CONFIG in names and any(name.endswith((".safetensors", ".safetensors.index.json")) for name in names):
            folders.clear()
            yield here
            continue
        deep = len(here.relative_to(folder).parts)
        kept = [one for one in sorted(folders) if not one.startswith(".") and one not in _OTHERS and deep < _DEEP]
        folders[:] = [one for one in kept if not (here / one / "pyvenv.cfg").exists()]
        for name in sorted(names):
            parts = [one for one in name.lower().split(".")[1:] if one not in _PACKED]
            if parts and parts[-1] in _ENDINGS and not name.startswith("."):
                yield here / name


def _unnameable(path: Path) -> str:
    """Why a path is nothing that a setup could name; empty where it may be."""
    if path.exists() and not path.is_file():  # a pipe would be waited for until somebody writes into it
        return "neither a file nor a folder"
    try:
        str(path).encode()
    except UnicodeEncodeError:
        return "its name is no UTF-8, which no TOML file can hold; rename it"
    return ""


def _told(path: Path) -> tuple[Kind, str]:
    """What a file is, by its beginning.

    Raises:
        UnusableFile, OSError: where it is nothing that can be used.
    """
    if is_gguf(path):
        return "model", "a model in a GGUF file"
    if (kind := kind_of(path)) in ("WARC", "HTML"):
        return "pages", f"web pages, {kind}"
    try:
        if is_open_assistant(path):
            return "pairs", "Open Assistant's conversations"
        layout = layout_of(path).value
    except UnusableFile:
        if any(isinstance(one, Page) for one in islice(entries(path), _ROWS)):
            return "pages", "web pages in records"
        raise
    rows = [one for one in islice(prompts(path), _ROWS) if isinstance(one, Example)]
    answered = sum(bool(one.output.strip()) for one in rows)
    if not rows:
        raise UnusableFile(f"{path}: none of its first {_ROWS} rows can be used; humpback show {path} says why")
    if answered > len(rows) / 2:
        return "pairs", f"instructions with outputs, {layout} layout"
    return "prompts", f"prompts alone, {layout} layout"


def _together(found: list[Candidate]) -> Iterator[Candidate]:
    """With a pattern in the place of several files of pages with one ending in one folder."""
    groups: dict[tuple[str, str], list[Candidate]] = {}
    for one in found:
        head, _, tail = one.name.rpartition("/")
        # Other kinds stand alone: two sets are seldom one.
        key = (head, ".".join(tail.split(".")[1:])) if one.kind == "pages" else (one.name, "")
        groups.setdefault(key, []).append(one)
    for (head, ending), those in groups.items():
        first = those[0]
        if len(those) == 1:
            yield first
            continue
        name = f"{head}/*.{ending}" if head else f"*.{ending}"
        yield Candidate(name, "pages", f"{first.what}, {len(those)} files", sum(one.bytes for one in those))


def _name(path: Path, folder: Path) -> str:
    return path.relative_to(folder).as_posix()


def _size(folder: Path) -> int:
    return sum(one.stat().st_size for one in folder.iterdir() if one.is_file())
