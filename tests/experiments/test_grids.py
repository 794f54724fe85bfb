"""An ablation: arms at each value, each compared with one, and nothing of the papers'."""

from __future__ import annotations

import pytest

from humpback.core.errors import UnknownName
from humpback.core.expression import FieldError
from humpback.experiments.catalogue import Declared, experiment
from humpback.experiments.comparisons import changed, strays
from humpback.experiments.grids import Ablation
from humpback.experiments.settings import Given, settings
from humpback.experiments.setups.base import Setup
from humpback.experiments.setups.micro import MICRO
from humpback.experiments.setups.papers import LLAMA_7B
from humpback.spec.claims import Above, Comparison


def grid(setup: Setup, name: str, *axes: str, sets: tuple[str, ...] = (), arms: tuple[str, ...] = ()) -> Declared:
    def of(word: str) -> tuple[Given, ...]:
        path, values = word.split("=", 1)
        return tuple(Given(path, value, f"--grid {word}") for value in values.split(","))

    base = settings(setup, [one for word in sets for one in of(word)])
    return Ablation(experiment(name), base, tuple(map(of, axes)), arms).on([0, 3])


def test_each_value_makes_arms_of_what_it_changes_and_the_rest_stands_once() -> None:
    own = MICRO.selection.score  # type: ignore[union-attr]
    one = grid(MICRO, "humpback/headline", f"selection.at_least=3,{own},2", arms=("M0", "M1"))
    assert one.experiment.name == "humpback/headline-by-selection.at_least"
    assert list(one.arms[0]) == ["M0", *(f"M1, selection.at_least = {k:g}" for k in (3, own, 2))]
    plain = experiment("humpback/headline").on(MICRO, [0]).arms[0]
    assert one.arms[0][f"M1, selection.at_least = {own:g}"].judged == plain["M1"].judged
    assert one.arms[0]["M0"].judged == plain["M0"].judged
    assert [claim.sides for claim in one.claims] == [
        (f"M1, selection.at_least = {k}", f"M1, selection.at_least = {own:g}") for k in (3, 2)
    ], "the setup's own value is what the others are compared with"
    assert all(claim.told.endswith("(ours)") for claim in one.claims)
    assert one.varying == frozenset(one.arms[0])


def test_without_the_setup_s_own_value_the_first_is_compared_with() -> None:
    one = grid(MICRO, "humpback/headline", "sft.learning_rate=3e-4,1e-3", arms=("M0",))
    assert [claim.sides for claim in one.claims] == [
        ("M0, sft.learning_rate = 0.001", "M0, sft.learning_rate = 0.0003")
    ]
    assert [dict(place.at) for place in one.departure.grid] == [
        {"sft.learning_rate": 3e-4},
        {"sft.learning_rate": 1e-3},
    ]


def test_compared_arms_differ_in_what_the_grid_sets_alone() -> None:
    one = grid(MICRO, "humpback/headline", "sft.longest=64,128", arms=("M0",))
    (claim,) = one.claims
    assert isinstance(claim, Comparison)
    assert changed(claim.first.model, claim.second.model) == ["recipe.longest"]
    assert strays(claim.first, claim.second, "recipe.longest") == []


def test_two_grids_are_each_combination_and_each_comparison_is_of_one() -> None:
    one = grid(MICRO, "humpback/headline", "sft.longest=128,256", "selection.at_least=3,5", arms=("M0", "M1"))
    names = list(one.arms[0])
    assert len(names) == 2 + 4, "M0 hangs on the recipe alone"
    assert "M1, sft.longest = 128, selection.at_least = 5" in names
    sides = [tuple(side.split(", ", 1)[1] for side in claim.sides) for claim in one.claims]
    assert len(sides) == 1 + 4
    for first, second in sides:
        differ = [a != b for a, b in zip(first.split(", "), second.split(", "), strict=True)]
        assert sum(differ) == 1
    assert {place.line for place in one.departure.grid if place.arm.startswith("M1")} == {
        "M1, selection.at_least = 3",
        "M1, selection.at_least = 5",
    }


def test_arms_with_an_opponent_of_their_own_are_held_against_it() -> None:
    """A filtered model is judged against the whole set's: by another threshold that stays, by another recipe not."""
    kept = grid(MICRO, "alpagasus/headline", "selection.at_least=3,4,4.5")
    assert [type(claim) for claim in kept.claims].count(Above) == 3
    assert [type(claim) for claim in kept.claims].count(Comparison) == 2
    moved = grid(MICRO, "alpagasus/headline", "sft.duration.n=1,3")
    assert [type(claim) for claim in moved.claims] == [Above, Above]


def test_other_prompts_or_another_judge_are_tabled_and_not_compared() -> None:
    for words in ("judge.noise=0,0.3", "prompts.n=100,805"):
        one = grid(MICRO, "humpback/headline", words)
        assert len(one.arms[0]) == 2 * 5
        assert one.claims == ()


def test_measures_go_through_a_grid_as_well() -> None:
    one = grid(MICRO, "alpagasus/score_histogram", "filtering.rater.noise=0.1,0.4")
    assert "accuracy, filtering.rater.noise = 0.1" in one.measures[0]
    assert one.printed == {}


def test_settings_hold_for_the_whole_grid() -> None:
    one = grid(MICRO, "humpback/headline", "sft.longest=64,128", sets=("sft.dropout=0.3",), arms=("M0",))
    assert {arm.model.recipe.dropout for arm in one.arms[0].values()} == {0.3}  # type: ignore[attr-defined]
    assert one.setup.name == "micro+sft.dropout=0.3"
    assert one.departure.held["set"] == {"sft.dropout": 0.3}


def test_no_number_of_the_papers_stands_in_a_grid() -> None:
    one = grid(LLAMA_7B, "humpback/headline", "selection.at_least=4,4.5")
    assert one.printed == {}
    assert {claim.paper_value for claim in one.claims} == {None}


@pytest.mark.parametrize(
    ("name", "axes", "says"),
    [
        ("humpback/headline", ("sft.longest=128,128",), "128 and 128 are the same value"),
        ("humpback/headline", ("sft.learning_rate=1e-4,0.0001",), "are the same value"),
        ("humpback/headline", ("filtering.looser=3,4",), "changes nothing in humpback/headline on micro"),
        ("humpback/headline", ("sft.duration.n=1,2",), "changes nothing .* did you mean sft.duration.steps"),
        ("humpback/headline", ("sft.longest=128,x",), "'x' is none of what it takes: a whole number"),
    ],
)
def test_a_grid_that_means_nothing_is_refused(name: str, axes: tuple[str, ...], says: str) -> None:
    with pytest.raises(FieldError, match=says):
        grid(MICRO, name, *axes)


def test_an_arm_that_is_not_there_is_named() -> None:
    with pytest.raises(UnknownName, match="no arm of humpback/headline on micro 'M9'; there are M0"):
        grid(MICRO, "humpback/headline", "sft.longest=64,128", arms=("M9",))
