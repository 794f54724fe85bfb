"""The `humpback` command: what holds from the first moment on, before anything is imported that takes time."""

from __future__ import annotations

import os
from typing import Any


def main() -> Any:
    """Entry point. Errors that a user can mend are one line, a stop is one line, everything else is a traceback."""
    from humpback.core import interrupt

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


if __name__ == "__main__":
    main()
