"""The mirror: what `metrics.jsonl`, the records and the results hold, replayed into Weights & Biases.

The files in the store are the truth and W&B is a view of them. A run there is written whole, never added to: of two
offline segments of one run, the second would take the place of the first when they are sent. What has not changed since
it was written is left alone, so mirroring twice is mirroring once. Nothing reads W&B back.
"""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Iterable, Iterator, Mapping
from typing import Literal

from humpback.core.expression import Artifact
from humpback.core.store import Store
from humpback.tracking.destination import marks
from humpback.tracking.reading import uses
from humpback.tracking.runs import Run, all_runs, run_of

__all__ = ["Run", "all_runs", "available", "mirror", "mirror_runs", "mode", "run_of", "without_run"]


Mode = Literal["online", "offline", "disabled"]
_TRUE = ("1", "true", "yes", "on", "t", "y")


def available() -> bool:
    """Whether the wandb package is installed."""
    try:
        return importlib.util.find_spec("wandb") is not None
    except ValueError:
        # What stands in its place was not imported from anywhere.
        return False


def mode() -> Mode:
    """Where runs go, as the environment says: W&B's own switches (WANDB_MODE, WANDB_DISABLED) before a key, and without
    a key offline."""
    switch = os.environ.get("WANDB_MODE", "").strip().lower()
    if switch == "disabled" or os.environ.get("WANDB_DISABLED", "").strip().lower() in _TRUE:
        return "disabled"
    if switch in ("offline", "dryrun") or not os.environ.get("WANDB_API_KEY"):
        return "offline"
    return "online"


def without_run(store: Store, artifacts: list[Artifact]) -> list[Artifact]:
    """The finished artifacts that have no run yet where runs go; none where W&B is disabled."""
    if mode() == "disabled":
        return []
    there = marks(store.root, online=mode() == "online")
    return [
        one for one in artifacts if not (there / one.fingerprint[:16]).exists() and store.state(one).status == "done"
    ]


def mirror(store: Store, made: Mapping[str, list[Artifact]]) -> str:
    """Write one run for each finished artifact, to where `mode` says, or offline where W&B's server does not take them.
    `made` has them by experiment, which is the group of those whose record names none.

    Returns what went wrong, in a line; empty when nothing did. Nothing is raised: a mirror is a view of results that
    are there already.
    """
    reason = ""
    if mode() == "online":
        try:
            from humpback.tracking.server import hold_reachable

            hold_reachable()
            return _left_out(_write(store, made, online=True))
        except Exception as error:
            reason = _message(error)
    try:
        left_out = _left_out(_write(store, made, online=False))
    except Exception as error:
        return f"W&B's runs were not written: {_message(error)}; nothing is lost: humpback mirror writes them"
    if not reason:
        return left_out
    return f"{reason}; the runs are offline below {store.root / 'wandb'}, and humpback mirror --online sends them"


def _message(error: Exception) -> str:
    """It in one line (wandb's own say in their third one what is wrong), without what to do that StoreErrors say."""
    lines = [line.strip() for line in str(error).strip().splitlines()[:3]]
    return (": ".join(lines) or type(error).__name__).split("; nothing is lost")[0]


def _left_out(problems: list[str]) -> str:
    more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
    return f"not mirrored: {problems[0]}{more}" if problems else ""


def _write(store: Store, made: Mapping[str, list[Artifact]], *, online: bool) -> list[str]:
    """What could not be mirrored, a line each."""
    known, problems = uses([store.root / "results"]), list[str]()
    runs = (
        run_of(store, store.record(one), known, problems, name) for name, artifacts in made.items() for one in artifacts
    )
    for _ in mirror_runs(store, runs, online=online):
        pass
    return problems


def mirror_runs(store: Store, runs: Iterable[Run], *, online: bool) -> Iterator[tuple[Run, bool]]:
    """Bring each of the runs to what it should be; with each, whether it was not that already.

    Raises:
        StoreError: when W&B cannot be reached or refuses; what was written before stays written.
    """
    from humpback.tracking.writing import open_mirror

    with open_mirror(store, online=online) as mirrored:
        for run in runs:
            yield run, mirrored.write(run)
