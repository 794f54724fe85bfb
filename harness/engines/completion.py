"""What engines give: a completion, wherever the model is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

from humpback.spec.data import Sampling

if TYPE_CHECKING:
    from humpback.engines.chat.chat_format import ChatFormat


@dataclass(frozen=True)
class Completion:
    """What a model wrote to an instruction."""

    text: str
    ended: Literal["stop", "length", "prompt too long", "refused"]
    """By itself; cut at the limit; never begun because the prompt fills the context; or the server refuses the prompt,
    or withholds what was written to it."""
    by: str = ""
    """The model as the server reports it, or as it was asked for; nothing for one on this machine."""
    problem: str = ""
    """The server's words where it refused."""


class Generator(Protocol):
    """A model ready to generate, on this machine or behind an endpoint."""

    def generate(self, instructions: Sequence[str], sampling: Sampling, unit: str = "completions") -> list[Completion]:
        """A completion for each instruction, in order."""
        ...

    def counts(self) -> dict[str, int]:
        """Calls, tokens and millionths of cost of all that was generated; nothing on this machine."""
        ...


class LocalEngine(Generator, Protocol):
    """A model whose weights are on this machine, ready to generate and to score."""

    chat: ChatFormat

    def choose(
        self, instructions: Sequence[str], options: Sequence[str], unit: str = "ratings"
    ) -> list[list[float] | None]:
        """For each instruction the probability of each option as the answer's beginning, normalised over the options;
        None where the prompt leaves no room."""
        ...
