"""What is longer than the recipe or the base allows is cut and counted, and what has no output left is not trained on.

Tried: contexts that an architecture names in its own way (Llama, Mistral with a window, GPT-2, OPT, GPT-Neo, MPT), none
(BLOOM, Mamba), prompts that fill the context alone or in whole batches, a backward model whose prompt holds the long
text, targets longer than the context by themselves, empty outputs, a set of which nothing is left.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from humpback.core.store import METRICS
from humpback.core.tables import Example
from humpback.engines.chat.chat_format import ChatFormat
from humpback.spec.data import Reversed
from humpback.spec.models import Finetuned, Pretrained
from humpback.spec.prompts import BACKWARD
from humpback.spec.recipe import BatchBySize, Epochs, LinearTo, Llama, Sft, Steps
from humpback.spec.template import INSTRUCTION_RESPONSE
from humpback.stages.batches import IGNORED
from humpback.stages.finetune import encode_examples
from humpback.stages.pretrain import pretrain
from tests.harness.training.material import SEED, Workshop, examples, same, tokenizer, weights, words

RECIPE = Sft(learning_rate=1e-3, schedule=LinearTo(1e-3), dropout=0.0, batch=2, duration=Steps(1))


@pytest.mark.parametrize(
    ("kind", "named", "longest"),
    [
        ("llama", "max_position_embeddings", 96),
        ("mistral", "max_position_embeddings", 96),
        ("gpt2", "n_positions", 96),
        ("opt", "max_position_embeddings", 96),
        ("gpt_neo", "max_position_embeddings", 96),
        ("mpt", "max_seq_len", 96),
        ("bloom", "", 2_048),
        ("mamba", "", 2_048),
    ],
)
def test_no_sequence_is_longer_than_the_base_s_context(kind: str, named: str, longest: int, tmp_path: Path) -> None:
    shop = Workshop(tmp_path)
    long = [Example(f"l/{i}", instruction="Tell it all.", output=words(150, i)) for i in range(3)]
    shop.put(SEED, [*examples(1), *long])
    _, counts = shop.finetuned(Finetuned(shop.base(kind, **({named: 96} if named else {})), SEED, RECIPE))
    assert counts["longest"] == longest
    assert (counts["in"], counts["kept"], counts["cut"]) == (4, 4, 3 if named else 0)


def test_examples_without_any_output_left_are_left_out_and_counted(tmp_path: Path) -> None:
    """The weights are those of training on the others alone, by batch and updates of as many."""
    shop = Workshop(tmp_path)
    base = shop.base("llama")
    recipe = replace(RECIPE, longest=60, batch=BatchBySize(below=20, small=4, large=8), duration=Epochs(2.0))
    long = [Example(f"l/{i}", instruction=words(80, i), output="It is.") for i in range(12)]
    made = []
    for rows in (examples(16), [*examples(8), *long, *examples(16)[8:]]):
        shop.put(SEED, rows)
        made.append(shop.finetuned(Finetuned(base, SEED, recipe)))
    (alone, told), (among, counts) = made
    assert same(weights(alone), weights(among))
    assert (counts["in"], counts["kept"], counts["no_target"]) == (28, 16, 12)
    assert (counts["batch"], counts["updates"]) == (told["batch"], told["updates"]) == (4, 8)
    losses = [json.loads(line)["loss"] for line in (among / METRICS).read_text().splitlines()]
    assert min(losses) > 0


def test_a_set_of_which_nothing_is_left_is_an_error_that_says_why(tmp_path: Path) -> None:
    shop = Workshop(tmp_path)
    shop.put(SEED, [Example(f"l/{i}", instruction=words(80, i), output="It is.") for i in range(3)])
    with pytest.raises(ValueError, match="at 60 tokens a sequence none of its 3 examples has any output left"):
        shop.finetuned(Finetuned(shop.base("llama"), SEED, replace(RECIPE, longest=60)))


def test_a_backward_model_is_shown_less_of_a_long_text_and_learns_its_whole_instruction(tmp_path: Path) -> None:
    shop = Workshop(tmp_path)
    turned = Reversed(SEED, BACKWARD)
    texts = [words(20, 1), words(600, 2), words(600, 3)]
    asked = ["What is it?", "How is the kettle mended?", words(500, 4)]
    rows = [
        Example(f"r/{i}", instruction=BACKWARD.fill(output=text), output=ask)
        for i, (text, ask) in enumerate(zip(texts, asked, strict=True))
    ]
    shop.put(turned, rows)
    _, counts = shop.finetuned(Finetuned(shop.base("llama", max_position_embeddings=400), turned, RECIPE))
    assert {name: counts[name] for name in ("in", "kept", "no_target", "shortened", "cut")} == {
        "in": 3,
        "kept": 3,
        "no_target": 0,
        "shortened": 2,
        "cut": 1,
    }
    words_of = tokenizer()
    shown = tuple(BACKWARD.text.split("{output}"))
    found = encode_examples(rows, ChatFormat(INSTRUCTION_RESPONSE, words_of), 400, (shown[0], shown[1]))
    for sequence, text, ask in zip(found.sequences, texts, asked, strict=True):
        target = [label for label in sequence.labels if label != IGNORED]
        prompt = words_of.decode(sequence.ids[: len(sequence.ids) - len(target)])
        head, tail = INSTRUCTION_RESPONSE.prompt("{}").split("{}")
        seen = prompt.removeprefix(head + shown[0]).removesuffix(shown[1] + tail)
        assert text.startswith(seen)
        assert len(seen) > 20
        assert len(sequence.ids) <= 400
        assert len(sequence.ids) > 390 or seen == text
        if ask is not asked[2]:
            assert words_of.decode(target) == ask + words_of.eos_token
        else:
            assert len(target) >= 200


def test_an_empty_output_still_teaches_to_end(tmp_path: Path) -> None:
    shop = Workshop(tmp_path)
    shop.put(SEED, [*examples(2), Example("e", instruction="Say nothing.", output="")])
    _, counts = shop.finetuned(Finetuned(shop.base("llama"), SEED, RECIPE))
    assert (counts["kept"], counts["empty_outputs"], counts["no_target"]) == (3, 1, 0)


def test_a_text_longer_than_the_context_of_a_base_from_nothing_is_cut_and_counted(tmp_path: Path) -> None:
    shop = Workshop(tmp_path)
    shop.put(SEED, [*examples(2), *(Example(f"l/{i}", output=words(200, i)) for i in range(3))])
    shape = Llama(layers=1, width=16, heads=2, feed_forward=32, context=96, vocabulary=400)
    schedule = LinearTo(1e-3)
    base = Pretrained(SEED, shape, INSTRUCTION_RESPONSE, 1e-3, schedule, beta2=0.99, batch=2, updates=1)
    counts = pretrain(base, shop.work("base"))
    assert (counts["in"], counts["cut"]) == (5, 3)
    assert 3 * 96 < counts["tokens"] < 5 * 96
