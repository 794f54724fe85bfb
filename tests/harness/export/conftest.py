"""Publishing rows as an artifact, and reading them as everybody does."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from humpback.core.expression import Artifact
from humpback.core.store import Store
from humpback.core.tables import EXAMPLES, REJECTED, Example, Rejected, write
from humpback.runs.build import record_of
from tests.conftest import MACHINE, SOURCE
from tests.harness.export.material import (
    Put,
)


@pytest.fixture
def put(tmp_path: Path) -> Put:
    """Publishes rows as what an artifact's stage made."""
    store = Store(tmp_path / "store")
    store.prepare()

    def publish(
        artifact: Artifact,
        rows: Sequence[Example],
        counts: dict[str, int] | None = None,
        *,
        rejected: Sequence[Rejected] = (),
    ) -> Path:
        folder = store.workspace(artifact)
        write(folder / EXAMPLES, Example, rows)
        if rejected:
            write(folder / REJECTED, Rejected, rejected)
        numbers = counts or {"in": len(rows), "kept": len(rows)}
        record = record_of(artifact, MACHINE, SOURCE, numbers, datetime.now(UTC), 1.0)
        return store.publish(artifact, folder, record)

    return publish


@pytest.fixture
def load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[dict[str, Any]]]:
    """`datasets.load_dataset`, offline, with its caches here."""
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    datasets = pytest.importorskip("datasets")
    datasets.disable_progress_bars()

    def loaded(path: str | Path, **rest: Any) -> list[dict[str, Any]]:
        return list(datasets.load_dataset(str(path), split="train", cache_dir=str(tmp_path / "cache"), **rest))

    return loaded
