"""What experiments cite of the papers: it is published, once, and claims have it from their arms."""

from __future__ import annotations

from dataclasses import replace

import pytest

from humpback.core.expression import FieldError
from humpback.experiments.catalogue import Declared, experiment, experiment_names
from humpback.experiments.setups import SETUPS
from humpback.experiments.setups.base import Setup
from humpback.spec.claims import ALPHA, WIN_RATE, Curve, Paper, Rising
from humpback.spec.paper_numbers import number
from tests.analysis.declared import arm, measure


def declared(name: str, setup: str) -> Declared:
    return experiment(name).on(SETUPS[setup], [0])


@pytest.mark.parametrize("setup", SETUPS)
@pytest.mark.parametrize("name", experiment_names())
def test_every_citation_is_of_one_published_number(name: str, setup: str) -> None:
    one = declared(name, setup)
    assert all(value == value for by_metric in one.printed.values() for value in by_metric.values())
    assert all(claim.paper_value != 0 for claim in one.claims)


PAPERS = tuple(Paper("humpback-alpha", row, metric="alpha") for row in ("Humpback", "LIMA"))


def test_a_claim_s_number_is_the_difference_of_what_its_parts_cite() -> None:
    """And of the pair that it names instead; nothing where a part cites nothing."""
    first, second = (arm(paper.row, paper=paper) for paper in PAPERS)
    assert first.beats(second, "", only="").paper_value == 4.09
    assert first.beats(arm("x"), "", only="").paper_value is None
    assert first.beats(second, "", only="", paper=(PAPERS[1], PAPERS[0])).paper_value == -4.09
    assert first.beats(second, "", only="", paper=(PAPERS[1], None)).paper_value is None
    assert first.beats_opponent("").paper_value == 6.95 - 50
    own, other = (Curve(paper.row, paper) for paper in PAPERS)
    assert (own.rises("").paper_value, own.rises("", over=other).paper_value) == (6.95, 4.09)
    assert own.rises("", over=Curve("x")).paper_value is None
    one, two = (measure(paper.row, ("m", paper)) for paper in PAPERS)
    assert one.exceeds(two, "m", "", matters=1.0).paper_value == 4.09
    assert one.exceeds(6.0, "m", "", matters=1.0).paper_value == 0.95
    assert one.exceeds(two, "another", "", matters=1.0).paper_value is None
    assert one.exceeds(0.0, "n", "", matters=1.0, paper=(50.0, PAPERS[0])).paper_value == 43.05


def test_a_number_stands_beside_the_setups_that_answer_to_its_model() -> None:
    """Of another size, of the other paper, at another number of examples: nothing."""
    seven, large = Paper("humpback-quality-vs-quantity", "M0"), Paper("humpback-alpaca-eval", "LIMA 65B", size="65B")
    point = replace(seven, exact=True)
    filtered, any_model = Paper("alpagasus-size", "7B all", 3_000), Paper("alpagasus-other-sets", "Dolly", size="")
    beside = {name: [SETUPS[name].cites(one) is not None for one in (seven, point, large, filtered, any_model)]
              for name in SETUPS}  # fmt: skip
    assert beside == {
        "micro": [True, False, False, True, True],
        "smollm-135m": [True, False, False, True, True],
        "llama-7b": [True, True, False, False, True],
        "llama-33b": [False, False, False, False, True],
        "llama-65b": [False, False, True, False, True],
        "llama2-70b": [False, False, False, False, True],
        "alpagasus-7b": [False, False, False, True, True],
        "alpagasus-13b": [False, False, False, False, True],
        "qwen3-1.7b": [False, False, False, False, True],
        "qwen3-8b-base": [False, False, False, False, True],
        "llama-3.2-3b": [False, False, False, False, True],
        "olmo-3-7b": [False, False, False, False, True],
        "smollm2": [False, False, False, False, True],
    }
    assert SETUPS["llama-65b"].cites(seven, large) == large
    assert SETUPS["llama-65b"].cites_each({"a": seven, "b": large}) == (("b", large),)


def test_slopes_are_the_table_s() -> None:
    own = number("humpback-alpha", "Humpback", "alpha").value
    setup = SETUPS["llama-7b"]
    rows = {"seed data": "Open Assistant", **{rival.name: rival.paper for rival in setup.rivals}}
    claims = [one for one in declared("humpback/data_scaling", "llama-7b").claims if isinstance(one, Rising)]
    assert {one.over.name for one in claims if one.over} == {*rows}
    for one in claims:
        other = number("humpback-alpha", rows[one.over.name], "alpha").value if one.over else 0.0
        assert one.paper_value == pytest.approx(own - other)
    seed = declared("humpback/seed_size", "llama-7b")
    assert seed.claims[0].paper_value == number("humpback-alpha", "Open Assistant", "alpha").value
    assert seed.printed["M0"] == {ALPHA: seed.claims[0].paper_value}


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
        ("humpback/thresholds", "micro", "k = 5", 74.1),
        ("humpback/data_scaling", "llama-7b", "humpback 28800", 71.4),
        ("humpback/data_scaling", "llama-7b", "vicuna 51200", 68.5),
        ("humpback/data_scaling", "micro", "seed data 32", 53.6),
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
    assert declared(name, setup).printed[arm] == {WIN_RATE: value}


@pytest.mark.parametrize(
    ("name", "setup", "arm"),
    [
        ("humpback/headline", "llama-65b", "M0"),
        ("humpback/headline", "alpagasus-7b", "M2"),
        ("humpback/quality_vs_quantity", "micro", "A5 64"),
        ("humpback/quality_vs_quantity", "llama-65b", "A5 3200"),
        ("humpback/system_prompts", "llama-65b", "tagged, S_a"),
        ("humpback/model_scaling", "llama-7b", "large M0"),
        ("alpagasus/headline", "llama-7b", "filtered"),
        ("alpagasus/thresholds", "alpagasus-13b", "at 4"),
        ("alpagasus/data_size", "micro", "filtered 100"),
    ],
)
def test_what_the_paper_has_for_another_size_is_not_cited(name: str, setup: str, arm: str) -> None:
    one = declared(name, setup)
    assert arm in one.arms[0]
    assert arm not in one.printed


def test_claims_have_no_number_of_another_size() -> None:
    """A 65B setup does not stand beside the 7B model's differences, nor Humpback's recipe beside AlpaGasus's."""
    for name in ("headline", "quality_vs_quantity", "data_scaling", "system_prompts", "seed_size"):
        assert any(claim.paper_value is not None for claim in declared(f"humpback/{name}", "llama-7b").claims)
        for setup in ("llama-65b", "alpagasus-7b"):
            assert {claim.paper_value for claim in declared(f"humpback/{name}", setup).claims} == {None}
    for name in ("headline", "thresholds", "data_size", "dimensions_and_raters"):
        assert {claim.paper_value for claim in declared(f"alpagasus/{name}", "llama-7b").claims} == {None}


def test_a_setup_of_one_s_own_files_answers_to_the_7b_model() -> None:
    own: Setup = replace(SETUPS["llama-7b"], name="files", rivals=(), papers_sizes=False)
    assert experiment("humpback/headline").on(own, [0]).printed["M2"] == {WIN_RATE: 74.1}
    for name in ("headline", "random_filter", "thresholds", "data_size"):
        assert experiment(f"alpagasus/{name}").on(own, [0]).printed == {}


def test_a_citation_of_nothing_is_refused_with_what_is_close() -> None:
    with pytest.raises(FieldError, match=r"no arm in humpback-alpha is called 'Lima'; the closest are 'LIMA'"):
        _ = Paper("humpback-alpha", "Lima", metric="alpha").value
