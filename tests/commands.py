"""Commands as a user types them: in a process of its own, or in this one, without the front door's own handling of
errors."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.cookiejar import CookieJar
from pathlib import Path
from urllib.request import HTTPCookieProcessor, OpenerDirector, build_opener

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


@contextmanager
def viewing(*words: object, cwd: Path | None = None) -> Iterator[tuple[str, str, OpenerDirector]]:
    """`humpback view` in a process of its own: the address that it prints, what it says next, and a browser; in the
    end it is stopped by Ctrl-C."""
    command = [sys.executable, "-m", "humpback.cli", "view", "--port", "0", *map(str, words)]
    process = subprocess.Popen(command, cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert process.stdout is not None
    try:
        address, said = process.stdout.readline().strip(), process.stdout.readline().strip()
        yield address, said, build_opener(HTTPCookieProcessor(CookieJar()))
    finally:
        process.send_signal(signal.SIGINT)
        rest, _ = process.communicate(timeout=60)
    assert process.returncode == 0, rest
    assert "Traceback" not in rest
