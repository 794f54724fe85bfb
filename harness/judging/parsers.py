"""Parsers of replies, by the names that annotator configurations in alpaca-eval's form call them.

Each takes a completion (a text; for `logprob_parser` a mapping with log probabilities; inside a pipeline whatever the
parser before found) and gives what it finds, in order: for a judge of one pair a list of one preference, 1 for the
answer shown first, 2 for the second, 0 for a tie, or a number between. On the same completion each gives what
alpaca-eval 0.6.6's parser of that name gives, and raises one of `UNREADABLE` where that gives no number.
"""

from __future__ import annotations

import ast
import json
import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from inspect import signature
from types import MappingProxyType
from typing import Any, Literal

from humpback.core.expression import FieldError

UNREADABLE = (
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    ArithmeticError,
    SyntaxError,
    MemoryError,
    RecursionError,
)
"""What a parser raises on a completion that it cannot read: prose, as a rule."""

Parser = Callable[..., list[Any]]


def regex_parser(completion: str, outputs_to_match: Mapping[Any, str]) -> list[Any]:
    """The keys of the patterns that match, from the text's start to its end; each match begins after the last one's
    end, and of two that begin together the pattern that is named first counts."""
    _not_empty(completion)
    patterns = {key: re.compile(pattern) for key, pattern in outputs_to_match.items()}
    found, at = [], completion
    while matches := [(match, key) for key, pattern in patterns.items() if (match := pattern.search(at))]:
        match, key = min(matches, key=lambda one: one[0].start())
        found.append(key)
        if not match.end():
            raise ValueError(f"the pattern of {key!r} matches nothing, so it would match for ever")
        at = at[match.end() :]
    return found


def lmsys_parser(completion: str) -> list[Any]:
    """1, 2 or 0 by the larger of the two scores on the first line, as FastChat's pair prompt asks for them."""
    first, second = pair_of_scores(completion)
    return [1 if first > second else 2 if first < second else 0]


def pair_of_scores(text: str) -> tuple[float, float]:
    """The two numbers on the first line, one space or one comma between them.

    Raises:
        ValueError: when there are not two.
    """
    first, second = text.split("\n")[0].replace(",", " ").split(" ")
    return float(first), float(second)


def ranking_parser(completion: str | list[dict[str, Any]], model_1_name: str = "model_1") -> list[Any]:
    """The rank of the first answer's model, 1 or 2, in a list of {"model": name, "rank": number}."""
    _not_empty(completion)
    ranked = ast.literal_eval(completion) if isinstance(completion, str) else completion
    ranks = [one["rank"] for one in ranked if one["model"] == model_1_name]
    if not ranks or ranks[0] not in (1, 2):
        raise ValueError(f"the ranks {ranks!r}")
    return ranks[:1]


def json_parser(completion: str, annotation_key: str | None) -> list[Any]:
    """A field of the JSON object, or of each object of a list; the whole where no field is named. A block that is
    fenced as JSON stands for the text around it."""
    _not_empty(completion)
    if "```json" in completion:
        completion = completion.split("```json", 1)[1]
        completion, fence, _ = completion.partition("```")
        if not fence:
            raise ValueError("its fence has no end")
    read = json.loads(completion)
    found = [read] if isinstance(read, dict) else list(read)
    return found if annotation_key is None else [one[annotation_key] for one in found]


def eval_parser(completion: str) -> list[Any]:
    """A literal of Python; of a list its members."""
    _not_empty(completion)
    read = ast.literal_eval(completion)
    return read if isinstance(read, list) else [read]


