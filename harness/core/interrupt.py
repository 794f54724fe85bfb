"""Stopping: Ctrl-C, or the SIGTERM of a job's end, says in one line how to go on, and nothing is left running.

What was under way may be anywhere: in an import, in a matrix product, waiting for a server's name. It is given a few
seconds to put things in order by itself; then the process ends all the same.
"""

from __future__ import annotations

import contextlib
import logging
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Iterator
from multiprocessing import connection, resource_tracker
from types import FrameType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import psutil

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_GRACE = 3.0
"""Seconds to end in."""
_TRACKERS_GRACE = 1.0
_stopped_by: int | None = None
_meant = threading.Event()
"""Set where the signal was the way to end, and not a stop."""


def watch() -> None:
    """From here on either signal raises KeyboardInterrupt, and the process has ended seconds later."""
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    # Told in C, so that it is known also while one long call of a library keeps Python from its handlers.
    signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    for number in _SIGNALS:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _stop)
    threading.Thread(target=_end_late, args=(reading,), daemon=True).start()


def _stop(number: int, frame: FrameType | None) -> None:
    global _stopped_by
    if _stopped_by is not None:
        _end(number)
    _stopped_by = number
    # It would put the traceback of everything that it cancels on the screen.
    logging.getLogger("asyncio").disabled = True
    raise KeyboardInterrupt


def _end_late(told: int) -> None:
    while (number := os.read(told, 1)[0]) not in _SIGNALS:
        pass
    if not _meant.wait(_GRACE):
        _end(number, flush=False)


def was_meant() -> None:
    """The signal was how a command ends that goes on until it is told to: what it says then is its own."""
    global _stopped_by
    _stopped_by = None
    _meant.set()


def end_if_stopped() -> None:
    """End here, with the line and the exit code, if one of the signals came. Whatever is being raised is its doing."""
    if _stopped_by is not None:
        _end(_stopped_by)


def _end(number: int, *, flush: bool = True) -> None:
    # A second Ctrl-C now is meant for what is being done already.
    for one in _SIGNALS:
        with contextlib.suppress(ValueError):  # the watching thread cannot, and ends the process at once
            signal.signal(one, signal.SIG_IGN)
    end_children()
    with contextlib.suppress(OSError, ValueError):
        if flush:  # late, it may be what is waited for
            sys.stdout.flush()
        if sys.stderr.isatty():
            os.write(sys.stderr.fileno(), b"\r\x1b[K\x1b[?25h")  # what is left of a progress bar; the cursor back
    with contextlib.suppress(OSError, ValueError):
        print("humpback: stopped; what is finished is kept: run the same command again to go on", file=sys.stderr)
        sys.stderr.flush()
    os._exit(128 + number)


def end_children(parent: int | None = None, *, itself: bool = False) -> None:
    """Kill every process below a process (this one), and it too if `itself`. All are halted first, so that none starts
    another meanwhile. Python's trackers of shared memory live a moment longer: they free what the others leave."""
    import psutil

    halted: set[psutil.Process] = set()
    trackers: set[psutil.Process] = set()
    with contextlib.suppress(psutil.Error):
        root = psutil.Process(parent)
        while new := {*([root] if itself else []), *root.children(recursive=True)} - halted - trackers:
            for one in new:
                (trackers if _frees_what_is_left(one) else halted).add(one)
                with contextlib.suppress(psutil.Error):
                    if one in halted:
                        one.suspend()
    for one in halted:
        with contextlib.suppress(psutil.Error):
            one.kill()
    for one in psutil.wait_procs(trackers, timeout=_TRACKERS_GRACE)[1]:
        with contextlib.suppress(psutil.Error):
            one.kill()


def die_with_parent() -> None:
    """From here on this process, and every one below it, ends when the one that started it has ended."""
    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def wait() -> None:
        connection.wait([parent.sentinel])
        end_children()
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()


def _frees_what_is_left(process: psutil.Process) -> bool:
    """Whether it is a tracker, and not this process's own, which ends with it."""
    import psutil

    try:
        return process.ppid() != os.getpid() and any("resource_tracker" in word for word in process.cmdline())
    except psutil.Error:
        return False


@contextlib.contextmanager
def shielded() -> Iterator[None]:
    """Processes started within never hear of a Ctrl-C, which reaches the whole group: their parent ends them."""
    resource_tracker.ensure_running()  # it would let the signal through again, were it started with the first of them
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
