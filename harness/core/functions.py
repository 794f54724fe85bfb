"""Functions that a class names as text, so that what they import is imported only where they are called."""

from __future__ import annotations

from importlib import import_module
from typing import Any


def load_function(name: str) -> Any:
    """The function called "module:function".

    Raises:
        TypeError: when the text names none.
    """
    module, _, function = name.partition(":")
    if not function:
        raise TypeError(f"{name!r} names no function; it is written module:function")
    return getattr(import_module(module), function)
