"""Stands between a stage and the server that it starts, and ends that server with everything it has started as soon as
the stage is gone or wants it to: a stage may be killed at any moment, and can then end nothing itself.

A program of its own (`python -m humpback.engines.serving.keeper WORD...`, the words that start the server): standard
input is held open by the stage. It ends with the server's exit code.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import select
import signal
import subprocess
import sys
import time
from types import FrameType

import psutil

from humpback.core.interrupt import end_children

GRACE = 10.0
"""Seconds that a server has to end by itself once it is told to."""
_LOOK_EVERY = 0.1
OURS = ("PYTHONPATH", "PYTHONHOME", "PYTHONSTARTUP", "VIRTUAL_ENV")
"""Variables of this environment, which would lead the server's Python into it."""
_PR_SET_CHILD_SUBREAPER = 36


def main(words: list[str]) -> int:
    """Run the server until it ends, or standard input does."""
    if sys.platform == "linux":  # what the server leaves behind becomes ours, however far it has detached itself
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1)
    told = False

    def tell(number: int, frame: FrameType | None) -> None:
        nonlocal told
        told = True

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, tell)
    signal.pthread_sigmask(signal.SIG_SETMASK, [])  # a stage hears no Ctrl-C, and its server would inherit that
    for name in OURS:
        os.environ.pop(name, None)
    try:
        server = subprocess.Popen(words, stdin=subprocess.DEVNULL, start_new_session=True)
    except OSError as error:
        print(f"{words[0]}: {error.strerror}", file=sys.stderr)
        return 127
    while server.poll() is None and not told:
        if select.select([0], [], [], _LOOK_EVERY)[0] and not os.read(0, 1):
            break
    if server.poll() is None:
        server.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            server.wait(GRACE)
    code = -signal.SIGKILL if server.returncode is None else server.returncode
    end_all_below()
    return code if code >= 0 else 128 - code


def end_all_below() -> None:
    """Kill every process below this one, and those too that are handed to it as their parents go."""
    until = time.monotonic() + GRACE
    while psutil.Process().children() and time.monotonic() < until:
        end_children()
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        time.sleep(0.01)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
