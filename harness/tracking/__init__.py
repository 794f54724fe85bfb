"""The mirror: what `metrics.jsonl`, the records and the results hold, replayed into Weights & Biases.

The files in the store are the truth and W&B is a view of them. A run there is written whole, never added to: of two
offline segments of one run, the second would take the place of the first when they are sent. What has not changed since
it was written is left alone, so mirroring twice is mirroring once. Nothing reads W&B back.
"""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Callable, Iterable, Iterator

from harness.fingerprint import Artifact
from harness.store import Store
from harness.tracking.reading import uses
from harness.tracking.runs import Run, all_runs, run_of

__all__ = ["Run", "all_runs", "available", "mirror", "mirror_runs", "run_of", "unmirrored"]


def available() -> bool:
    """Whether the wandb package is installed."""
    return importlib.util.find_spec("wandb") is not None


def unmirrored(store: Store, artifacts: list[Artifact]) -> list[Artifact]:
    """The finished artifacts that have no run in the mirror yet."""
    marks = store.root / "wandb" / "mirrored"
    return [one for one in artifacts if not (marks / one.fingerprint[:16]).exists() and store.state(one).word == "done"]


def mirror(store: Store, artifacts: list[Artifact], experiment: str, report: Callable[[int, int, str], None]) -> None:
    """Write one run for each finished artifact, offline unless WANDB_API_KEY is set. `experiment` is the group of those
    whose record names none."""
    known = uses([store.root / "results"])
    runs = (run_of(store, store.record(one), known, experiment) for one in artifacts)
    for number, _ in enumerate(mirror_runs(store, runs, online=bool(os.environ.get("WANDB_API_KEY"))), 1):
        report(number, len(artifacts), "runs")


def mirror_runs(store: Store, runs: Iterable[Run], *, online: bool) -> Iterator[tuple[Run, bool]]:
    """Bring each of the runs to what it should be; with each, whether it was not that already.

    Raises:
        StoreError: when W&B cannot be reached or refuses; what was written before stays written.
    """
    from harness.tracking.writing import mirroring

    with mirroring(store, online=online) as mirrored:
        for run in runs:
            yield run, mirrored.write(run)
