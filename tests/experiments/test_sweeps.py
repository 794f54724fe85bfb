"""Dev prompts have nothing in common with test prompts, and a sweep reads nothing but them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from humpback.core.expression import Artifact, FieldError
from humpback.core.tables import EXAMPLES, Example, read
from humpback.experiments.catalogue import experiment, experiment_names
from humpback.experiments.humpback import headline
from humpback.experiments.humpback.algorithm import arm, seed_model
from humpback.experiments.setups.base import Setup
from humpback.experiments.setups.micro import MICRO
from humpback.experiments.sweeps import PARTS, SEED, dev, prompts_tested, refuse_reported, refuse_tests
from humpback.micro.instructions import parse
from humpback.micro.sets import dev_prompts
from humpback.spec.data import MicroDevPrompts
from humpback.spec.search import Space, apply, first


def said(folder: Path) -> list[str]:
    return [row.instruction for row in read(folder / EXAMPLES, Example)]


def test_dev_prompts_ask_nothing_that_a_test_prompt_asks(made: Callable[[Artifact], Path]) -> None:
    """Neither the same text nor the same request in other words; and no part asks what another does."""
    world = MICRO.prompts.world  # type: ignore[attr-defined]
    tested = {text for one in prompts_tested(MICRO) for text in said(made(one))}
    assert len(tested) > 805
    parts = [said(made(part.prompts)) for part in dev(MICRO)]
    together = [text for part in parts for text in part]
    assert tuple(len(part) for part in parts) == PARTS
    assert len(set(together)) == sum(PARTS)
    assert not tested & set(together)
    asked = {parse(world, text) for text in tested}
    assert None not in asked
    assert not asked & {parse(world, text) for text in together}


def test_parts_are_one_draw_cut_up() -> None:
    world = MICRO.prompts.world  # type: ignore[attr-defined]
    whole = dev_prompts(world, 30, 0, besides=())
    assert whole == dev_prompts(world, 10, 0, besides=()) + dev_prompts(world, 20, 0, besides=(), after=10)
    assert whole != dev_prompts(world, 30, 1, besides=())
    with pytest.raises(ValueError, match="n is 1000000"):
        dev_prompts(world, 1_000_000, 0, besides=())


def test_a_setup_without_dev_prompts_is_refused() -> None:
    with pytest.raises(FieldError, match="'mine' has no dev prompts"):
        dev(replace(MICRO, name="mine", prompts=MICRO.seed_data))


def test_an_arm_judged_on_test_prompts_is_refused(tiny: Setup) -> None:
    for part in dev(tiny):
        refuse_tests(arm(part, "M0", seed_model(part)), tiny)
        assert isinstance(part.prompts, MicroDevPrompts)
    with pytest.raises(FieldError, match="judged on test prompts"):
        refuse_tests(arm(tiny, "M0", seed_model(tiny)), tiny)
    with pytest.raises(FieldError, match="judged on test prompts"):
        refuse_tests(arm(replace(dev(tiny)[0], prompts=tiny.prompts), "M0", seed_model(tiny)), tiny)


def test_reported_seeds_are_refused() -> None:
    refuse_reported([SEED, SEED + 1])
    with pytest.raises(FieldError, match="seed 4 is for reports"):
        refuse_reported([SEED, 4])


def test_every_space_fits_the_setup_and_names_an_arm() -> None:
    spaces = {name: getattr(experiment(name).module, "SPACE", None) for name in experiment_names()}
    assert isinstance(spaces["humpback/headline"], Space)
    for name, space in spaces.items():
        if space is not None:
            changed = apply(MICRO, space, {axis.path: first(axis) for axis in space.axes})
            for part in dev(changed):
                refuse_tests(experiment(name).on(part, [SEED]).arms[SEED][space.arm], MICRO)


def test_trials_share_what_they_do_not_vary() -> None:
    """A threshold leaves the backward model and the candidates as they are."""
    low, high = (apply(MICRO, Space("M1", headline.SPACE.axes[1:2]), {"selection.score": k}) for k in (3.5, 4.5))
    models = [experiment("humpback/headline").on(dev(one)[0], [SEED]).arms[SEED] for one in (low, high)]
    assert models[0]["M0"].judged == models[1]["M0"].judged
    assert models[0]["M1"].model != models[1]["M1"].model
