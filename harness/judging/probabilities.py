"""The probabilities that a judge's token had, out of whatever form a server gives them in.

alpaca-eval's parser takes the chat form alone, its tokens spelt as OpenAI's are. Other servers send the form of text
completions, tokens with the space that stands before them, bytes in place of characters, or null for a probability of
nothing; and where a newline or thinking comes before the verdict, the first token is not the one that counts.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from humpback.engines.endpoint.calls import Reply
from humpback.engines.endpoint.message import without_thinking

_SPACES = "\u2581\u0120"
"""How vocabularies spell the space before a token: SentencePiece, byte-level BPE."""
_NEWLINES = "\u010a"
_BYTE = re.compile(r"<0x([0-9A-Fa-f]{2})>")
_NOTHING = -1_000.0
"""Servers write -9999 and the like for a probability of nothing."""
FLOOR = 0.01
"""Of the probability that a judge's own tokens have together: below, what it wanted to write was no verdict."""
HALF = 0.5
"""Below, verdicts are counted as out of little probability."""


def top_probabilities(reply: Reply, last: bool) -> dict[str, float] | None:
    """The logarithms of the probabilities at the token that counts, by token as it reads without the space around it:
    the first that is no white space and stands after the thinking, or the `last`. None where the reply gives none."""
    steps = _steps(reply.choice.get("logprobs"))
    tokens = [token for token, _ in steps]
    start = 0
    text = "".join(tokens)
    rest = without_thinking(text)[1]
    if rest and rest != text and (at := text.rfind(rest.strip())) >= 0:
        reached = 0
        while start < len(tokens) - 1 and reached + len(tokens[start]) <= at:
            reached += len(tokens[start])
            start += 1
    wanted = [i for i in range(start, len(steps)) if tokens[i].strip()] or [*range(start, len(steps))][:1]
    if not wanted:
        return None
    found: dict[str, float] = {}
    for token, logarithm in steps[wanted[-1 if last else 0]][1]:
        name = token.strip()
        found[name] = float(np.logaddexp(found[name], logarithm)) if name in found else logarithm
    return found or None


def mass(top: dict[str, float], tokens: Sequence[str]) -> float:
    """The probability that these tokens have together."""
    return min(1.0, sum(math.exp(top[token]) for token in {*tokens} if token in top))


def as_alpaca_eval(top: dict[str, float]) -> dict[str, Any]:
    """The probabilities in the form that alpaca-eval's parser takes."""
    first = [{"token": token, "logprob": logarithm} for token, logarithm in top.items()]
    return {"content": [{"token": max(top, key=lambda one: top[one]), "top_logprobs": first}]}


def _steps(logprobs: Any) -> list[tuple[str, list[tuple[str, float]]]]:
    """(token, (token, logarithm) of the most probable ones) for each token of a reply."""
    if not isinstance(logprobs, dict):
        return []
    content = logprobs.get("content")
    if isinstance(content, list):
        return [_step(one) for one in content if isinstance(one, dict)]
    tokens, tops = logprobs.get("tokens"), logprobs.get("top_logprobs")
    if not isinstance(tokens, list) or not isinstance(tops, list):
        return []
    return [_step({"token": token, "top_logprobs": top}) for token, top in zip(tokens, tops, strict=False)]


def _step(one: dict[str, Any]) -> tuple[str, list[tuple[str, float]]]:
    candidates = one.get("top_logprobs")
    if isinstance(candidates, dict):
        candidates = [{"token": token, "logprob": logarithm} for token, logarithm in candidates.items()]
    top = []
    for candidate in candidates if isinstance(candidates, list) else ():
        if isinstance(candidate, dict) and (logarithm := _logarithm(candidate.get("logprob"))) is not None:
            top.append((_token(candidate), logarithm))
    return _token(one), top


def _token(one: dict[str, Any]) -> str:
    token = one.get("token")
    token = token if isinstance(token, str) else ""
    raw = one.get("bytes")
    if raw and isinstance(raw, list) and all(isinstance(byte, int) and 0 <= byte < 256 for byte in raw):
        said = bytes(raw).decode("utf-8", "replace")
        if "\ufffd" not in said:
            return said
    if byte := _BYTE.fullmatch(token.strip()):
        return chr(int(byte[1], 16))
    for mark in _SPACES:
        token = token.replace(mark, " ")
    return token.replace(_NEWLINES, "\n")


def _logarithm(value: Any) -> float | None:
    """A logarithm of a probability; None for nothing, however it is spelt."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return None if math.isnan(value) or value <= _NOTHING else min(0.0, float(value))
