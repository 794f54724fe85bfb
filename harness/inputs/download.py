"""Downloading one file over HTTP, so that a cut connection costs what was not yet here and nothing more.

What has come lies in a `.part` file with the server's entity tag beside it. The next attempt asks for the rest under
the condition that the tag still holds (Range and If-Range, RFC 9110, section 13); a server that sends the whole file
instead, or whose file has changed, is taken from the start. Waiting grows between attempts and begins anew after each
that brought something. `requests` does redirects, proxies, certificates, and drops a credential at another host; its
own retries do not reach into a body that is being streamed, so those are here.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import requests

from humpback.core.store import StoreError

Progress = Callable[[int, int | None], None]
"""Called with the bytes that are here and how many there will be, None where the server does not say."""
_AGAIN = (408, 425, 429, 500, 502, 503, 504)
_LONGEST_WAIT = 120.0
CHUNK = 1 << 16
"""Bytes read at a time. What had come of a chunk is lost with its connection, so it is small."""


@dataclass(frozen=True)
class Manner:
    """How patiently to download, and whom to show the credential."""

    attempts: int = 5
    """In a row that bring nothing, before giving up."""
    pause: float = 1.0
    """Seconds before the second attempt; each further wait is twice as long. A server's Retry-After is waited for."""
    connect: float = 10.0
    """Seconds for a connection."""
    read: float = 60.0
    """Seconds without a byte after which a connection counts as cut."""
    token_hosts: tuple[str, ...] = ("huggingface.co",)
    """Hosts that HF_TOKEN is sent to: these and no other, whatever they redirect to."""


class _Cut(Exception):
    """An attempt ended early and another may do better. The message is for people: no address, no header in it."""

    def __init__(self, message: str, wait: float = 0.0) -> None:
        super().__init__(message)
        self.wait = wait


class _Token(requests.auth.AuthBase):
    """HF_TOKEN for the hosts that it is meant for. Given for every host, so that `~/.netrc` is not consulted."""

    def __init__(self, hosts: tuple[str, ...]) -> None:
        self._hosts = hosts

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        token = os.environ.get("HF_TOKEN", "").strip()
        if token and urlsplit(request.url or "").hostname in self._hosts:
            request.headers["Authorization"] = f"Bearer {token}"
        return request


def fetch(address: str, part: Path, *, manner: Manner, report: Progress) -> str:
    """Bring the file at `address` to `part`, going on where an earlier attempt of any process stopped.

    Returns:
        The commit that the Hugging Face hub says it served, or nothing.

    Raises:
        StoreError: one line with the host and what was wrong. What has come stays in `part`.
    """
    host = urlsplit(address).hostname or address
    with requests.Session() as session:
        session.auth = _Token(manner.token_hosts)
        failures = 0
        while True:
            before = _size(part)
            try:
                return _attempt(session, address, part, manner, report)
            except _Cut as cut:
                failures = 0 if _size(part) > before else failures + 1
                if failures >= manner.attempts:
                    raise StoreError(f"{host}: {cut}, {failures} times in a row") from cut
                time.sleep(min(max(cut.wait, manner.pause * 2 ** max(0, failures - 1)), _LONGEST_WAIT))


def _attempt(session: requests.Session, address: str, part: Path, manner: Manner, report: Progress) -> str:
    tag = _tag(part, address)
    have = _size(part) if tag else 0
    # Compressed in transit, the bytes would not be those of the file, nor would a range of them.
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={have}-", "If-Range": tag} if have else {})
    try:
        with session.get(address, headers=headers, stream=True, timeout=(manner.connect, manner.read)) as response:
            if response.status_code == 416:
                _forget(part)
                raise _Cut("refused to go on where the download had stopped")
            _refuse(response, manner)
            start = have if _continues(response, part, tag) else 0
            length = response.headers.get("Content-Length", "")
            total = start + int(length) if length.isdigit() else None
            if not start:
                # Before the tag changes hands: a process killed in between must not leave old bytes under a new tag.
                part.write_bytes(b"")
                _remember(part, address, response.headers.get("ETag", ""))
            _write(response, part, start, total, report)
            return _commit(response)
    except (requests.exceptions.InvalidURL, requests.exceptions.TooManyRedirects) as error:
        raise StoreError(f"{address}: {type(error).__name__}") from error
    except requests.RequestException as error:
        raise _Cut(_said(error, manner)) from error


