"""The experiments about data and selection: what they compare, on each setup, and what they cite."""

from __future__ import annotations

import pytest

from humpback.experiments.catalogue import experiment
from humpback.experiments.setups import SETUPS
from humpback.spec.claims import Greater
from humpback.spec.curation import MicroOracle, ModelRater, Rated, Sample
from humpback.spec.measures import Described, Diverse, Picked
from humpback.spec.paper_numbers import number

NAMES = ("data_statistics", "diversity", "selection_quality", "improvement_over_seed")


@pytest.mark.parametrize("name", NAMES)
def test_every_citation_is_of_an_arm_or_measure_and_of_a_published_number(name: str) -> None:
    one = experiment(f"humpback/{name}")
    for setup in SETUPS.values():
        declared = one.on(setup, [0])
        cited = one.cited(setup)
        assert set(cited) <= {*declared.arms[0], *declared.measures[0]}
        for by_metric in cited.values():
            assert all(number(at.table, at.arm, at.metric, at.n_examples) for at in by_metric.values())


@pytest.mark.parametrize("name", ["data_statistics", "selection_quality"])
def test_the_paper_s_differences_are_those_of_its_published_rows(name: str) -> None:
    one, setup = experiment(f"humpback/{name}"), SETUPS["micro"]
    cited = one.cited(setup)

    def printed(measure: str, metric: str) -> float:
        at = cited[measure][metric]
        return number(at.table, at.arm, at.metric, at.n_examples).value

    for claim in one.claims(setup):
        if isinstance(claim, Greater):
            first, second = printed(claim.first, claim.metric), printed(str(claim.second), claim.metric)
            assert claim.paper == pytest.approx(first - second)
        else:
            rate = "win rate, %"
            difference = printed(claim.first, rate) - printed(claim.second, rate)  # type: ignore[union-attr, arg-type]
            assert claim.paper == pytest.approx(difference, abs=0.06)


def test_sets_are_compared_at_one_number_of_instructions_that_each_has() -> None:
    expected = {"micro": 64, "smollm-135m": 1_600, "llama-7b": 3_200, "llama-65b": 3_200}
    for name, n in expected.items():
        measures = experiment("humpback/diversity").measures(SETUPS[name], [2])[2]
        assert {one.n for one in measures.values() if isinstance(one, Diverse)} == {n}


def test_a_rater_that_is_paid_by_the_call_is_shown_a_sample_and_a_free_one_everything() -> None:
    one = experiment("humpback/selection_quality")
    free = one.measures(SETUPS["micro"], [0])[0]["a strong rater"]
    assert isinstance(free, Picked)
    assert isinstance(free.selected.rated, Rated)
    assert isinstance(free.selected.rated.by, MicroOracle)
    assert free.selected.rated.candidates == free.labels.candidates
    paid = one.arms(SETUPS["llama-7b"], [0])[0]["100 selected by a strong rater"].model
    rated = paid.examples.examples.examples.rated  # type: ignore[attr-defined]
    assert isinstance(rated.by, ModelRater)
    assert isinstance(rated.candidates, Sample)
    assert rated.candidates.n == 2_000
    assert not one.measures(SETUPS["llama-7b"], [0])[0]


def test_the_labels_have_no_noise_and_good_is_the_oracle_s_five_alone() -> None:
    for measure in experiment("humpback/selection_quality").measures(SETUPS["micro"], [1])[1].values():
        assert isinstance(measure, Picked)
        assert isinstance(measure.labels.by, MicroOracle)
        assert measure.labels.by.noise == 0
        assert 4 < measure.good <= 5


def test_a_best_share_has_no_looser_threshold_to_describe() -> None:
    one = experiment("humpback/data_statistics")
    assert list(one.measures(SETUPS["smollm-135m"], [0])[0]) == ["seed", "A5", "all augmented"]
    sets = one.measures(SETUPS["micro"], [0])[0]
    assert list(sets) == ["seed", "A5", "A4", "all augmented"]
    assert len({measure.examples.fingerprint for measure in sets.values() if isinstance(measure, Described)}) == 4
