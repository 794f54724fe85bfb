"""The house rules: which package may import which, and what importing costs."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
HEAVY = ("torch", "transformers", "wandb", "ray", "lm_eval", "alpaca_eval", "pandas", "datasets", "peft", "optuna")
VOCABULARY = {
    "harness.benchmarks",
    "harness.claims",
    "harness.curation",
    "harness.data",
    "harness.files",
    "harness.given",
    "harness.published",
    "harness.sources",
    "harness.named_sets",
    "harness.measures",
    "harness.models",
    "harness.outcomes",
    "harness.printable",
    "harness.prompts",
    "harness.prompts.sensitive",
    "harness.screening",
    "harness.search",
    "harness.templates",
    "harness.fingerprint",
    "harness.micro.instructions",
    "harness.micro.named",
    "harness.micro.world",
}


def imports(path: Path) -> set[str]:
    """Modules that a file imports, at the top or inside functions."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
    return found


def files(folder: str) -> list[Path]:
    found = sorted((ROOT / folder).rglob("*.py"))
    assert found
    return found


@pytest.mark.parametrize("path", files("experiments"), ids=lambda p: str(p.relative_to(ROOT)))
def test_experiments_import_the_vocabulary_only(path: Path) -> None:
    ours = {name for name in imports(path) if name.split(".")[0] in ("harness", "analysis", "tests")}
    assert ours <= VOCABULARY, f"{path.name} imports {ours - VOCABULARY}"


@pytest.mark.parametrize("path", files("analysis"), ids=lambda p: str(p.relative_to(ROOT)))
def test_analysis_reads_records_and_never_runs_a_stage(path: Path) -> None:
    ours = {name for name in imports(path) if name.split(".")[0] in ("harness", "experiments")}
    assert ours <= VOCABULARY | {"harness.store", "harness.rows"}


@pytest.mark.parametrize("path", files("harness"), ids=lambda p: str(p.relative_to(ROOT)))
def test_the_harness_knows_neither(path: Path) -> None:
    """The commands and their display are the front door: they alone see the experiments and the analysis."""
    if path.name.startswith(("cli", "display")):
        return
    assert not {name for name in imports(path) if name.split(".")[0] in ("experiments", "analysis")}


@pytest.mark.parametrize("path", files("harness"), ids=lambda p: str(p.relative_to(ROOT)))
def test_the_vocabulary_imports_only_itself(path: Path) -> None:
    name = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
    if name in VOCABULARY:
        assert {one for one in imports(path) if one.startswith("harness")} <= VOCABULARY


def test_the_vocabulary_and_every_experiment_import_without_torch_disk_or_environment() -> None:
    """In a process of its own: no heavy package, no file but source, no environment variable, is touched."""
    code = """
import sys, os, typing, dataclasses, importlib, pkgutil, hashlib, json, random, re, math, functools, itertools, pathlib
import experiments, harness
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
names = [m.name for p in (experiments,) for m in pkgutil.walk_packages(p.__path__, "experiments.")]
assert "experiments.humpback.headline" in names, names
for name in [*names, "harness.data", "harness.models", "harness.outcomes"]:
    importlib.import_module(name)
setups = sys.modules["experiments.setups"].SETUPS
for name in names:
    module = sys.modules[name]
    if hasattr(module, "arms"):
        for setup in setups.values():
            [arm.judged.fingerprint for arm in module.arms(setup, 0).values()]
heavy = [m for m in sys.argv[1].split(",") if m in sys.modules]
assert not heavy, heavy
assert not touched, touched
"""
    done = subprocess.run(
        [sys.executable, "-c", code, ",".join(HEAVY)], capture_output=True, text=True, check=False, cwd=ROOT
    )
    assert done.returncode == 0, done.stderr
