"""The base of what goes wrong for a reason that a user can mend; everything else is a bug and keeps its traceback."""

from __future__ import annotations

from typing import ClassVar


class HumpbackError(Exception):
    """Each argument is a message of one line: where, what was found, and what would do."""

    exit_code: ClassVar[int] = 1
    """Exit code of the command that ends with it; 2 where what was asked for cannot be, before anything is done."""


class UnknownName(HumpbackError, LookupError):
    """A name that nothing has. The message names the closest there are."""

    exit_code = 2
