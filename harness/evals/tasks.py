"""Tasks as lm-eval loads them: found, their data brought, their files and data hashed, before any model is loaded.

What cannot be had comes back as `Missing`, with the reason in one line. Building lm-eval's own index takes seconds, so
it is built only when a task of its own is asked for. Tasks of somebody's own see no other, unless the YAML is a group
of lm-eval's.
"""

from __future__ import annotations

import difflib
import hashlib
import importlib.util
import json
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, chdir, contextmanager, nullcontext, redirect_stdout
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from unittest.mock import patch

from humpback.core.store import StoreError
from humpback.core.text import one_line
from humpback.evals.pulled_tasks import lay_out_pulled, nltk_data_below
from humpback.evals.sandbox import allow_code
from humpback.evals.task_files import lay_out, yaml_sha256
from humpback.micro.benchmark import write_task
from humpback.spec.benchmarks import AnyTask, LocalTask, MicroFacts, PulledTask, Task
from humpback.spec.files import File, Source

UNSAFE = "runs code that the model writes; say so by name with --run-model-code"
_HUB_SECONDS = 5.0
_OUR_EXTRAS = ("ifeval", "math")
"""Of lm-eval, that the extra `benchmarks` brings, and what is in them."""
_OUR_PACKAGES = ("antlr4", "immutabledict", "langdetect", "latex2sympy2_extended", "math_verify", "nltk", "sympy")


@dataclass(frozen=True)
class Missing:
    """A task that cannot be run here."""

    name: str
    reason: str

    def __str__(self) -> str:
        return f"{self.name}: {self.reason}"


@dataclass(frozen=True)
class LoadedTask:
    """A task with its data, as lm-eval's objects."""

    name: str
    parts: tuple[Any, ...]
    """What `simple_evaluate` takes: a task, a group, or the tasks of a tag."""
    leaves: dict[str, Any]
    """Name -> task of each single task in it."""
    yaml: dict[str, str]
    """Name of each single task, and of the group -> SHA-256 of its YAML with what that names."""
    unsafe: bool


def open_tasks(
    tasks: Sequence[AnyTask],
    folder: Path,
    file: Callable[[File | Source], Path],
    *,
    chat_template: bool = False,
    run_model_code: bool = False,
) -> list[LoadedTask | Missing]:
    """Each task in order, loaded with its data, or why not.

    folder: an empty one, where the files of local tasks are laid out; keep it until the tasks have run.
    file: where a file of a local task lies.

    Raises:
        StoreError: when a file of a local task is not there or not what it was.
    """
    found: list[LoadedTask | Missing] = []
    with _hub_or_cache(any(isinstance(task, Task) for task in tasks)):
        for number, task in enumerate(tasks):
            place = folder / str(number)
            place.mkdir()
            if isinstance(task, MicroFacts):
                write_task(place, task.world, task.n, task.draw, chat_template=chat_template)
            elif isinstance(task, LocalTask):
                lay_out(task, place, file)
            elif isinstance(task, PulledTask):
                if task.runs_model_code and not run_model_code:
                    found.append(Missing(task.name, UNSAFE))
                    continue
                try:
                    lay_out_pulled(task, place, file)
                except StoreError as error:
                    found.append(Missing(task.name, str(error)))
                    continue
            found.append(_open(task, place, run_model_code))
    return found


def _open(task: AnyTask, place: Path, run_model_code: bool) -> LoadedTask | Missing:
    manager = shipped_tasks() if isinstance(task, Task) else _manager(place)
    if task.name not in manager.task_index:
        if not isinstance(task, Task):
            return Missing(task.name, "its YAML holds no task of that name")
        near = ", ".join(difflib.get_close_matches(task.name, manager.task_index, 3))
        return Missing(task.name, f"lm-eval has no task of that name{near and f'; near it: {near}'}")
    entries = {entry.name: entry for entry in single_tasks(manager.task_index, task.name)}
    unsafe = any((entry.cfg or {}).get("unsafe_code") for entry in entries.values())
    if unsafe and not run_model_code:
        return Missing(task.name, UNSAFE)
    local = not isinstance(task, Task)
    try:
        # Tasks print what they do, and stdout is the command's.
        quietly = redirect_stdout(sys.stderr)
        with (
            chdir(place),
            _cache_in(place if local else None),
            allow_code(unsafe),
            nltk_data_below(place),
            _nltk_data(),
            quietly,
        ):
            loaded = manager.load([task.name])
    except ImportError as error:
        return Missing(task.name, _package(error))
    except NoNltkData as error:
        return Missing(task.name, str(error))
    except (OSError, ValueError, RuntimeError, LookupError, TypeError, AttributeError) as error:
        return Missing(task.name, f"its data cannot be had{_why(error, entries.values(), local)}")
    group = loaded.get("groups", {}).get(task.name)
    single: dict[str, Any] = loaded["tasks"]
    files = {**entries, task.name: manager.task_index[task.name]}
    yaml = {name: yaml_sha256(entry.yaml_path) for name, entry in files.items() if entry.yaml_path}
    return LoadedTask(task.name, (group,) if group is not None else tuple(single.values()), single, yaml, unsafe)


