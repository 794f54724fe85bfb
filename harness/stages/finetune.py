"""Supervised finetuning: full or by adapters, with the loss on output tokens only."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import nullcontext
from dataclasses import dataclass

from transformers import set_seed

from humpback.core.tables import Example
from humpback.core.work import Counts, Work
from humpback.engines import processes
from humpback.engines.chat.chat_format import ChatFormat
from humpback.engines.chat.context import context_length
from humpback.engines.chat.decoding import keep_ends_alone
from humpback.engines.dropout import check_dropout
from humpback.engines.loading import load_model, load_tokenizer, weights_dtype
from humpback.spec.data import Reversed
from humpback.spec.models import Finetuned
from humpback.spec.recipe import QLora
from humpback.stages.batches import IGNORED, TokenSequence
from humpback.stages.rows import read_examples
from humpback.stages.sharding import shard
from humpback.stages.training import learning_rates, save, train


def finetune(node: Finetuned, work: Work) -> Counts:
    """Train the base model on the examples and save it (or, with an adapter, the adapter alone).

    No sequence is longer than the recipe's `longest` or the base's context. An example of which no output would be left
    is left out and counted, so that N, batch and updates are of what is trained. An example with an empty output
    teaches to end at once; Alpaca has 28 and the papers trained on them.

    Raises:
        ValueError: when no example has an output, or none has any left; when the architecture cannot take the recipe's
            dropout or adapter.
    """
    recipe = node.recipe
    tokenizer = load_tokenizer(node.base, work)
    rows = list(read_examples(node.examples, work))
    empty = sum(not row.output.strip() for row in rows)
    if empty == len(rows):
        raise ValueError(f"{node.examples.name}: none of its {len(rows)} examples has an output to learn from")
    dropout = 0.0 if recipe.adapter else recipe.dropout
    chat = ChatFormat(node.template, tokenizer)
    sharded = work.placement.parallel == "fsdp2"
    with processes.in_turn() if sharded else nullcontext():  # so that memory holds the whole model once
        in_four_bits = isinstance(recipe.adapter, QLora)
        model = load_model(
            node.base,
            work,
            train=True,
            frozen=bool(recipe.adapter),
            dropout=dropout,
            device="cpu" if sharded or in_four_bits else None,
        )
        keep_ends_alone(model, chat)
        check_dropout(model, dropout)
        weights = sum(one.numel() for one in model.parameters())
        adapters: dict[str, int] = {}
        if recipe.adapter:
            from humpback.stages.adapters import adapt, count_adapted, quantize

            if in_four_bits:
                quantize(model, work.machine.device, weights_dtype(work.machine, train=True, frozen=True))
            set_seed(recipe.seed)  # adapters begin with random weights
            model = adapt(model, recipe.adapter, recipe.dropout)
            adapters = {f"adapted_{name}": many for name, many in sorted(count_adapted(model).items())}
        if sharded:
            shard(model, work.machine)
    longest = min(recipe.longest, context_length(model.config) or recipe.longest)
    encoded = encode_examples(rows, chat, longest, frame=_frame(node))
    n = len(encoded.sequences)
    if not n:
        raise ValueError(
            f"{node.examples.name}: at {longest} tokens a sequence none of its {len(rows)} examples has any output left"
        )
    updates, batch = recipe.updates_for(n), recipe.batch_for(n)
    train(
        model,
        tokenizer,
        encoded.sequences,
        rates=learning_rates(recipe.learning_rate, recipe.schedule, updates),
        batch=batch,
        weight_decay=recipe.weight_decay,
        seed=recipe.seed,
        work=work,
        longest=longest,
    )
    save(model, tokenizer, work)
    trained = sum(one.numel() for one in model.parameters() if one.requires_grad)
    return {
        "in": len(rows),
        "kept": n,
        "no_target": len(rows) - n,
        "cut": encoded.cut,
        "shortened": encoded.shortened,
        "empty_outputs": empty,
        "longest": longest,
        "updates": updates,
        "batch": batch,
        "target_tokens": sum(label != IGNORED for one in encoded.sequences for label in one.labels),
        "weights": weights + (trained if recipe.adapter else 0),
        "trained_weights": trained,
        **adapters,
    }


@dataclass(frozen=True)
class Encoded:
    """Examples as sequences, and what became of those that are too long."""

    sequences: list[TokenSequence]
    cut: int
    """Sequences of which the end was cut off."""
    shortened: int
    """Sequences whose prompt shows less of its text, to leave the target room."""


def encode_examples(
    rows: Iterable[Example], chat: ChatFormat, longest: int, frame: tuple[str, str] | None = None
) -> Encoded:
    """Rows as sequences whose prompt carries no loss and whose output, with the end of its turn, does.

    The prompt's tokens are the very ones that generation starts from. What is longer than `longest` tokens is cut at
    the end; a row without any target left is left out. Where `frame` says what stands in each instruction before and
    behind a text, the text's end is cut first, so that the output fits whole (or up to half of `longest`).
    """
    sequences: list[TokenSequence] = []
    cut = shortened = 0
    for row in rows:
        target, prompt = chat.output(row.output), chat.prompt(row.instruction, row.system)
        if frame and len(prompt) + len(target) > longest:
            prompt = _shortened(row, frame, longest - min(len(target), longest // 2), chat)
            shortened += 1
        ids, labels = (prompt + target)[:longest], ([IGNORED] * len(prompt) + target)[:longest]
        if all(label == IGNORED for label in labels[1:]):
            continue
        cut += len(prompt) + len(target) > longest
        sequences.append(TokenSequence(ids, labels, row.id))
    return Encoded(sequences, cut, shortened)


def _frame(node: Finetuned) -> tuple[str, str] | None:
    """What stands in a backward model's instructions before and behind the text that it reads."""
    if not isinstance(node.examples, Reversed):
        return None
    before, _, behind = node.examples.prompt.text.partition("{output}")
    return before, behind


def _shortened(row: Example, frame: tuple[str, str], room: int, chat: ChatFormat) -> list[int]:
    """The prompt with as many of its text's first characters as `room` tokens hold, by bisection."""
    before, behind = frame
    text = row.instruction.removeprefix(before).removesuffix(behind)
    fits, too_many = 0, len(text) + 1
    prompt = chat.prompt(before + behind, row.system)
    while too_many - fits > 1:
        tried = (fits + too_many) // 2
        ids = chat.prompt(before + text[:tried] + behind, row.system)
        if len(ids) <= room:
            fits, prompt = tried, ids
        else:
            too_many = tried
    return prompt
