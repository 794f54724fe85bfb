"""`humpback assumptions`: what the papers leave unsaid, and what stands there in each setup; made from the code.

An assumption stands where its value stands: in the docstring of a field, a class, or a constant, which says the word
and why. What is reached from a setup, or is a constant of an experiment, is told with its value. docs/assumptions.md is
what this prints.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import re
from collections.abc import Iterator
from dataclasses import dataclass, fields
from functools import cache
from itertools import pairwise
from typing import Any

from typer import echo

from humpback.cli.app import command
from humpback.core.expression import Value
from humpback.core.text import one_line
from humpback.experiments.catalogue import experiment_names
from humpback.experiments.setups.base import Setup
from humpback.spec import vocabulary
from humpback.spec.sources import SOURCES

WORD = "assumption"
"""The word that marks a docstring."""
_LONGEST, _SHORT = 60, 160
_SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[A-Z`])")


@dataclass(frozen=True)
class Assumption:
    """One choice that a paper does not make."""

    where: str
    """Class and field, or the constant."""
    value: str
    why: str


@command("assumptions")
def assumptions_() -> None:
    """What the papers leave unsaid, and what setups take for it."""
    echo(page())


def page() -> str:
    """All of it as Markdown: a table of the setups', and one of the experiments'."""
    from humpback.analysis.layout.text_table import markdown
    from humpback.experiments.setups import SETUPS

    whose: dict[Assumption, list[str]] = {}
    setups = {**SETUPS, "files": _files()}
    for name, setup in setups.items():
        for one in assumptions_of(setup):
            whose.setdefault(one, []).append(name)
    rows = [
        (one.where, one.value, one.why, _setups(names, list(setups)))
        for one, names in sorted(whose.items(), key=lambda item: (item[0].where, item[0].value))
    ]
    asked = [(name, one.where, one.value, one.why) for name in experiment_names() for one in of_experiment(name)]
    reached = {one.why for one in whose}
    others = [(one.where, one.value, one.why) for one in _others() if one.why not in reached]
    return "\n\n".join(
        [
            "# Assumptions",
            "What the papers leave unsaid and a setup or an experiment has to choose, as the code says it beside each "
            "value. Printed by `humpback assumptions`; a test holds this page to it. Hardware is the machine's, and "
            "part of no result's identity ([where stages run](gpu.md)); what a plan's cost rests on is told in "
            "[what a plan costs](costs.md).",
            "## Of setups",
            markdown(("where", "value", "why", "setups"), rows, words=4),
            "## Of experiments",
            markdown(("experiment", "where", "value", "why"), asked, words=4),
            "## Of what no setup names by itself",
            markdown(("where", "value", "why"), others, words=3),
        ]
    )


def _setups(names: list[str], every: list[str]) -> str:
    left = [name for name in every if name not in names]
    return ", ".join(names) if len(left) > 2 else f"all but {' and '.join(left)}" if left else "all"


def _others() -> Iterator[Assumption]:
    """Everything else in the vocabulary that marks an assumption."""
    for module in [*vocabulary.modules(), importlib.import_module("humpback.spec.prompts")]:
        for name, why in _notes(module.__name__).items():
            value = getattr(module, name, "") if name and "." not in name else ""
            yield Assumption(name or module.__name__, "" if isinstance(value, type) else _told(value), why)
    for source in SOURCES.values():
        if WORD in source.note:
            yield Assumption(f"the public file {source.name}", "", source.note)


def assumptions_of(setup: Setup) -> list[Assumption]:
    """Every assumption that is reached from a setup: of its fields, of their values' fields and classes, and of named
    values among them."""
    found: dict[Assumption, None] = {}
    named = _named_values()
    for value in [setup, *_values(setup)]:
        kind = type(value)
        notes = _notes(kind.__module__)
        for field in fields(value):
            why = notes.get(f"{kind.__name__}.{field.name}", "")
            if why:
                found[Assumption(f"{kind.__name__}.{field.name}", _told(getattr(value, field.name)), why)] = None
        if why := notes.get(kind.__name__, ""):
            found[Assumption(kind.__name__, _told(value), why)] = None
        for name, why in ((name, why) for name, one, why in named if type(one) is kind and one == value):
            found[Assumption(name, _told(value), why)] = None
    return list(found)


def of_experiment(name: str) -> list[Assumption]:
    """The assumptions in an experiment's module: of its constants, and of its docstring."""
    path = f"humpback.experiments.{name.replace('/', '.')}"
    module = importlib.import_module(path)
    return [
        Assumption(where or "its question", _told(getattr(module, where)) if where else "", why)
        for where, why in _notes(path).items()
    ]