def _package(error: ImportError) -> str:
    """Which package is lacking, and what installs it. Tasks that say it themselves name an extra of lm-eval's."""
    extra = re.search(r"lm[-_]eval\[\W*([\w-]+)\W*\]", str(error))
    name = error.name or ""
    of_ours = (extra and extra[1] in _OUR_EXTRAS) or name.split(".")[0] in _OUR_PACKAGES
    install = "'humpback-harness[benchmarks]'" if of_ours else f"'lm-eval[{extra[1]}]'" if extra else name
    lacking = f"the package {name}" if name else f"a package of lm-eval's extra {extra[1]}" if extra else "a package"
    told = "" if name or extra else f" ({one_line(str(error), 200)})"
    return f"{lacking} is not installed{told}" + (f": pip install {install}" if install else "")


class NoNltkData(Exception):
    """NLTK's data are not here. The message says which, and how to bring them."""


def _nltk_data() -> AbstractContextManager[Any]:
    """Tasks download NLTK's data as they are loaded, and go on without them where that fails: until they score."""
    if importlib.util.find_spec("nltk") is None:
        return nullcontext()
    import datasets
    import nltk  # type: ignore[import-untyped]

    before = nltk.download

    def download(name: str, *args: Any, **how: Any) -> bool:
        if datasets.config.HF_HUB_OFFLINE or not before(name, *args, **{**how, "quiet": True}):
            raise NoNltkData(
                f"NLTK's data {name} are not here, and their server is out of reach; run `python -m nltk.downloader "
                f"{name}` where there is internet, and bring the folder nltk_data (NLTK_DATA) from there"
            )
        return True

    return patch.object(nltk, "download", download)


def _why(error: Exception, entries: Iterable[Any], local: bool) -> str:
    """What is lacking and what would do; the error in its own words where that is not known."""
    import datasets

    told = one_line(str(error), 200) or type(error).__name__
    if local or not datasets.config.HF_HUB_OFFLINE or not isinstance(error, ConnectionError | FileNotFoundError):
        return f" ({type(error).__name__}: {told})"
    metric = re.search(r"Module '([\w-]+)' doesn't exist", str(error))
    sets = {str((entry.cfg or {}).get("dataset_path")) for entry in entries}
    lacking = f"the metric {metric[1]}" if metric else ", ".join(sorted(sets))
    return (
        f": {lacking} is not in the hub's cache here, and the hub is out of reach; "
        "run it where there is internet, or bring the cache (HF_HOME) from there"
    )


@cache
def shipped_tasks() -> Any:
    """lm-eval's own tasks, by name. The index takes seconds and is built once a process."""
    from lm_eval.tasks import TaskManager  # type: ignore[import-untyped]

    return TaskManager()


def _manager(folder: Path) -> Any:
    from lm_eval.tasks import TaskManager

    return TaskManager(include_path=str(folder), include_defaults=False)


def single_tasks(index: dict[str, Any], name: str) -> Iterator[Any]:
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
            yield from single_tasks(index, below)


def data_sha256(docs: Any) -> tuple[str, int]:
    """SHA-256 over the documents as JSON, in order, and how many there are."""
    hashed, n = hashlib.sha256(), 0
    for doc in docs:
        hashed.update(json.dumps(doc, sort_keys=True, default=str).encode() + b"\n")
        n += 1
    return hashed.hexdigest(), n


def _cache_in(folder: Path | None) -> AbstractContextManager[Any]:
    """The tables that datasets makes of local files go there and not into the user's cache, which would keep them."""
    import datasets

    datasets.disable_progress_bars()
    return patch.object(datasets.config, "HF_DATASETS_CACHE", folder / ".datasets") if folder else nullcontext()


@contextmanager
def _hub_or_cache(asked: bool) -> Iterator[None]:
    """Where the hub does not answer, use its cache alone: five retries for each task would take minutes."""
    import datasets
    import huggingface_hub.constants as hub
    import requests

    with ExitStack() as stack:
        if asked and not hub.HF_HUB_OFFLINE:
            try:
                requests.head(hub.ENDPOINT, timeout=_HUB_SECONDS)
            except requests.RequestException:
                for module in (hub, datasets.config):
                    stack.enter_context(patch.object(module, "HF_HUB_OFFLINE", True))
        yield
