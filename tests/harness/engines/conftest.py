"""A real server on loopback that answers plainly, and an endpoint that asks it without long waits."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from humpback.core.machine import Endpoint
from tests.harness.engines.asking import echo
from tests.harness.model_server import ModelServer, serving


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with serving(ModelServer(echo)) as one:
        yield one


@pytest.fixture
def endpoint(server: ModelServer) -> Endpoint:
    return Endpoint(server.address, pause=0.001, timeout=5.0, attempts=4)
