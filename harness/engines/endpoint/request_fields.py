"""What is sent, where a server wants it said otherwise: fields added and left out as the user says, and the request
mended where the server names a field that it does not take."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from humpback.core.machine import Endpoint
from humpback.engines.endpoint.answer_body import is_too_long
from humpback.engines.endpoint.calls import Request

LIMITS = ("max_tokens", "max_completion_tokens", "max_output_tokens")
"""Names of the most tokens that a reply may have."""
_DROPPED = ("temperature", "top_p", "seed")
"""Fields that a request can do without, when the server says that it does not take them."""
_NOT_TAKEN = re.compile(
    r"unsupported|not support|unrecogni[sz]ed|unknown|unexpected|extra (?:inputs|fields)|not permitted|not allowed|"
    r"only the default|cannot both|deprecated|no longer|not compatible|does not exist on|instead|forbidden",
    re.IGNORECASE,
)
_SYSTEM = "the system message before the first"
_NO_SYSTEM = re.compile(
    r"system (?:role|message|prompt|instruction)s?\b.{0,40}\bnot (?:supported|allowed|enabled)|"
    r"not support.{0,20}\bsystem\b|roles must alternate|developer instruction is not enabled",
    re.IGNORECASE | re.DOTALL,
)
"""Gemma's and Mistral's templates, OpenAI's first reasoning models, Google's Gemma."""
_OF_REPLY = re.compile(r"completion|output tokens|max_\w*tokens", re.IGNORECASE)
"""Words about a prompt that is too long, when it is so together with the reply alone."""
_CONTEXT = re.compile(r"(?:maximum context length (?:is|of)|must be <=) (?P<tokens>[\d,]+)", re.IGNORECASE)
_PROMPT = re.compile(
    r"(?P<least>at least )?\b(?P<tokens>[\d,]+) "
    r"(?:in (?:the messages|the prompt|your prompt)|(?:text )?input tokens|`inputs` tokens)",
    re.IGNORECASE,
)
"""Tokens of context and of prompt, in words about both."""
_FIELD = re.compile(r'"param"\s*:\s*"(?:[^"]*\.)?([^".]+)"|"loc"\s*:\s*\[[^\]]*"([^"]+)"\s*\]')
"""Where an error names a field apart from its words: OpenAI's `param`, FastAPI's `loc`."""


def with_fields(request: Request, send: Iterable[tuple[str, str]], drop: Iterable[str]) -> Request:
    """The request with fields added (names and values as JSON) and others left out. A limit of the reply that is sent
    takes the place of one under another name."""
    added = {name: json.loads(value) for name, value in send}
    left_out = {*drop}
    if any(name in added for name in LIMITS):
        left_out |= {name for name in LIMITS if name not in added}
    if not added and not left_out:
        return request
    body = {name: value for name, value in {**request.body, **added}.items() if name not in left_out}
    return Request(request.path, body)


def as_sent(request: Request, endpoint: Endpoint) -> Request:
    """The request as it goes to an endpoint, which may want fields added or left out."""
    return with_fields(request, endpoint.send, endpoint.drop)


def limit_of(body: dict[str, Any]) -> int | None:
    """The most tokens that a reply may have; None where nothing is said."""
    return next((value for name in LIMITS if isinstance(value := body.get(name), int)), None)


@dataclass(frozen=True)
class Mend:
    """One field of a request said otherwise."""

    name: str
    instead: str = ""
    """The field that takes its value; left out where there is none."""

    def __str__(self) -> str:
        if self.name == _SYSTEM:
            return f"with {_SYSTEM}"
        return f"{self.name} as {self.instead}" if self.instead else f"without {self.name}"

    def apply(self, body: dict[str, Any]) -> dict[str, Any]:
        """The body with this mended."""
        if self.name == _SYSTEM and _has_system(body):
            system, first, *others = body["messages"]
            joined = {**first, "content": f"{system['content']}\n\n{first['content']}"}
            return {**body, "messages": [joined, *others]}
        if self.name not in body:
            return body
        rest = {name: value for name, value in body.items() if name != self.name}
        return {**rest, self.instead: body[self.name]} if self.instead else rest


def mend_for(body: dict[str, Any], text: str) -> Mend | None:
    """What would mend a request that a server refused with this body of an answer, where that names a field that it
    does not take; None where it names none, or one that the reply cannot be had without."""
    if _has_system(body) and _NO_SYSTEM.search(text):
        return Mend(_SYSTEM)
    if body.get("top_p") == 1 and re.search(r"\btop_p\b.{0,30}\b(?:must|should|range|less|between)\b", text, re.DOTALL):
        return Mend("top_p")  # a share of all leaves nothing out, and TGI takes no 1
    if not _NOT_TAKEN.search(text):
        return None
    if "cannot both" in text.lower() and {"temperature", "top_p"} <= {*body} and "top_p" in text:
        return Mend("top_p")
    named = [param or place for param, place in _FIELD.findall(text)]
    for name in (*named, *re.findall(r"[a-z][a-z_]+", text)):
        if name in body and name in LIMITS:
            other = next((one for one in LIMITS if one != name and one in text), None)
            return Mend(name, other or ("max_tokens" if name != "max_tokens" else "max_completion_tokens"))
        if name in body and name in _DROPPED:
            return Mend(name)
    return None


def _has_system(body: dict[str, Any]) -> bool:
    return [one.get("role") for one in body.get("messages", ())[:2]] == ["system", "user"]


def with_the_room_there_is(request: Request, text: str) -> Request | None:
    """A request of the same prompt whose reply has no more room than the context leaves, where a server refused it,
    with this body of an answer, for both together; None where that is not why, or a prompt leaves none. Without a count
    the limit is left out: a chat's reply then ends with the context."""
    name = next((one for one in LIMITS if one in request.body), None)
    if name is None or not (is_too_long(text) and _OF_REPLY.search(text)):
        return None
    limit, rest = request.body[name], {field: value for field, value in request.body.items() if field != name}
    if (context := _CONTEXT.search(text)) and (prompt := _PROMPT.search(text)):
        room = _tokens(context) - _tokens(prompt)
        if not 0 < room < limit and not (prompt["least"] and room > 0):
            return None
        if not prompt["least"]:
            return Request(request.path, {**rest, name: room})
    return Request(request.path, rest) if request.path == "chat/completions" else None


def _tokens(found: re.Match[str]) -> int:
    return int(found["tokens"].replace(",", ""))
