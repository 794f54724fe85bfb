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
import zlib
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import httpx2

from harness.engines.journal import Reply, Request
from harness.machine import Endpoint
from harness.store import StoreError

_AGAIN = (408, 409, 425, 429)
"""Beside every 5xx."""
_THIS_CALL = (400, 413, 422)
"""The server takes calls, and not this one."""
_SHOWN = 300
"""Characters of a server's message that are passed on."""
LONGEST_BODY = 32 * 2**20
"""Bytes of an answer, unpacked, that are read: a thousand times what a long completion takes."""
_MOST_TOKENS = 10**9
"""What a server that says more of one call is not believed."""


class Again(Exception):
    """It may do better another time. The message is for people."""

    def __init__(self, message: str, wait: float = 0.0) -> None:
        super().__init__(message)
        self.wait = wait
        """Seconds that the server asks for."""


class Refused(Exception):
    """The server will not answer this request however often it is asked; the message is the server's."""


class Http:
    """Connections to an endpoint. Use it as an async context manager."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._key = os.environ.get(endpoint.key_variable, "").strip()
        logging.getLogger("httpx2").setLevel(logging.WARNING)
        if not (self._key.isascii() and self._key.isprintable()):
            raise StoreError(f"the key in {endpoint.key_variable} has characters that no key has; set it anew")
        headers = {"Authorization": f"Bearer {self._key}"} if self._key else {}
        self._http = httpx2.AsyncClient(
            # Replies are small; a packed one would be unpacked to any size before it could be measured.
            headers={"Content-Type": "application/json", "Accept-Encoding": "identity", **headers},
            timeout=httpx2.Timeout(endpoint.timeout, connect=min(10.0, endpoint.timeout)),
            limits=httpx2.Limits(max_connections=endpoint.concurrency, max_keepalive_connections=endpoint.concurrency),
        )

    async def __aenter__(self) -> Http:
        await self._http.__aenter__()
        return self

    async def __aexit__(self, *error: Any) -> None:
        await self._http.__aexit__(*error)

    async def attempt(self, request: Request) -> Reply:
        """Ask once.

        Raises:
            Again: when the server is busy, erred, hung, cut the connection or sent no whole answer.
            Refused: when it will not answer this request.
            StoreError: when it will not answer any, with the server's message and what to do.
        """
        where = f"{self._endpoint.address.rstrip('/')}/{request.path}"
        try:
            # httpx2's time-outs begin anew with every byte; a server that sends one a minute would be waited for.
            async with asyncio.timeout(self._endpoint.timeout):
                async with self._http.stream("POST", where, content=json.dumps(request.body).encode()) as response:
                    text = (await _body(response)).decode("utf-8", "replace")
        except (TimeoutError, httpx2.TimeoutException) as error:
            raise Again(f"no whole answer within {self._endpoint.timeout:g} s") from error
        except httpx2.ConnectError as error:
            raise Again("no connection") from error
        except httpx2.TransportError as error:
            raise Again(f"the connection was cut ({type(error).__name__})") from error
        return self._read(response, self._without_key(text))

    def _read(self, response: httpx2.Response, text: str) -> Reply:
        status = response.status_code
        if status == 200:
            return read_reply(text)
        said = _message(text)
        if status in _AGAIN or status >= 500:
            raise Again(f"answered {status}{said}", seconds_to_wait(response.headers))
        if status in _THIS_CALL:
            raise Refused(f"answered {status}{said}")
        hint = "; "
        if status in (401, 403):
            hint += f"the key is taken from the environment variable {self._endpoint.key_variable}"
            hint += "" if self._key else ", which is not set"
        elif status == 404:
            hint += "is the address right (it usually ends in /v1), and does the server have this model?"
        elif 300 <= status < 400:
            to = self._without_key(response.headers.get("location", "elsewhere"))[:_SHOWN]
            hint += (
                f"it sends calls on to {to}, and a key goes nowhere unasked: if that is right, give it as the address"
            )
        else:
            hint = ""
        raise StoreError(f"{self._endpoint.address}: answered {status}{said}{hint}")

    def _without_key(self, text: str) -> str:
        """Servers have been seen to repeat the key in their complaints, and those are shown and kept."""
        if not self._key:
            return text
        # As it is, and as JSON may spell it.
        quoted = json.dumps(self._key)[1:-1]
        for spelt in (self._key, quoted, quoted.replace("/", "\\/")):
            text = text.replace(spelt, "[key]")
        return text


async def _body(response: httpx2.Response) -> bytes:
    """The body, unpacked.

    Raises:
        Again: when it is longer than any answer, or packed in a way that was not asked for and is not known here.
    """
    packed = bytearray()
    async for piece in response.aiter_raw():
        packed += piece
        if len(packed) > LONGEST_BODY:
            raise Again(f"sent more than {LONGEST_BODY >> 20} MiB")
    how = response.headers.get("content-encoding", "identity").strip().lower()
    if how in ("identity", ""):
        return bytes(packed)
    if how not in ("gzip", "x-gzip", "deflate"):
        raise Again(f"sent an answer packed as {how[:40]!r}, which was not asked for")
    try:
        body = zlib.decompressobj(wbits=47).decompress(bytes(packed), LONGEST_BODY + 1)
    except zlib.error as error:
        raise Again(f"sent an answer that cannot be unpacked ({how})") from error
    if len(body) > LONGEST_BODY:
        raise Again(f"sent more than {LONGEST_BODY >> 20} MiB")
    return body


def read_reply(text: str) -> Reply:
    """The reply in a body that came with status 200.

    Raises:
        Again: when it is no JSON, or has no choice to read.
    """
    try:
        body = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Again(f"answered 200 with what is no whole JSON: {text[:80]!r}") from error
    choices = body.get("choices") if isinstance(body, dict) else None
    choice = choices[0] if isinstance(choices, list) and choices else None
    if not isinstance(choice, dict) or not (isinstance(choice.get("message"), dict) or "text" in choice):
        raise Again(f"answered 200 without a choice in it{_message(text)}")
    usage = body.get("usage")
    return Reply(
        str(body.get("model") or ""), choice, _tokens(usage, "prompt_tokens"), _tokens(usage, "completion_tokens")
    )


def _tokens(usage: Any, name: str) -> int:
    value = usage.get(name) if isinstance(usage, dict) else None
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 < value < _MOST_TOKENS else 0


def seconds_to_wait(headers: httpx2.Headers) -> float:
    """Of Retry-After, in seconds or as a date (RFC 9110, section 10.2.3); 0 where there is none to be read."""
    given = headers.get("retry-after", "").strip()
    try:
        return max(0.0, min(float(given), 1e9))
    except ValueError:
        pass
    try:
        until = parsedate_to_datetime(given)
        # By the server's own clock where it shows one, since ours may be wrong.
        now = parsedate_to_datetime(headers["date"]) if "date" in headers else datetime.now(UTC)
        return max(0.0, (until - now).total_seconds())
    except (ValueError, TypeError):
        return 0.0


def _message(text: str) -> str:
    """The server's own words out of an error's body, after a colon; nothing where there are none."""
    try:
        body = json.loads(text)
    except (ValueError, RecursionError):
        body = None
    said: Any = text
    if isinstance(body, dict):
        error = body.get("error", body)
        said = error.get("message") or error.get("detail") or error if isinstance(error, dict) else error
    shown = " ".join(str(said).split())[:_SHOWN]
    return f": {shown}" if shown else ""
