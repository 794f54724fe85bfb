"""Generating and scoring with transformers on this machine."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, PreTrainedModel, PreTrainedTokenizerBase

from harness.data import Sampling
from harness.engines.context import context_length
from harness.fingerprint import Artifact
from harness.located import model_folder
from harness.machine import Machine
from harness.models import Finetuned, FolderModel, HubModel
from harness.stages import Work
from harness.templates import Model

Open = Callable[[Artifact], Path]
Done = TypeVar("Done")


@dataclass(frozen=True)
class Completion:
    """What a model wrote after a prompt."""

    text: str
    ended: Literal["stop", "length", "prompt too long"]
    """By the end-of-sequence token; cut at the limit; or never begun because the prompt fills the context."""


def folder_of(model: Model, open_: Open, machine: Machine) -> Path:
    """Where a model's files lie: in its artifact, or for a published model, where it was found."""
    artifact = open_(model)
    return model_folder(model, machine) if isinstance(model, (HubModel, FolderModel)) else artifact


def load_tokenizer(model: Model, open_: Open, machine: Machine) -> PreTrainedTokenizerBase:
    """The tokenizer of a model, or of its base while the model is still to be made."""
    return AutoTokenizer.from_pretrained(
        folder_of(model.base if isinstance(model, Finetuned) else model, open_, machine)
    )


def end_of(tokenizer: PreTrainedTokenizerBase) -> int:
    """The id that ends every output.

    Raises:
        ValueError: when the tokenizer has none, since a model could then never learn to stop.
    """
    if not isinstance(tokenizer.eos_token_id, int):
        raise ValueError(f"the tokenizer of {tokenizer.name_or_path} has no single end-of-sequence token")
    return tokenizer.eos_token_id


def load_model(model: Model, open_: Open, machine: Machine, *, train: bool = False) -> Any:
    """The model's weights on the machine's device; adapters are merged into their base.

    Training keeps float32 weights and lets the Trainer's autocast choose the precision.
    """
    dtype = torch.float32 if train else getattr(torch, machine.precision)
    if isinstance(model, Finetuned) and model.recipe.adapter:
        from peft import PeftModel

        base = load_model(model.base, open_, machine, train=train)
        loaded: Any = PeftModel.from_pretrained(base, open_(model)).merge_and_unload()
    else:
        loaded = AutoModelForCausalLM.from_pretrained(
            folder_of(model, open_, machine), dtype=dtype, use_safetensors=True
        )
    return loaded.to(machine.device)


