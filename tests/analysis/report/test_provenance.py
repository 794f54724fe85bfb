"""Time, sizes and samples, from stores small enough to write by hand."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest

from humpback.analysis.report.provenance import provenance
from humpback.analysis.report.samples import LONGEST, samples
from humpback.core.expression import Artifact
from humpback.core.machine import Endpoint, Machine
from humpback.core.store import Store
from humpback.core.tables import EXAMPLES, VERDICTS, Example, Verdict, write
from humpback.runs.build import record_of
from humpback.spec.claims import Arm
from humpback.spec.data import MicroPrompts, MicroSeed, Sampling
from humpback.spec.micro_world import World
from humpback.spec.models import Finetuned, HubModel
from humpback.spec.outcomes import Judged, MicroJudge, MicroReference, Responses, Unjudged
from humpback.spec.recipe import Sft
from tests.conftest import MACHINE

WORLD = World()
PROMPTS = MicroPrompts(WORLD, n=12)
MODEL = Finetuned(HubModel("toy/base", "0" * 40), MicroSeed(WORLD, n=3), Sft())
OTHER = replace(MODEL, recipe=Sft(seed=1))
REFERENCE = MicroReference(PROMPTS)


def arm(model: Finetuned) -> Arm:
    return Arm("an arm", model, Judged(Responses(model, PROMPTS, Sampling()), against=REFERENCE, by=MicroJudge(WORLD)))


def publish(store: Store, artifact: Artifact, seconds: float, counts: dict[str, int], **rows: Iterable[object]) -> None:
    """A finished artifact that took so long on a machine with an address nobody should see."""
    from datetime import UTC, datetime

    machine = replace(MACHINE, endpoint=Endpoint(address="http://secret-host:1/v1"), store=str(store.root))
    assert isinstance(machine, Machine)
    source = {"commit": "abcdef0123456789", "diff": "1", "changed": ["x"], "argv": ["humpback", "/home/somebody"]}
    with store.lock(artifact):
        place = store.workspace(artifact)
        if "examples" in rows:
            write(place / EXAMPLES, Example, rows["examples"])  # type: ignore[arg-type]
        if "verdicts" in rows:
            write(place / VERDICTS, Verdict, rows["verdicts"])  # type: ignore[arg-type]
        started = datetime(2026, 11, 21, 10, tzinfo=UTC)
        store.publish(artifact, place, record_of(artifact, machine, source, counts, started, seconds))


def answers(prefix: str, n: int = 12) -> list[Example]:
    return [Example(f"p/{i}", f"question {i}", f"{prefix} {i}", source="riddles") for i in range(n)]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """One arm finished, the other's model only."""
    store = Store(tmp_path / "store")
    store.prepare()
    first = arm(MODEL).judged
    publish(store, MODEL.examples, 1.0, {"in": 3, "kept": 3}, examples=[])
    publish(store, MODEL.base, 2.0, {"in": 1, "kept": 1})
    publish(store, MODEL, 100.5, {"in": 3, "kept": 3, "cut": 0, "updates": 30})
    publish(store, OTHER, 50.0, {"in": 3, "kept": 3, "cut": 0, "updates": 31})
    publish(store, PROMPTS, 0.5, {"in": 12, "kept": 12}, examples=[])
    publish(store, REFERENCE, 0.5, {"in": 12, "kept": 12}, examples=answers("reference"))
    long = [replace(row, output="x" * 5_000) if row.id == "p/1" else row for row in answers("mine")]
    publish(store, first.answers, 9.0, {"in": 12, "kept": 12}, examples=long)
    verdicts = [
        Verdict(f"p/{i}", order, verdict, "", 1, 1, "riddles")
        for i in range(12)
        for order, verdict in (("ab", "first"), ("ba", "unparsed" if i == 1 else "first"))
    ]
    asked = {"prompt_tokens": 900, "completion_tokens": 30, "cost_millionths": 1_500_000}
    publish(store, first, 7.0, {"in": 12, "calls": 24, "unparsed": 1, **asked}, verdicts=verdicts)
    return store


