"""Settings: each changes what an experiment makes, breaks no comparison, and takes the papers' numbers away."""

from __future__ import annotations

from typing import Any

import pytest

from humpback.core.expression import FieldError
from humpback.experiments.catalogue import Declared, experiment, experiment_names
from humpback.experiments.settings import Given, makes, settings
from humpback.experiments.setups import SETUPS
from humpback.experiments.setups.base import AtLeast, Setup
from humpback.experiments.setups.micro import MICRO
from humpback.experiments.setups.papers import ALPAGASUS_7B, LLAMA_7B
from humpback.spec.claims import Comparison
from humpback.spec.paths import paths, put, value_at


def given(*words: str) -> tuple[Given, ...]:
    pairs = (word.split("=", 1) for word in words)
    return tuple(Given(path, value, f"--set {path}={value}") for path, value in pairs)


def on(setup: Setup, name: str, *words: str) -> Declared:
    return settings(setup, given(*words)).on(experiment(name), [0])


def another(value: Any) -> list[Any]:
    match value:
        case bool():
            return [not value]
        case int():
            return [value + 1, value - 1]
        case float():
            return [value * 0.9 or 0.05, value + 0.01]
    return [f"{value}x", "accuracy", "helpfulness"]


@pytest.mark.parametrize("setup", ["micro", "llama-7b", "smollm-135m"])
def test_every_field_that_can_be_set_changes_what_an_experiment_makes(setup: str) -> None:
    first = ("humpback/headline", "alpagasus/headline")
    names = dict.fromkeys((*first, *experiment_names()))
    plain = {name: makes(experiment(name).parts(SETUPS[setup], 0)) for name in names}
    idle = []
    for path in paths(SETUPS[setup]):
        value = value_at(SETUPS[setup], path)
        if isinstance(value, (int, float, str)) and not _moves(SETUPS[setup], path, value, plain):
            idle.append(path)
    assert idle == []


def _moves(setup: Setup, path: str, value: Any, plain: dict[str, frozenset[object]]) -> bool:
    for other in another(value):
        try:
            changed = put(setup, path, other)
        except (FieldError, ValueError):
            continue
        if any(makes(experiment(name).parts(changed, 0)) != made for name, made in plain.items()):
            return True
    return False


def test_what_was_set_and_what_the_setup_has_are_told() -> None:
    one = on(MICRO, "humpback/headline", "sft.learning_rate=2e-4", "selection.at_least=4", "prompts.n=100")
    assert one.setup.name == "micro+sft.learning_rate=0.0002+selection.at_least=4+prompts.n=100"
    held = one.departure.held
    assert held["set"] == {"sft.learning_rate": 2e-4, "selection": "AtLeast(score=4)", "prompts.n": 100}
    assert held["instead_of"]["sft.learning_rate"] == MICRO.sft.learning_rate
    assert one.resolved["set"] == held["set"]
    assert any(line.endswith("; reference with it") for line in one.departure.lines)
    final = MICRO.sft.schedule.final / MICRO.sft.learning_rate * 2e-4
    assert one.setup.sft.schedule.final == pytest.approx(final), "the schedule keeps its shape"
    assert f"sft.schedule.final = {final:g}" in one.departure.lines[0]


def test_a_final_rate_that_was_set_itself_stays() -> None:
    one = on(MICRO, "humpback/headline", "sft.learning_rate=2e-4", "sft.schedule.final=1e-6")
    assert one.setup.sft.schedule.final == 1e-6


def test_a_setting_of_the_loop_is_one_of_the_filter_too() -> None:
    for words, path in (
        (("sft.duration.n=1",), "filtering.sft.duration.n"),
        (("selection.at_least=4",), "filtering.at_least"),
    ):
        one = on(MICRO, "alpagasus/headline", *words)
        assert list(one.departure.held["set"]) == [path], "what the experiment does not use is not told of it"
    both = settings(MICRO, given("selection.at_least=4", "filtering.at_least=3")).setup
    assert both.filtering is not None
    assert (both.selection, both.filtering.at_least) == (AtLeast(4.0), 3.0)