class Engine:
    """A model ready to write and to score."""

    def __init__(self, model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, work: Work) -> None:
        self._model = model.eval()
        self._tokenizer = tokenizer
        self._work = work
        self._context = context_length(model.config) or sys.maxsize
        self._end = end_of(tokenizer)
        self._pad = tokenizer.pad_token_id if isinstance(tokenizer.pad_token_id, int) else self._end

    @classmethod
    def of(cls, model: Model, work: Work) -> Engine:
        """The engine of a finished model."""
        tokenizer = AutoTokenizer.from_pretrained(folder_of(model, work.open, work.machine))
        return cls(load_model(model, work.open, work.machine), tokenizer, work)

    def generate(self, prompts: Sequence[str], sampling: Sampling, unit: str = "completions") -> list[Completion]:
        """A completion for each prompt, in order. Prompts of like length go through together."""
        encoded = [self._tokenizer(prompt)["input_ids"] for prompt in prompts]
        results: dict[int, Completion] = {}
        room = self._context - 1
        for i, ids in enumerate(encoded):
            if len(ids) > room:
                results[i] = Completion("", "prompt too long")
        self._work.log.progress(len(results), len(prompts), unit)

        def write(number: int, rows: list[list[int]]) -> list[list[int]]:
            longest = max(map(len, rows))
            limit = min(sampling.max_new_tokens, self._context - longest)
            torch.manual_seed(sampling.seed * 1_000_003 + number)
            with torch.inference_mode():
                written: torch.Tensor = self._model.generate(  # type: ignore[operator]
                    **self._padded(rows), max_new_tokens=limit, **self._how(sampling)
                )
            return written[:, longest:].tolist()  # type: ignore[no-any-return]

        for places, written in self._batches({i: ids for i, ids in enumerate(encoded) if i not in results}, write):
            for i, ids in zip(places, written, strict=True):
                stop = ids.index(self._end) if self._end in ids else None
                text = self._tokenizer.decode(ids[:stop], skip_special_tokens=True)
                results[i] = Completion(text.strip(), "length" if stop is None else "stop")
            self._work.log.progress(len(results), len(prompts), unit)
        return [results[i] for i in range(len(prompts))]

    def choose(self, prompts: Sequence[str], options: Sequence[str], unit: str = "ratings") -> list[list[float] | None]:
        """For each prompt the probability of each option as its continuation, normalised over the options.

        One forward pass a prompt where the tokenizer writes the options alike but for their last token, otherwise one
        for each option. None where the prompt leaves no room.
        """
        cut = [self._tokenizer(option, add_special_tokens=False)["input_ids"] for option in options]
        heads, last = {tuple(ids[:-1]) for ids in cut}, [ids[-1] for ids in cut]
        encoded = [self._tokenizer(prompt)["input_ids"] for prompt in prompts]
        room = self._context - max(map(len, cut))
        results: dict[int, list[float] | None] = {i: None for i, ids in enumerate(encoded) if len(ids) > room}

        def score(_: int, rows: list[list[int]]) -> list[list[float]]:
            if len(heads) == 1 and len(set(last)) == len(last):
                scores = self._last_logits([[*ids, *cut[0][:-1]] for ids in rows])[:, last]
            else:
                scores = torch.stack([self._log_likelihood(rows, ids) for ids in cut], dim=1)
            return torch.softmax(scores, dim=-1).tolist()  # type: ignore[no-any-return]

        for places, found in self._batches({i: ids for i, ids in enumerate(encoded) if i not in results}, score):
            results |= dict(zip(places, found, strict=True))
            self._work.log.progress(len(results), len(prompts), unit)
        return [results[i] for i in range(len(prompts))]

    @torch.inference_mode()
    def _last_logits(self, rows: list[list[int]]) -> torch.Tensor:
        logits: torch.Tensor = self._model(**self._padded(rows), logits_to_keep=1).logits
        return logits[:, -1].float()

    @torch.inference_mode()
    def _log_likelihood(self, rows: list[list[int]], continuation: list[int]) -> torch.Tensor:
        """(rows,) log-probability of the continuation after each row."""
        n = len(continuation)
        logits = self._model(**self._padded([row + continuation for row in rows]), logits_to_keep=n + 1).logits
        wanted = torch.tensor(continuation, device=logits.device).expand(len(rows), n)
        likely: torch.Tensor = torch.log_softmax(logits[:, :-1].float(), -1).gather(2, wanted[..., None]).sum((1, 2))
        return likely

    def _batches(
        self, encoded: dict[int, list[int]], work: Callable[[int, list[list[int]]], list[Done]]
    ) -> Iterator[tuple[list[int], list[Done]]]:
        """What `work` makes of each batch (its number, its rows of tokens), with the rows' places. The longest come
        first, so a GPU that is too small says so at once: from then on batches are half as large."""
        size = self._work.machine.generation_batch
        by_length = sorted(encoded, key=lambda i: (-len(encoded[i]), i))
        start = number = 0
        while places := by_length[start : start + size]:
            try:
                done = work(number, [encoded[i] for i in places])
            except torch.OutOfMemoryError:
                if len(places) == 1:
                    raise
                size = len(places) // 2
                torch.cuda.empty_cache()
                continue
            yield places, done
            start, number = start + len(places), number + 1

    def _padded(self, rows: list[list[int]]) -> dict[str, torch.Tensor]:
        longest = max(map(len, rows))
        ids = [[self._pad] * (longest - len(row)) + row for row in rows]
        mask = [[0] * (longest - len(row)) + [1] * len(row) for row in rows]
        device = self._work.machine.device
        return {
            "input_ids": torch.tensor(ids, device=device),
            "attention_mask": torch.tensor(mask, device=device),
        }

    def _how(self, sampling: Sampling) -> dict[str, Any]:
        ids = {"pad_token_id": self._pad, "eos_token_id": self._end}
        if sampling.temperature == 0:
            return {"do_sample": False, **ids}
        return {"do_sample": True, "temperature": sampling.temperature, "top_p": sampling.top_p, "top_k": 0, **ids}
