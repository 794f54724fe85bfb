"""Every declared comparison is held to the one field in which its arms may differ."""

from __future__ import annotations

from dataclasses import replace

import pytest

from humpback.core.expression import expression
from humpback.experiments.catalogue import Experiment, experiment, experiment_names
from humpback.experiments.comparisons import strays
from humpback.experiments.setups import SETUPS
from humpback.spec.claims import Arm, Comparison

CASES = [
    pytest.param(experiment(name), claim, setup, id=f"{name}-{claim.first.name}-{claim.second.name}-{setup}")
    for setup in SETUPS
    for name in experiment_names()
    for claim in experiment(name).on(SETUPS[setup], [0]).claims
    if isinstance(claim, Comparison)
]


def found_strays(comparison: Comparison, arms: dict[str, Arm]) -> list[str]:
    return strays(arms[comparison.first.name], arms[comparison.second.name], comparison.differ_in)


@pytest.mark.parametrize(("one", "comparison", "setup"), CASES)
def test_arms_differ_in_the_declared_field_alone(one: Experiment, comparison: Comparison, setup: str) -> None:
    for seed in (0, 3):
        arms = one.on(SETUPS[setup], [seed]).arms[seed]
        first, second = arms[comparison.first.name], arms[comparison.second.name]
        assert first.judged != second.judged, "the arms are the same"
        assert found_strays(comparison, arms) == []


def test_a_second_difference_is_caught() -> None:
    """The check itself: an arm that also changes its learning rate, or its sampling, is a stray."""
    declared = experiment("humpback/headline").on(SETUPS["micro"], [0])
    arms = declared.arms[0]
    m1 = arms["M1"]
    comparison = declared.claims[0]
    assert isinstance(comparison, Comparison)
    recipe = replace(m1.model.recipe, learning_rate=0.5)  # type: ignore[attr-defined]
    other_model = replace(m1.model, recipe=recipe)  # type: ignore[call-arg]
    assert "recipe.learning_rate" in found_strays(comparison, {**arms, "M1": replace(m1, model=other_model)})
    sampling = replace(m1.judged.answers.sampling, temperature=0.1)  # type: ignore[attr-defined]
    answers = replace(m1.judged.answers, sampling=sampling)  # type: ignore[call-arg]
    assert "answers.sampling.temperature" in found_strays(
        comparison, {**arms, "M1": replace(m1, judged=replace(m1.judged, answers=answers))}
    )


def test_seeds_share_the_prompts_and_the_reference_and_every_sixth_one_the_base() -> None:
    arms = experiment("humpback/headline").on(SETUPS["micro"], [0, 1, 6]).arms
    zero, one, six = (expression(*(arm.judged for arm in by_name.values())) for by_name in arms.values())
    assert {zero[key]["class"] for key in zero.keys() & one.keys()} == {"MicroPrompts", "MicroReference"}
    shared = {zero[key]["class"] for key in zero.keys() & six.keys()}
    assert shared == {"Pretrained", "MicroTexts", "MicroPrompts", "MicroReference"}


def test_two_arms_that_need_the_same_artifact_share_it() -> None:
    arms = experiment("humpback/headline").on(SETUPS["micro"], [0]).arms[0]
    classes = [one["class"] for one in expression(*(arm.judged for arm in arms.values())).values()]
    assert classes.count("Backtranslated") == 1
    assert classes.count("Finetuned") == 6
    assert classes.count("Segments") == 1
