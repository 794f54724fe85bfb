"""Typed paths of a setup, and values as somebody writes them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from humpback.core.expression import FieldError
from humpback.experiments.setups.base import AtLeast, BestShare, Setup
from humpback.experiments.setups.micro import MICRO
from humpback.experiments.setups.papers import LLAMA_7B, SMOLLM_135M
from humpback.spec.curation import ExpectedScore
from humpback.spec.models import HubModel
from humpback.spec.outcomes import LocalJudge, Responses
from humpback.spec.paths import place, put, value_at
from humpback.spec.recipe import BatchBySize, CosineTo, Epochs, Lora, QLora, Steps, StepsBySize
from humpback.spec.template import Model
from humpback.spec.typed_text import convert, read, shown, split

OTHER = HubModel("owner/other", "0" * 40)


def model(name: str) -> Model:
    return replace(OTHER, repository=name)


def set_to(setup: Setup, path: str, text: str) -> Setup:
    at = place(setup, path)
    return put(setup, path, read(text, at.takes, value_at(setup, at.path), model))


@pytest.mark.parametrize(
    ("path", "text", "field", "value"),
    [
        ("sft.learning_rate", "2e-4", "sft.learning_rate", 2e-4),
        ("sft.longest", "1_024", "sft.longest", 1_024),
        ("sft.batch", "16", "sft.batch", 16),
        ("sft.batch.large", "16", "sft.batch", BatchBySize(3_000, 8, 16)),
        ("sft.adapter", "Lora(8)", "sft.adapter", Lora(8)),
        (
            "sft.adapter",
            "Lora(alpha=16, targets=['q_proj', 'v_proj'])",
            "sft.adapter",
            Lora(16, 16.0, ("q_proj", "v_proj")),
        ),
        ("sft.adapter.rank", "8", "sft.adapter", Lora(8)),
        ("sft.adapter.q_lora", "8", "sft.adapter", QLora(8)),
        ("sft.duration.epochs", "1.5", "sft.duration", Epochs(1.5)),
        ("sft.duration.steps", "9", "sft.duration", Steps(9)),
        ("sft.duration", "StepsBySize([[100, 30], [800, 60]])", "sft.duration", StepsBySize(((100, 30), (800, 60)))),
        ("sft.schedule", "CosineTo", "sft.schedule", CosineTo()),
        ("selection.at_least", "4", "selection", AtLeast(4.0)),
        ("selection.share", "0.1", "selection", BestShare(0.1)),
        ("segments.language", "none", "segments.language", None),
        ("segments.language", "de", "segments.language", "de"),
        ("grid.augmented", "60,120", "grid.augmented", (60, 120)),
        ("oracle", "none", "oracle", None),
        ("base", "owner/name", "base", model("owner/name")),
    ],
)
def test_a_path_is_set_to_what_its_text_means(path: str, text: str, field: str, value: Any) -> None:
    assert value_at(set_to(MICRO, path, text), field) == value


def test_a_record_keeps_what_it_needs_of_the_one_in_its_place() -> None:
    changed = set_to(LLAMA_7B, "scoring", "ExpectedScore")
    assert changed == replace(LLAMA_7B, scoring=ExpectedScore(LLAMA_7B.scoring.prompt))


@pytest.mark.parametrize(
    ("path", "text", "says"),
    [
        (
            "sft.learnin_rate",
            "1",
            r"sft \(Sft\) has no 'learnin_rate'; did you mean sft.learning_rate.* sft has learning_rate, sched",
        ),
        ("learning_rate", "1", "the setup has no 'learning_rate'; did you mean .*sft.learning_rate"),
        ("zzz", "1", "the setup has no 'zzz'; it has base, seed_data"),
        ("name", "x", "the setup has no 'name'"),
        ("humpback", "70B", "the setup has no 'humpback'"),
        (
            "sft.duration.n",
            "1",
            "is StepsBySize, which has no n; did you mean sft.duration.steps or sft.duration.epochs",
        ),
        ("sft.adapter.foo", "1", "sft.adapter is none, which has no fields"),
        ("sft.learning_rate.x", "1", r"sft.learning_rate is 8e-05, which has no fields"),
        ("sft.seed", "1", "which no setting chooses: the seeds of a run do"),
        ("sft.learning_rate", "fast", "'fast' is none of what it takes: a number"),
        ("sft.learning_rate", "nan", "'nan' is none of what it takes: a number"),
        ("sft.learning_rate", "-1", "Sft.learning_rate is -1.0; it takes more than 0"),
        ("prompts.n", "-1", "MicroPrompts.n is -1; it takes a whole number of 0 or more"),
        ("sft.longest", "1.5", "'1.5' is none of what it takes: a whole number"),
        ("sft.longest", "true", "'true' is none of what it takes: a whole number"),
        ("sft.adapter", "lora", r"'lora' is none of what it takes: none or Lora\(rank=16"),
        ("sft.adapter", "Lora(foo=1)", r"Lora has no field 'foo'; it is written Lora\(rank=16"),
        ("sft.adapter", "Lora(1, 2, all-linear, 4)", "has too many fields"),
        ("sft.adapter", "Lora(8, rank=16)", r"Lora\(8, rank=16\) has rank twice; it is written Lora\(rank=16"),
        ("sft.adapter", "Lora(rank=8, rank=16)", "has rank twice"),
        ("sft.adapter", "Lora(rank=x)", "'x' is none of what it takes: a whole number"),
        ("sft.adapter", "__import__('os')", "is none of what it takes"),
        ("sft.duration", "Epochs", "Epochs needs n"),
        ("prompts", "my.jsonl", "nothing that a text can name; fields inside it can be set"),
        ("grid.augmented", "[60, x]", "'x' is none of what it takes: a whole number"),
        ("answering.max_new_tokens", "0", "Sampling.max_new_tokens is 0; it takes 1 or more"),
        ("selection.share", "2", "BestShare.share is 2; it takes a share"),
    ],
)
def test_what_cannot_be_set_is_refused_with_what_would_do(path: str, text: str, says: str) -> None:
    with pytest.raises(FieldError, match=says):
        set_to(MICRO, path, text)


def test_what_a_file_holds_keeps_its_type() -> None:
    def held(path: str, value: Any) -> Any:
        at = place(MICRO, path)
        return value_at(put(MICRO, path, convert(value, at.takes, value_at(MICRO, at.path), model)), path)

    assert held("sft.learning_rate", 1) == 1.0
    assert held("sft.adapter", "Lora(8)") == Lora(8)
    assert held("grid.augmented", [60, 120]) == (60, 120)
    assert held("segments.language", "none") is None
    for path, value, says in (
        ("sft.learning_rate", "2e-5", "'2e-5' is none of what it takes: a number"),
        ("sft.longest", 1.5, "1.5 is none of what it takes: a whole number"),
        ("sft.longest", True, "True is none of what it takes"),
        ("sft.longest", [1], r"\[1\] is none of what it takes"),
        ("grid.augmented", ["x"], "'x' is none of what it takes: a whole number"),
    ):
        with pytest.raises(FieldError, match=says):
            held(path, value)


def test_what_is_written_reads_back() -> None:
    for path in (
        "sft",
        "selection",
        "answering",
        "grid",
        "judge.noise",
        "segments.repeats",
        "sft.duration",
        "sft.batch",
    ):
        at, value = place(MICRO, path), value_at(MICRO, path)
        assert read(shown(value), at.takes, value, model) == value, path
    assert split("Lora(8, alpha=1),none,['a,b', c]") == ["Lora(8, alpha=1)", "none", "['a,b', c]"]


def test_what_names_the_same_artifact_follows_and_nothing_else_does() -> None:
    fewer = put(MICRO, "prompts.n", 100)
    assert fewer.reference.prompts == fewer.prompts  # type: ignore[attr-defined]
    assert fewer == replace(MICRO, prompts=fewer.prompts, reference=fewer.reference)
    own = replace(MICRO, reference=Responses(MICRO.base, MICRO.prompts, MICRO.answering), judge=LocalJudge(MICRO.base))
    other = put(own, "base", OTHER)
    assert other.judge == LocalJudge(OTHER)
    assert other.reference == Responses(OTHER, MICRO.prompts, MICRO.answering)
    filtered = put(MICRO, "filtering.examples.examples.n", 2_000)
    assert filtered.filtering is not None
    assert filtered == replace(MICRO, filtering=filtered.filtering)
    assert filtered.rivals == MICRO.rivals, "another record's set is its own"
    assert put(MICRO, "sft.longest", 99).backward == MICRO.backward, "equal recipes are two"


def test_a_world_is_one_everywhere() -> None:
    changed = put(MICRO, "prompts.world.creatures", 60)
    assert "creatures=60" in repr(changed)
    assert f"creatures={MICRO.prompts.world.creatures}" not in repr(changed)  # type: ignore[attr-defined]


def test_every_pretraining_of_a_base_is_set_and_another_base_has_none() -> None:
    bases = tuple(replace(MICRO.base, seed=seed) for seed in (0, 1))  # type: ignore[call-arg]
    setup = replace(MICRO, base=bases[0], pretrainings=bases)
    changed = put(setup, "base.updates", 7)
    assert [one.updates for one in changed.pretrainings] == [7, 7]  # type: ignore[attr-defined]
    assert [changed.at(seed).base.updates for seed in (0, 1)] == [7, 7]  # type: ignore[attr-defined]
    assert put(setup, "base", OTHER).at(1).base == OTHER


def test_what_is_set_is_made_anew_though_it_lies_ready() -> None:
    """A base that comes with the project is that of its recipe alone."""
    if "shipped" not in type(MICRO.base).__dataclass_fields__:
        pytest.skip("no base comes with the project")
    ready = replace(MICRO, base=replace(MICRO.base, shipped="x" * 64), pretrainings=())  # type: ignore[call-arg]
    assert value_at(put(ready, "base.updates", 7), "base.shipped") == ""
    assert value_at(put(ready, "sft.longest", 99), "base.shipped") == "x" * 64


def test_a_share_stands_where_the_setup_has_a_threshold_and_the_reverse() -> None:
    assert put(SMOLLM_135M, "selection.at_least", 4.0).selection == AtLeast(4.0)
    assert put(SMOLLM_135M, "selection.score", 4.0).selection == AtLeast(4.0)
    assert put(LLAMA_7B, "selection.best_share", 0.1).selection == BestShare(0.1)
