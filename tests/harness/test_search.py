"""Search spaces: what can be an axis, what setting one changes, and the best as Python to paste."""

from __future__ import annotations

from dataclasses import replace

import pytest

from humpback.core.expression import FieldError
from humpback.experiments.setups.base import AtLeast, BestShare
from humpback.experiments.setups.micro import MICRO
from humpback.spec.paths import paths
from humpback.spec.recipe import LinearTo, Lora
from humpback.spec.search import FIXED, Axis, Choice, Float, Int, Space, apply, assignments, enumerable, first, grid
from humpback.sweeps.literal import literal

RATE = Float("sft.learning_rate", 1e-5, 1e-3, log=True, scaled=(("sft.schedule.final", 0.9),))


def test_an_axis_sets_its_field_and_what_is_scaled_with_it_and_nothing_else() -> None:
    space = Space("M1", (RATE, Choice("sft.adapter", (None, Lora(8))), Int("segments.shortest", 5, 50)))
    values = {"sft.learning_rate": 2e-4, "sft.adapter": Lora(8), "segments.shortest": 20}
    changed = apply(MICRO, space, values)
    schedule = LinearTo(2e-4 * 0.9, warm_up=0.05)
    assert changed.sft == replace(MICRO.sft, learning_rate=2e-4, schedule=schedule, adapter=Lora(8))
    assert changed == replace(MICRO, sft=changed.sft, segments=replace(MICRO.segments, shortest=20))


@pytest.mark.parametrize(
    ("axis", "says"),
    [
        (
            Float("sft.learnin_rate", 1e-5, 1e-3),
            r"'sft.learnin_rate': sft \(Sft\) has no 'learnin_rate'; did you mean sft.learning_rate",
        ),
        (Float("selection.scores", 0.1, 0.2), "did you mean selection.score"),
        (Int("sft.duration.n", 4, 16), "did you mean sft.duration.steps or sft.duration.epochs"),
        (Choice("sft.learning_rate", ("2e-5",)), "Sft.learning_rate is '2e-5' .*it takes float"),
        (Int("prompts.n", 10, 20), "prompts is no axis"),
        (Choice("judge.noise", (0.0, 0.1)), "judge is no axis"),
        (Int("sft.seed", 1, 9), "seed says which draw it is"),
        (Int("seed_data.draw", 1, 9), "draw says which draw it is"),
    ],
)
def test_what_cannot_be_an_axis_is_refused_by_name(axis: Axis, says: str) -> None:
    with pytest.raises(FieldError, match=says):
        apply(MICRO, Space("M1", (axis,)), {axis.path: first(axis)})


def test_no_path_that_is_offered_leads_to_a_seed_or_to_what_is_judged() -> None:
    offered = list(paths(MICRO, fixed=FIXED))
    assert "sft.learning_rate" in offered
    assert "augmentation.temperature" in offered
    assert not [path for path in offered if path.split(".")[-1] in ("seed", "draw")]
    assert not [path for path in offered if path.split(".")[0] in ("prompts", "reference", "judge", "filtering")]


@pytest.mark.parametrize(
    ("build", "says"),
    [
        (lambda: Float("a", 2.0, 1.0), "low is below high"),
        (lambda: Float("a", 0.0, 1.0, log=True), "with log it is above 0"),
        (lambda: Int("a", 1, 9, step=2, log=True), "step is 2"),
        (lambda: Choice("a", (1, 1)), "each once"),
        (lambda: Space("M1", ()), "at least one"),
        (lambda: Space("M1", (RATE, Float("sft.schedule.final", 1e-5, 1e-4))), "twice: sft.schedule.final"),
    ],
)
def test_a_space_that_means_nothing_cannot_be_written(build: object, says: str) -> None:
    with pytest.raises(FieldError, match=says):
        build()  # type: ignore[operator]


def test_a_grid_is_every_combination_once() -> None:
    space = Space("M1", (Choice("a", (None, "x")), Int("b", 1, 5, step=2)))
    assert [tuple(row.values()) for row in grid(space)] == [
        (None, 1),
        (None, 3),
        (None, 5),
        ("x", 1),
        ("x", 3),
        ("x", 5),
    ]
    assert not enumerable(space)
    assert enumerable(Space("M1", space.axes[:1]))
    with pytest.raises(FieldError, match=r"'sft\.learning_rate' is a Float"):
        grid(Space("M1", (RATE,)))


def test_the_literal_is_python_for_exactly_the_setting() -> None:
    space = Space(
        "M1", (RATE, Choice("sft.adapter", (None, Lora(8))), Choice("selection", (AtLeast(4.0), BestShare(0.1))))
    )
    values = {"sft.learning_rate": 1.0 / 7_000, "sft.adapter": Lora(8), "selection": BestShare(0.1)}
    text = literal(MICRO, space, values)
    assert text.startswith("replace(setup, sft=replace(setup.sft, learning_rate=0.000142")
    read = eval(text, {"replace": replace, "setup": MICRO, "Lora": Lora, "BestShare": BestShare})
    assert read == apply(MICRO, space, values)
    assert assignments(space, values)["sft.schedule.final"] == 0.9 / 7_000
