"""`humpback mirror`: everything that was measured and found, as runs of Weights & Biases, at will."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path
from typing import Annotated

from typer import Exit, Option, echo

from humpback.cli.app import W_AND_B, WandbOptions, command
from humpback.core.store import Store, StoreError


@command()
def mirror(
    online: Annotated[bool, Option("--online", help="Send to W&B's server; WANDB_API_KEY holds the key.")] = False,
    store: Annotated[Path, Option(help="Folder of the artifacts.")] = Path("artifacts"),
    results: Annotated[
        list[Path] | None, Option(help="Folder of tables and figures; may stand more than once.")
    ] = None,
    wandb: WandbOptions = W_AND_B,
) -> None:
    """Write what is new or has changed as runs of W&B. From records and metrics alone: deleting STORE/wandb and
    running this brings the same runs back."""
    from humpback import tracking

    wandb.take()
    if not tracking.available():
        raise StoreError('the package wandb is not installed: pip install "humpback-harness[tracking]"')
    if online and not os.environ.get("WANDB_API_KEY"):
        raise StoreError(
            "--online takes a key of W&B in WANDB_API_KEY, which is not set; without --online no key is needed"
        )
    if online and tracking.mode() != "online":
        raise StoreError("--online, but WANDB_MODE or WANDB_DISABLED keeps runs here; unset it, or leave --online out")
    if not store.is_dir():
        raise StoreError(f"{store} is not a folder; --store takes the folder of the artifacts")
    folders = [store / "results", *(results or [])]
    absent = next((one for one in results or [] if not one.is_dir()), None)
    if absent is not None:
        raise StoreError(f"{absent} is not a folder; --results takes one that holds SETUP/EXPERIMENT/arms.json")
    if online:
        from humpback.tracking.server import hold_reachable

        hold_reachable()
    unusable: list[str] = []
    there = Store(store)
    written: Counter[str] = Counter()
    asis = 0
    for run, anew in tracking.mirror_runs(there, tracking.all_runs(there, folders, unusable), online=online):
        if anew:
            kinds = {"finished": "artifacts"}
            written["results" if run.stage == "results" else kinds.get(run.ended, "attempts that died")] += 1
        else:
            asis += 1
    told = ", ".join(f"{number:,} {kind}" for kind, number in sorted(written.items())) or "nothing"
    where = (
        "W&B's server" if online else f"{store / 'wandb'} (send them with: wandb sync {store / 'wandb'}/offline-run-*)"
    )
    echo(f"{told} written, {asis:,} runs as they were; {where}")
    for problem in unusable:
        echo(f"not mirrored: {problem}", err=True)
    if unusable:
        raise Exit(1)
