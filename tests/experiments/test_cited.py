"""What experiments cite of the papers: it is there, once, for an arm that there is, and the claims say the same."""

from __future__ import annotations

from dataclasses import replace

import pytest

from humpback.analysis.experiment.cited import resolve, values
from humpback.analysis.experiment.gather import ALPHA, WIN_RATE
from humpback.core.expression import FieldError
from humpback.experiments.catalogue import Experiment, experiment, experiment_names
from humpback.experiments.setups import SETUPS
from humpback.experiments.setups.base import Setup
from humpback.spec.claims import Above, Cited, Claim, Comparison, Greater, Rising
from humpback.spec.paper_numbers import number

ROUNDING = 0.051
"""Claims' numbers have one decimal."""
CASES = [pytest.param(experiment(name), setup, id=f"{name}-{setup}") for name in experiment_names() for setup in SETUPS]


def cited(name: str, setup: str) -> dict[str, dict[str, float]]:
    return values(resolve(experiment(name).cited(SETUPS[setup])))


@pytest.mark.parametrize(("one", "setup"), CASES)
def test_every_citation_is_of_an_arm_or_measure_and_of_one_number(one: Experiment, setup: str) -> None:
    found = one.cited(SETUPS[setup])
    arms, measures = one.arms(SETUPS[setup], [0])[0], one.measures(SETUPS[setup], [0])[0]
    curves = {arm.point.curve for arm in arms.values() if arm.point}
    assert found.keys() <= arms.keys() | measures.keys() | curves
    assert all(found[name].keys() == {ALPHA} for name in found.keys() & curves)
    assert all(found[name].keys() == {WIN_RATE} for name in found.keys() & arms.keys())
    assert values(resolve(found)).keys() == found.keys()


def told(claim: Claim, paper: dict[str, dict[str, float]]) -> float | None:
    """The claim's number from what is cited of its arms or measures; None where one is not."""

    def of(name: str, metric: str = WIN_RATE) -> float:
        return paper.get(name, {}).get(metric, float("nan"))

    match claim:
        case Comparison():
            found = of(claim.first) - of(claim.second)
        case Above():
            found = of(claim.arm) - 50
        case Greater():
            second = of(claim.second, claim.metric) if isinstance(claim.second, str) else claim.second
            found = of(claim.first, claim.metric) - second
        case Rising():
            return None
    return None if found != found else found


@pytest.mark.parametrize(("one", "setup"), CASES)
def test_claims_and_citations_say_the_same(one: Experiment, setup: str) -> None:
    paper = cited(one.name, setup)
    for claim in one.claims(SETUPS[setup]):
        expected = told(claim, paper)
        if expected is not None and claim.paper is not None:
            assert claim.paper == pytest.approx(expected, abs=ROUNDING), claim


def test_a_claim_that_says_another_number_is_caught() -> None:
    """The check itself, on the 7B table of system sentences."""
    one = experiment("humpback/system_prompts")
    paper = cited(one.name, "llama-7b")
    first = one.claims(SETUPS["llama-7b"])[0]
    assert told(first, paper) == pytest.approx(66.47 - 62.69)
    assert told(first, {**paper, "tagged, S_a": {WIN_RATE: 60.0}}) != pytest.approx(3.8, abs=ROUNDING)


def test_slopes_are_the_table_s() -> None:
    names = {"wizardlm": "WizardLLM", "alpaca-gpt4": "Alpaca-GPT4", "vicuna": "Vicuna", "seed data": "Open Assistant"}
    names |= {"lima": "LIMA", "alpaca": "Alpaca", "flan-v2": "FLAN v2"}
    own = number("humpback-alpha", "Humpback", "alpha").value
    claims = [one for one in experiment("humpback/data_scaling").claims(SETUPS["llama-7b"]) if isinstance(one, Rising)]
    assert {one.over for one in claims} == {None, "uncurated", *names}
    for one in claims:
        if one.over == "uncurated":
            assert one.paper is None
            continue
        other = number("humpback-alpha", names[one.over], "alpha").value if one.over else 0.0
        assert one.paper == pytest.approx(own - other)
    seed = experiment("humpback/seed_size").claims(SETUPS["llama-7b"])[0]
    assert seed.paper == number("humpback-alpha", "Open Assistant", "alpha").value


