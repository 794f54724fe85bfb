"""Answers checked by rule or by running them, as lm-eval calls it: a row and the replies to it, scores by metric."""

from __future__ import annotations

import importlib.util
from contextlib import AbstractContextManager, nullcontext
from typing import Any
from unittest.mock import patch

from humpback.evals.sandbox import run_program


def human_eval(doc: dict[str, Any], results: list[str]) -> dict[str, float]:
    """Whether the function that was completed passes its tests: pass@1 (Chen et al. 2021) of one reply.

    doc: a row of HumanEval, with prompt, test and entry_point.
    """
    program = f"{doc['prompt']}{results[0]}\n{doc['test']}\ncheck({doc['entry_point']})\n"
    return {"pass@1": float(run_program(program).passed)}


def languages_drawn_alike() -> AbstractContextManager[Any]:
    """IFEval's checkers ask langdetect for the language of an answer, which draws lots without a seed: the same answers
    would have other scores the next time."""
    if importlib.util.find_spec("langdetect") is None:
        return nullcontext()
    from langdetect import DetectorFactory  # type: ignore[import-untyped]

    return patch.object(DetectorFactory, "seed", 0)
