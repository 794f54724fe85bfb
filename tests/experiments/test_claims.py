"""What experiments claim: never against the paper's own numbers, whose it is, and each comparison once in the suite."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from humpback.experiments.catalogue import Declared, experiment, experiment_names
from humpback.experiments.setups import SETUPS
from humpback.spec.claims import Above, Claim, Comparison, Curve, Level, Rising, Unsaturated
from humpback.spec.measures import Greater, Measure
from humpback.spec.paper_numbers import number

DECLARED = {(name, setup): experiment(name).on(SETUPS[setup], [0]) for name in experiment_names() for setup in SETUPS}


def claims(setup: str) -> Iterator[tuple[str, Declared, Claim]]:
    for name in experiment_names():
        for claim in DECLARED[name, setup].claims:
            yield name, DECLARED[name, setup], claim


@pytest.mark.parametrize(("name", "setup"), DECLARED, ids=str)
def test_a_claim_has_the_sign_of_the_paper_s_numbers_and_ours_has_none(name: str, setup: str) -> None:
    for claim in DECLARED[name, setup].claims:
        if claim.paper_value is not None:
            assert claim.paper_value > 0, f"{claim.sides}: {claim.claim}: the paper has {claim.paper_value}"
            assert claim.stated_in, f"{claim.sides}: {claim.claim} is ours, and the paper prints it"
        assert claim.told.endswith(f"({claim.stated_in or 'ours'})")
        assert "paper" not in claim.claim, "whose it is stands in `stated_in`"


@pytest.mark.parametrize("setup", SETUPS)
def test_no_claim_hides_from_two_numbers_that_stand_beside_its_arms(setup: str) -> None:
    """A claim that names another pair, or none, says nothing against what its arms, curves and measures cite."""
    for name, one, claim in claims(setup):
        beside = {arm.name: arm.paper.value for arm in one.arms[0].values() if arm.paper}
        if isinstance(claim, Comparison) and {claim.first.name, claim.second.name} <= beside.keys():
            assert beside[claim.first.name] > beside[claim.second.name], (name, claim.sides)
        if isinstance(claim, Above) and claim.arm.name in beside:
            assert beside[claim.arm.name] > 50, (name, claim.sides)
        if isinstance(claim, Greater) and isinstance(claim.second, Measure) and claim.stated_in:
            first, second = (dict(measure.paper).get(claim.metric) for measure in (claim.first, claim.second))
            assert not first or not second or first.value > second.value, (name, claim.sides)


def side(one: Declared, part: object) -> object:
    """What a claim's number is read from."""
    if isinstance(part, Curve):
        return frozenset(arm.judged.fingerprint for arm in one.arms[0].values() if arm.curve == part)
    if isinstance(part, Measure):
        return part.reader, tuple(artifact.fingerprint for artifact in part.needs)
    return part


def compared(one: Declared, claim: Claim) -> object:
    """What is set against what, whichever way round; the same for the same number."""
    match claim:
        case Comparison():
            return frozenset((claim.first.judged.fingerprint, claim.second.judged.fingerprint))
        case Above():
            return claim.arm.judged.fingerprint
        case Rising():
            return frozenset((side(one, claim.curve), side(one, claim.over)))
        case Level() | Unsaturated():
            return side(one, claim.curve)
        case Greater():
            return claim.metric, frozenset((side(one, claim.first), side(one, claim.second)))
    return claim.claim


@pytest.mark.parametrize("setup", SETUPS)
def test_a_comparison_is_claimed_once_in_the_suite(setup: str) -> None:
    said: dict[object, tuple[str, str]] = {}
    for name, one, claim in claims(setup):
        key = (type(claim), compared(one, claim))
        assert key not in said, f"{name}: {claim.claim}; {said[key]} says the same"
        said[key] = name, claim.claim


@pytest.mark.parametrize(
    ("setup", "above", "rows"),
    [
        ("llama-65b", "vicuna", ("Vicuna 33B", "Humpback 65B")),
        ("llama-65b", "wizardlm", ("WizardLLM 13B", "Humpback 65B")),
        ("llama-65b", "humpback", ("Humpback 65B", "LIMA 65B")),
        ("llama-33b", "vicuna", ("Vicuna 33B", "Humpback 33B")),
        ("llama2-70b", "vicuna", ("Vicuna 33B", "Humpback 70B")),
        ("llama2-70b", "humpback", ("Humpback 70B", "WizardLLM 13B")),
    ],
)
def test_the_leaderboard_says_which_is_above(setup: str, above: str, rows: tuple[str, str]) -> None:
    better, worse = (number("humpback-alpaca-eval", row, "win_rate").value for row in rows)
    assert better > worse
    found = {claim.paper_value: claim.sides[0] for claim in DECLARED["humpback/alpaca_eval", setup].claims}
    assert found[round(better - worse, 2)] == above


@pytest.mark.parametrize("setup", SETUPS)
def test_every_base_is_asked_whether_it_saturates_and_uncurated_data_whether_they_improve(setup: str) -> None:
    bases = {"own", *(base.name for base in SETUPS[setup].bases)}
    ends = [one.curve for one in DECLARED["humpback/model_scaling", setup].claims if isinstance(one, Unsaturated)]
    assert {curve.name for curve in ends} == bases
    arms = DECLARED["humpback/model_scaling", setup].arms[0].values()
    assert all(len([arm for arm in arms if arm.curve == curve]) > 2 for curve in ends), "a parabola takes three sizes"
    for name in ("joint_training", "quality_vs_quantity"):
        (level,) = [one for one in DECLARED[f"humpback/{name}", setup].claims if isinstance(one, Level)]
        assert level.curve.name.startswith("uncurated")
        assert level.stated_in


def test_benchmarks_are_claimed_as_they_are_printed() -> None:
    """At the setup's own size; where it is another, what both sizes agree in."""

    def order(name: str, setup: str, of: str) -> set[tuple[str, str]]:
        found = [claim for claim in DECLARED[name, setup].claims if isinstance(claim, Greater) and claim.stated_in]
        pairs = [(one.first.name, one.second.name) for one in found if isinstance(one.second, Measure)]
        return {(a.split(":")[0], b.split(":")[0]) for a, b in pairs if a.endswith(f": {of}")}

    name = "alpagasus/benchmarks"
    dolly = {size: order(name, f"alpagasus-{size}", "mmlu, 5-shot") for size in ("7b", "13b")}
    alpaca = {("filtered", "random"), ("whole", "filtered")}
    chance = ("filtered, dolly", "random, dolly")
    assert dolly["7b"] == {*alpaca, chance, ("whole, dolly", "filtered, dolly")}
    assert dolly["13b"] == {*alpaca, chance, ("filtered, dolly", "whole, dolly")}
    assert order(name, "llama-7b", "mmlu, 5-shot") == {*alpaca, chance}
    assert ("whole", "filtered") in order(name, "micro", "micro_facts, 0-shot")
    name = "humpback/nlp_benchmarks"
    assert order(name, "llama-33b", "openbookqa, 0-shot") == {("base", "M2")}
    assert order(name, "llama-65b", "openbookqa, 0-shot") == {("M2", "base")}
    assert order(name, "llama-7b", "openbookqa, 0-shot") == set()
    assert order(name, "llama-7b", "piqa, 0-shot") == {("base", "M2")}
    assert order(name, "llama-7b", "mmlu, 5-shot") == set()
