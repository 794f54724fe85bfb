"""The loss of a model on answers that are there already, pair by pair."""

from __future__ import annotations

from dataclasses import replace

import torch

from humpback.core.tables import LOSSES, AnswerLoss, Writer
from humpback.core.work import Counts, Work
from humpback.engines.chat.chat_format import ChatFormat
from humpback.engines.chat.context import context_length
from humpback.engines.chat.decoding import NoScores, check_scores
from humpback.engines.loading import load_model, load_tokenizer
from humpback.spec.outcomes import AnswerLosses
from humpback.stages.batches import IGNORED, TokenSequence
from humpback.stages.finetune import encode_examples
from humpback.stages.rows import read_examples


def measure_losses(node: AnswerLosses, work: Work) -> Counts:
    """One row a pair, in the pairs' order, encoded as training encodes it. Pairs go through one at a time, so that no
    sum follows from what else is measured; where a prompt leaves no room for any of its answer, the pair has no tokens.

    Raises:
        ValueError: when that is so of every pair.
        NoScores: when what the model gives is no number, naming the pair.
    """
    system = " ".join(node.system)
    rows = [replace(row, system=system) for row in read_examples(node.pairs, work)]
    model = load_model(node.model, work).eval()
    chat = ChatFormat(node.model.template, load_tokenizer(node.model, work))
    longest = min(node.longest, context_length(model.config) or node.longest)
    encoded = encode_examples(rows, chat, longest)
    found = {one.name: one for one in encoded.sequences}
    if not found:
        raise ValueError(f"{node.pairs.name}: at {longest} tokens none of its {len(rows)} pairs has any answer left")
    tokens = 0
    with Writer(work.out / LOSSES, AnswerLoss) as out:
        for i, row in enumerate(rows, 1):
            try:
                loss = _loss(model, found[row.id]) if row.id in found else AnswerLoss(row.id, 0, 0.0)
            except NoScores as error:
                raise NoScores(f"pair {row.id}: {error}") from error
            tokens += loss.tokens
            out.add(loss)
            work.log.progress(i, len(rows), "pairs")
    counts = {"in": len(rows), "kept": len(found), "no_target": len(rows) - len(found)}
    return {**counts, "cut": encoded.cut, "longest": longest, "tokens": tokens}


@torch.inference_mode()
def _loss(model: torch.nn.Module, one: TokenSequence) -> AnswerLoss:
    device = next(model.parameters()).device
    ids, labels = torch.tensor([one.ids], device=device), torch.tensor(one.labels[1:], device=device)
    logits = check_scores(model(input_ids=ids, use_cache=False).logits[0, :-1])
    answer = labels != IGNORED
    nats = torch.nn.functional.cross_entropy(logits[answer].float(), labels[answer], reduction="sum")
    return AnswerLoss(one.name, int(answer.sum()), float(nats))
