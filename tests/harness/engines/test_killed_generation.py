"""A model that is killed while it writes or rates goes on where it was, to the bit."""

from __future__ import annotations

import json
import signal
from dataclasses import replace
from pathlib import Path

import pytest

from humpback.core.expression import Artifact
from humpback.core.store import Store
from humpback.experiments.humpback.algorithm import arm, candidates, seed_model
from humpback.experiments.setups.base import Setup
from humpback.spec.curation import ModelRater, Rated, SampledScore
from humpback.spec.data import Sampling
from tests.harness.training.killed import Made, assert_same, kept, run_in_child, said, store_with_inputs

KINDS = ("instructions", "answers", "expected scores", "sampled scores")


def node_of(kind: str, tiny: Setup) -> Artifact:
    """Several batches of four rows, some of several rounds."""
    if kind == "instructions":
        return candidates(tiny)
    if kind == "answers":
        return arm(tiny, "M0", seed_model(tiny)).judged.answers
    scoring = tiny.scoring
    if kind == "sampled scores":
        scoring = SampledScore(scoring.prompt, n=2, sampling=Sampling(max_new_tokens=12, temperature=0.7))
    return Rated(tiny.seed_data, by=ModelRater(seed_model(tiny), scoring))


@pytest.mark.parametrize("kind", KINDS)
def test_killed_twice_then_the_same_bytes_and_no_batch_twice(
    kind: str, made: Made, tiny: Setup, shared_store: Store, tmp_path: Path
) -> None:
    node = node_of(kind, tiny)
    undisturbed, store = (store_with_inputs(node, tmp_path / name, made, shared_store) for name in ("whole", "killed"))
    assert run_in_child(node, undisturbed) == 0
    assert run_in_child(node, store, die_at=1) == -signal.SIGKILL
    assert run_in_child(node, store, die_at=2) == -signal.SIGKILL
    assert store.state(node).status == "missing"
    assert run_in_child(node, store) == 0
    assert_same(store, undisturbed, node)
    assert store.record(node).source["notes"] == ["went on after 3 batches"]
    once, (first, second, third) = said(undisturbed)[0], said(store)
    assert once[0][0] == 0 or kind == "instructions"  # one of the prompts there is too long, and done at once
    # Told before the first batch that is done here, and after each; the last one before a death had no time to be.
    assert (first, second, third) == (once[:1], once[1:3], once[3:])


@pytest.mark.parametrize("damage", ["tail", "middle", "another's"])
def test_a_log_that_is_damaged_or_of_another_artifact_is_done_again_from_there(
    damage: str, made: Made, tiny: Setup, shared_store: Store, tmp_path: Path
) -> None:
    node = node_of("answers", tiny)
    undisturbed, store = (store_with_inputs(node, tmp_path / name, made, shared_store) for name in ("whole", "killed"))
    assert run_in_child(node, undisturbed) == 0
    assert run_in_child(node, store, die_at=3) == -signal.SIGKILL
    (path,) = kept(store, node).iterdir()
    lines = path.read_bytes().splitlines(keepends=True)
    assert len(lines) == 4
    if damage == "tail":
        path.write_bytes(b"".join(lines) + lines[-1][:20])
        notes = ["went on after 3 batches"]
    elif damage == "middle":
        lines[2] = lines[2].replace(b"[", b"(", 1)
        path.write_bytes(b"".join(lines))
        at = len(lines[0]) + len(lines[1])
        notes = [
            f".checkpoints/{path.name}: damaged after {at:,} bytes; done again from there",
            "went on after 1 batches",
        ]
    else:
        other = replace(node, sampling=replace(tiny.answering, max_new_tokens=15))
        other_store = store_with_inputs(other, tmp_path / "other", made, shared_store)
        assert run_in_child(other, other_store, die_at=3) == -signal.SIGKILL
        (theirs,) = kept(other_store, other).iterdir()
        assert theirs.name != path.name
        path.write_bytes(theirs.read_bytes())
        notes = [f".checkpoints/{path.name}: made from something else; done again"]
    assert run_in_child(node, store) == 0
    assert_same(store, undisturbed, node)
    assert store.record(node).source["notes"] == notes


def test_what_a_batch_log_holds_is_its_places_tokens_and_size(
    made: Made, tiny: Setup, shared_store: Store, tmp_path: Path
) -> None:
    node = node_of("answers", tiny)
    store = store_with_inputs(node, tmp_path, made, shared_store)
    assert run_in_child(node, store, die_at=2) == -signal.SIGKILL
    (path,) = kept(store, node).iterdir()
    head, *batches = (json.loads(line.partition(" ")[2]) for line in path.read_text().splitlines())
    assert head["conditions"]["generation_batch"] == 4
    for one in batches:
        places, written, size = one["batch"]
        assert len(places) == len(written) == size == 4
        assert all(1 <= len(tokens) <= tiny.answering.max_new_tokens for tokens in written)
    assert max(len(tokens) for one in batches for tokens in one["batch"][1]) > 4, "rounds of four tokens"