def _files() -> Setup:
    from humpback.experiments.setups.files import files
    from humpback.spec.files import OpenAssistant, PromptSet, WebPages
    from humpback.spec.models import HubModel
    from humpback.spec.user_data import UserData

    base = HubModel("owner/model", "0" * 40)
    return files(UserData(OpenAssistant(()), WebPages(()), PromptSet(()), base, base))


def _values(value: object) -> Iterator[Value]:
    inside = value if isinstance(value, tuple) else [getattr(value, field.name) for field in fields(value)]  # type: ignore[arg-type]
    for one in inside:
        if isinstance(one, Value):
            yield one
        if isinstance(one, Value | tuple):
            yield from _values(one)


@cache
def _named_values() -> list[tuple[str, Any, str]]:
    """Constants of the vocabulary and of the setups' modules whose docstring marks an assumption."""
    modules = [*vocabulary.modules(), importlib.import_module("humpback.spec.prompts")]
    package = importlib.import_module("humpback.experiments.setups")
    modules += [value for value in vars(package).values() if inspect.ismodule(value)]
    found = []
    for module in modules:
        for name, why in _notes(module.__name__).items():
            value = getattr(module, name, None) if name and "." not in name else None
            if isinstance(value, Value):
                found.append((name.lstrip("_"), value, why))
    return found


@cache
def _notes(module: str) -> dict[str, str]:
    """The docstrings of a module that mark an assumption, by constant, class, "class.field", and "" for its own."""
    tree = ast.parse(inspect.getsource(importlib.import_module(module)))
    notes = {"": ast.get_docstring(tree) or "", **_strings(tree.body)}
    for node in tree.body:
        if isinstance(node, ast.ClassDef):
            notes[node.name] = ast.get_docstring(node) or ""
            notes |= {f"{node.name}.{name}": text for name, text in _strings(node.body).items()}
    return {name: why for name, text in notes.items() if (why := _marked(text))}


def _marked(text: str) -> str:
    """The sentences that say the word, or all of a short text that does."""
    told = one_line(text)
    if WORD in told.lower() and len(told) <= _SHORT:
        return told
    return " ".join(one for one in _SENTENCE.split(told) if WORD in one.lower())


def _strings(body: list[ast.stmt]) -> dict[str, str]:
    """The strings that stand under assignments, by name."""
    found: dict[str, str] = {}
    for node, under in pairwise(body):
        targets: list[ast.expr] = []
        if isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        if isinstance(under, ast.Expr) and isinstance(under.value, ast.Constant) and isinstance(under.value.value, str):
            found |= {target.id: under.value.value for target in targets if isinstance(target, ast.Name)}
    return found


def _told(value: object) -> str:
    """A value for people: what it is called, or its class and what is in it."""
    if isinstance(value, Value):
        inner = ", ".join(
            f"{field.name}={_told(one) if not isinstance(one, Value) else type(one).__name__}"
            for field in fields(value)
            if (one := getattr(value, field.name)) is not None
        )
        return one_line(f"{type(value).__name__}({inner})", _LONGEST)
    if isinstance(value, tuple):
        return one_line("(" + ", ".join(map(_told, value)) + ")", _LONGEST)
    return one_line(f"{value:g}" if isinstance(value, float) else str(value), _LONGEST)
