"""A served model as stages use models: an instruction in, a completion out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Literal

from humpback.engines.completion import Completion
from humpback.engines.endpoint.answer_body import is_too_long
from humpback.engines.endpoint.calls import Answer, Reply, Request, Usage, describe_reply
from humpback.engines.endpoint.client import Client
from humpback.spec.data import Sampling

if TYPE_CHECKING:
    from humpback.core.work import Log


class EndpointEngine:
    """A model behind an endpoint, ready to generate (`humpback.engines.completion.Generator`). `usable` says whether a
    reply is of use to whoever asks; where none of the first is, the rest is not asked."""

    def __init__(
        self, model: str, client: Client, log: Log, system: str = "", usable: Callable[[Completion], bool] | None = None
    ) -> None:
        self._model, self._client, self._log, self._system = model, client, log, system
        self._used, self._usable = Usage(), usable

    def generate(self, instructions: Sequence[str], sampling: Sampling, unit: str = "completions") -> list[Completion]:
        """A completion for each instruction, in order, without the thinking before it; equal instructions get one. Each
        is one user message: the server has the template. A prompt that the server refuses has no text, and its words.

        Raises:
            Unanswered, StoreError: as `Client.ask`.
        """

        def request(instruction: str) -> Request:
            return chat_request(self._model, instruction, sampling, self._system)

        def accept(reply: Reply) -> bool:
            if self._usable is not None and self._usable(self._read(reply)):
                self._usable = None
            return self._usable is None

        self._client.ask(
            map(request, instructions),
            accept=accept,
            explain=self._explain,
            report=lambda done, total: self._log.progress(done, total, unit),
            total=len(set(instructions)),
        )
        return [self._completion(self._client.answer(request(one))) for one in instructions]

    def _completion(self, answer: Answer) -> Completion:
        self._used += answer.used
        if answer.reply is None:
            ended: Literal["prompt too long", "refused"] = "refused"
            if is_too_long(answer.problem):
                ended = "prompt too long"
            return Completion("", ended, problem=answer.problem)
        return self._read(answer.reply)

    def _read(self, reply: Reply) -> Completion:
        message, by = reply.message, reply.model or self._model
        if message.ended == "filter":
            return Completion("", "refused", by, "withheld the answer (finish_reason content_filter)")
        return Completion(message.content.strip(), "length" if message.ended == "length" else "stop", by)

    def _explain(self, reply: Reply) -> str:
        cut = (
            "; it was cut: send = {max_tokens = N} under [endpoint] of the machine file gives replies more room"
            if reply.message.ended == "length"
            else ""
        )
        return f"the first, by {reply.model or self._model}, is of no use{cut}. {describe_reply(reply)}"

    def counts(self) -> dict[str, int]:
        """Of all that was generated, also of what an earlier run had paid for."""
        return {"calls": self._used.calls, **self._used.counts(self._client.endpoint)}


def chat_request(model: str, instruction: str, sampling: Sampling, system: str = "") -> Request:
    """One user message, after the system message where there is one, with the paper's sampling."""
    above = [{"role": "system", "content": system}] if system else []
    body = {
        "model": model,
        "messages": [*above, {"role": "user", "content": instruction}],
        "temperature": sampling.temperature,
        "top_p": sampling.top_p,
        "max_tokens": sampling.max_new_tokens,
        "seed": sampling.seed,
    }
    return Request("chat/completions", body)