def _write(response: requests.Response, part: Path, start: int, total: int | None, report: Progress) -> None:
    done = start
    with part.open("ab") as out:
        for chunk in response.iter_content(CHUNK):
            out.write(chunk)
            done += len(chunk)
            report(done, total)
        out.flush()
        os.fsync(out.fileno())
    if total is not None and done != total:
        raise _Cut(f"sent {done} of {total} bytes")


def _continues(response: requests.Response, part: Path, tag: str) -> bool:
    """Whether the response is the rest of what is here; anything else is the whole file.

    Raises:
        _Cut: for a part of another file, or another part: neither can be used.
    """
    if response.status_code != 206:
        return False
    begins = response.headers.get("Content-Range", "").removeprefix("bytes ").split("-")[0]
    if begins == str(_size(part)) and response.headers.get("ETag", tag) == tag:
        return True
    _forget(part)
    raise _Cut("sent another part than the one asked for")


def _refuse(response: requests.Response, manner: Manner) -> None:
    status = response.status_code
    if status in (200, 206):
        return
    if status in _AGAIN:
        wait = response.headers.get("Retry-After", "")
        raise _Cut(f"answered {status}", float(wait) if wait.isdigit() else 0.0)
    host = urlsplit(response.url).hostname
    if status in (401, 403):
        hint = "; accept the terms on the file's page and set HF_TOKEN" if host in manner.token_hosts else ""
        raise StoreError(f"{host}: answered {status}, access is not granted{hint}")
    raise StoreError(f"{host}: answered {status} where a file was expected")


def _said(error: requests.RequestException, manner: Manner) -> str:
    """What went wrong, in words of ours: the library's may hold a proxy's password or a signed address."""
    unknown = "NameResolutionError" in repr(error)
    kinds: tuple[tuple[str, str], ...] = (
        ("ProxyError InvalidProxyURL", "the proxy that the environment names cannot be used"),
        ("SSLError", "its certificate was not accepted"),
        ("ConnectTimeout", f"no connection within {manner.connect:g} s"),
        ("ReadTimeout", f"nothing came for {manner.read:g} s"),
        ("ChunkedEncodingError ContentDecodingError", "the connection was cut"),
        ("ConnectionError", "the name is not known here (no internet?)" if unknown else "no connection, or it was cut"),
    )
    names = [cls.__name__ for cls in type(error).__mro__]
    return next((words for kind, words in kinds if set(kind.split()) & set(names)), names[0])


def _commit(response: requests.Response) -> str:
    headers = (one.headers.get("X-Repo-Commit", "") for one in (*response.history, response))
    return next((commit for commit in headers if commit), "")


def _size(part: Path) -> int:
    return part.stat().st_size if part.is_file() else 0


def notes_of(part: Path) -> Path:
    """Where the address and tag stand under which a part was begun."""
    return part.with_name(f"{part.name}.json")


def _tag(part: Path, address: str) -> str:
    """The entity tag under which the part was begun; nothing where it cannot be gone on with."""
    try:
        notes = json.loads(notes_of(part).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return ""
    known = isinstance(notes, dict) and notes.get("address") == address
    return str(notes.get("tag", "")) if known else ""


def _remember(part: Path, address: str, tag: str) -> None:
    """A weak tag promises no equal bytes (RFC 9110, section 8.8.1), so a part with one is begun anew."""
    strong = "" if tag.startswith("W/") else tag
    notes_of(part).write_text(json.dumps({"address": address, "tag": strong}), encoding="utf-8")


def _forget(part: Path) -> None:
    for path in (part, notes_of(part)):
        path.unlink(missing_ok=True)
