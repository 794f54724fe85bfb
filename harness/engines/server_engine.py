"""A model of ours behind a server that the harness starts (`Machine.server`): the same prompts, in tokens, and the same
limits as in our own engine; the draws are the server's, with a seed for each prompt.

What is answered is on disk before it counts, in the artifact's own journal, so that a stage which was stopped asks only
the rest. A journal belongs to one version of one engine with its arguments: none of their answers are mixed.
"""

from __future__ import annotations

import hashlib
import json
import math
import shutil
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import chain
from types import SimpleNamespace
from typing import Any

from transformers import AutoConfig, GenerationConfig, PreTrainedTokenizerBase

from humpback.core.machine import Endpoint, Server
from humpback.core.store import StoreError
from humpback.core.work import Work
from humpback.engines import processes
from humpback.engines.chat.chat_format import ChatFormat
from humpback.engines.chat.context import context_length
from humpback.engines.chat.decoding import keep_ends_alone, row_seed
from humpback.engines.completion import Completion
from humpback.engines.endpoint.calls import Reply, Request, describe_reply
from humpback.engines.endpoint.client import Client
from humpback.engines.endpoint.journal import Journal
from humpback.engines.loading import folder_of, load_model, load_tokenizer
from humpback.engines.serving.launch import ModelFiles
from humpback.engines.serving.server import Served, serve
from humpback.spec.data import Sampling
from humpback.spec.models import Finetuned
from humpback.spec.template import Model

_NO_TIMEOUT = 7 * 86_400.0
"""Seconds: calls wait for their turn in the server, and a server that dies is noticed by its connections."""


