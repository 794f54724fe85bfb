"""One attempt at one call over HTTP: a whole reply, or a reason that says whether trying again makes sense.

httpx2 sends it: openai's own client and the hub's bring it along, it does asyncio, pools connections and honours
proxies. openai's client is not used itself: it retries out of our sight, waits a minute at most, and hands on a body
that is JSON by its header alone.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import re
from dataclasses import replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import httpx2

from humpback.core.machine import Endpoint
from humpback.core.store import StoreError
from humpback.core.text import one_line
from humpback.engines.endpoint.calls import Reply, Request
from humpback.engines.endpoint.connection import Route
from humpback.engines.endpoint.message import FAILED, NotText

_AGAIN = (408, 409, 425, 429)
"""Beside every 5xx but 501."""
_THIS_CALL = (400, 413, 422)
"""The server takes calls, and not this one."""
_SHOWN = 300
"""Characters of a server's message that are passed on."""
_SHORTEST_SECRET = 8
"""Characters of a key; a shorter one ("x", "EMPTY") is given to servers that take any, and stands in other words."""
LONGEST_BODY = 32 * 2**20
"""Bytes of an answer, unpacked, that are read: a thousand times what a long completion takes."""
_MOST_TOKENS = 10**9
"""What a server that says more of one call is not believed."""


_NO_MONEY = re.compile(
    r"insufficient[_ ](?:quota|funds|credits?|balance)|exceeded your current quota|billing[_ ](?:hard[_ ])?limit|"
    r"billing[_ ]not[_ ]active|credit balance|payment required|out of credits",
    re.IGNORECASE,
)
"""Also where the status is that of too many calls; a server that says when to come again means those."""
_COME_AGAIN = re.compile(r"retry[_ ]?(?:in|after|delay)|try again in", re.IGNORECASE)
_NO_KEY = re.compile(
    r"(?:invalid|incorrect|missing|no|bad|expired)\b.{0,40}api[_ -]?key|"
    r"api[_ -]?key.{0,40}\b(?:invalid|valid|incorrect|missing|required|expired)",
    re.IGNORECASE,
)
_WITHHELD = re.compile(r"flagged|moderation|content[_ ](?:filter|policy|management)|safety", re.IGNORECASE)
"""Of a single prompt, also where the status is one of keys."""
_WRONG_SCHEME = re.compile(r"http request (?:was sent )?to (?:an )?https", re.IGNORECASE)
_NO_SUCH_PLACE = re.compile(
    r"(?:unexpected|unknown|invalid|no such|unsupported) (?:endpoint|path|route|url|method)|cannot (?:post|get) /|"
    r"(?:endpoint|path|route|url|page) (?:is |was )?not found",
    re.IGNORECASE,
)
"""Of an address where no model is asked, also where the status says that all is well."""
_V1 = "; is the address right (it usually ends in /v1)?"


class Retry(Exception):
    """It may do better another time. The message is for people."""

    def __init__(self, message: str, wait: float = 0.0, *, idle: bool = False) -> None:
        super().__init__(message)
        self.wait = wait
        """Seconds that the server asks for."""
        self.idle = idle
        """Whether a second attempt is worth nothing where no call was ever answered."""


class RequestRefused(Exception):
    """The server will not answer this request however often it is asked; the message is the server's."""

    def __init__(self, message: str, body: str = "") -> None:
        super().__init__(message)
        self.body = body
        """What the server sent, whole."""


