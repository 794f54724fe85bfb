"""Commands as a user types them: in a process of its own, or in this one, without the front door's own handling of
errors."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from typer.testing import CliRunner, Result

from humpback.cli.main import complete


def humpback(*words: str, cwd: Path | None = None, columns: int = 200) -> subprocess.CompletedProcess[str]:
    """What the command said and its exit code."""
    env = {key: value for key, value in os.environ.items() if not key.startswith("WANDB")}
    command = [sys.executable, "-m", "humpback.cli", *words]
    env |= {"COLUMNS": str(columns)}
    return subprocess.run(command, capture_output=True, text=True, check=False, env=env, cwd=cwd)


def invoke(*words: object, said: str = "") -> Result:
    """The result, with the error in it if there was one. said: what the user answers."""
    return CliRunner().invoke(complete(), list(map(str, words)), input=said)


def succeed(*words: object) -> Result:
    """The result of a command that succeeds; its error is raised."""
    done = CliRunner().invoke(complete(), list(map(str, words)), catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done
