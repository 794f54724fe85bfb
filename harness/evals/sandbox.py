"""Running code that a model wrote: only where the user said so, in child processes with limits.

lm-eval's code tasks execute completions in forked children, which evaluate's `code_eval` stops after seconds and robs
of the most harmful functions. That sets no limit on memory, processes or files; the limits here do, for every process
that is forked while code may run. HumanEval from a pulled file runs each program by `run_program`, in a process and an
empty folder of its own. Both guard against accidents and hold no attacker: use a machine that can be lost.
"""

from __future__ import annotations

import ctypes
import os
import secrets
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from humpback.core.text import one_line

PERMISSION = "HF_ALLOW_CODE_EVAL"
CPU_SECONDS = 60
MEMORY = 2 << 30
"""Bytes beyond what the parent had mapped when the child was forked."""
FILE_BYTES = 16 << 20
PROGRAM_CPU_SECONDS = 10
"""For one program. HumanEval's own harness gives 3 s of wall time, in which a busy machine does less."""
PROGRAM_SECONDS = 60.0
"""Of wall time, for one program: it may also wait."""
_NEW_USER_AND_NETWORK = 0x10000000 | 0x40000000
"""CLONE_NEWUSER and CLONE_NEWNET of Linux's sched.h."""

_running = False
_registered = False


@contextmanager
def allow_code(run: bool) -> Iterator[None]:
    """Within it, code may be run if `run`, and every child forked has the limits. The permission that may stand in
    the environment counts for nothing: the user gives it by name, each time."""
    global _running, _registered
    if run and not _registered:
        os.register_at_fork(after_in_child=_limit)
        _registered = True
    before = os.environ.pop(PERMISSION, None)
    if run:
        os.environ[PERMISSION] = "1"
    _running = run
    try:
        yield
    finally:
        _running = False
        os.environ.pop(PERMISSION, None)
        if before is not None:
            os.environ[PERMISSION] = before


@dataclass(frozen=True)
class Ran:
    """How a program ended."""

    passed: bool
    """Whether its end was reached."""
    problem: str = ""
    """The last line of its error, or that its time was up."""


def run_program(program: str, seconds: float = PROGRAM_SECONDS) -> Ran:
    """Run a Python program that a model wrote, in a process of its own: in an empty folder that is removed, without the
    environment's variables, within the limits above, and without a network where the kernel grants that to a user. It
    passes where its end is reached: to stop early, by whatever exit code, is no pass.

    seconds: of wall time, after which it is killed with what it started.
    """
    with TemporaryDirectory(ignore_cleanup_errors=True) as place:
        folder, reached = Path(place, "in"), Path(place, "in", secrets.token_hex(16))
        folder.mkdir()
        source, errors = Path(place, "program.py"), Path(place, "errors")
        source.write_text(f"{program}\n__import__('builtins').open({str(reached)!r}, 'x')\n", "utf-8", "replace")
        with errors.open("wb") as told:
            process = subprocess.Popen(
                [sys.executable, "-I", str(source)],
                cwd=folder,
                env={"HOME": str(folder), "TMPDIR": str(folder), "OMP_NUM_THREADS": "1"},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=told,
                start_new_session=True,
                preexec_fn=_shut_in,
            )
            try:
                process.wait(seconds)
            except subprocess.TimeoutExpired:
                return Ran(False, f"not done within {seconds:g} s")
            finally:
                _kill(process)
        if reached.exists():
            return Ran(True)
        with errors.open("rb") as read:
            lines = read.read(1 << 16).decode("utf-8", "replace").strip().splitlines()
        return Ran(False, one_line(lines[-1], 200) if lines else f"it ended early, with exit code {process.returncode}")


def _kill(process: subprocess.Popen[bytes]) -> None:
    """The program with all that it started and that did not leave its session."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _shut_in() -> None:
    _set_limits(PROGRAM_CPU_SECONDS)
    ctypes.CDLL(None, use_errno=True).unshare(_NEW_USER_AND_NETWORK)  # refused in some containers: it goes on with one


def _limit() -> None:
    if _running:
        _set_limits(CPU_SECONDS)


def _set_limits(cpu_seconds: int) -> None:
    import resource

    with open("/proc/self/statm", encoding="ascii") as file:
        mapped = int(file.read().split()[0]) * resource.getpagesize()
    for what, most in (
        (resource.RLIMIT_CPU, cpu_seconds),
        (resource.RLIMIT_AS, mapped + MEMORY),
        (resource.RLIMIT_FSIZE, FILE_BYTES),
        (resource.RLIMIT_CORE, 0),
    ):
        _, hard = resource.getrlimit(what)
        if hard == resource.RLIM_INFINITY or most < hard:
            resource.setrlimit(what, (most, most))
