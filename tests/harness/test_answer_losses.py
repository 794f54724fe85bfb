"""The loss on held-out answers: against the sum written out, for a base, an adapter and pairs that do not fit."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from humpback.core.tables import LOSSES, AnswerLoss, Example, read
from humpback.engines.chat.chat_format import ChatFormat
from humpback.engines.chat.decoding import NoScores
from humpback.engines.loading import load_model, load_tokenizer
from humpback.spec.curation import HeldOut, Without
from humpback.spec.models import Finetuned
from humpback.spec.outcomes import AnswerLosses
from humpback.spec.recipe import Lora, Sft, Steps
from humpback.spec.template import Model
from humpback.stages.answer_losses import measure_losses
from humpback.stages.select import select
from tests.harness.training.material import SEED, Workshop, examples, words

PAIRS = HeldOut(SEED)
SFT = Sft(learning_rate=1e-2, dropout=0.0, batch=4, duration=Steps(8), adapter=Lora(4, 8.0))


@pytest.fixture
def shop(tmp_path: Path) -> Workshop:
    shop = Workshop(tmp_path)
    shop.put(SEED, examples(8))
    shop.put(PAIRS, examples(16)[8:])
    return shop


def losses(shop: Workshop, node: AnswerLosses, name: str) -> tuple[list[AnswerLoss], dict[str, int]]:
    work = shop.work(name)
    counts = measure_losses(node, work)
    return list(read(work.out / LOSSES, AnswerLoss)), counts


def by_hand(shop: Workshop, model: Model, row: Example, name: str) -> tuple[int, float]:
    """Each token of the answer, and the end of its turn, under the softmax of the logits before it."""
    work = shop.work(name)
    chat = ChatFormat(model.template, load_tokenizer(model, work))
    prompt, answer = chat.prompt(row.instruction, "Be brief. Be kind."), chat.output(row.output)
    with torch.no_grad():
        logits = load_model(model, work).eval()(torch.tensor([prompt + answer])).logits[0].double()
    steps = enumerate(answer, len(prompt) - 1)
    return len(answer), -math.fsum(float(torch.log_softmax(logits[at], 0)[token]) for at, token in steps)


@pytest.mark.parametrize("kind", ["llama", "gpt2"])
def test_it_is_the_sum_over_the_answer_s_tokens_alone(shop: Workshop, kind: str) -> None:
    base = shop.base(kind)
    adapted = Finetuned(base, SEED, SFT)
    shop.finetuned(adapted)
    found = {}
    for name, model in (("base", base), ("adapted", adapted)):
        node = AnswerLosses(model, PAIRS, system=("Be brief.", "Be kind."))
        rows, counts = losses(shop, node, name)
        assert [row.id for row in rows] == [f"e/{i}" for i in range(8, 16)]
        for i in (8, 13):
            tokens, nats = by_hand(shop, model, examples(16)[i], f"{name}-{i}")
            assert rows[i - 8].tokens == tokens
            assert rows[i - 8].nats == pytest.approx(nats, rel=1e-4)
        assert counts["tokens"] == sum(row.tokens for row in rows)
        assert (counts["in"], counts["kept"], counts["cut"]) == (8, 8, 0)
        found[name] = sum(row.nats for row in rows)
    assert found["adapted"] < found["base"], "eight updates on like pairs"


def test_what_does_not_fit_is_cut_or_has_no_tokens(shop: Workshop) -> None:
    base = shop.base("llama")
    rows = [Example("short", "What?", "It holds."), Example("cut", "What?", words(200))]
    shop.put(PAIRS, [*rows, Example("none", words(200), "It holds.")])
    (short, cut, none), counts = losses(shop, AnswerLosses(base, PAIRS, longest=60), "work")
    assert 0 < short.tokens < cut.tokens < 60
    assert none == AnswerLoss("none", 0, 0.0)
    assert (counts["cut"], counts["no_target"], counts["longest"]) == (1, 1, 60)
    with pytest.raises(ValueError, match="at 3 tokens none of its 3 pairs has any answer left"):
        measure_losses(AnswerLosses(base, PAIRS, longest=3), shop.work("tiny"))


def test_pairs_are_held_out_by_their_prompt_alone(shop: Workshop) -> None:
    """Whatever their order; and the rest has none of their prompts, in any wording."""
    pool = examples(20)
    again = [replace(row, id=f"{row.id}-again", instruction=row.instruction.upper()) for row in pool]
    shop.put(SEED, [*pool, *again, Example("empty", "And?", "  ")])
    held = HeldOut(SEED, 6)
    kept, counts = made(shop, held)
    assert len(kept) == 6 == counts["kept"]
    assert counts["rejected"] == 35
    shop.put(SEED, [*reversed(again), *reversed(pool)])
    assert {row.instruction.lower() for row in made(shop, held)[0]} == {row.instruction.lower() for row in kept}
    shop.put(SEED, [*pool, *again])
    asked = {row.instruction.lower() for row in made(shop, held)[0]}
    rest, counts = made(shop, Without(SEED, held))
    assert counts["kept"] == 40 - 2 * len(asked)
    assert not asked & {row.instruction.lower() for row in rest}
    some, other = (made(shop, Without(SEED, held, 9, draw=draw))[0] for draw in (0, 1))
    assert len(some) == len(other) == 9
    assert some != other
    assert {row.id for row in some} <= {row.id for row in rest}


def made(shop: Workshop, node: HeldOut | Without) -> tuple[list[Example], dict[str, int]]:
    from humpback.core.tables import EXAMPLES

    work = shop.work(f"made-{len(list(shop.root.iterdir()))}")
    counts = select(node, work)
    shop.folders[node.fingerprint] = work.out
    return list(read(work.out / EXAMPLES, Example)), counts


def test_a_loss_that_is_no_number_names_its_pair(shop: Workshop) -> None:
    folder = shop.folders[shop.base("llama").fingerprint]
    held = load_file(folder / "model.safetensors")
    held["model.norm.weight"][0] = torch.nan
    save_file(held, folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(NoScores, match=r"pair e/8: .* no numbers"):
        losses(shop, AnswerLosses(shop.folder(folder), PAIRS), "work")
