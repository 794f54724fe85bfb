"""Artifacts put into a store as a stage would leave them, without the stage."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from humpback.core.expression import Artifact
from humpback.core.store import Record, Store
from humpback.core.tables import EXAMPLES, VERDICTS, Example, Verdict, write
from humpback.runs.build import record_of
from humpback.spec.files import File, InstructionSet
from tests.conftest import MACHINE, SOURCE

Kept = TypeVar("Kept", bound=Artifact)


def stored(store: Store, artifact: Kept, rows: Sequence[Example] | Sequence[Verdict]) -> Kept:
    """The artifact, with these rows for its payload; no rows are examples."""
    store.root.mkdir(exist_ok=True)
    work = store.workspace(artifact)
    if rows and isinstance(rows[0], Verdict):
        write(work / VERDICTS, Verdict, rows)  # type: ignore[arg-type]
    else:
        write(work / EXAMPLES, Example, rows)  # type: ignore[arg-type]
    store.publish(artifact, work, recorded(artifact, {"in": len(rows)}))
    return artifact


def recorded(artifact: Artifact, counts: dict[str, int], seconds: float = 1.0) -> Record:
    """What a stage would have written of itself."""
    return record_of(artifact, MACHINE, SOURCE, counts, datetime.now(UTC), seconds)


def a_set(name: str) -> InstructionSet:
    """An expression for a set of examples that nobody has to read."""
    return InstructionSet((File(f"{name}.json", name[0] * 64),))


def new_store(tmp_path: Path) -> Store:
    """An empty store."""
    return Store(tmp_path / "store")
