"""Tasks as lm-eval loads them: found, their data brought, their files and data hashed, before any model is loaded.

What cannot be had comes back as `Missing`, with the reason in one line. Building lm-eval's own index takes seconds, so
it is built only when a task of its own is asked for. Tasks of somebody's own see no other, unless the YAML is a group
of lm-eval's.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from harness.benchmarks import AnyTask, LocalTask, MicroFacts, Task
from harness.files import File, Source
from harness.micro.benchmark import write_task
from harness.store import StoreError

UNSAFE = "runs code that the model writes; say so by name with --run-model-code"
_HUB_SECONDS = 5.0


@dataclass(frozen=True)
class Missing:
    """A task that cannot be run here."""

    name: str
    reason: str

    def __str__(self) -> str:
        return f"{self.name}: {self.reason}"


@dataclass(frozen=True)
class Opened:
    """A task with its data, as lm-eval's objects."""

    name: str
    parts: tuple[Any, ...]
    """What `simple_evaluate` takes: a task, a group, or the tasks of a tag."""
    leaves: dict[str, Any]
    """Name -> task of each single task in it."""
    yaml: dict[str, str]
    """Name of each single task, and of the group -> SHA-256 of its YAML with what that names."""
    unsafe: bool


def opened(
    tasks: Sequence[AnyTask],
    folder: Path,
    file: Callable[[File | Source], Path],
    *,
    chat_template: bool = False,
    run_model_code: bool = False,
) -> list[Opened | Missing]:
    """Each task in order, loaded with its data, or why not.

    folder: an empty one, where the files of local tasks are laid out; keep it until the tasks have run.
    file: where a file of a local task lies.

    Raises:
        StoreError: when a file of a local task is not there or not what it was.
    """
    found: list[Opened | Missing] = []
    with _hub_or_cache(any(isinstance(task, Task) for task in tasks)):
        for number, task in enumerate(tasks):
            place = folder / str(number)
            place.mkdir()
            if isinstance(task, MicroFacts):
                write_task(place, task.world, task.n, task.draw, chat_template=chat_template)
            elif isinstance(task, LocalTask):
                _lay_out(task, place, file)
            found.append(_opened(task, place, run_model_code))
    return found


def _opened(task: AnyTask, place: Path, run_model_code: bool) -> Opened | Missing:
    from harness.model_code import allowed

    manager = shipped() if isinstance(task, Task) else _manager(place)
    if task.name not in manager.task_index:
        known = "lm-eval has no task of that name" if isinstance(task, Task) else "its YAML holds no task of that name"
        return Missing(task.name, known)
    entries = {entry.name: entry for entry in leaves(manager.task_index, task.name)}
    unsafe = any((entry.cfg or {}).get("unsafe_code") for entry in entries.values())
    if unsafe and not run_model_code:
        return Missing(task.name, UNSAFE)
    local = not isinstance(task, Task)
    try:
        with contextlib.chdir(place), _cache_in(place if local else None), allowed(unsafe):
            loaded = manager.load([task.name])
    except (OSError, ValueError, RuntimeError, LookupError, TypeError, ImportError, AttributeError) as error:
        told = " ".join(str(error).split()) or type(error).__name__
        return Missing(task.name, f"its data cannot be had ({type(error).__name__}: {told[:200]})")
    group = loaded.get("groups", {}).get(task.name)
    single: dict[str, Any] = loaded["tasks"]
    files = {**entries, task.name: manager.task_index[task.name]}
    yaml = {name: yaml_sha256(entry.yaml_path) for name, entry in files.items() if entry.yaml_path}
    return Opened(task.name, (group,) if group is not None else tuple(single.values()), single, yaml, unsafe)


@cache
def shipped() -> Any:
    """lm-eval's own tasks, by name. The index takes seconds and is built once a process."""
    from lm_eval.tasks import TaskManager  # type: ignore[import-untyped]

    return TaskManager()


def _manager(folder: Path) -> Any:
    from lm_eval.tasks import TaskManager

    return TaskManager(include_path=str(folder), include_defaults=False)


def leaves(index: dict[str, Any], name: str) -> Iterator[Any]:
    """The index entries of the single tasks that a task, group or tag stands for; nothing is downloaded."""
    entry = index[name]
    if entry.kind.name == "TAG":
        members: list[Any] = sorted(entry.tags)
    elif entry.kind.name == "GROUP":
        members = list((entry.cfg or {}).get("task") or ())
    else:
        yield entry
        return
    for member in members:
        below = member if isinstance(member, str) else member.get("group") or member.get("task")
        if isinstance(below, str) and below in index:
            yield from leaves(index, below)


