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
from humpback.engines.endpoint.answer_body import (
    SHOWN,
    V1,
    RequestRefused,
    Retry,
    asks_too_much,
    is_too_long,
    parsed,
    read_reply,
    server_words,
    status_within,
)
from humpback.engines.endpoint.calls import Reply, Request
from humpback.engines.endpoint.connection import Route

_AGAIN = (408, 409, 420, 424, 425, 429, 498, 499)
"""Beside every 5xx but 501: those too by which TGI, Groq and Google say that a generation failed, that there is no
room, or that a call was given up."""
_THIS_CALL = (400, 413, 422)
"""The server takes calls, and not this one."""
_SHORTEST_SECRET = 8
"""Characters of a key; a shorter one ("x", "EMPTY") is given to servers that take any, and stands in other words."""
LONGEST_BODY = 32 * 2**20
"""Bytes of an answer, unpacked, that are read: a thousand times what a long completion takes."""

_NO_MONEY = re.compile(
    r"insufficient[_ ](?:quota|funds|credits?|balance)|exceeded your current quota|billing[_ ](?:hard[_ ])?limit|"
    r"billing[_ ]not[_ ]active|credit balance|payment required|out of credits|arrearage|"
    r"budget[_ ](?:has been )?exceeded|exceeded ?budget|over budget|(?:reached|exceeded) your .{0,30}usage limits?",
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
        body = parsed(text)
        listed = body.get("data") if isinstance(body, dict) else None
        return tuple(str(one["id"]) for one in listed if "id" in one) if isinstance(listed, list) else ()

    async def _send(self, method: str, path: str, content: bytes | None = None) -> tuple[httpx2.Response, str]:
        """What the server answers, whatever that says, and its body without the key."""
        where = f"{self._endpoint.address.rstrip('/')}/{path}"
        try:
            # httpx2's time-outs begin anew with every byte; a server that sends one a minute would be waited for.
            async with asyncio.timeout(self._endpoint.timeout):
                async with self._http.stream(method, where, content=content) as response:
                    text = _decoded(await _body(response), response.charset_encoding)
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
        body = parsed(text)
        status, said = response.status_code, server_words(text, body)
        if status == 200:
            # Gateways send an error's status within a body that says that all is well.
            status = status_within(body)
        if status == 200:
            return replace(read_reply(text, body), address=self._endpoint.address)
        answered, wait = f"answered {status}{said}", seconds_to_wait(response.headers)
        comes_again = wait or _COME_AGAIN.search(text)
        withheld = status in (*_THIS_CALL, 403, 451) and _WITHHELD.search(text)
        page = body is None and text.lstrip()[:1] == "<"
        if status == 402 or (status in (400, 403, 429) and _NO_MONEY.search(text) and not comes_again):
            hint = "; it will answer when that is paid"
        elif _WRONG_SCHEME.search(text):
            hint = "; the address has to begin in https://"
        elif status in _AGAIN or (status >= 500 and status != 501) or (status == 400 and page):
            if asks_too_much(text):
                raise RequestRefused(answered, text, of_prompt=True)
            raise Retry(answered, wait, too_long=status >= 500 and is_too_long(said))
        elif (
            withheld
            or (status == 403 and page)
            or (status in _THIS_CALL and not (status == 400 and _NO_KEY.search(said)))
        ):
            raise RequestRefused(answered, text, of_prompt=bool(withheld) or is_too_long(said))
        elif status in (400, 401, 403):
            variable = self._endpoint.key_variable
            hint = f"; the key is taken from the environment variable {variable}" if variable else "; no key is sent"
            hint += ", which is not set" if variable and not self._key else ""
        elif status == 404:
            hint = "; is the address right (it usually ends in /v1), and does the server have this model?"
        elif 300 <= status < 400:
            to = self._without_key(response.headers.get("location", "elsewhere"))[:SHOWN]
            hint = (
                f"; it sends calls on to {to}, and a key goes nowhere unasked: if that is right, give it as the address"
            )
        else:
            hint = V1 if status in (405, 501) else ""
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


def _decoded(body: bytes, charset: str | None) -> str:
    """A body as text: in UTF-8, as JSON is, or else in what its header says."""
    for one in ("utf-8-sig", charset):
        try:
            return body.decode(one or "utf-8")
        except (UnicodeDecodeError, LookupError):
            continue
    return body.decode("utf-8", "replace")


def seconds_to_wait(headers: httpx2.Headers) -> float:
    """Of Retry-After, in seconds or as a date (RFC 9110, section 10.2.3), or of OpenAI's own in milliseconds, which is
    the finer one; 0 where there is none to be read."""
    value = headers.get("retry-after", "").strip()
    for number, parts in ((headers.get("retry-after-ms", ""), 1_000), (value, 1)):
        try:
            return max(0.0, min(float(number) / parts, 1e9))
        except ValueError:
            continue
    try:
        until = parsedate_to_datetime(value)
        # By the server's own clock where it shows one, since ours may be wrong.
        now = parsedate_to_datetime(headers["date"]) if "date" in headers else datetime.now(UTC)
        return max(0.0, (until - now).total_seconds())
    except (ValueError, TypeError):
        return 0.0