def test_every_finished_artifact_is_counted_once(store: Store) -> None:
    found = provenance(store, [arm(MODEL).judged, arm(OTHER).judged, arm(MODEL).judged])
    assert found["artifacts"] == {"finished": 8, "unfinished": 2}
    assert found["seconds"] == pytest.approx(170.5)
    assert next(iter(found["by_class"])) == "Finetuned"
    assert found["by_class"]["Finetuned"] == {"artifacts": 2, "seconds": 150.5}
    assert sum(one["seconds"] for one in found["by_class"].values()) == pytest.approx(found["seconds"])
    assert [one["updates"] for one in found["training_sets"]] == [30, 31]
    assert {one["examples"] for one in found["training_sets"]} == {3}
    assert found["training_sets"][0]["fingerprint"] == MODEL.fingerprint[:8]
    assert found["asked"] == {"prompt_tokens": 900, "completion_tokens": 30, "cost": 1.5}
    assert found["finished"] == "2026-11-21T10:01:40+00:00"
    assert found["commits"] == ["abcdef012345 with uncommitted changes"]
    assert len(found["machines"]) == 1
    assert found["machines"][0]["device"] == "cpu"
    assert found["machines"][0]["torch"]


def test_it_tells_no_paths_and_no_hosts(store: Store) -> None:
    text = json.dumps(provenance(store, [arm(MODEL).judged]))
    assert "secret-host" not in text
    assert str(store.root) not in text
    assert "/home" not in text


def test_nothing_finished_is_said(tmp_path: Path) -> None:
    found = provenance(Store(tmp_path), [arm(MODEL).judged])
    assert found["finished"] is None
    assert found["artifacts"]["finished"] == 0
    assert found["asked"] is None
    assert samples(Store(tmp_path), {"a": arm(MODEL)}) == []


def test_samples_are_evenly_spaced_with_both_orders_and_the_opponent(store: Store) -> None:
    found = samples(store, {"mine": arm(MODEL), "theirs": arm(OTHER)}, n=6)
    assert [one["prompt"] for one in found] == [f"p/{i}" for i in (1, 3, 5, 7, 9, 11)]
    first, second = found[:2]
    assert first["text"] == {"shown": "question 1", "characters": 10}
    assert first["set"] == "riddles"
    (answer,) = first["answers"]
    assert answer["arm"] == "mine"
    assert answer["outcome"] == {"ab": "win", "ba": "unparsed"}
    assert answer["text"] == {"shown": "x" * LONGEST, "characters": 5_000}
    assert second["answers"][0]["outcome"] == {"ab": "win", "ba": "lose"}
    assert second["answers"][0]["text"]["shown"] == "mine 3"
    assert second["opponents"] == [{"name": "reference", "text": {"shown": "reference 3", "characters": 11}}]
    assert second["missing"] == ["theirs"]
    assert found == samples(store, {"mine": arm(MODEL), "theirs": arm(OTHER)}, n=6)


def test_with_few_prompts_all_are_shown(store: Store) -> None:
    found = samples(store, {"mine": arm(MODEL), "again": arm(MODEL)}, n=50)
    assert [one["prompt"] for one in found] == [f"p/{i}" for i in range(12)]
    assert [answer["arm"] for answer in found[0]["answers"]] == ["mine", "again"]
    assert len(found[0]["opponents"]) == 1


def test_answers_that_nobody_judged_are_shown_without_an_outcome(store: Store) -> None:
    mine = arm(MODEL)
    unjudged = replace(mine, judged=replace(mine.judged, by=Unjudged()))
    (first, *_) = samples(store, {"mine": unjudged, "judged": mine}, n=6)
    assert [answer["outcome"] for answer in first["answers"]] == [{}, {"ab": "win", "ba": "unparsed"}]
    assert first["answers"][0]["text"] == first["answers"][1]["text"]
    assert first["missing"] == []
