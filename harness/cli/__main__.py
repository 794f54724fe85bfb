"""The `humpback` command: what holds from the first moment on, before anything is imported that takes time."""

from __future__ import annotations

import os
import sys
from typing import Any


def main() -> Any:
    """Entry point. Errors that a user can mend are one line, a stop is one line, everything else is a traceback."""
    from humpback.core import interrupt

    _open_streams()
    interrupt.watch()
    # transformers draws them as it is imported to, over our own lines, and a log keeps every one of them.
    os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
    try:
        from humpback.cli.terminal import guard

        guard()
        from humpback.cli.main import main as run

        return run()
    finally:
        interrupt.end_if_stopped()


def _open_streams() -> None:
    """Put nothing in the place of a standard stream that was closed. Else the next file that is opened gets its number,
    and with it what libraries print."""
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(os.open(os.devnull, os.O_RDWR), "w" if number else "r"))


if __name__ == "__main__":
    main()
