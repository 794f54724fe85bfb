"""What stands in a server's answer: a reply, or words that say why there is none.

A status is no more than a first hint. Gateways send errors under a status that says all is well, beside an empty reply
too, and servers say of a prompt that is too long for them that they are busy, or have failed.
"""

from __future__ import annotations

import json
import re
from typing import Any

from humpback.core.text import one_line
from humpback.engines.endpoint.calls import Reply
from humpback.engines.endpoint.message import NotText, failed, is_withheld

SHOWN = 300
"""Characters of a server's message that are passed on."""
V1 = "; is the address right (it usually ends in /v1)?"
_MOST_TOKENS = 10**9
"""What a server that says more of one call is not believed."""
_NO_SUCH_PLACE = re.compile(
    r"(?:unexpected|unknown|invalid|no such|unsupported) (?:endpoint|path|route|url|method)|cannot (?:post|get) /|"
    r"(?:endpoint|path|route|url|page) (?:is |was )?not found",
    re.IGNORECASE,
)
"""Of an address where no model is asked, also where the status says that all is well."""
_OF_THE_REQUEST = ("invalid_request_error", "validation", "badrequesterror", "exceed_context_size_error")
"""Types of errors that are the request's, where no status is stated."""
_TOO_LONG = re.compile(
    r"context[ _-]?(?:length|size|window|limit|overflow)|(?:long|large|big|exceed\w*|beyond|fit)\b.{0,30}\bcontext|"
    r"(?:model's|maximum|available) context|maximum.{0,12} length|\btoo long\b|longer than the max|input length|"
    r"reduce the (?:length|prompt)|must have (?:less|fewer) than|too many (?:input )?tokens|"
    r"max_(?:new|input|total)_tokens|max_model_len|(?:prompts?|inputs?|token count)\b.{0,40}\b(?:too large|exceeds?)\b",
    re.IGNORECASE | re.DOTALL,
)
"""Not the bare word context: servers written in Go say "context deadline exceeded" where time is up."""
_ASKED_AND_LIMIT = (
    re.compile(r"limit:? (?P<limit>[\d,]+),? requested:? (?P<asked>[\d,]+)", re.IGNORECASE),
    re.compile(r"request \((?P<asked>\d+) tokens\) exceeds the available context size \((?P<limit>\d+)"),
    re.compile(r'"n_prompt_tokens"\s*:\s*(?P<asked>\d+)\s*,\s*"n_ctx"\s*:\s*(?P<limit>\d+)'),
)
"""Both numbers in words about one request: OpenAI's and Groq's, llama.cpp's."""


class Retry(Exception):
    """It may do better another time. The message is for people."""

    def __init__(self, message: str, wait: float = 0.0, *, idle: bool = False, too_long: bool = False) -> None:
        super().__init__(message)
        self.wait = wait
        """Seconds that the server asks for."""
        self.too_long = too_long
        """Whether the server says that the prompt is. It may be that others take its room, but not for ever."""
        self.idle = idle
        """Whether a second attempt is worth nothing where no call was ever answered."""


class RequestRefused(Exception):
    """The server will not answer this request however often it is asked; the message is the server's."""

    def __init__(self, message: str, body: str = "", *, of_prompt: bool = False) -> None:
        super().__init__(message)
        self.body = body
        """What the server sent, whole."""
        self.of_prompt = of_prompt
        """Whether it says so of the prompt: its length, or what it is about."""


def is_too_long(words: str) -> bool:
    """Whether a server's words say that a prompt is longer than it takes."""
    return bool(_TOO_LONG.search(words)) or asks_too_much(words)


def asks_too_much(text: str) -> bool:
    """Whether an answer counts more tokens in the one request than may ever be asked for at once. Words alone do not
    say so: the same ones come where a limit is used up by other requests."""
    found = (re.search(text) for re in _ASKED_AND_LIMIT)
    return any(_number(one["asked"]) > _number(one["limit"]) for one in found if one)


def _number(digits: str) -> int:
    return int(digits.replace(",", ""))


def parsed(text: str) -> Any:
    """A body as JSON; None where it is none. An error that stands alone in a list is that error."""
    try:
        body = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if isinstance(body, list) and len(body) == 1 and isinstance(body[0], dict) and "error" in body[0]:
        return body[0]
    return body


def status_within(body: Any) -> int:
    """The status that an error in a body states, beside a reply or within it too; 200 where there is none or it states
    none."""
    error = _error(body)
    if not error:
        return 200
    of_error = error if isinstance(error, dict) else {}
    stated = [str(of_error.get(name)) for name in ("code", "status", "status_code")]
    if numbers := [int(one) for one in stated if re.fullmatch(r"[45]\d\d", one)]:
        return numbers[0]
    kinds = [str(of_error.get(name)) for name in ("type", "code")] + [str(body.get("error_type"))]
    return 400 if any(one.lower() in _OF_THE_REQUEST for one in kinds) else 200


def read_reply(text: str, body: Any) -> Reply:
    """The reply in a body that came with status 200, and states no other.

    Raises:
        Retry: when there is none, or it failed.
        RequestRefused: when it holds what is no text.
    """
    if body is None:
        if text.lstrip().startswith(("data:", "event:", ":")):
            stream = "a stream of events, which was not asked for; have it send whole answers"
            raise Retry(f"answered 200 with {stream} (stream = false in what is sent)", idle=True)
        page = text.lstrip()[:1] == "<"
        hint = f"; that is a page for people: does one have to log in there?{V1}" if page else ""
        raise Retry(f"answered 200 with what is no whole JSON: {text[:80]!r}{hint}", idle=page)
    choice = _choice(body)
    if choice is None or not (isinstance(choice.get("message"), dict) or "text" in choice or is_withheld(choice)):
        said = server_words(text, body)
        elsewhere = not isinstance(body, dict) or not {"choices", "error"} & {*body} or _NO_SUCH_PLACE.search(said)
        raise Retry(f"answered 200 without a choice in it{said}{V1}", idle=bool(elsewhere), too_long=is_too_long(said))
    if (why := _error(body)) or failed(choice):
        said = server_words(text, {"error": why or choice["finish_reason"]})
        raise Retry(f"answered 200 with a reply that failed{said}")
    choice.pop("prompt_token_ids", None)  # what was sent, which no journal has to hold
    reply = Reply(
        str(body.get("model") or ""),
        choice,
        _tokens(body.get("usage"), "prompt_tokens"),
        _tokens(body.get("usage"), "completion_tokens"),
        system_fingerprint=str(body.get("system_fingerprint") or ""),
    )
    try:
        _ = reply.message
    except NotText as error:
        raise RequestRefused(f"answered 200 with {error}") from error
    return reply


def server_words(text: str, body: Any) -> str:
    """The server's own words out of an error's body, after a colon; nothing where there are none."""
    words: Any = text
    if isinstance(body, dict):
        error = _error(body) or body
        words = error.get("message") or error.get("detail") or error if isinstance(error, dict) else error
    line = one_line(str(words), SHOWN)
    return f": {line}" if line else ""


def _choice(body: Any) -> dict[str, Any] | None:
    choices = body.get("choices") if isinstance(body, dict) else None
    choice = choices[0] if isinstance(choices, list) and choices else None
    return choice if isinstance(choice, dict) else None


def _error(body: Any) -> Any:
    """What a body, or the reply in it, says of an error; nothing where neither does."""
    if not isinstance(body, dict):
        return None
    return body.get("error") or (_choice(body) or {}).get("error")


def _tokens(usage: Any, name: str) -> int:
    value = usage.get(name) if isinstance(usage, dict) else None
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 < value < _MOST_TOKENS else 0
