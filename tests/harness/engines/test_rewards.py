"""Reward models as raters and judges: the numbers are transformers' own, of what the template writes."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from transformers import AutoModelForSequenceClassification, AutoTokenizer

from humpback.core.errors import HumpbackError
from humpback.core.expression import Artifact
from humpback.core.machine import Machine
from humpback.core.plan import plan
from humpback.core.store import Store, StoreError
from humpback.core.tables import EXAMPLES, RATINGS, VERDICTS, Example, Rating, Verdict, read
from humpback.core.work import Work, new_log
from humpback.engines.reward_engine import RewardEngine
from humpback.experiments.setups.base import Setup
from humpback.inputs.file_index import FileIndex
from humpback.inputs.model_folder import CONFIG
from humpback.runs.build import build_artifact
from humpback.spec.curation import Best, Rated
from humpback.spec.micro_sets import Lapses, MicroAnswers
from humpback.spec.models import Reward
from humpback.spec.outcomes import Judged
from humpback.stages.judge import reward_verdict
from tests.architectures import save_tiny
from tests.conftest import MACHINE, SOURCE
from tests.harness.engines.small_models import byte_bpe

TURNS = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
ASKED = [
    ("What keeps the river?", "The river keeps the stone."),
    ("What keeps the lamp?", "The garden."),
    ("Say <|end|> twice.", "<|end|><|end|>"),
    ("What keeps the bread?", "The winter."),
]


def saved(folder: Path, pad: str | None, **fields: object) -> Path:
    tokenizer = byte_bpe("<|im_start|>")
    tokenizer.chat_template = TURNS
    save_tiny(folder, "llama", tokenizer, reward=True, **{"max_position_embeddings": 96, **fields})
    path = folder / CONFIG
    ids = {None: None, "end": tokenizer.eos_token_id, "own": tokenizer.pad_token_id}
    path.write_text(json.dumps(json.loads(path.read_text()) | {"pad_token_id": ids[pad]}))
    return folder


def opened(folder: Path) -> tuple[Reward, Machine]:
    index = FileIndex()
    found = index.scorer("judge", str(folder))
    assert isinstance(found, Reward)
    return found, replace(MACHINE, files=index.places)


@pytest.mark.parametrize("pad", [None, "end", "own"])
def test_a_reward_is_what_transformers_gives_the_conversation(tmp_path: Path, pad: str | None) -> None:
    """Whatever the model calls its padding, and whatever else goes through together. Control tokens in a text are not
    the model's own, so there the two differ."""
    folder = saved(tmp_path / "reward", pad)
    reward, machine = opened(folder)
    work = Work(lambda _: folder, tmp_path, machine, new_log(tmp_path, lambda done, total, unit: None))
    found = RewardEngine.by(reward, work).rewards([*ASKED, ("x" * 200, "y")])
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForSequenceClassification.from_pretrained(folder, dtype=torch.float32).eval()
    for (asked, answer), value in zip(ASKED, found, strict=False):
        turns = [{"role": "user", "content": asked}, {"role": "assistant", "content": answer}]
        ids = tokenizer(tokenizer.apply_chat_template(turns, tokenize=False), return_tensors="pt")
        with torch.inference_mode():
            expected = float(model(input_ids=ids["input_ids"]).logits[0][0])
        assert (value == pytest.approx(expected, abs=1e-5)) == ("<|end|>" not in answer)
    assert len(set(found)) == len(ASKED) + 1
    assert found[-1] is None


def test_a_reward_that_is_no_number_is_named(tmp_path: Path) -> None:
    folder = saved(tmp_path / "reward", "own")
    model = AutoModelForSequenceClassification.from_pretrained(folder)
    with torch.no_grad():
        model.score.weight[0, 0] = torch.nan
    model.save_pretrained(folder)
    reward, machine = opened(folder)
    work = Work(lambda _: folder, tmp_path, machine, new_log(tmp_path, lambda done, total, unit: None))
    with pytest.raises(HumpbackError, match=r"prompt \d, of \d+ tokens: .* no numbers"):
        RewardEngine.by(reward, work).rewards(ASKED)


def test_it_rates_and_judges(
    tiny: Setup, tmp_path: Path, shared_store: Store, made: Callable[[Artifact], Path]
) -> None:
    reward, machine = opened(saved(tmp_path / "reward", "own", max_position_embeddings=512))
    rated = Rated(tiny.seed_data, by=reward)
    weak = MicroAnswers("weak", tiny.oracle.world, tiny.prompts, Lapses(wrong=1.0)) if tiny.oracle else tiny.reference
    judged, same = (Judged(tiny.reference, against=other, by=reward) for other in (weak, tiny.reference))
    for target in (Best(rated, 0.25), judged, same):
        for step in plan(shared_store, [target]).to_do:
            build_artifact(step.artifact, shared_store, machine, SOURCE, lambda done, total, unit: None)
    ratings = list(read(shared_store.open(rated) / RATINGS, Rating))
    assert len({one.score for one in ratings}) > 1
    best = list(read(shared_store.open(Best(rated, 0.25)) / EXAMPLES, Example))
    assert min(one.score or 0 for one in best) >= sorted(one.score or 0 for one in ratings)[-len(best)]
    assert {one.verdict for one in read(shared_store.open(same) / VERDICTS, Verdict)} == {"tie"}
    verdicts = [one.verdict for one in read(shared_store.open(judged) / VERDICTS, Verdict)]
    exchanged = {"first": "second", "second": "first", "tie": "tie"}
    assert {"first", "second"} <= set(verdicts)
    assert verdicts[1::2] == [exchanged[one] for one in verdicts[::2]]


def test_the_greater_reward_wins_in_both_orders() -> None:
    assert reward_verdict(2.0, -1.0) == ("first", "2 -1")
    assert reward_verdict(-1.0, 2.0) == ("second", "-1 2")
    assert reward_verdict(0.5, 0.5)[0] == "tie"
    assert reward_verdict(None, 2.0)[0] == "unparsed"


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"architectures": ["LlamaForRewardModelWithGating"]}, "code that comes with a model is never run"),
        ({"id2label": {"0": "a", "1": "b"}}, "gives a text 2 numbers"),
        ({"quantization_config": {"quant_method": "gptq"}}, "quantised"),
    ],
)
def test_what_is_no_reward_model_is_named(tmp_path: Path, fields: dict[str, object], says: str) -> None:
    folder = saved(tmp_path / "reward", "own")
    path = folder / CONFIG
    path.write_text(json.dumps(json.loads(path.read_text()) | fields))
    with pytest.raises(StoreError, match=says):
        opened(folder)


def test_it_is_no_base(tmp_path: Path) -> None:
    folder = saved(tmp_path / "reward", "own")
    with pytest.raises(StoreError, match="made as LlamaForSequenceClassification, which is no causal language model"):
        FileIndex().model("base", str(folder))
