"""A base that comes with the project is the one that its recipe gave, and nothing else is taken for it."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import fields, replace
from pathlib import Path

import pytest

import humpback
from humpback.core.expression import FieldError, expression
from humpback.core.machine import Machine
from humpback.core.store import StoreError
from humpback.experiments.setups import SETUPS
from humpback.experiments.setups.micro import MICRO
from humpback.experiments.setups.substitutions import pretrained_here
from humpback.inputs.locate import digest, model_files
from humpback.spec.models import Pretrained
from humpback.stages import pretrain as stage
from humpback.stages.pretrain import BASES, pretrain
from tests.harness.training.material import Workshop, examples
from tests.harness.training.test_recipes import PRETRAINED, TEXTS

SHIPPED = [one for one in MICRO.pretrainings if isinstance(one, Pretrained)]
SHIPPED += [one for base in MICRO.bases for one in base.pretrainings if isinstance(one, Pretrained)]


@pytest.fixture
def shipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Pretrained:
    """A base made from its recipe and laid where bases lie that come with the project."""
    shop = Workshop(tmp_path)
    shop.put(TEXTS, examples(30))
    work = shop.work("trained")
    pretrain(PRETRAINED, work)
    node = replace(PRETRAINED, shipped=digest(model_files(work.out)))
    shutil.copytree(work.out, tmp_path / "bases" / f"{node.slug}-{node.shipped[:12]}")
    monkeypatch.setattr(stage, "BASES", tmp_path / "bases")
    return node


def test_it_is_copied_and_needs_no_texts(shipped: Pretrained, tmp_path: Path) -> None:
    work = Workshop(tmp_path).work("copied")
    pretrain(shipped, work)
    assert digest(model_files(work.out)) == shipped.shipped
    assert shipped.inputs == ()
    assert TEXTS.fingerprint in expression(shipped)
    assert PRETRAINED.inputs == (TEXTS,)


def test_one_that_was_changed_or_is_missing_is_refused(shipped: Pretrained, tmp_path: Path) -> None:
    work = Workshop(tmp_path).work("copied")
    with pytest.raises(StoreError, match=r"no such folder; --pretrain trains"):
        pretrain(replace(shipped, shipped="0" * 64), work)
    (folder,) = (tmp_path / "bases").iterdir()
    changed = folder / "config.json"
    changed.write_text(changed.read_text(encoding="utf-8") + " ", encoding="utf-8")
    with pytest.raises(StoreError, match=r"not the model that the setup names"):
        pretrain(shipped, work)


def test_pretraining_here_takes_every_base_from_its_recipe() -> None:
    here = pretrained_here(MICRO)
    bases = [*here.pretrainings, *(one for base in here.bases for one in base.pretrainings)]
    assert len(bases) == len(SHIPPED)
    assert not any(one.shipped for one in bases if isinstance(one, Pretrained))
    assert {f.name for f in fields(here) if getattr(here, f.name) != getattr(MICRO, f.name)} == {
        "base",
        "pretrainings",
        "bases",
    }
    with pytest.raises(FieldError, match="--pretrain goes with setups whose bases come with the project"):
        pretrained_here(SETUPS["llama-7b"])


@pytest.mark.parametrize("one", SHIPPED, ids=lambda one: one.slug)
def test_the_bases_that_come_with_the_project_are_those_that_micro_names(one: Pretrained) -> None:
    assert digest(model_files(BASES / f"{one.slug}-{one.shipped[:12]}")) == one.shipped


def test_no_base_comes_with_the_project_that_nothing_names() -> None:
    assert {one.name for one in BASES.iterdir() if one.is_dir()} == {
        f"{one.slug}-{one.shipped[:12]}" for one in SHIPPED
    }
    made = json.loads((BASES / "made.json").read_text(encoding="utf-8"))
    assert {name: one["sha256"] for name, one in made.items()} == {one.slug: one.shipped for one in SHIPPED}
    assert all(one["tokens"] >= 13 * one["parameters"] for one in made.values())


@pytest.mark.skipif("HUMPBACK_PRETRAIN" not in os.environ, reason="takes an hour; set HUMPBACK_PRETRAIN=1 to run it")
@pytest.mark.parametrize("one", SHIPPED, ids=lambda one: one.slug)
def test_the_recipe_gives_the_bytes_that_are_shipped_on_the_processor_that_made_them(
    one: Pretrained, tmp_path: Path
) -> None:
    machine, node = Machine(store=str(tmp_path), tracking="off"), replace(one, shipped="")
    humpback.run(node, machine=machine)
    assert digest(model_files(humpback.load(node, machine))) == one.shipped