class ServerEngine:
    """A served model ready to generate and to score (`humpback.engines.completion.LocalEngine`)."""

    def __init__(
        self,
        model: Model,
        files: ModelFiles,
        tokenizer: PreTrainedTokenizerBase,
        server: Server,
        served: Served,
        client: Client,
        work: Work,
        system: str = "",
    ) -> None:
        self.chat = ChatFormat(model.template, tokenizer)
        config = AutoConfig.from_pretrained(files.folder, trust_remote_code=False)
        said = (files.folder / "generation_config.json").is_file()
        generation = GenerationConfig.from_pretrained(files.folder) if said else None
        self._ends = keep_ends_alone(SimpleNamespace(config=config, generation_config=generation), self.chat)
        self._context = min(context_length(config) or sys.maxsize, served.context or sys.maxsize)
        self._vllm, self.served = bool(server.python), served
        self._client, self._log, self._system = client, work.log, system

    def counts(self) -> dict[str, int]:
        """Nothing: calls on this machine cost nothing that is counted."""
        return {}

    def generate(self, instructions: Sequence[str], sampling: Sampling, unit: str = "completions") -> list[Completion]:
        """A completion for each instruction, in order. Equal instructions have seeds of their own, by how many of them
        came before; greedily they get one.

        Raises:
            Unanswered, StoreError: as `Client.ask`.
        """
        asked = self.requests(instructions, sampling)
        too_long = len(instructions) - len(asked)
        asked = processes.share(asked, lambda one: len(one.body["prompt"]))
        replies = self._ask(list(asked.values()), unit, too_long, len(instructions))
        read = processes.put_together(dict(zip(asked, map(self._read, replies), strict=True)))
        return [read.get(i) or Completion("", "prompt too long") for i in range(len(instructions))]

    def requests(self, instructions: Sequence[str], sampling: Sampling) -> dict[int, Request]:
        """What is sent for each instruction that leaves room for an answer, by its place."""
        asked: dict[int, Request] = {}
        seen: Counter[tuple[int, ...]] = Counter()
        for i, ids in enumerate(map(self._prompt, instructions)):
            limit = min(sampling.max_new_tokens, self._context - len(ids))
            if limit < 1:
                continue
            seed = row_seed(sampling.seed, ids, seen[tuple(ids)]) if sampling.temperature else sampling.seed
            seen[tuple(ids)] += 1
            fields: dict[str, Any] = {"max_tokens": limit, "seed": seed}
            fields |= {"temperature": sampling.temperature, "top_p": sampling.top_p}
            if self._vllm:
                fields |= {"stop_token_ids": sorted(self._ends), "return_token_ids": True}
            asked[i] = self._request(ids, **fields)
        return asked

    def choose(
        self, instructions: Sequence[str], options: Sequence[str], unit: str = "ratings"
    ) -> list[list[float] | None]:
        """For each instruction the probability of each option as the answer's beginning, normalised over the options.

        vLLM is asked at each place where the options part how likely their next tokens are: once a prompt where they
        are alike but for their last token. Another server is sent the prompt with each option after it (`echo`), and
        says how likely its tokens are. None where the prompt leaves no room.

        Raises:
            Unanswered, StoreError: as `Client.ask`.
            StoreError: when the server does not say how likely they are.
        """
        cut = self.chat.openings(options)
        room = self._context - max(map(len, cut)) - (not self._vllm)
        prompts = {i: ids for i, ids in enumerate(map(self._prompt, instructions)) if len(ids) <= room}
        prompts = processes.share(prompts, len)
        fields: dict[str, Any] = {"max_tokens": 1, "temperature": 0}
        if self._vllm:
            # vLLM 0.32 dies of `echo` where an adapter is on the model, and reads no cached prefix for it.
            next_tokens = _next_tokens(cut)
            places = [
                {"logprobs": len(last), "logprob_token_ids": last, "return_tokens_as_token_ids": True}
                for last in next_tokens.values()
            ]
            asked = [
                self._request([*ids, *head], **fields, **place)
                for ids in prompts.values()
                for head, place in zip(next_tokens, places, strict=True)
            ]
            flat = iter(self._ask(asked, unit))
            scores = []
            for _ in prompts:
                known = {head: _of_tokens(next(flat), last) for head, last in next_tokens.items()}
                scores.append([math.fsum(known[h][t] for h, t in _steps(one) if h in known) for one in cut])
        else:
            fields |= {"echo": True, "logprobs": 1}
            asked = [self._request([*ids, *one], **fields) for ids in prompts.values() for one in cut]
            flat = iter(self._ask(asked, unit))
            scores = [
                [_of_prompt(next(flat), len(ids) + len(one), len(one)) for one in cut] for ids in prompts.values()
            ]
        found = processes.put_together(dict(zip(prompts, map(_normalised, scores), strict=True)))
        return [found.get(i) for i in range(len(instructions))]

    def _prompt(self, instruction: str) -> list[int]:
        return self.chat.prompt(instruction, self._system)

    def _request(self, ids: list[int], **fields: Any) -> Request:
        return Request("completions", {"model": self.served.name, "prompt": ids, **fields})

    def _ask(self, requests: list[Request], unit: str, done: int = 0, total: int = 0) -> list[Reply]:
        """The reply to each request, after so many of the total that need none. Of several processes the first one says
        how far it is, and the others are as far."""
        n = processes.count()
        total = total or n * len(requests)

        def report(answered: int, of: int) -> None:
            self._log.progress(min(done + n * answered, total), total, unit)

        self._client.ask(requests, report=report, total=total)
        self._log.progress(total, total, unit)  # equal requests are asked once
        replies = []
        for one in requests:
            answer = self._client.answer(one)
            if answer.reply is None:
                n = len(one.body["prompt"])
                raise StoreError(f"the server does not take a prompt of {n:,} tokens: it {answer.problem}")
            replies.append(answer.reply)
        return replies

    def _read(self, reply: Reply) -> Completion:
        ids, text = reply.choice.get("token_ids"), reply.choice.get("text")
        if isinstance(ids, list):
            text = self.chat.read(ids[: next((at for at, one in enumerate(ids) if one in self._ends), None)])
        elif isinstance(text, str):
            text = self.chat.trim(text)
        else:
            raise StoreError(f"the server sends what is no completion. {describe_reply(reply)}")
        return Completion(text, "length" if reply.message.ended == "length" else "stop")


@contextmanager
def serve_engine(model: Model, server: Server, work: Work, system: str = "") -> Iterator[ServerEngine]:
    """The model behind a server that runs as long as this is open.

    Raises:
        StoreError: when the server does not come up.
        ServerFailed: when it dies meanwhile.
    """
    folder = work.checkpoints / "server"
    with _files(model, server, work) as files, serve(server, files, model.fingerprint[:16], folder, work) as served:
        work.packages[server.engine] = served.version
        settings = [server.engine, served.version, server.arguments, server.command, work.machine.precision]
        settings.append(work.made_from)
        journal = f"{hashlib.sha256(json.dumps(settings).encode()).hexdigest()[:16]}.jsonl"
        endpoint = Endpoint(
            served.address,
            key_variable="",
            concurrency=work.machine.generation_batch,
            timeout=_NO_TIMEOUT,
            attempts=3,
            pause=0.2,
        )
        tokenizer = load_tokenizer(model, work)
        with Journal(folder / journal) as answered:
            client = Client(endpoint, answered)
            yield ServerEngine(model, files, tokenizer, server, served, client, work, system)


