"""Parsers of replies against alpaca-eval's own, on the configurations that it brings and on whatever judges write."""

from __future__ import annotations

import logging
import math
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from humpback.core.expression import FieldError
from humpback.judging.configurations import shipped_folder
from humpback.judging.parsers import PARSERS, UNREADABLE, bind_parser
from tests.harness.judging import alpaca_eval_code

TEXTS = st.one_of(
    st.text(max_size=40),
    st.lists(
        st.sampled_from(
            (
                *(
                    "Output (a)",
                    "Output (b)",
                    " ",
                    "\n",
                    "(a)",
                    "(b)",
                    "a",
                    "b",
                    "m",
                    "M",
                    "1",
                    "2",
                    "7",
                    "8.5",
                    ",",
                    "0",
                    "nan",
                ),
                *(
                    "[",
                    "]",
                    "{",
                    "}",
                    "'model'",
                    '"model"',
                    ":",
                    "'model_1'",
                    '"model_1"',
                    "model_2",
                    "'rank'",
                    '"rank"',
                ),
                *(
                    "```json",
                    "```",
                    "true",
                    "True",
                    "null",
                    "tie",
                    "ordered_models",
                    '"ordered_models"',
                    "[[A]]",
                    "[[A>>B]]",
                ),
            )
        ),
        max_size=12,
    ).map("".join),
    st.lists(st.integers(0, 4), min_size=2, max_size=2).map(
        lambda ranks: str([{"model": f"model_{i + 1}", "rank": rank} for i, rank in enumerate(ranks)])
    ),
    st.integers(0, 3).map(lambda rank: f'{{"ordered_models": [{{"model": "model_1", "rank": {rank}}}], "why": "x"}}'),
    st.integers(0, 3).map(lambda rank: f'so\n```json\n{{"ordered_models": [{{"model": "m", "rank": {rank}}}]}}\n```'),
    st.tuples(st.floats(), st.floats()).map(lambda pair: f"{pair[0]} {pair[1]}\nwhy"),
)
STEP = st.lists(st.tuples(st.sampled_from(("m", "M", "a", "other")), st.floats(-60, 0)), max_size=5).map(
    lambda tokens: {"top_logprobs": [{"token": token, "logprob": logarithm} for token, logarithm in tokens]}
)
LOGPROBS = st.lists(STEP, max_size=3).map(lambda steps: {"logprobs": {"content": steps}})
SETTINGS: dict[str, tuple[dict[str, Any], ...]] = {
    "regex_parser": (
        {"outputs_to_match": {1: r"\(a\)", 2: r"\(b\)"}},
        {"outputs_to_match": {1: "a|b", 2: "b", 0: "tie"}},
    ),
    "lmsys_parser": ({},),
    "ranking_parser": ({}, {"model_1_name": "m"}),
    "json_parser": ({"annotation_key": "ordered_models"}, {"annotation_key": None}),
    "eval_parser": ({},),
    "pipeline_meta_parser": (
        {"parsers_to_kwargs": {"json_parser": {"annotation_key": "ordered_models"}, "ranking_parser": {}}},
        {"parsers_to_kwargs": {"eval_parser": {}, "ranking_parser": {}}, "is_squeeze": False},
        {"parsers_to_kwargs": {"regex_parser": {"outputs_to_match": {"1": "a", "2": "b"}}, "eval_parser": {}}},
    ),
    "logprob_parser": (
        {"numerator_token": "m", "denominator_tokens": ["m", "M"], "is_binarize": False, "log_prob_index": -1},
        {"numerator_token": "m", "denominator_tokens": ["m", "M"], "is_binarize": False},
        {"numerator_token": "m", "denominator_tokens": ["m", "M"]},
        {"numerator_token": "a", "denominator_tokens": ["m", "M"], "is_binarize": False},
    ),
}
CASES = [(name, settings) for name, each in SETTINGS.items() for settings in each]


