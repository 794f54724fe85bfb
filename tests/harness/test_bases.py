"""Published base models: a folder of safetensors as base, rater and judge."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from humpback.core.expression import Artifact
from humpback.core.plan import plan
from humpback.core.store import Store, StoreError
from humpback.core.tables import EXAMPLES, REJECTED, VERDICTS, Example, Rejected, Verdict, read
from humpback.core.work import Work, new_log
from humpback.engines.transformers_engine import Engine
from humpback.experiments.setups.base import Setup
from humpback.inputs.locate import digest, model_files
from humpback.runs.build import build_artifact
from humpback.spec.curation import Best, BestOfSize, ExpectedScore, ModelRater, RandomControl, Rated, Selected
from humpback.spec.data import MicroPrompts, Tagged
from humpback.spec.models import Finetuned, FolderModel, HubModel, Pretrained
from humpback.spec.outcomes import Judged, LocalJudge, Responses
from humpback.spec.prompts import MICRO_RATING, S_A
from tests.conftest import MACHINE, SOURCE


@pytest.fixture(scope="module")
def folder(tiny: Setup, made: Callable[[Artifact], Path]) -> Path:
    """Somebody's model: the tiny base's files."""
    return made(tiny.base)


@pytest.fixture(scope="module")
def as_folder(tiny: Setup, folder: Path) -> FolderModel:
    assert isinstance(tiny.base, Pretrained)
    return FolderModel("mine", digest(model_files(folder)), tiny.base.speaks)


def run_here(target: Artifact, store: Store, folder: Path, model: FolderModel) -> Path:
    machine = replace(MACHINE, files=((model.sha256, str(folder)),))
    for step in plan(store, [target]).to_do:
        build_artifact(step.artifact, store, machine, SOURCE, lambda done, total, unit: None)
    return store.open(target)


def test_a_model_folder_is_a_base_like_any_other(
    tiny: Setup, folder: Path, as_folder: FolderModel, shared_store: Store, made: Callable[[Artifact], Path]
) -> None:
    """Finetuned from the folder and from the artifact it came from, the weights are the same."""
    ours = Finetuned(tiny.base, Tagged(tiny.seed_data, S_A), tiny.sft)
    theirs = replace(ours, base=as_folder)
    found = run_here(theirs, shared_store, folder, as_folder)
    assert (found / "model.safetensors").read_bytes() == (made(ours) / "model.safetensors").read_bytes()
    record = json.loads((shared_store.folder(as_folder) / "record.json").read_text())
    assert str(folder) not in json.dumps(record)
    assert (folder / "record.json").is_file()
    assert "record.json" not in model_files(folder)
    assert set(json.loads((shared_store.folder(as_folder) / "model.json").read_text())["files"]) >= {
        "config.json",
        "model.safetensors",
    }


def test_a_model_that_is_not_there_or_was_changed_is_named(
    folder: Path, as_folder: FolderModel, tmp_path: Path
) -> None:
    store = Store(tmp_path / "store")
    store.prepare()
    with pytest.raises(StoreError, match=r"the model mine .* is not on this machine; name it"):
        build_artifact(as_folder, store, MACHINE, SOURCE, lambda *_: None)
    other = tmp_path / "other"
    other.mkdir()
    for path in folder.iterdir():
        (other / path.name).write_bytes(path.read_bytes())
    told = json.loads((other / "config.json").read_text())
    (other / "config.json").write_text(json.dumps(told | {"rope_theta": 1.0}))
    with pytest.raises(StoreError, match="was changed"):
        build_artifact(
            as_folder, store, replace(MACHINE, files=((as_folder.sha256, str(other)),)), SOURCE, lambda *_: None
        )


def test_pickled_weights_are_refused(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "pytorch_model.bin").write_bytes(b"\x80\x04")
    with pytest.raises(StoreError, match=r"its weights are pickled .* convert pickled weights"):
        model_files(tmp_path)


def test_a_hub_model_that_is_not_here_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    import huggingface_hub.constants

    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    store = Store(tmp_path)
    store.prepare()
    with pytest.raises(StoreError, match=r"nobody/nothing at 0000.*cannot be downloaded.*give a folder"):
        build_artifact(HubModel("nobody/nothing", "0" * 40), store, MACHINE, SOURCE, lambda *_: None)


def test_a_local_model_judges_both_orders(
    tiny: Setup, folder: Path, as_folder: FolderModel, shared_store: Store
) -> None:
    prompts = replace(tiny.prompts, n=6)
    assert isinstance(prompts, MicroPrompts)
    answers = Responses(tiny.base, prompts, tiny.answering)
    judged = Judged(answers, against=replace(tiny.reference, prompts=prompts), by=LocalJudge(as_folder))
    verdicts = list(read(run_here(judged, shared_store, folder, as_folder) / VERDICTS, Verdict))
    assert [(v.prompt, v.order) for v in verdicts[:2]] == [("prompt/0", "ab"), ("prompt/0", "ba")]
    assert len(verdicts) == 12
    assert {v.verdict for v in verdicts} <= {"first", "second", "tie"}
    assert any(v.raw for v in verdicts)


def test_options_of_several_tokens_are_weighed_by_their_likelihood(
    tiny: Setup, made: Callable[[Artifact], Path], shared_store: Store, tmp_path: Path
) -> None:
    """The general way agrees with the fast one where both apply, and with a direct computation."""
    made(tiny.base)
    work = Work(shared_store.open, tmp_path, MACHINE, new_log(tmp_path, lambda *_: None))
    engine = Engine.of(tiny.base, work)
    prompts = ["a", "where does it live?"]
    fast = engine.choose(prompts, ["Score: 1", "Score: 5"])
    general = engine.choose(prompts, ["Score: 1", "Score: 5", "Scored: two"])
    for one, other in zip(fast, general, strict=True):
        assert one
        assert other
        assert one[0] / one[1] == pytest.approx(other[0] / other[1], rel=1e-3)
    model, tokenizer = engine._model, engine.chat._tokenizer
    likely = []
    for option in ("Score: 1", "Scored: two"):
        prompt, ids = engine.chat.prompt(prompts[0]), tokenizer(option)["input_ids"]
        with torch.inference_mode():
            logs = torch.log_softmax(model(torch.tensor([prompt + ids])).logits[0].float(), -1)
        likely.append(sum(float(logs[len(prompt) - 1 + i, token]) for i, token in enumerate(ids)))
    assert general[0]
    assert math.log(general[0][0] / general[0][2]) == pytest.approx(likely[0] - likely[1], abs=1e-3)


def test_the_best_share_is_the_best_and_nothing_is_lost(
    tiny: Setup, shared_store: Store, made: Callable[[Artifact], Path]
) -> None:
    from humpback.experiments.humpback.algorithm import curated, seed_model

    selected = curated(tiny, by=seed_model(tiny))
    assert isinstance(selected, Selected)
    rated: Rated = selected.rated
    assert isinstance(rated.by, ModelRater)
    assert isinstance(rated.by.scoring, ExpectedScore)
    assert rated.by.scoring.prompt == MICRO_RATING
    rows = list(read(made(rated) / EXAMPLES, Example))
    out = made(Best(rated, share=0.25))
    kept, rejected = list(read(out / EXAMPLES, Example)), list(read(out / REJECTED, Rejected))
    assert len(kept) == round(len(rows) / 4)
    assert len(kept) + len(rejected) == len(rows)
    assert min(row.score or 0 for row in kept) >= max(row.score or 0 for row in rejected)
    assert [row.id for row in kept] == [row.id for row in rows if row.id in {one.id for one in kept}]
    assert "not among the best 25" in rejected[0].reason
    control = RandomControl(rated, same_size_as=Best(rated, share=0.25))
    assert len(list(read(made(control) / EXAMPLES, Example))) == len(kept)
    # As many as any other selection has: the same rows where it is the best of the same rating.
    assert list(read(made(BestOfSize(rated, same_size_as=control)) / EXAMPLES, Example)) == kept