@contextmanager
def _files(model: Model, server: Server, work: Work) -> Iterator[ModelFiles]:
    """What the server loads. vLLM puts an adapter on its base where there is a GPU; one on another adapter, for another
    server or on a CPU (where vLLM 0.32 read 82 tokens a second with it and over 2,000 without) is merged into a whole
    model first, which is deleted afterwards."""
    if not (isinstance(model, Finetuned) and model.recipe.adapter):
        yield ModelFiles(folder_of(model, work))
    elif work.machine.device == "cuda" and server.python and not _on_an_adapter(model):
        yield ModelFiles(folder_of(model.base, work), work.open(model), model.recipe.adapter.rank)
    else:
        merged = work.out / ".merged"
        on_cpu = replace(work, machine=replace(work.machine, device="cpu"))
        try:
            load_model(model, on_cpu).save_pretrained(merged)
            load_tokenizer(model, work).save_pretrained(merged)
            yield ModelFiles(merged)
        finally:
            shutil.rmtree(merged, ignore_errors=True)


def _on_an_adapter(model: Finetuned) -> bool:
    return isinstance(model.base, Finetuned) and bool(model.base.recipe.adapter)


def _steps(option: list[int]) -> list[tuple[tuple[int, ...], int]]:
    """Each token of an option, after those before it."""
    return [(tuple(option[:i]), token) for i, token in enumerate(option)]


def _next_tokens(options: list[list[int]]) -> dict[tuple[int, ...], list[int]]:
    """The tokens that may come next, by what of an option stands before them; without the beginning that all share."""
    found: dict[tuple[int, ...], set[int]] = {}
    for head, token in chain.from_iterable(map(_steps, options)):
        found.setdefault(head, set()).add(token)
    shared = {
        head for head, last in found.items() if len(last) == 1 and all(tuple(o[: len(head)]) == head for o in options)
    }
    return {head: sorted(last) for head, last in found.items() if head not in shared}


def _of_tokens(reply: Reply, tokens: list[int]) -> dict[int, float]:
    """Log-probabilities of these tokens at the one position that was written."""
    try:
        top = reply.choice["logprobs"]["top_logprobs"][0]
        return {one: float(top[f"token_id:{one}"]) for one in tokens}
    except (KeyError, IndexError, TypeError, ValueError) as error:
        raise StoreError(
            "the server does not say how likely the tokens are that it is asked about (logprob_token_ids), as vLLM "
            "0.32 does; install that"
        ) from error


def _of_prompt(reply: Reply, sent: int, n: int) -> float:
    """Log-probability of the last n of the prompt's tokens, of which so many were sent."""
    try:
        each = reply.choice["logprobs"]["token_logprobs"]
        # Beside the prompt's there may be the one that was written.
        if len(each) not in (sent, sent + 1) or reply.prompt_tokens not in (0, sent):
            counted = f" and counts {reply.prompt_tokens:,} tokens of it" if reply.prompt_tokens else ""
            raise StoreError(
                f"the server was sent a prompt of {sent:,} tokens (echo with logprobs), gives {len(each):,} "
                f"log-probabilities{counted}: it leaves the prompt out or adds to it, so no score can be read; make "
                "this stage without [server]"
            )
        return math.fsum(float(one) for one in each[sent - n : sent])
    except (KeyError, TypeError, ValueError) as error:
        raise StoreError(
            "the server does not say how likely a prompt is (echo with logprobs), which a rating by expected score and "
            "a model as judge take; make this stage without [server]"
        ) from error


def _normalised(scores: list[float]) -> list[float]:
    highest = max(scores)
    weights = [math.exp(one - highest) for one in scores]
    shares = [one / sum(weights) for one in weights]
    if not all(map(math.isfinite, shares)):
        raise StoreError(
            f"the server gives log-probabilities that are no numbers ({scores}); look at the model's weights"
        )
    return shares