@pytest.fixture(autouse=True)
def _silent() -> Iterator[None]:
    """alpaca-eval logs a traceback for each reply that it cannot read."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


def preference(parse: Any, completion: Any, errors: tuple[type[BaseException], ...]) -> float | None:
    """The one number that a judge of one pair is read by, where there is one."""
    try:
        found = list(parse(completion))
    except errors:
        return None
    value = found[0] if len(found) == 1 else None
    usable = isinstance(value, int | float) and not isinstance(value, bool) and (value == 0 or 1 <= value <= 2)
    return float(value) if usable else None  # type: ignore[arg-type]


def same(name: str, settings: dict[str, Any], completion: Any) -> bool:
    ours = preference(bind_parser(name, settings, "x"), deepcopy(completion), UNREADABLE)
    own = alpaca_eval_code.PARSERS[name]
    theirs = preference(lambda one: own(one, **deepcopy(settings)), deepcopy(completion), (Exception,))
    return ours == theirs or (ours is not None and theirs is not None and math.isclose(ours, theirs, abs_tol=1e-9))


@pytest.mark.parametrize(("name", "settings"), CASES)
@given(st.data())
def test_a_parser_finds_what_alpaca_evals_finds(name: str, settings: dict[str, Any], data: st.DataObject) -> None:
    completion = data.draw(LOGPROBS if name == "logprob_parser" else TEXTS)
    assert same(name, settings, completion), completion


@pytest.mark.parametrize(("name", "settings"), CASES)
def test_the_texts_that_are_tried_hold_every_outcome(name: str, settings: dict[str, Any]) -> None:
    replies: dict[str, tuple[Any, ...]] = {
        "regex_parser": ("so (a)", "so (b)", "prose"),
        "lmsys_parser": ("8 7", "7 8", "7 7", "prose"),
        "ranking_parser": tuple(f"[{{'model': '{who}', 'rank': {n}}}]" for who in ("model_1", "m") for n in (1, 2, 3)),
        "json_parser": (
            '{"ordered_models": 1}',
            '[{"ordered_models": 2}]',
            '```json\n{"ordered_models": 2}```',
            "[1]",
            "{",
        ),
        "eval_parser": ("1", "[2]", "1.5", "x"),
        "pipeline_meta_parser": (
            '{"ordered_models": [{"model": "model_1", "rank": 2}]}',
            "[[{'model': 'model_1', 'rank': 2}]]",
            "a",
            "b",
            "x",
        ),
        "logprob_parser": tuple(
            {"logprobs": {"content": [{"top_logprobs": [{"token": token, "logprob": -0.5} for token in tokens]}]}}
            for tokens in (("m",), ("M",), ("m", "M"), ("a", "M"), ("a",), ())
        ),
    }
    found = {preference(bind_parser(name, settings, "x"), one, UNREADABLE) for one in replies[name]}
    assert all(same(name, settings, one) for one in replies[name])
    assert len(found) > 1 or settings.get("is_squeeze") is False or settings.get("annotation_key", "") is None


def test_every_parser_that_alpaca_evals_configurations_name_is_here() -> None:
    folder = shipped_folder()
    assert folder is not None
    named = set()
    for path in folder.glob("*/configs.yaml"):
        for one in yaml.safe_load(path.read_text(encoding="utf-8")).values():
            named.add(one.get("fn_completion_parser", "regex_parser"))
            bind_parser(
                one.get("fn_completion_parser", "regex_parser"), one.get("completion_parser_kwargs") or {}, path.name
            )
    assert (
        {"regex_parser", "ranking_parser", "logprob_parser", "pipeline_meta_parser", "lmsys_parser"}
        <= named
        <= set(PARSERS)
    )


def test_a_pattern_that_would_match_for_ever_is_a_reply_that_cannot_be_read() -> None:
    parse = bind_parser("regex_parser", {"outputs_to_match": {1: "(?=a)"}}, "x")
    with pytest.raises(ValueError, match="for ever"):
        parse("a")


def test_settings_are_looked_at_inside_a_pipeline_too() -> None:
    with pytest.raises(FieldError, match="do not fit json_parser"):
        bind_parser("pipeline_meta_parser", {"parsers_to_kwargs": {"json_parser": {"key": "x"}}}, "x")