def logprob_parser(
    completion: Mapping[str, Any],
    numerator_token: str,
    denominator_tokens: Sequence[str],
    is_binarize: bool = True,
    log_prob_index: int | Literal["batch"] = "batch",
) -> list[Any]:
    """Two less the share that the token for the first answer has of the probability of the tokens that count; or, of
    two, 1 where it is more probable than each of the others and else 2 (`is_binarize`). Of every token of the reply
    ("batch"), or of the one at an index."""
    _not_empty(completion)
    steps = completion["logprobs"]["content"]
    if not steps:
        raise ValueError("no tokens")
    chosen = steps if log_prob_index == "batch" else [steps[log_prob_index]]
    return [_preference(one["top_logprobs"], numerator_token, denominator_tokens, is_binarize) for one in chosen]


def _preference(top: Sequence[Mapping[str, Any]], first: str, tokens: Sequence[str], binary: bool) -> float:
    wanted = {*tokens, first}
    logarithms = {one["token"]: one["logprob"] for one in top if one["token"] in wanted}
    if not logarithms:
        raise ValueError(f"none of the tokens {', '.join(sorted(wanted))}")
    own = logarithms.get(first, -math.inf)
    if binary:
        return 1 if all(own > logarithms.get(token, -math.inf) for token in tokens if token != first) else 2
    most = max((logarithms.get(token, -math.inf) for token in tokens), default=-math.inf)
    if most == -math.inf:
        raise ValueError(f"none of the tokens {', '.join(tokens)}")
    return 2 - math.exp(own - most) / sum(math.exp(logarithms.get(token, -math.inf) - most) for token in tokens)


def pipeline_meta_parser(
    completion: Any, parsers_to_kwargs: Mapping[str, Mapping[str, Any]], is_squeeze: bool = True
) -> list[Any]:
    """What the parsers find one after the other, each in what the one before found; a list of one that a later parser
    found stands as its member (`is_squeeze`)."""
    (name, settings), *rest = parsers_to_kwargs.items()
    found = PARSERS[name](completion, **settings)
    if not rest:
        return found
    below = [pipeline_meta_parser(one, dict(rest), is_squeeze) for one in found]
    return [one[0] if is_squeeze and len(one) == 1 else one for one in below]


PARSERS: Mapping[str, Parser] = MappingProxyType(
    {
        one.__name__: one
        for one in (
            *(regex_parser, lmsys_parser, ranking_parser, json_parser, eval_parser, logprob_parser),
            pipeline_meta_parser,
        )
    }
)
"""Every parser by its name in a configuration."""


def bind_parser(name: str, settings: Mapping[str, Any], who: str) -> Callable[[Any], list[Any]]:
    """A parser with its settings, all of them looked at before anything is asked.

    Raises:
        FieldError: naming `who` has settings that fit no parser, or a pattern that is none.
    """
    if name not in PARSERS:
        raise FieldError(f"{who} has no parser {name!r}; there are {', '.join(PARSERS)}")
    try:
        signature(PARSERS[name]).bind("", **settings)
    except TypeError as error:
        raise FieldError(f"{who}: its completion_parser_kwargs do not fit {name}: {error}") from error
    for preference, pattern in _table("outputs_to_match", settings, who):
        _check_pattern(preference, pattern, who)
    for inner, its in _table("parsers_to_kwargs", settings, who):
        bind_parser(inner, its, who)
    return partial(PARSERS[name], **settings)


def _table(field: str, settings: Mapping[str, Any], who: str) -> Iterable[tuple[Any, Any]]:
    found = settings.get(field)
    if field in settings and not (isinstance(found, Mapping) and found):
        raise FieldError(f"{who}, {field} is {found!r}; it takes a table of names with values")
    return found.items() if found else ()


def _check_pattern(preference: Any, pattern: Any, who: str) -> None:
    try:
        matches_nothing = re.compile(str(pattern)).match("") is not None
    except re.error as error:
        raise FieldError(
            f"{who}, outputs_to_match of {preference} is {pattern!r}, which is no regular expression: {error}"
        ) from error
    if matches_nothing:
        raise FieldError(f"{who}, outputs_to_match of {preference} is {pattern!r}, which an empty reply matches too")


def _not_empty(completion: Any) -> None:
    if completion == "":
        raise ValueError("an empty reply")
