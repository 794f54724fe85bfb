"""Identity: what changes a fingerprint, what does not, and what is refused."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass, replace

import pytest

from humpback.core.differences import differences
from humpback.core.expression import Artifact, FieldError, Value, canonical, expression
from humpback.spec.data import Joined, MicroSeed, Reversed, Sampling, Tagged
from humpback.spec.micro_world import World
from humpback.spec.prompts import BACKWARD, S_A, S_W
from humpback.spec.recipe import LinearTo, Sft

SEED = MicroSeed(World(), n=10)


def test_equal_expressions_are_one_artifact() -> None:
    assert Tagged(MicroSeed(World(), n=10), S_A).fingerprint == Tagged(SEED, S_A).fingerprint


@pytest.mark.parametrize(
    "other",
    [
        MicroSeed(World(), n=11),
        MicroSeed(World(), n=10, draw=1),
        MicroSeed(World(seed=1), n=10),
        Reversed(SEED, BACKWARD),
    ],
)
def test_a_changed_field_or_class_changes_it(other: Artifact) -> None:
    assert Tagged(SEED, S_A).fingerprint != Tagged(other, S_A).fingerprint  # type: ignore[arg-type]


def test_the_order_of_inputs_counts() -> None:
    a, b = Tagged(SEED, S_A), Tagged(SEED, S_W)
    assert Joined(a, b).fingerprint != Joined(b, a).fingerprint


def test_a_bumped_version_changes_it(monkeypatch: pytest.MonkeyPatch) -> None:
    before = MicroSeed(World(), n=10).fingerprint
    monkeypatch.setattr(MicroSeed, "VERSION", 2)
    assert MicroSeed(World(), n=10).fingerprint != before


def test_it_does_not_depend_on_the_process() -> None:
    code = (
        "from humpback.spec.data import MicroSeed; from humpback.spec.micro_world import World;"
        "print(MicroSeed(World(), n=10).fingerprint)"
    )
    for hash_seed in ("1", "2"):
        done = subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": hash_seed},
            capture_output=True,
            text=True,
            check=True,
            cwd="/",
        )
        assert done.stdout.strip() == SEED.fingerprint


def test_text_for_a_number_is_refused_with_the_field_s_name() -> None:
    with pytest.raises(FieldError, match=r"Sft\.learning_rate is '2e-5' \(str\); it takes float"):
        Sft(learning_rate="2e-5")  # type: ignore[arg-type]


@pytest.mark.parametrize("value", [True, "3", 3.0, None])
def test_an_int_is_an_int(value: object) -> None:
    with pytest.raises(FieldError, match=r"MicroSeed\.n"):
        MicroSeed(World(), n=value)  # type: ignore[arg-type]


def test_an_int_given_for_a_float_is_that_float() -> None:
    assert Sampling(temperature=1) == Sampling(temperature=1.0)


def test_nan_and_infinity_are_refused() -> None:
    for value in (float("nan"), float("inf")):
        with pytest.raises(FieldError, match=r"temperature is (nan|inf) \(float\); it takes float, finite"):
            Sampling(temperature=value)


@dataclass(frozen=True)
class Holder(Value):
    thing: object


@pytest.mark.parametrize("thing", [len, {1, 2}, [1], {"a": 1}, b"bytes"])
def test_what_has_no_canonical_form_is_refused_with_the_field_s_name(thing: object) -> None:
    with pytest.raises(FieldError, match=r"Holder\.thing"):
        canonical(Holder(thing), "here")


def test_differences_are_the_smallest_set_of_edits() -> None:
    base = MicroSeed(World(), n=10)
    a = Joined(Tagged(base, S_A), Tagged(base, S_W))
    b = replace(a, second=Tagged(replace(base, n=11), S_W))
    found = differences(a.fingerprint, b.fingerprint, tables=(expression(a), expression(b)))
    assert [(d.path, d.here, d.there) for d in found] == [("second.examples.n", "10", "11")]


def test_differences_descend_into_values_and_stop_at_another_class() -> None:
    tables = [expression(x) for x in (Tagged(SEED, S_A), Tagged(Reversed(SEED, BACKWARD), S_A))]
    roots = [Tagged(SEED, S_A).fingerprint, Tagged(Reversed(SEED, BACKWARD), S_A).fingerprint]
    (found,) = differences(roots[0], roots[1], tables=(tables[0], tables[1]))
    assert found.path == "examples"
    assert found.here.startswith("MicroSeed")
    assert found.there.startswith("Reversed")


def test_no_difference_between_equals() -> None:
    assert differences(SEED.fingerprint, SEED.fingerprint, tables=(expression(SEED), expression(SEED))) == []


def test_defaults_are_part_of_what_is_hashed() -> None:
    assert "final" in str(canonical(Sft(), "sft"))
    assert canonical(Sft(schedule=LinearTo(9e-6)), "sft") == canonical(Sft(), "sft")
