"""Generating and scoring with transformers on this machine."""

from __future__ import annotations

import hashlib
import math
import sys
from array import array
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from itertools import takewhile
from typing import Any, TypeVar

import torch
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from humpback.core.batch_log import BatchLog
from humpback.core.work import Work
from humpback.engines import processes
from humpback.engines.chat.chat_format import ChatFormat
from humpback.engines.chat.context import context_length
from humpback.engines.chat.decoding import (
    NoScores,
    check_scores,
    forward_takes,
    keep_ends_alone,
    longest_padded,
    row_draws,
)
from humpback.engines.completion import Completion
from humpback.engines.loading import load_model, load_tokenizer
from humpback.engines.rounds import Row, write_on
from humpback.engines.shared_prefix import SharedPrefix, beside, find_prefix, positions
from humpback.spec.data import Sampling
from humpback.spec.template import INSTRUCTION_RESPONSE, ChatTemplate, Model, Template

Result = TypeVar("Result")


class Engine:
    """A model ready to generate and to score, asked under a system sentence. What it makes of an instruction does not
    follow from what else is asked."""

    def __init__(
        self,
        model: PreTrainedModel,
        tokenizer: PreTrainedTokenizerBase,
        work: Work,
        template: Template | ChatTemplate = INSTRUCTION_RESPONSE,
        system: str = "",
    ) -> None:
        self._model = model.eval()
        self.chat = ChatFormat(template, tokenizer)
        self._system = system
        self._work = work
        self._context = context_length(model.config) or sys.maxsize
        self._ends = keep_ends_alone(model, self.chat)
        self._pad = tokenizer.pad_token_id if isinstance(tokenizer.pad_token_id, int) else self.chat.end
        self._takes = forward_takes(model, "position_ids", "logits_to_keep")

    @classmethod
    def of(cls, model: Model, work: Work, system: str = "") -> Engine:
        """The engine of a finished model."""
        return cls(load_model(model, work), load_tokenizer(model, work), work, model.template, system)

    def counts(self) -> dict[str, int]:
        """Nothing: calls on this machine cost nothing that is counted."""
        return {}

    def generate(self, instructions: Sequence[str], sampling: Sampling, unit: str = "completions") -> list[Completion]:
        """A completion for each instruction, in order. Prompts of like length go through together; rows that have not
        ended after a round go through the next one, so that the longest answer does not keep all the others.

        Equal instructions have draws of their own, by how many of them came before. What a maker that was killed had
        come through is not done again (`humpback.core.batch_log`).
        """
        results: dict[int, Completion] = {}
        rows: dict[int, Row] = {}
        seen: Counter[tuple[int, ...]] = Counter()
        for i, ids in enumerate(self._prompts(instructions)):
            limit = min(sampling.max_new_tokens, self._context - len(ids))
            if limit < 1:
                results[i] = Completion("", "prompt too long")
            else:
                rows[i] = Row(ids, limit, row_draws(sampling.seed, ids, seen[tuple(ids)], limit))
                seen[tuple(ids)] += 1
        rows = processes.share(rows, Row.__len__)
        prefix = self._prefix(rows)
        with self._log(rows, "generate", sampling) as log:
            self._progress(log, len(results), len(instructions), unit)
            while rows:
                for places, written in self._batches(rows, lambda batch: self._round(batch, sampling, prefix), log):
                    for i, new in zip(places, written, strict=True):
                        row = rows[i]
                        row.written += new
                        stop = next((at for at, one in enumerate(row.written) if one in self._ends), None)
                        if stop is not None or len(row.written) >= row.limit:
                            text = self.chat.read(row.written[:stop])
                            results[i] = Completion(text, "length" if stop is None else "stop")
                    self._progress(log, len(results), len(instructions), unit)
                rows = {i: row for i, row in rows.items() if i not in results}
        results = processes.put_together(results)
        return [results[i] for i in range(len(instructions))]

    def _log(self, rows: dict[int, Row], *how: object) -> BatchLog:
        """What is known of these rows, asked so."""
        call = hashlib.sha256(repr(how).encode())
        for i, row in rows.items():
            call.update(array("q", [i, row.limit, len(row.prompt), *row.prompt]).tobytes())
        return BatchLog(self._work, call.hexdigest())

    def _progress(self, log: BatchLog, done: int, total: int, unit: str) -> None:
        if log.is_live:  # of several processes the first one speaks, and the others are as far
            self._work.log.progress(min(done * processes.count(), total), total, unit)

    def _prompts(self, instructions: Sequence[str]) -> list[list[int]]:
        return [self.chat.prompt(one, self._system) for one in instructions]

    def _prefix(self, rows: dict[int, Row]) -> SharedPrefix | None:
        """What all prompts begin with, where that is long and any rows can be padded to the length of any others."""
        known = [row.prompt for row in rows.values()]
        return find_prefix(self._model, known) if known and self._padding_up_to == math.inf else None

    def _round(self, rows: list[Row], sampling: Sampling, prefix: SharedPrefix | None = None) -> list[list[int]]:
        """What each row writes next (`write_on`)."""
        padded = self._padded([row.so_far for row in rows], prefix)
        return write_on(
            self._model,
            rows,
            padded["input_ids"],
            padded["attention_mask"],
            None if prefix is None else prefix.repeated(len(rows)),
            sampling,
            ends=self._ends,
            pad=self._pad,
            room=self._padding_up_to,
        )

    def choose(
        self, instructions: Sequence[str], options: Sequence[str], unit: str = "ratings"
    ) -> list[list[float] | None]:
        """For each instruction the probability of each option as the answer's beginning, normalised over the options.

        One forward pass a prompt where the tokenizer writes the options alike but for their last token, otherwise one
        for each option. None where the prompt leaves no room.
        """
        cut = self.chat.openings(options)
        heads, last = {tuple(ids[:-1]) for ids in cut}, [ids[-1] for ids in cut]
        longest = max(map(len, cut))
        encoded = enumerate(self._prompts(instructions))
        rows = {i: Row(ids, longest) for i, ids in encoded if len(ids) <= self._context - longest}
        rows = processes.share(rows, Row.__len__)
        prefix = self._prefix(rows)
        results: dict[int, list[float]] = {}

        def score(batch: list[Row]) -> list[list[float]]:
            ids = [row.prompt for row in batch]
            if len(heads) == 1 and len(set(last)) == len(last):
                scores = self._last_logits([[*one, *cut[0][:-1]] for one in ids], 1, prefix)[:, -1, last]
            else:
                scores = torch.stack([self._log_likelihood(ids, one, prefix) for one in cut], dim=1)
            return torch.softmax(check_scores(scores), dim=-1).tolist()  # type: ignore[no-any-return]

        with self._log(rows, "choose", tuple(options)) as log:
            self._progress(log, 0, len(instructions), unit)
            for places, found in self._batches(rows, score, log):
                results |= dict(zip(places, found, strict=True))
                self._progress(log, len(results), len(instructions), unit)
        results = processes.put_together(results)
        return [results.get(i) for i in range(len(instructions))]

    @torch.inference_mode()
    def _last_logits(self, rows: list[list[int]], n: int, prefix: SharedPrefix | None = None) -> torch.Tensor:
        """(rows, n, vocabulary) logits of each row's last n tokens. Positions count from a row's own first token."""
        inputs: dict[str, Any] = self._padded(rows, prefix)
        if "position_ids" in self._takes:
            inputs["position_ids"] = positions(inputs["attention_mask"])
        if prefix is not None:
            inputs |= {name: inputs[name][:, len(prefix) :] for name in ("input_ids", "position_ids")}
            inputs["past_key_values"] = prefix.repeated(len(rows))
        if "logits_to_keep" in self._takes:
            inputs["logits_to_keep"] = n
        logits: torch.Tensor = self._model(**inputs, use_cache=False).logits
        return logits[:, -n:].float()

    def _log_likelihood(
        self, rows: list[list[int]], continuation: list[int], prefix: SharedPrefix | None
    ) -> torch.Tensor:
        """(rows,) log-probability of the continuation after each row."""
        n = len(continuation)
        logits = self._last_logits([row + continuation for row in rows], n + 1, prefix)
        wanted = torch.tensor(continuation, device=logits.device).expand(len(rows), n)
        likely: torch.Tensor = torch.log_softmax(logits[:, :-1], -1).gather(2, wanted[..., None]).sum((1, 2))
        return likely

    def _batches(
        self, rows: dict[int, Row], work: Callable[[list[Row]], list[Result]], log: BatchLog
    ) -> Iterator[tuple[list[int], list[Result]]]:
        """What `work` makes of each batch, with the rows' places, those first that the log knows. The longest come
        first, so a GPU that is too small says so at once: from then on batches are half as large."""
        size = self._work.machine.generation_batch
        by_length = sorted(rows, key=lambda i: (-len(rows[i]), i))
        start = 0
        while start < len(by_length):
            if (known := log.recorded()) is not None:
                places, done, size = known
                if places == by_length[start : start + len(places)]:
                    yield places, done
                    start += len(places)
                    continue
                log.refuse("not the batches of this call")
                size = self._work.machine.generation_batch
            first = rows[by_length[start]]
            places = by_length[start : start + 1] + list(
                takewhile(lambda i: self._together(first, rows[i]), by_length[start + 1 : start + size])  # noqa: B023
            )
            try:
                done = work([rows[i] for i in places])
            except torch.OutOfMemoryError:
                if len(places) == 1:
                    raise
                size = len(places) // 2
                torch.cuda.empty_cache()
                continue
            except NoScores as error:
                raise _named(error, {i: rows[i] for i in places}, work) from error
            log.add([places, done, size])
            yield places, done
            start += len(places)

    def _together(self, long: Row, short: Row) -> bool:
        """Whether the shorter row can be padded to the longer one's length without changing what the model sees."""
        if len(long.so_far) == len(short.so_far) and self._padding_up_to:
            return True
        return len(long.so_far) + max(long.steps, short.steps) <= self._padding_up_to

    @cached_property
    def _padding_up_to(self) -> float:
        """Tokens that a batch with padding may come to; 0 for a model that sees padding, as recurrent ones may: there
        every row goes alone (transformers' RWKV mixes even rows of one length)."""
        row = [one % int(self._model.get_input_embeddings().weight.shape[0]) for one in range(11, 19)]
        alone, beside = self._last_logits([row], 1)[0, -1], self._last_logits([row, row * 3], 1)[0, -1]
        # In standard deviations of logits: what adding up in another order may come to.
        noise = 0.01 if self._model.dtype == torch.float32 else 0.2
        seen = float((alone - beside).abs().max()) > noise * float(alone.std())
        return 0 if seen else longest_padded(self._model.config)

    def _padded(self, rows: list[list[int]], prefix: SharedPrefix | None = None) -> dict[str, torch.Tensor]:
        head = [] if prefix is None else prefix.ids
        ids, mask = beside(head, [row[len(head) :] for row in rows], self._pad)
        device = self._work.machine.device
        return {"input_ids": ids.to(device), "attention_mask": mask.to(device)}


def _named(error: NoScores, rows: dict[int, Row], work: Callable[[list[Row]], Any]) -> NoScores:
    """The error with the place of the first row that it comes of, which may have others beside it."""
    for i, row in rows.items():
        try:
            work([row])
        except NoScores:
            return NoScores(f"prompt {i + 1:,}, of {len(row.prompt):,} tokens: {error}")
    return error
