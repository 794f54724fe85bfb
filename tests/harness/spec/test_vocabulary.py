"""Every artifact class is complete in one place: its stage, its words, what its records are read back by."""

from __future__ import annotations

import inspect
import typing
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any

import pytest

from humpback.core.expression import Artifact, expression, subclasses
from humpback.core.store import RECORD, Record, write_record
from humpback.export.lineage import lineage
from humpback.runs.load import load_expression
from humpback.spec import data, models
from humpback.spec.micro_world import World
from humpback.spec.template import Model
from humpback.spec.vocabulary import artifacts
from humpback.stages import stage_for

OURS = {name: cls for name, cls in artifacts().items() if cls.__module__.startswith("humpback.spec.")}
MADE = {name: cls for name, cls in OURS.items() if cls not in (data.Examples, data.Pages, Model)}
BY_TYPE: dict[Any, Any] = {
    data.Examples: data.MicroSeed(World(), n=8),
    data.Pages: data.MicroPages(World(), n=8),
    Model: models.HubModel("owner/model", "1" * 40),
    str: "words",
    int: 3,
    float: 0.5,
    World: World(),
}


def instance(cls: Any) -> Any:
    """One of a class: defaults where there are some, else the first that each field's type takes."""
    if typing.get_origin(cls) is tuple:
        return (instance(typing.get_args(cls)[0]),)
    if options := [one for one in typing.get_args(cls) if one is not type(None)]:
        return instance(options[0])
    if cls in BY_TYPE:
        return BY_TYPE[cls]
    hints = typing.get_type_hints(cls)
    return cls(**{one.name: instance(hints[one.name]) for one in fields(cls) if one.default is MISSING})


@pytest.mark.parametrize("name", MADE)
def test_a_class_is_complete(name: str, tmp_path: Path) -> None:
    cls = MADE[name]
    one = instance(cls)
    assert isinstance(one, cls)
    assert inspect.isfunction(stage_for(one))
    assert not (cls.__doc__ or f"{name}(").startswith(f"{name}(")
    assert "says" in vars(cls), f"{name} has no words"
    assert bool(cls.counted) == bool(cls.losses)
    rows = one.row_count(lambda made_of: 10.0)
    assert rows is None or rows > 0  # None where only making it tells
    record = Record(one.name, name, 1, one.fingerprint, expression(one), (), {}, "", 0.0, {}, {}, {})
    words = lineage(record, tmp_path, lambda of: None).steps[-1].words
    assert words
    assert words.startswith(cls.says.split("{")[0])
    write_record(tmp_path / RECORD, record)
    assert load_expression(tmp_path) == one


def test_a_name_is_one_class() -> None:
    """A record knows a class by its name alone."""
    ours = [cls for cls in subclasses(Artifact) if cls.__module__.startswith("humpback.spec.")]
    assert len(ours) == len(OURS)
