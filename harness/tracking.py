"""The mirror: what `metrics.jsonl` and the records hold, replayed into Weights & Biases.

The files in the store are the truth and W&B is a view of them: a run there is written once, whole, from a finished
artifact. Nothing reads it back. Offline unless WANDB_API_KEY is set; a machine without the package goes without.
"""

from __future__ import annotations

import importlib.util
import json
import logging
import os
from collections.abc import Callable
from typing import Any, Literal

from harness.fingerprint import Artifact
from harness.store import METRICS, Store

PROJECT = "humpback-harness"


def unmirrored(store: Store, artifacts: list[Artifact]) -> list[Artifact]:
    """The finished artifacts that have no run in the mirror yet."""
    done = store.root / "wandb" / "mirrored"
    return [one for one in artifacts if not (done / one.fingerprint).exists() and store.state(one).word == "done"]


def available() -> bool:
    """Whether the wandb package is installed."""
    return importlib.util.find_spec("wandb") is not None


def mirror(store: Store, artifacts: list[Artifact], experiment: str, report: Callable[[int, int, str], None]) -> None:
    """Write one W&B run for each artifact: group = experiment, job type = stage, id from the fingerprint, config = the
    resolved expression, history = metrics.jsonl, summary = counts."""
    import wandb

    logging.getLogger("wandb").setLevel(logging.ERROR)
    mode: Literal["online", "offline"] = "online" if os.environ.get("WANDB_API_KEY") else "offline"
    marks = store.root / "wandb" / "mirrored"
    marks.mkdir(parents=True, exist_ok=True)
    for number, artifact in enumerate(artifacts, 1):
        record = store.record(artifact)
        run = wandb.init(
            project=PROJECT,
            group=experiment,
            job_type=type(artifact).__name__.lower(),
            id=artifact.fingerprint[:16],
            name=f"{artifact.slug}-{artifact.fingerprint[:8]}",
            config=config_of(record),
            dir=str(store.root),
            mode=mode,
            resume="allow" if mode == "online" else None,
            settings=wandb.Settings(
                silent=True,
                console="off",
                disable_git=True,
                disable_code=True,
                disable_job_creation=True,
                x_disable_stats=True,
                x_disable_meta=True,
                x_disable_machine_info=True,
                host="unnamed",
                username="unnamed",
            ),
        )
        for row in metrics_of(store, artifact):
            run.log(row, step=row["step"])
        run.summary.update({f"count/{key}": value for key, value in record["counts"].items()})
        run.summary["duration_seconds"] = record["seconds"]
        run.finish()
        (marks / artifact.fingerprint).touch()
        report(number, len(artifacts), "runs")


def config_of(record: dict[str, Any]) -> dict[str, Any]:
    """The resolved expression of a record as nested tables, each input by its class and fields."""

    def resolved(value: Any) -> Any:
        if isinstance(value, dict) and set(value) == {"artifact"}:
            inner = record["expression"][value["artifact"]]
            return {
                "class": inner["class"],
                "version": inner["version"],
                **{key: resolved(item) for key, item in inner["fields"].items()},
            }
        if isinstance(value, dict):
            return {key: resolved(item) for key, item in value.items()}
        return [resolved(item) for item in value] if isinstance(value, list) else value

    return {
        **resolved({"artifact": record["fingerprint"]}),
        "fingerprint": record["fingerprint"],
        "packages": record["packages"],
    }


def metrics_of(store: Store, artifact: Artifact) -> list[dict[str, Any]]:
    """The rows of the artifact's metrics.jsonl, merged by step, steps rising; none if it measured nothing."""
    path = store.folder(artifact) / METRICS
    rows: dict[int, dict[str, Any]] = {}
    for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else ():
        row = json.loads(line)
        rows.setdefault(row["step"], {}).update(row)
    return [rows[step] for step in sorted(rows)]
