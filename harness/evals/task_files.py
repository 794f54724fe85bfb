"""The files of a task: which ones its YAML names, their hash, and how those of a local task are laid out to be run."""

from __future__ import annotations

import hashlib
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from humpback.core.payload import checksum
from humpback.core.store import StoreError
from humpback.spec.benchmarks import LocalTask
from humpback.spec.files import File, Source


def yaml_sha256(path: Path) -> str:
    """SHA-256 over a task's YAML, the YAML that it includes and the modules that it takes functions from."""
    return hashlib.sha256(b"\n".join(one.read_bytes() for one in _with_named(path, {}))).hexdigest()


def _with_named(path: Path, seen: dict[Path, None]) -> dict[Path, None]:
    seen[path] = None
    text = path.read_text(encoding="utf-8")
    modules = {f"{name.rpartition('.')[0].replace('.', '/')}.py" for name in re.findall(r"!function\s+([\w.]+)", text)}
    for name in [*re.findall(r"^['\"]?include['\"]?:\s*['\"]?([^'\"\s]+)", text, re.MULTILINE), *sorted(modules)]:
        one = (path.parent / name).resolve()
        if one.is_file() and one not in seen:
            _with_named(one, seen) if one.suffix != ".py" else seen.setdefault(one)
    return seen


def local_task(path: Path) -> tuple[LocalTask, tuple[tuple[str, str], ...]]:
    """The task of a YAML file with the files that it names, and where they lie: (SHA-256, path).

    Raises:
        StoreError: when the YAML cannot be read or names no task.
    """
    import yaml

    folder, names, task = path.parent.resolve(), [path.name], ""
    for current in names:  # which grow on the way
        if not current.endswith((".yaml", ".yml", "_yaml")):
            continue
        try:
            root = yaml.compose((folder / current).read_text(encoding="utf-8"))
        except (yaml.YAMLError, UnicodeDecodeError) as error:
            raise StoreError(f"{folder / current}: not YAML: {' '.join(str(error).split())}") from error
        if not isinstance(root, yaml.MappingNode):
            raise StoreError(f"{folder / current}: not a task file; it takes fields such as task and dataset_path")
        fields = {key.value: value.value for key, value in root.value if isinstance(value, yaml.ScalarNode)}
        task = task or fields.get("group") or fields.get("task") or ""
        for text, function in _scalars(root):
            below = f"{text.rpartition('.')[0].replace('.', '/')}.py" if function else text
            inside = 0 < len(below) < 200 and not below.startswith(("/", "..")) and (folder / below).is_file()
            if inside and below not in names:
                names.append(below)
    if not task:
        raise StoreError(f"{path}: no `task:` or `group:` in it, so it names no task")
    files = tuple(File(one, checksum(folder / one)) for one in names)
    return LocalTask(task, files), tuple((one.sha256, str(folder / one.name)) for one in files)


def _scalars(node: Any) -> Iterator[tuple[str, bool]]:
    """Every text of a YAML tree, and whether it names a function."""
    if isinstance(node.value, str):
        yield node.value, node.tag == "!function"
        return
    for item in node.value:
        for one in item if isinstance(item, tuple) else (item,):
            yield from _scalars(one)


def lay_out(task: LocalTask, place: Path, file: Callable[[File | Source], Path]) -> None:
    """Copy a task's files into `place` under their names; `file` says where each lies.

    Raises:
        StoreError: when a name leads out of the folder, or a file is not there or not what it was.
    """
    for one in task.files:
        target = place / one.name
        if place.resolve() not in target.resolve().parents:
            raise StoreError(f"{task.name}: {one.name} leads out of the task's folder")
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file(one), target)