@pytest.mark.parametrize(
    ("name", "words", "says"),
    [
        (
            "humpback/headline",
            ("sft.duration.n=1",),
            "changes nothing in humpback/headline on micro: sft.duration is StepsBySize",
        ),
        (
            "humpback/headline",
            ("filtering.looser=3",),
            "--set filtering.looser=3 changes nothing in humpback/headline on micro$",
        ),
        ("humpback/headline", ("sft.longest=99", "grid.looser=3"), "--set grid.looser=3 changes nothing"),
        (
            "alpagasus/thresholds",
            ("filtering.looser=4.5",),
            "makes both sides of a claim the same, '4.5 is a better threshold than 4.5'",
        ),
        (
            "alpagasus/thresholds",
            ("filtering.at_least=4.8",),
            "the very field that is compared in '4.5 is a better threshold than 4'",
        ),
        ("humpback/thresholds", ("selection.at_least=4.6",), "the very field that is compared in 'examples rated"),
        (
            "humpback/model_scaling",
            ("base.shape.layers=9",),
            "the very field that is compared in 'a larger model is better",
        ),
        ("humpback/headline", ("sft.longest=x",), "^--set sft.longest=x: 'x' is none of what it takes: a whole number"),
        ("humpback/headline", ("sft.longest=9", "sft.longest=8"), "sft.longest is set twice"),
        (
            "humpback/headline",
            ("selection.score=3", "selection.at_least=4"),
            "is set by --set selection.score=3 too|set twice",
        ),
    ],
)
def test_what_a_setting_may_not_do_is_refused_by_name(name: str, words: tuple[str, ...], says: str) -> None:
    with pytest.raises(FieldError, match=says):
        on(MICRO, name, *words)


def test_a_base_that_another_arm_has_is_refused_with_the_claim() -> None:
    models = {"large": LLAMA_7B.bases[0].model}
    with pytest.raises(FieldError, match="makes both sides of a claim the same, 'a larger model is better"):
        settings(LLAMA_7B, given("base=large"), models.__getitem__).on(experiment("humpback/model_scaling"), [0])


@pytest.mark.parametrize("setup", [LLAMA_7B, ALPAGASUS_7B])
def test_no_number_of_the_papers_stands_beside_what_departs(setup: Setup) -> None:
    kept = stripped = 0
    for name in experiment_names():
        try:
            one = on(setup, name, "sft.learning_rate=3e-5")
        except FieldError:
            continue
        kept += len(experiment(name).on(setup, [0]).printed)
        stripped += 1
        assert one.printed == {}
        assert [claim.paper_value for claim in one.claims if claim.paper_value is not None] == []
        assert [curve for curve in one.curves if curve.points] == []
    assert kept > 5
    assert stripped > 5


def test_the_setup_s_own_value_is_the_setup() -> None:
    one = on(LLAMA_7B, "humpback/headline", f"sft.learning_rate={LLAMA_7B.sft.learning_rate}")
    plain = experiment("humpback/headline").on(LLAMA_7B, [0])
    assert (one.setup, one.targets, one.printed) == (plain.setup, plain.targets, plain.printed)
    assert not one.departure


def test_arms_still_differ_in_one_field_where_a_setting_is_taken() -> None:
    from humpback.experiments.comparisons import strays

    for words in ("sft.learning_rate=3e-5", "selection.at_least=4.6", "answering.temperature=0", "base.updates=9"):
        one = on(MICRO, "humpback/headline", words)
        compared = [claim for claim in one.claims if isinstance(claim, Comparison)]
        assert len(compared) == 6
        assert [strays(claim.first, claim.second, claim.differ_in) for claim in compared] == [[]] * 6


def test_a_long_name_is_cut_and_stays_another_s() -> None:
    names = {
        settings(
            MICRO,
            given(
                *(
                    f"{path}=0.{n}"
                    for path in (
                        "sft.dropout",
                        "backward.dropout",
                        "augmentation.top_p",
                        "answering.top_p",
                        "judge.noise",
                        "filtering.rater.noise",
                    )
                )
            ),
        ).setup.name
        for n in (1, 2)
    }
    assert len(names) == 2
    assert max(map(len, names)) <= 120


def test_settings_that_differ_in_letters_a_folder_is_not_called_by_have_a_folder_each() -> None:
    names = [
        settings(MICRO, given(f"sft.adapter=Lora(targets=['{module}'])")).setup.name for module in ("甲", "乙", "a")
    ]
    assert len(set(names)) == 3
    assert names[2] == "micro+sft.adapter=Lora(targets=-a-)"
    assert all(name.isascii() for name in names)
