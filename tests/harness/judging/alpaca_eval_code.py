"""Functions of alpaca-eval, taken out of its files: the package itself imports pkg_resources, which is no more."""

from __future__ import annotations

import ast
import copy
import json
import logging
import re
from collections import Counter
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Literal, Optional, Union

import numpy as np
import pandas as pd
from scipy.special import logsumexp


def functions_of(module: str, wanted: Sequence[str] = (), **more: Any) -> dict[str, Callable[..., Any]]:
    """Functions of a file of the package by name, all where none is wanted; `more` is what it takes from elsewhere."""
    spec = find_spec("alpaca_eval")
    assert spec is not None
    assert spec.origin is not None
    tree = ast.parse((Path(spec.origin).parent / f"{module}.py").read_text(encoding="utf-8"))
    tree.body = [one for one in tree.body if isinstance(one, ast.FunctionDef) and one.name in (wanted or [one.name])]
    names: dict[str, Any] = {
        **{"ast": ast, "copy": copy, "json": json, "logging": logging, "re": re, "np": np, "pd": pd},
        **{"logsumexp": logsumexp, "Counter": Counter, "Sequence": Sequence, "Callable": Callable},
        **{"Any": Any, "Literal": Literal, "Optional": Optional, "Union": Union},
        **more,
    }
    tree.body.insert(0, ast.parse("from __future__ import annotations").body[0])
    exec(compile(tree, module, "exec"), names)
    return {one.name: names[one.name] for one in tree.body if isinstance(one, ast.FunctionDef)}


UTILS = SimpleNamespace(
    **functions_of("utils", ("_find_first_match", "_string_to_dict", "make_prompts", "prompt_to_chatml"))
)
PARSERS = functions_of("completion_parsers", utils=UTILS)