@pytest.mark.parametrize(
    ("name", "setup", "arm", "value"),
    [
        ("humpback/headline", "micro", "M0", 53.6),
        ("humpback/headline", "llama-7b", "M2", 74.1),
        ("humpback/headline", "llama-33b", "M2", 79.84),
        ("humpback/headline", "llama-65b", "M2", 83.71),
        ("humpback/iterations", "llama2-70b", "M2", 87.94),
        ("humpback/alpaca_eval", "llama-65b", "lima", 62.70),
        ("humpback/alpaca_eval", "llama-7b", "lima", 29.8),
        ("humpback/alpaca_eval", "micro", "terse", 4.8),
        ("humpback/quality_vs_quantity", "llama-7b", "A4 12800", 65.9),
        ("humpback/thresholds", "micro", "k = 4.25", 74.1),
        ("humpback/data_scaling", "llama-7b", "humpback 28800", 71.4),
        ("humpback/data_scaling", "llama-7b", "vicuna 51200", 68.5),
        ("humpback/data_scaling", "micro", "seed data 64", 53.6),
        ("humpback/model_scaling", "llama-65b", "small 25600", 71.3),
        ("humpback/joint_training", "llama-7b", "seed alone 3200", 53.6),
        ("humpback/system_prompts", "micro", "untagged, none", 59.96),
        ("humpback/seed_size", "llama-7b", "M0 800", 49.4),
        ("alpagasus/headline", "micro", "filtered", 53.29),
        ("alpagasus/headline", "alpagasus-13b", "filtered", 53.70),
        ("alpagasus/random_filter", "alpagasus-7b", "filtered", 53.29),
        ("alpagasus/thresholds", "alpagasus-7b", "at 4", 49.79),
        ("alpagasus/data_size", "alpagasus-7b", "filtered 6000", 49.38),
        ("alpagasus/dimensions_and_raters", "alpagasus-7b", "accuracy", 53.29),
    ],
)
def test_the_paper_s_number_stands_beside_its_arm(name: str, setup: str, arm: str, value: float) -> None:
    assert cited(name, setup)[arm] == {WIN_RATE: value}


@pytest.mark.parametrize(
    ("name", "setup", "arm"),
    [
        ("humpback/headline", "llama-65b", "M0"),
        ("humpback/headline", "alpagasus-7b", "M2"),
        ("humpback/quality_vs_quantity", "micro", "A5 60"),
        ("humpback/quality_vs_quantity", "llama-65b", "A5 3200"),
        ("humpback/system_prompts", "llama-65b", "tagged, S_a"),
        ("humpback/model_scaling", "llama-7b", "large M0"),
        ("alpagasus/headline", "llama-7b", "filtered"),
        ("alpagasus/thresholds", "alpagasus-13b", "at 4"),
        ("alpagasus/data_size", "micro", "filtered 100"),
    ],
)
def test_what_the_paper_has_for_another_size_is_not_cited(name: str, setup: str, arm: str) -> None:
    assert arm in experiment(name).arms(SETUPS[setup], [0])[0]
    assert arm not in cited(name, setup)


def test_claims_have_no_number_of_another_size() -> None:
    """A 65B setup does not stand beside the 7B model's differences, nor Humpback's recipe beside AlpaGasus's."""
    for name in ("headline", "quality_vs_quantity", "data_scaling", "system_prompts", "seed_size"):
        one = experiment(f"humpback/{name}")
        assert any(claim.paper is not None for claim in one.claims(SETUPS["llama-7b"]))
        for setup in ("llama-65b", "alpagasus-7b"):
            assert {claim.paper for claim in one.claims(SETUPS[setup])} == {None}
    for name in ("headline", "thresholds", "data_size", "dimensions_and_raters"):
        assert {claim.paper for claim in experiment(f"alpagasus/{name}").claims(SETUPS["llama-7b"])} == {None}


def test_a_setup_of_one_s_own_files_answers_to_the_7b_model() -> None:
    own: Setup = replace(SETUPS["llama-7b"], name="files", rivals=(), filtering=None)
    found = {name: experiment(name).cited(own) for name in experiment_names()}
    assert values(resolve(found["humpback/headline"]))["M2"] == {WIN_RATE: 74.1}
    assert not any(found[f"alpagasus/{name}"] for name in ("headline", "random_filter", "thresholds", "data_size"))
    for one in found.values():
        resolve(one)


def test_a_citation_of_nothing_is_refused_with_what_is_close() -> None:
    with pytest.raises(FieldError, match=r"no arm in humpback-alpha is called 'Lima'; the closest are 'LIMA'"):
        resolve({"lima": {WIN_RATE: Cited("humpback-alpha", "Lima", "alpha")}})