class Http:
    """Connections to an endpoint. Use it as an async context manager.

    Raises:
        StoreError: when the key, or a variable that says how to reach servers, cannot be used.
    """

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._key = os.environ.get(endpoint.key_variable, "").strip()
        logging.getLogger("httpx2").setLevel(logging.WARNING)
        if not (self._key.isascii() and self._key.isprintable()):
            raise StoreError(f"the key in {endpoint.key_variable} has characters that no key has; set it anew")
        headers = {"Content-Type": "application/json", "Accept-Encoding": "identity"}
        if self._key:
            headers["Authorization"] = f"Bearer {self._key}"
        self._route = Route(endpoint)
        self._heard = False
        """Whether anything was ever answered."""
        self._http = self._route.open_client(headers)

    async def __aenter__(self) -> Http:
        await self._http.__aenter__()
        return self

    async def __aexit__(self, *error: Any) -> None:
        await self._http.__aexit__(*error)

    async def attempt(self, request: Request) -> Reply:
        """Ask once.

        Raises:
            Retry: when the server is busy, erred, hung, cut the connection or sent no whole answer.
            RequestRefused: when it will not answer this request.
            StoreError: when it will not answer any, with the server's message and what to do.
        """
        return self._read(*await self._send("POST", request.path, json.dumps(request.body).encode()))

    async def models(self) -> tuple[str, ...]:
        """Names of the models that the server lists; none where it lists none.

        Raises:
            Retry, RequestRefused, StoreError: as `attempt`.
        """
        response, text = await self._send("GET", "models")
        if response.status_code not in (200, 404, 405, 501):
            self._read(response, text)
        body = _parsed(text)
        listed = body.get("data") if isinstance(body, dict) else None
        return tuple(str(one["id"]) for one in listed if "id" in one) if isinstance(listed, list) else ()

    async def _send(self, method: str, path: str, content: bytes | None = None) -> tuple[httpx2.Response, str]:
        """What the server answers, whatever that says, and its body without the key."""
        where = f"{self._endpoint.address.rstrip('/')}/{path}"
        try:
            # httpx2's time-outs begin anew with every byte; a server that sends one a minute would be waited for.
            async with asyncio.timeout(self._endpoint.timeout):
                async with self._http.stream(method, where, content=content) as response:
                    text = (await _body(response)).decode("utf-8", "replace")
        except (TimeoutError, httpx2.TimeoutException) as error:
            raise Retry(f"no whole answer within {self._endpoint.timeout:g} s") from error
        except httpx2.TransportError as error:
            means, idle = self._route.explain(error)
            cut = isinstance(error, httpx2.ReadError | httpx2.RemoteProtocolError)
            if cut and not self._heard and await self._route.speaks_tls():
                means, idle = "it speaks TLS; the address has to begin in https://", True
            raise Retry(means, idle=idle) from error
        except (OSError, ValueError, OverflowError, ExceptionGroup, httpx2.InvalidURL) as error:
            raise StoreError(f"{self._endpoint.address} cannot be asked ({type(error).__name__}: {error})") from error
        self._heard = True
        return response, self._without_key(text)

    def _read(self, response: httpx2.Response, text: str) -> Reply:
        body = _parsed(text)
        status, said = response.status_code, _message(text, body)
        if status == 200:
            # Gateways send an error's status within a body that says that all is well.
            status = _status_within(body)
        if status == 200:
            return replace(_reply(text, body), address=self._endpoint.address)
        answered, wait = f"answered {status}{said}", seconds_to_wait(response.headers)
        comes_again = wait or _COME_AGAIN.search(text)
        withheld = status in (*_THIS_CALL, 403, 451) and _WITHHELD.search(text)
        if status == 402 or (status in (400, 403, 429) and _NO_MONEY.search(text) and not comes_again):
            hint = "; it will answer when that is paid"
        elif _WRONG_SCHEME.search(text):
            hint = "; the address has to begin in https://"
        elif status in _AGAIN or (status >= 500 and status != 501):
            raise Retry(answered, wait)
        elif withheld or (status in _THIS_CALL and not (status == 400 and _NO_KEY.search(said))):
            raise RequestRefused(answered, text)
        elif status in (400, 401, 403):
            hint = f"; the key is taken from the environment variable {self._endpoint.key_variable}"
            hint += "" if self._key else ", which is not set"
        elif status == 404:
            hint = "; is the address right (it usually ends in /v1), and does the server have this model?"
        elif 300 <= status < 400:
            to = self._without_key(response.headers.get("location", "elsewhere"))[:_SHOWN]
            hint = (
                f"; it sends calls on to {to}, and a key goes nowhere unasked: if that is right, give it as the address"
            )
        else:
            hint = _V1 if status in (405, 501) else ""
        raise StoreError(f"{self._endpoint.address}: {answered}{hint}")

    def _without_key(self, text: str) -> str:
        """Servers have been seen to repeat the key in their complaints, and those are shown and kept."""
        if len(self._key) < _SHORTEST_SECRET:
            return text
        # As it is, and as JSON may spell it.
        quoted = json.dumps(self._key)[1:-1]
        for spelt in (self._key, quoted, quoted.replace("/", "\\/")):
            text = text.replace(spelt, "[key]")
        return text


