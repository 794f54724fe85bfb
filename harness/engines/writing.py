"""Having a model write, wherever it is: on this machine, or behind its endpoint.

Stages hand over instructions and a system sentence, not finished prompts. What stands around them is the template's for
a model of ours and the server's for a served one, so no stage can put one around the other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol

from harness.data import Sampling
from harness.models import ServedModel
from harness.templates import Model

if TYPE_CHECKING:
    from harness.engines.local import Engine, Prompt
    from harness.stages import Work


@dataclass(frozen=True)
class Written:
    """What a model wrote to an instruction."""

    text: str
    ended: Literal["stop", "length", "prompt too long", "refused"]
    """By itself; cut at the limit; never begun because the prompt fills the context; or the server refuses the prompt,
    or withholds what was written to it."""
    by: str = ""
    """The model as the server reports it, or as it was asked for; nothing for one on this machine."""
    problem: str = ""
    """The server's words where it refused."""


class Writes(Protocol):
    """A model ready to write."""

    def generate(self, instructions: Sequence[str], sampling: Sampling, unit: str = "completions") -> list[Written]:
        """A completion for each instruction, in order."""
        ...

    def counts(self) -> dict[str, int]:
        """Calls, tokens and millionths of cost of all that was written; nothing on this machine."""
        ...


@contextmanager
def engine_for(
    model: Model, work: Work, system: str = "", usable: Callable[[Written], bool] = lambda written: bool(written.text)
) -> Iterator[Writes]:
    """The model's engine, speaking under a system sentence. A served model's journal is held until the end, and where
    none of its first replies is usable, the rest is not asked.

    Raises:
        StoreError: when the journal holds what is no answered call.
    """
    if isinstance(model, ServedModel):
        from harness.engines.endpoint import Client
        from harness.engines.journal import Journal
        from harness.engines.served import EndpointEngine

        with Journal.of(Path(work.machine.store), model.served_as) as journal:
            yield EndpointEngine(model.served_as, Client(work.machine.endpoint, journal), work.log, system, usable)
    else:
        from harness.engines.local import Engine

        yield _Local(Engine.of(model, work), system)


class _Local:
    def __init__(self, engine: Engine, system: str) -> None:
        self._engine, self._system = engine, system

    def generate(self, instructions: Sequence[str], sampling: Sampling, unit: str = "completions") -> list[Written]:
        prompts: list[Prompt] = [self._engine.speaker.prompt(one, self._system) for one in instructions]
        return [Written(one.text, one.ended) for one in self._engine.generate(prompts, sampling, unit)]

    def counts(self) -> dict[str, int]:
        return {}
