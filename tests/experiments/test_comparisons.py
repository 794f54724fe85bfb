"""Every declared comparison is held to the one field in which its arms may differ."""

from __future__ import annotations

from dataclasses import replace

import pytest

from humpback.core.differences import Difference, differences
from humpback.core.expression import expression
from humpback.experiments.catalogue import Experiment, experiment, experiment_names
from humpback.experiments.setups import SETUPS
from humpback.spec.claims import Arm, Comparison
from humpback.spec.models import Model
from humpback.spec.outcomes import Judged

CASES = [
    pytest.param(experiment(name), claim, setup, id=f"{name}-{claim.first.name}-{claim.second.name}-{setup}")
    for setup in SETUPS
    for name in experiment_names()
    for claim in experiment(name).on(SETUPS[setup], [0]).claims
    if isinstance(claim, Comparison)
]


def model_differences(first: Model, second: Model) -> list[Difference]:
    return differences(first.fingerprint, second.fingerprint, tables=(expression(first), expression(second)))


def judged_differences(first: Judged, second: Judged) -> list[str]:
    tables = (expression(first), expression(second))
    return [one.path for one in differences(first.fingerprint, second.fingerprint, tables=tables)]


def strays(comparison: Comparison, arms: dict[str, Arm]) -> list[str]:
    """Paths outside the declared field, over the models and over how their answers were got and judged."""
    first, second = arms[comparison.first.name], arms[comparison.second.name]
    declared = comparison.differ_in

    def inside(path: str) -> bool:
        return path == declared or path.startswith(f"{declared}.")

    if declared.startswith("answers."):
        return [path for path in judged_differences(first.judged, second.judged) if not inside(path)]
    found = [one.path for one in model_differences(first.model, second.model) if not inside(one.path)]
    same_model = replace(second.judged, answers=replace(second.judged.answers, model=first.model))
    return found + judged_differences(first.judged, same_model)


@pytest.mark.parametrize(("one", "comparison", "setup"), CASES)
def test_arms_differ_in_the_declared_field_alone(one: Experiment, comparison: Comparison, setup: str) -> None:
    for seed in (0, 3):
        arms = one.on(SETUPS[setup], [seed]).arms[seed]
        first, second = arms[comparison.first.name], arms[comparison.second.name]
        assert judged_differences(first.judged, second.judged), "the arms are the same"
        assert strays(comparison, arms) == []


def test_a_second_difference_is_caught() -> None:
    """The check itself: an arm that also changes its learning rate, or its sampling, is a stray."""
    declared = experiment("humpback/headline").on(SETUPS["micro"], [0])
    arms = declared.arms[0]
    m1 = arms["M1"]
    comparison = declared.claims[0]
    assert isinstance(comparison, Comparison)
    recipe = replace(m1.model.recipe, learning_rate=0.5)  # type: ignore[attr-defined]
    other_model = replace(m1.model, recipe=recipe)  # type: ignore[call-arg]
    assert "recipe.learning_rate" in strays(comparison, {**arms, "M1": replace(m1, model=other_model)})
    sampling = replace(m1.judged.answers.sampling, temperature=0.1)  # type: ignore[attr-defined]
    answers = replace(m1.judged.answers, sampling=sampling)  # type: ignore[call-arg]
    assert "answers.sampling.temperature" in strays(
        comparison, {**arms, "M1": replace(m1, judged=replace(m1.judged, answers=answers))}
    )


def test_seeds_share_the_base_the_prompts_and_the_reference_and_nothing_random() -> None:
    arms = experiment("humpback/headline").on(SETUPS["micro"], [0, 1]).arms
    zero, one = (expression(*(arm.judged for arm in by_name.values())) for by_name in arms.values())
    shared = {zero[key]["class"] for key in zero.keys() & one.keys()}
    assert shared == {"Pretrained", "MicroTexts", "MicroPrompts", "MicroReference"}


def test_two_arms_that_need_the_same_artifact_share_it() -> None:
    arms = experiment("humpback/headline").on(SETUPS["micro"], [0]).arms[0]
    classes = [one["class"] for one in expression(*(arm.judged for arm in arms.values())).values()]
    assert classes.count("Backtranslated") == 1
    assert classes.count("Finetuned") == 6
    assert classes.count("Segments") == 1