def data_sha256(docs: Any) -> tuple[str, int]:
    """SHA-256 over the documents as JSON, in order, and how many there are."""
    hashed, n = hashlib.sha256(), 0
    for doc in docs:
        hashed.update(json.dumps(doc, sort_keys=True, default=str).encode() + b"\n")
        n += 1
    return hashed.hexdigest(), n


def yaml_sha256(path: Path) -> str:
    """SHA-256 over a task's YAML, the YAML that it includes and the modules that it takes functions from."""
    return hashlib.sha256(b"\n".join(one.read_bytes() for one in _with_named(path, {}))).hexdigest()


def _with_named(path: Path, seen: dict[Path, None]) -> dict[Path, None]:
    seen[path] = None
    text = path.read_text(encoding="utf-8")
    modules = {f"{name.rpartition('.')[0].replace('.', '/')}.py" for name in re.findall(r"!function\s+([\w.]+)", text)}
    for name in [*re.findall(r"^include:\s*['\"]?([^'\"\s]+)", text, re.MULTILINE), *sorted(modules)]:
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

    from harness.store import checksum

    folder, named = path.parent.resolve(), {path.name: None}
    name = ""
    for current in named_growing(named):
        try:
            root = yaml.compose((folder / current).read_text(encoding="utf-8"))
        except (yaml.YAMLError, UnicodeDecodeError) as error:
            raise StoreError(f"{folder / current}: not YAML: {' '.join(str(error).split())}") from error
        if not isinstance(root, yaml.MappingNode):
            raise StoreError(f"{folder / current}: not a task file; it takes fields such as task and dataset_path")
        if not name:
            fields = {key.value: value.value for key, value in root.value if isinstance(value, yaml.ScalarNode)}
            name = fields.get("group") or fields.get("task") or ""
        for text, function in _scalars(root):
            below = f"{text.rpartition('.')[0].replace('.', '/')}.py" if function else text
            if 0 < len(below) < 200 and not below.startswith(("/", "..")) and (folder / below).is_file():
                named.setdefault(below)
    if not name:
        raise StoreError(f"{path}: no `task:` or `group:` in it, so it names no task")
    files = tuple(File(one, checksum(folder / one)) for one in named)
    return LocalTask(name, files), tuple((one.sha256, str(folder / one.name)) for one in files)


def named_growing(named: dict[str, None]) -> Iterator[str]:
    """The YAML files among the names, also those that are added on the way."""
    done: set[str] = set()
    while left := [one for one in named if one not in done and one.endswith((".yaml", ".yml", "_yaml"))]:
        done.add(left[0])
        yield left[0]


def _scalars(node: Any) -> Iterator[tuple[str, bool]]:
    """Every text of a YAML tree, and whether it names a function."""
    if isinstance(node.value, str):
        yield node.value, node.tag == "!function"
        return
    for item in node.value:
        for one in item if isinstance(item, tuple) else (item,):
            yield from _scalars(one)


def _lay_out(task: LocalTask, place: Path, file: Callable[[File | Source], Path]) -> None:
    for one in task.files:
        target = place / one.name
        if place.resolve() not in target.resolve().parents:
            raise StoreError(f"{task.name}: {one.name} leads out of the task's folder")
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file(one), target)


@contextlib.contextmanager
def _cache_in(folder: Path | None) -> Iterator[None]:
    """The tables that datasets makes of local files go there and not into the user's cache, which would keep them."""
    import datasets

    datasets.disable_progress_bars()
    before = datasets.config.HF_DATASETS_CACHE
    if folder is not None:
        datasets.config.HF_DATASETS_CACHE = folder / ".datasets"
    try:
        yield
    finally:
        datasets.config.HF_DATASETS_CACHE = before


@contextlib.contextmanager
def _hub_or_cache(asked: bool) -> Iterator[None]:
    """Where the hub does not answer, use its cache alone: five retries for each task would take minutes."""
    import datasets
    import huggingface_hub.constants as hub
    import requests

    before = hub.HF_HUB_OFFLINE, datasets.config.HF_HUB_OFFLINE
    if asked and not before[0]:
        try:
            requests.head(hub.ENDPOINT, timeout=_HUB_SECONDS)
        except requests.RequestException:
            hub.HF_HUB_OFFLINE = datasets.config.HF_HUB_OFFLINE = True
    try:
        yield
    finally:
        hub.HF_HUB_OFFLINE, datasets.config.HF_HUB_OFFLINE = before
