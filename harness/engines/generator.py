"""The engine of a model, wherever it is: on this machine, behind a server started here, or behind its endpoint.

Stages hand over instructions and a system sentence, not finished prompts. What stands around them is the template's for
a model of ours and the server's for a served one, so no stage can put one around the other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from humpback.engines.completion import Completion, Generator, LocalEngine
from humpback.spec.models import ServedModel
from humpback.spec.template import Model

if TYPE_CHECKING:
    from humpback.core.work import Work


@contextmanager
def open_generator(
    model: Model,
    work: Work,
    system: str = "",
    usable: Callable[[Completion], bool] = lambda one: bool(one.text),
) -> Iterator[Generator]:
    """The model's engine, asked under a system sentence. A served model's journal is held until the end, and where
    none of its first replies is usable, the rest is not asked.

    Raises:
        StoreError: when the journal holds what is no answered call.
    """
    if isinstance(model, ServedModel):
        from humpback.engines.endpoint.client import Client
        from humpback.engines.endpoint.journal import Journal
        from humpback.engines.endpoint_engine import EndpointEngine

        with Journal.of(Path(work.machine.store), model.served_as) as journal:
            yield EndpointEngine(model.served_as, Client(work.machine.endpoint, journal), work.log, system, usable)
    else:
        with open_engine(model, work, system) as engine:
            yield engine


@contextmanager
def open_engine(model: Model, work: Work, system: str = "") -> Iterator[LocalEngine]:
    """The engine of a model whose weights are on this machine: the server that the machine names, which runs until the
    end, or else transformers in this process.

    Raises:
        StoreError: when the server does not come up.
        ServerFailed: when it dies meanwhile.
    """
    if work.machine.server is not None:
        from humpback.engines.server_engine import serve_engine

        with serve_engine(model, work.machine.server, work, system) as engine:
            yield engine
    else:
        from humpback.engines.transformers_engine import Engine

        yield Engine.of(model, work, system)
