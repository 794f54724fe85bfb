"""Running code that a model wrote: only where the user said so, in child processes with limits.

lm-eval's code tasks execute completions in forked children, which evaluate's `code_eval` stops after seconds and robs
of the most harmful functions. That sets no limit on memory, processes or files; the limits here do, for every process
that is forked while code may run. It is a guard against accidents, not a sandbox: use a machine that can be lost.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

PERMISSION = "HF_ALLOW_CODE_EVAL"
CPU_SECONDS = 60
MEMORY = 2 << 30
"""Bytes beyond what the parent had mapped when the child was forked."""
FILE_BYTES = 16 << 20

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


def _limit() -> None:
    if not _running:
        return
    import resource

    with open("/proc/self/statm", encoding="ascii") as file:
        mapped = int(file.read().split()[0]) * resource.getpagesize()
    for what, most in (
        (resource.RLIMIT_CPU, CPU_SECONDS),
        (resource.RLIMIT_AS, mapped + MEMORY),
        (resource.RLIMIT_FSIZE, FILE_BYTES),
        (resource.RLIMIT_CORE, 0),
    ):
        _, hard = resource.getrlimit(what)
        if hard == resource.RLIM_INFINITY or most < hard:
            resource.setrlimit(what, (most, most))