async def _body(response: httpx2.Response) -> bytes:
    """The body, unpacked."""
    how = response.headers.get("content-encoding", "identity").strip().lower()
    if how not in ("identity", "", "gzip", "deflate"):
        raise Retry(f"sent an answer packed as {how[:40]!r}, which was not asked for")
    body = bytearray()
    try:
        async for piece in response.aiter_bytes():
            body += piece
            if len(body) > LONGEST_BODY:
                raise Retry(f"sent more than {LONGEST_BODY >> 20} MiB")
    except httpx2.DecodingError as error:
        raise Retry(f"sent an answer that cannot be unpacked ({how})") from error
    return bytes(body)


def _parsed(text: str) -> Any:
    """A body as JSON; None where it is none."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _status_within(body: Any) -> int:
    """The status that an error in a body states; 200 where it states none."""
    error = body.get("error") if isinstance(body, dict) and not body.get("choices") else None
    if not isinstance(error, dict):
        return 200
    stated = [str(error.get(name)) for name in ("code", "status", "status_code")]
    return next((int(one) for one in stated if re.fullmatch(r"[45]\d\d", one)), 200)


def _reply(text: str, body: Any) -> Reply:
    """The reply in a body that came with status 200."""
    if body is None:
        if text.lstrip().startswith(("data:", "event:", ":")):
            stream = "a stream of events, which was not asked for; have it send whole answers"
            raise Retry(f"answered 200 with {stream} (stream = false in what is sent)", idle=True)
        page = text.lstrip()[:1] == "<"
        hint = f"; that is a page for people: does one have to log in there?{_V1}" if page else ""
        raise Retry(f"answered 200 with what is no whole JSON: {text[:80]!r}{hint}", idle=page)
    choices = body.get("choices") if isinstance(body, dict) else None
    choice = choices[0] if isinstance(choices, list) and choices else None
    if not isinstance(choice, dict) or not (isinstance(choice.get("message"), dict) or "text" in choice):
        said = _message(text, body)
        elsewhere = not isinstance(body, dict) or not {"choices", "error"} & {*body} or _NO_SUCH_PLACE.search(said)
        raise Retry(f"answered 200 without a choice in it{said}{_V1}", idle=bool(elsewhere))
    if choice.get("error") or choice.get("finish_reason") in FAILED:
        failed = {"error": choice.get("error") or choice["finish_reason"]}
        raise Retry(f"answered 200 with a reply that failed{_message(text, failed)}")
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


def _tokens(usage: Any, name: str) -> int:
    value = usage.get(name) if isinstance(usage, dict) else None
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 < value < _MOST_TOKENS else 0


def seconds_to_wait(headers: httpx2.Headers) -> float:
    """Of Retry-After, in seconds or as a date (RFC 9110, section 10.2.3); 0 where there is none to be read."""
    value = headers.get("retry-after", "").strip()
    try:
        return max(0.0, min(float(value), 1e9))
    except ValueError:
        pass
    try:
        until = parsedate_to_datetime(value)
        # By the server's own clock where it shows one, since ours may be wrong.
        now = parsedate_to_datetime(headers["date"]) if "date" in headers else datetime.now(UTC)
        return max(0.0, (until - now).total_seconds())
    except (ValueError, TypeError):
        return 0.0


def _message(text: str, body: Any) -> str:
    """The server's own words out of an error's body, after a colon; nothing where there are none."""
    words: Any = text
    if isinstance(body, dict):
        error = body.get("error", body)
        words = error.get("message") or error.get("detail") or error if isinstance(error, dict) else error
    line = one_line(str(words), _SHOWN)
    return f": {line}" if line else ""
