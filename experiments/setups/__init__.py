"""Every setup by name: each that a module of this folder holds. `files`, made of what somebody points at, is none of
them: it is in `files.py`."""

from __future__ import annotations

import importlib
import pkgutil

from humpback.experiments.setups.base import Setup

SETUPS: dict[str, Setup] = {
    value.name: value
    for module in pkgutil.iter_modules(__path__, f"{__name__}.")
    for value in vars(importlib.import_module(module.name)).values()
    if isinstance(value, Setup)
}
