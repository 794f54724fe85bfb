"""The house rules: which package may import which, and what importing costs."""

from __future__ import annotations

import ast
import graphlib
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FOLDERS = {"harness": "humpback", "analysis": "humpback.analysis", "experiments": "humpback.experiments"}
HEAVY = ("torch", "transformers", "wandb", "ray", "lm_eval", "alpaca_eval", "pandas", "datasets", "peft", "optuna")
HARNESS = [
    "core",
    "spec",
    "segmenter",
    "readers",
    "inputs",
    "micro",
    "engines",
    "evals",
    "judging",
    "costs",
    "stages",
    "runs",
    "export",
    "annotation",
    "sweeps",
    "tracking",
]
"""Rooms from the ground up: each may import those before it."""
ANALYSIS = ["stats", "layout", "judgements", "datasets", "scaling", "experiment", "figures", "tables", "report"]
VOCABULARY = ("humpback.core", "humpback.spec")


def modules() -> dict[str, Path]:
    found = {}
    for folder, package in FOLDERS.items():
        for path in sorted((ROOT / folder).rglob("*.py")):
            inner = path.relative_to(ROOT / folder).with_suffix("").parts
            found[".".join([package, *inner]).removesuffix(".__init__")] = path
    assert len(found) > 100
    return found


MODULES = modules()


def imports(name: str) -> set[str]:
    """Modules of ours that a module imports, at the top or inside functions."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(MODULES[name].read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            inner = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= (inner & MODULES.keys()) or {node.module}
    return {one for one in found if one.split(".")[0] == "humpback"}


def within(name: str, *packages: str) -> bool:
    return any(name == one or name.startswith(one + ".") for one in packages)


def below(package: str, rooms: list[str]) -> dict[str, tuple[str, ...]]:
    """By room, those that it may import: itself and what lies under it."""
    return {f"{package}.{room}": tuple(f"{package}.{one}" for one in rooms[: i + 1]) for i, room in enumerate(rooms)}


MAY = {
    **below("humpback", HARNESS),
    **{room: (*VOCABULARY, "humpback.readers", *lower) for room, lower in below("humpback.analysis", ANALYSIS).items()},
    "humpback.experiments": (*VOCABULARY, "humpback.experiments"),
    "humpback.cli": ("humpback",),
}


@pytest.mark.parametrize("name", MODULES)
def test_imports_go_down_only(name: str) -> None:
    """The vocabulary knows nothing above it, the harness neither experiments nor analysis; the commands see all."""
    if name in FOLDERS.values():
        return
    (room,) = [one for one in MAY if within(name, one)]
    upward = {one for one in imports(name) if not within(one, *MAY[room])}
    assert not upward, f"{name} imports {sorted(upward)}; {room} may import {', '.join(MAY[room])}"


def test_no_module_imports_itself_by_way_of_others() -> None:
    graph = {name: imports(name) & MODULES.keys() for name in MODULES}
    tuple(graphlib.TopologicalSorter(graph).static_order())


def test_the_house_stays_small_enough_to_see() -> None:
    """Entries that a reader meets at once, and lines that are read in one sitting."""
    for folder, most in (("harness", 18), ("analysis", 10)):
        entries = [one for one in (ROOT / folder).iterdir() if one.name != "__pycache__"]
        assert len(entries) <= most, sorted(one.name for one in entries)
    long = {name: lines for name, path in MODULES.items() if (lines := path.read_text().count("\n")) > 300}
    assert not long


def test_the_vocabulary_and_every_experiment_import_without_torch_disk_or_environment() -> None:
    """In a process of its own: no heavy package, no file but source, no environment variable, is touched."""
    code = """
import sys, os, typing, dataclasses, importlib, pkgutil, hashlib, json, random, re, math, functools, itertools, pathlib
import humpback.experiments as experiments
touched = []
def watch(event, args):
    if event == "open" and isinstance(args[0], str) and not args[0].endswith((".py", ".pyc")):
        touched.append(args[0])
sys.addaudithook(watch)
class Closed(dict):
    def refuse(self, *a, **k):
        raise AssertionError("the environment was read")
    __getitem__ = get = __contains__ = items = keys = refuse
os.environ = Closed()
os.getenv = Closed().refuse
names = [m.name for p in (experiments,) for m in pkgutil.walk_packages(p.__path__, "humpback.experiments.")]
assert "humpback.experiments.humpback.headline" in names, names
for name in [*names, "humpback.spec.data", "humpback.spec.models", "humpback.spec.outcomes"]:
    importlib.import_module(name)
setups = sys.modules["humpback.experiments.setups"].SETUPS
for name in names:
    module = sys.modules[name]
    if hasattr(module, "SHOWS"):
        for setup in setups.values():
            [part.judged.fingerprint for part in module.experiment(setup, 0) if hasattr(part, "judged")]
heavy = [m for m in sys.argv[1].split(",") if m in sys.modules]
assert not heavy, heavy
assert not touched, touched
"""
    done = subprocess.run(
        [sys.executable, "-c", code, ",".join(HEAVY)], capture_output=True, text=True, check=False, cwd=ROOT
    )
    assert done.returncode == 0, done.stderr


NAMED = re.compile(r"(?<![\w/])(?:harness|analysis|experiments|tests|benchmarks|results|docs)/[\w./-]+")


def test_every_file_that_the_documentation_names_is_there() -> None:
    """The walk of one web page among them."""
    pages = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]
    named = {(page.name, path.rstrip(".")) for page in pages for path in NAMED.findall(page.read_text())}
    assert len(named) > 50
    assert not {(page, path) for page, path in named if not (ROOT / path).exists()}


def test_the_wheel_puts_one_name_into_an_environment_and_has_every_file(tmp_path: Path) -> None:
    skip = shutil.ignore_patterns("__pycache__")
    for name in ("harness", "analysis", "experiments", "results/published"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=skip)
    for name in ("pyproject.toml", "setup.py", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, tmp_path)
    code = "from setuptools import build_meta; build_meta.build_wheel('.')"
    subprocess.run([sys.executable, "-W", "ignore", "-c", code], cwd=tmp_path, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    tops = {name.split("/")[0] for name in names}
    assert {top for top in tops if not top.endswith((".data", ".dist-info"))} == {"humpback"}
    for folder, package in FOLDERS.items():
        for path in (ROOT / folder).rglob("*.*"):
            if path.is_file() and "__pycache__" not in path.parts:
                place = package.replace(".", "/") + "/" + path.relative_to(ROOT / folder).as_posix()
                assert place in names, place
