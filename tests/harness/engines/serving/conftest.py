"""A place of work, and a mark by which all is found that a test's servers started."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.harness.engines.serving.material import N, running
from tests.harness.engines.stand_in_server import MARK
from tests.harness.training.material import SEED, Workshop, examples


@pytest.fixture
def mark(tmp_path: Path) -> Iterator[str]:
    """What stands among the words of all that a test's servers start; nothing of it is left at its end."""
    mark = f"{MARK}{hashlib.sha256(str(tmp_path).encode()).hexdigest()[:12]}"
    yield mark
    left = running(mark)
    for one in left:
        one.kill()
    assert not left


@pytest.fixture
def shop(tmp_path: Path) -> Workshop:
    shop = Workshop(tmp_path)
    shop.machine = replace(shop.machine, store=str(tmp_path / "store"), generation_batch=4)
    shop.put(SEED, examples(N))
    return shop
