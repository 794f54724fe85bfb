"""The experiments about data and selection: what they compare, on each setup, and what they cite."""

from __future__ import annotations

from humpback.experiments.catalogue import experiment
from humpback.experiments.setups import SETUPS
from humpback.spec.curation import MicroOracle, ModelRater, Rated, Sample
from humpback.spec.measures import InstructionDiversity, LengthStatistics, SelectionQuality


def test_sets_are_compared_at_one_number_of_instructions_that_each_has() -> None:
    expected = {"micro": 32, "smollm-135m": 1_600, "llama-7b": 3_200, "llama-65b": 3_200}
    for name, n in expected.items():
        measures = experiment("humpback/diversity").on(SETUPS[name], [2]).measures[2]
        assert {one.n for one in measures.values() if isinstance(one, InstructionDiversity)} == {n}


def test_a_rater_that_is_paid_by_the_call_is_shown_a_sample_and_a_free_one_everything() -> None:
    one = experiment("humpback/selection_quality")
    free = one.on(SETUPS["micro"], [0]).measures[0]["a strong rater"]
    assert isinstance(free, SelectionQuality)
    assert isinstance(free.selected.rated, Rated)
    assert isinstance(free.selected.rated.by, MicroOracle)
    assert free.selected.rated.candidates == free.labels.candidates
    paid = one.on(SETUPS["llama-7b"], [0]).arms[0]["100 selected by a strong rater"].model
    rated = paid.examples.examples.examples.rated  # type: ignore[attr-defined]
    assert isinstance(rated.by, ModelRater)
    assert isinstance(rated.candidates, Sample)
    assert rated.candidates.n == 2_000
    assert not one.on(SETUPS["llama-7b"], [0]).measures[0]


def test_the_labels_have_no_noise_and_good_is_the_oracle_s_five_alone() -> None:
    for measure in experiment("humpback/selection_quality").on(SETUPS["micro"], [1]).measures[1].values():
        assert isinstance(measure, SelectionQuality)
        assert isinstance(measure.labels.by, MicroOracle)
        assert measure.labels.by.noise == 0
        assert 4 < measure.good <= 5


def test_a_best_share_has_no_looser_threshold_to_describe() -> None:
    one = experiment("humpback/data_statistics")
    assert list(one.on(SETUPS["smollm-135m"], [0]).measures[0]) == ["seed", "A5", "all augmented"]
    sets = one.on(SETUPS["micro"], [0]).measures[0]
    assert list(sets) == ["seed", "A5", "A4", "all augmented"]
    assert (
        len({measure.examples.fingerprint for measure in sets.values() if isinstance(measure, LengthStatistics)}) == 4
    )
