"""A served model as the stages have models write: an instruction in, a completion out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from harness.data import Sampling
from harness.engines.budget import Usage
from harness.engines.endpoint import Client
from harness.engines.journal import Request
from harness.engines.writing import Written
from harness.store import StoreError

if TYPE_CHECKING:
    from harness.stages import Log

_TOO_LONG = ("context", "too long", "maximum length")
"""What servers say of a prompt that does not fit, one or the other."""


class EndpointEngine:
    """A model behind an endpoint, ready to write (`harness.engines.writing.Writes`)."""

    def __init__(self, model: str, client: Client, log: Log, system: str = "") -> None:
        self._model, self._client, self._log, self._system = model, client, log, system
        self._used = Usage()

    def generate(self, instructions: Sequence[str], sampling: Sampling, unit: str = "completions") -> list[Written]:
        """A completion for each instruction, in order; equal instructions get one. Each is one user message: the
        server has the template.

        Raises:
            Unanswered: as `Client.ask`.
            StoreError: when a prompt was refused for another reason than its length.
        """
        answers = self._client.ask(
            [chat(self._model, one, sampling, self._system) for one in instructions],
            report=lambda done, total: self._log.progress(done, total, unit),
        )
        written = []
        for instruction, answer in zip(instructions, answers, strict=True):
            self._used += answer.used
            if answer.reply is None:
                if not any(words in answer.problem.lower() for words in _TOO_LONG):
                    raise StoreError(
                        f"the prompt that begins {instruction[:60]!r} was refused: the server {answer.problem}"
                    )
                written.append(Written("", "prompt too long"))
            else:
                cut = answer.reply.choice.get("finish_reason") == "length"
                written.append(Written(answer.reply.text.strip(), "length" if cut else "stop", answer.reply.model))
        return written

    def counts(self) -> dict[str, int]:
        """Of all that was written, also of what an earlier run had paid for."""
        return {"calls": self._used.calls, **self._used.counts(self._client.endpoint)}


def chat(model: str, instruction: str, sampling: Sampling, system: str = "") -> Request:
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
