"""What a training goes through at once: sequences in an order, updates of so many examples, micro-batches of each.

A recipe's batch counts examples, whatever they are cut into: an update learns from the same ones for any micro-batch
and number of processes, packed or not.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch.utils.data import Dataset, Sampler
from transformers import PreTrainedTokenizerBase

IGNORED = -100
"""The label of a token that carries no loss."""
EXAMPLES = "examples"
"""Beside the tensors of a micro-batch: for each row, the names of its examples."""
Rows = list[list[int]]
"""Places of sequences: one a row, or several that are laid end to end in it."""


@dataclass(frozen=True)
class TokenSequence:
    """Token ids and, for each, its label: itself or `IGNORED`."""

    ids: list[int]
    labels: list[int]
    name: str = ""
    """Of the example that it was made from."""


@dataclass(frozen=True)
class Share:
    """What one of several processes takes of each update."""

    micro_batch: int
    """Rows at once."""
    processes: int = 1
    rank: int = 0
    width: int = 0
    """Tokens of a packed row at most; 0 where every sequence has a row of its own."""

    def of(self, update: Sequence[int], lengths: Sequence[int]) -> list[Rows]:
        """Its micro-batches. All processes have as many of them, so that they meet at the end of each; one that has no
        row left has an empty one."""
        rows = pack(update, lengths, self.width, self.processes) if self.width else [[i] for i in update]
        mine = rows[self.rank :: self.processes]
        n = max(1, math.ceil(math.ceil(len(rows) / self.processes) / self.micro_batch))
        return [mine[at * self.micro_batch : (at + 1) * self.micro_batch] for at in range(n)]


def pack(places: Sequence[int], lengths: Sequence[int], width: int, processes: int = 1) -> Rows:
    """Sequences in rows of at most `width` tokens, about equally long, as few as hold them; and no fewer than there are
    processes, where there are as many sequences. The longest go first, each into the row that is shortest so far."""
    longest_first = sorted(places, key=lambda i: (-lengths[i], i))
    least = math.ceil(sum(lengths[i] for i in places) / width)
    for n in itertools.count(processes * max(1, math.ceil(least / processes)), processes):
        rows: Rows = [[] for _ in range(n)]
        tokens = [0] * n
        for i in longest_first:
            shortest = min(range(n), key=tokens.__getitem__)
            rows[shortest].append(i)
            tokens[shortest] += lengths[i]
        if max(tokens) <= max(width, lengths[longest_first[0]]):
            return [row for row in rows if row]
    raise AssertionError("unreachable: with a row for each sequence all fit")


class Updates(Sampler[list[Rows]]):
    """For every update of an epoch, the micro-batches of one process."""

    def __init__(self, order: Sampler[int], lengths: Sequence[int], batch: int, share: Share) -> None:
        self._order, self._lengths, self._batch, self._share = order, lengths, batch, share

    def __len__(self) -> int:
        return math.ceil(len(self._lengths) / self._batch)

    def __iter__(self) -> Iterator[list[Rows]]:
        order = iter(self._order)
        while update := list(itertools.islice(order, self._batch)):
            yield self._share.of(update, self._lengths)


class MicroBatches(Dataset[dict[str, Any]]):
    """Micro-batches as tensors, by the rows that they are to hold."""

    def __init__(self, sequences: list[TokenSequence], tokenizer: PreTrainedTokenizerBase, *, packed: bool) -> None:
        self._sequences, self._tokenizer, self._packed = sequences, tokenizer, packed

    def __len__(self) -> int:
        return len(self._sequences)

    def __getitem__(self, rows: Rows) -> dict[str, Any]:
        held = [[self._sequences[i] for i in row] for row in rows]
        names = [
            [one.name or str(i) for one, i in zip(row, places, strict=True)]
            for row, places in zip(held, rows, strict=True)
        ]
        if not held:  # nothing to learn, for a process that has to be there all the same
            held, names = [[TokenSequence([0, 0], [IGNORED] * 2)]], [[]]
        found = (
            collate_packed(self._tokenizer, held)
            if self._packed
            else collate(self._tokenizer, [row[0] for row in held])
        )
        return {**found, EXAMPLES: names}


def collate(tokenizer: PreTrainedTokenizerBase, rows: list[TokenSequence]) -> dict[str, torch.Tensor]:
    """Right-padded (rows, longest) tensors: input_ids and labels.

    There is no attention mask: under causal attention no token sees the padding to its right, padding carries no loss,
    and without a mask attention takes its fast path.
    """
    longest, pad = max(len(row.ids) for row in rows), _pad(tokenizer)
    return {
        "input_ids": torch.tensor([_padded(row.ids, longest, pad) for row in rows]),
        "labels": torch.tensor([_padded(row.labels, longest, IGNORED) for row in rows]),
    }


def collate_packed(tokenizer: PreTrainedTokenizerBase, rows: list[list[TokenSequence]]) -> dict[str, torch.Tensor]:
    """Right-padded (rows, longest) tensors of sequences laid end to end: input_ids, labels and position_ids.

    Positions begin again at 0 with every sequence, and with the padding, by which transformers keeps attention within
    each of them. The first token of a sequence carries no loss, which the last of the one before it would have to
    foretell.
    """
    longest, pad = max(sum(len(one.ids) for one in row) for row in rows), _pad(tokenizer)

    def end_to_end(row: list[list[int]], filler: int) -> list[int]:
        return _padded(list(itertools.chain.from_iterable(row)), longest, filler)

    positions = [[list(range(len(one.ids))) for one in row] for row in rows]
    return {
        "input_ids": torch.tensor([end_to_end([one.ids for one in row], pad) for row in rows]),
        "labels": torch.tensor([end_to_end([[IGNORED, *one.labels[1:]] for one in row], IGNORED) for row in rows]),
        "position_ids": torch.tensor(
            [end_to_end([*row, list(range(longest - sum(map(len, row))))], 0) for row in positions]
        ),
    }


def _pad(tokenizer: PreTrainedTokenizerBase) -> Any:
    return tokenizer.pad_token_id if tokenizer.pad_token_id is not None else tokenizer.eos_token_id


def _padded(values: list[int], longest: int, filler: int) -> list[int]:
    return values + [filler] * (longest - len(values))


@torch.no_grad()
def keeps_apart(model: Any) -> bool:
    """Whether the model reads two sequences in one row as it reads each alone: seen on two short ones, since recurrent
    models, convolutions and models without positions of their own do not. And whether it reads the second alike
    whatever the first is, which shows mixing that is weak: nothing else differs there, not even an order of adding."""
    vocabulary, device = int(model.get_input_embeddings().weight.shape[0]), model.get_input_embeddings().weight.device
    first, second, other = ([one % vocabulary for one in range(start, start + 6)] for start in (11, 23, 41))
    was_training = model.training
    model.eval()

    def read(ids: list[int]) -> torch.Tensor:
        positions = {"position_ids": torch.tensor([[*range(6), *range(6)]], device=device)} if len(ids) > 6 else {}
        logits: torch.Tensor = model(torch.tensor([ids], device=device), **positions, use_cache=False).logits
        return logits.float()

    try:
        together, beside_other = read(first + second), read(other + second)
        alone = torch.cat([read(first), read(second)], dim=1)
    except (TypeError, ValueError):  # it takes no positions
        return False
    finally:
        model.train(was_training)
    # In standard deviations of logits: what adding up in another order may come to, and what next to nothing is.
    noise, nothing = (0.01, 1e-4) if model.dtype == torch.float32 else (0.2, 0.01)
    unlike = float((together - alone).abs().max()), float((together - beside_other)[:, 6:].abs().max())
    return all(most <= share * float(alone.std()) for most, share in zip(unlike, (noise, nothing), strict=True))
