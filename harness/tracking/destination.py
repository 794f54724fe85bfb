"""Whose project runs go to, as W&B's own variables say it, and where the store keeps which of them are there."""

from __future__ import annotations

import os
from hashlib import sha256
from pathlib import Path

PROJECT = "humpback-harness"
"""Where nobody names another."""


def destination() -> tuple[str | None, str]:
    """Entity (None is the key's own) and project."""
    entity, project = (os.environ.get(f"WANDB_{name}", "").strip() for name in ("ENTITY", "PROJECT"))
    return entity or None, project or PROJECT


def marks(root: Path, *, online: bool) -> Path:
    """The folder with a mark for each run that is there: one for each destination, for what one project has, another
    lacks."""
    entity, project = destination()
    named = "" if (entity, project) == (None, PROJECT) else sha256(f"{entity or ''}/{project}".encode()).hexdigest()[:8]
    name = "mirrored-online" if online else "mirrored"
    return root / "wandb" / (f"{name}-for-{named}" if named else name)
