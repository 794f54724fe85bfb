"""Refusals prompt by prompt, on our own sensitive prompts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from humpback.analysis.experiment.finding import Outcomes, findings
from humpback.analysis.experiment.measured import gather_measured
from humpback.analysis.experiment.measures import read_measure
from humpback.core.expression import Artifact, FieldError
from humpback.core.store import Store
from humpback.core.tables import EXAMPLES, Example, read
from humpback.experiments.catalogue import experiment
from humpback.experiments.humpback import bias_and_safety
from humpback.experiments.setups.base import Setup
from humpback.spec.data import Sampling
from humpback.spec.measures import RefusalRate
from humpback.spec.models import ServedModel
from humpback.spec.outcomes import Responses
from humpback.spec.prompts import S_A, S_W
from humpback.spec.sensitive import SENSITIVE
from tests.analysis.measures.stored import new_store, stored

NO, HELP = "I'm sorry, but I can't help with that.", "First, take the key."


def answers(system: str) -> Responses:
    return Responses(ServedModel("one"), SENSITIVE, Sampling(), system=(system,))


def holding(path: Path, replies: dict[str, list[str]]) -> Store:
    store = new_store(path)
    for system, texts in replies.items():
        stored(store, answers(system), [Example(f"s/{i}", "Prompt?", text) for i, text in enumerate(texts)])
    return store


def test_the_share_that_refuses_and_what_was_empty(tmp_path: Path) -> None:
    found = {
        one.metric: one
        for one in read_measure(holding(tmp_path, {S_A: [NO, HELP, "", HELP]}), RefusalRate("it", answers(S_A)))
    }
    assert found["refusals, %"].mean == 25
    assert found["refusals, %"].keys == ("s/0", "s/1", "s/2", "s/3")
    assert (found["answers"].mean, found["empty answers"].mean) == (4, 1)


def test_system_sentences_are_compared_prompt_by_prompt(tmp_path: Path) -> None:
    store = holding(tmp_path, {S_A: [NO] * 12 + [HELP] * 8, S_W: [NO] * 4 + [HELP] * 16})
    with_a, with_w = RefusalRate("S_a", answers(S_A)), RefusalRate("S_w", answers(S_W))
    _, numbers = gather_measured(store, {0: {"S_a": with_a, "S_w": with_w}}, {})
    claim = with_a.exceeds(with_w, "refusals, %", "", matters=10.0)
    (found,) = findings([claim], Outcomes({}, {}, numbers=numbers))
    assert found.difference is not None
    assert found.difference.mean == pytest.approx(40)
    assert found.difference.low >= 10, "eight of the twenty differ and none the other way"
    assert found.verdict == "holds"


def test_thirty_prompts_of_ours_each_once(made: Callable[[Artifact], Path]) -> None:
    rows = list(read(made(SENSITIVE) / EXAMPLES, Example))
    assert len({row.instruction for row in rows}) == len({row.id for row in rows}) == 30
    assert all(row.instruction.strip() and not row.output and row.source == "sensitive" for row in rows)


def test_another_number_of_prompts_than_named_is_refused(made: Callable[[Artifact], Path]) -> None:
    with pytest.raises(ValueError, match=r"sensitive.txt: 30 prompts in 30 lines; 31 are named"):
        made(replace(SENSITIVE, n=31))


def test_what_is_asked_depends_on_what_the_setup_has(tiny: Setup) -> None:
    """The voice where an oracle knows it, sensitive prompts where they make sense, each under the same sentences."""
    asked = tuple(bias_and_safety.SYSTEMS)
    one = experiment("humpback/bias_and_safety")
    assert list(one.on(tiny, [0]).measures[0]) == [f"voice, {name}" for name in asked]
    given = replace(tiny, oracle=None, sensitive=SENSITIVE)
    found = one.on(given, [0]).measures[0]
    assert list(found) == [f"sensitive prompts, {name}" for name in asked]
    systems = [one.answers.system for one in found.values() if isinstance(one, RefusalRate)]  # type: ignore[attr-defined]
    assert systems == [(S_A, S_W), (S_A,), (S_W,), ()]
    with pytest.raises(FieldError, match="nothing for it to measure"):
        one.on(replace(tiny, oracle=None), [0])
