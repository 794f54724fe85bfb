"""Writing runs with the wandb package: the only module that imports it."""

from __future__ import annotations

import logging
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import wandb
from filelock import FileLock

from humpback.core.store import Store, StoreError
from humpback.tracking.destination import destination, marks
from humpback.tracking.runs import Run, short

_PATIENCE = {
    "init_timeout": 30,
    "finish_timeout": 120,
    "finish_timeout_raises": True,
    "x_graphql_timeout_seconds": 15,
    "x_graphql_retry_max": 3,
    "x_graphql_retry_wait_max_seconds": 5,
    "x_file_stream_retry_max": 5,
    "x_file_stream_retry_wait_max_seconds": 5,
    "x_file_transfer_retry_max": 3,
    "x_file_transfer_retry_wait_max_seconds": 5,
}
"""Of a server that goes away in between: its package's own would wait for hours."""
_OF_A_RUN = re.compile(
    "WANDB_(RUN_|SWEEP_|LAUNCH|NAME$|NOTES$|TAGS$|JOB_TYPE$|RESUME|FORK_FROM$|MODE$|DISABLED$|DIR$|PROGRAM|CONSOLE|"
    "SILENT$|HOST$|USERNAME$|GROUP$)"
)
"""Variables of W&B that speak of one run, or of how one is shown: here a run is what the store says of it. Under those
of a sweep or a launch the package would give each run an id of its own choosing."""
_MOST_ROWS = 200_000
"""Of a table: what W&B takes; a longer one is an error there and not cut."""


@dataclass(frozen=True)
class Mirror:
    """The mirror of a store, open for writing by one process."""

    store: Store
    online: bool
    written: dict[Path, str] = field(default_factory=dict)
    """Marks that are due: what was handed to W&B's service, which may not have put all of it on disk yet."""

    def write(self, run: Run) -> bool:
        """Bring the run to what it should be; False where it was that already.

        Raises:
            StoreError: when W&B cannot be reached or refuses.
        """
        mark = marks(self.store.root, online=self.online) / run.id
        digest = run.digest
        there = self.online or any(self._segments(run))
        if there and mark.exists() and mark.read_text(encoding="utf-8") == digest:
            return False
        for old in self._segments(run):
            shutil.rmtree(old)
        if not self.online:  # offline a run is of one project, whichever asked last
            for other in (self.store.root / "wandb").glob(f"mirrored-for-*/{run.id}"):
                other.unlink()
            (self.store.root / "wandb" / "mirrored" / run.id).unlink(missing_ok=True)
        try:
            self._log(run)
        except (wandb.Error, OSError, ValueError) as error:
            lines = str(error).strip().splitlines() or [type(error).__name__]
            # A variable with a wrong value is named in the second of pydantic's lines, and why in the third.
            told = ": ".join(map(str.strip, lines[: 3 if isinstance(error, ValueError) else 1]))
            raise StoreError(
                f"W&B did not take the run {run.name}: {told}; nothing is lost: run `humpback mirror` again"
            ) from error
        self.written[mark] = digest
        return True

    def settle(self) -> None:
        """Wait until everything is on disk, and only then call it mirrored."""
        wandb.teardown()
        for mark, digest in self.written.items():
            mark.parent.mkdir(parents=True, exist_ok=True)
            mark.write_text(digest, encoding="utf-8")

    def _segments(self, run: Run) -> list[Path]:
        """Offline folders of the run: `offline-run-DATE_TIME-ID`."""
        found = (self.store.root / "wandb").glob(f"offline-run-*-{run.id}")
        return [path for path in found if path.name.split("-", 3)[3] == run.id]

    def _log(self, run: Run) -> None:
        settings: dict[str, Any] = dict(_PATIENCE) if self.online else {}
        if run.started:
            settings["x_start_time"] = run.started
        entity, project = destination()
        logged = wandb.init(
            entity=entity,
            project=project,
            group=run.group,
            job_type=run.stage,
            id=run.id,
            name=run.name,
            tags=list(run.tags),
            config=run.config,
            dir=str(self.store.root),
            mode="online" if self.online else "offline",
            # Unset, a run that is there online under this id is replaced. Resuming it would drop every row before
            # its last step.
            resume=None,
            settings=wandb.Settings(
                silent=True,
                console="off",
                disable_git=True,
                disable_code=True,
                disable_job_creation=True,
                x_disable_stats=True,
                x_disable_meta=True,
                x_disable_machine_info=True,
                x_save_requirements=False,
                host="unnamed",
                username="unnamed",
                table_raise_on_max_row_limit_exceeded=True,
                **settings,
            ),
        )
        for row in run.history:
            logged.log(row, step=row["step"])
        for name, table in run.tables.items():
            logged.log({name: wandb.Table(columns=list(table.heads), data=[list(row) for row in table.rows])})
        for path in run.figures:
            logged.log({path.stem: wandb.Image(str(path))})
        logged.summary.update(run.summary)
        if self.online:
            _lineage(logged, run)
        logged.finish(exit_code=0 if run.ended == "finished" else 1)


@contextmanager
def open_mirror(store: Store, *, online: bool) -> Iterator[Mirror]:
    """The mirror of a store, held by this process alone."""
    logging.getLogger("wandb").setLevel(logging.ERROR)
    wandb.Table.MAX_ROWS = _MOST_ROWS
    (store.root / ".locks").mkdir(parents=True, exist_ok=True)
    with _without_variables(), FileLock(store.root / ".locks" / "mirror.lock"):
        mirror = Mirror(store, online)
        try:
            yield mirror
        finally:
            mirror.settle()


@contextmanager
def _without_variables() -> Iterator[None]:
    """Without those of W&B that speak of a run, and those that are empty, which the package takes for a wrong value."""
    dropped = {
        name: value
        for name, value in os.environ.items()
        if _OF_A_RUN.match(name) or (name.startswith("WANDB_") and not value.strip())
    }
    for name in dropped:
        del os.environ[name]
    try:
        yield
    finally:
        os.environ.update(dropped)


def _lineage(logged: Any, run: Run) -> None:
    """What the run used and what came of it, as artifacts that hold a name and checksums; the files stay in the store.
    The name ends in the fingerprint, so whoever logs an artifact first logs the same one."""
    for name in run.inputs:
        logged.use_artifact(_artifact(name, {}))
    if run.makes:
        logged.log_artifact(_artifact(run.makes, {"payload": run.payload, **run.summary})).wait()


def _artifact(name: str, metadata: dict[str, Any]) -> Any:
    kind, slug = name.split("/", 1)
    allowed = re.sub(r"[^A-Za-z0-9_.-]", "-", f"{kind}-{slug}")
    made = wandb.Artifact(short(allowed), type=kind, metadata=metadata)
    with made.new_file("name.txt") as file:
        file.write(name + "\n")
    return made
