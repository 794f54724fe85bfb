"""Reaching a server: proxies and certificates out of the environment, and what it means when a connection fails.

The client is given the proxy and the certificates instead of finding them by itself, so that whatever is wrong with one
is named by its variable. A server on this machine is asked directly: no proxy could reach it.
"""

from __future__ import annotations

import asyncio
import ipaddress
import os
import re
import socket
import ssl
from collections.abc import Iterator
from importlib.util import find_spec
from urllib.parse import urlsplit

import httpx2

from humpback.core.machine import Endpoint
from humpback.core.store import StoreError
from humpback.core.text import one_line

_SCHEMES = ("http", "https", "socks5", "socks5h")
_CLOCK = "its server's owner renews it, unless this machine's clock is wrong"
_NAME = "ask the server by a name that the certificate holds"
_REMEDIES = {9: _CLOCK, 10: _CLOCK, 62: _NAME, 64: _NAME}
"""By OpenSSL's number for what is wrong with a certificate: not valid yet, expired, another host, another address."""


def is_this_machine(host: str) -> bool:
    """Whether a host's name or number is this machine's."""
    host = host.strip("[]").lower().rstrip(".")
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
    return address.is_loopback or address.is_unspecified


def normal_address(address: str) -> str:
    """An address such that two spellings of one are equal: case, the default port, a slash at the end, this machine's
    names."""
    parts = urlsplit(address.strip())
    host = (parts.hostname or "").rstrip(".")
    port = parts.port or (443 if parts.scheme == "https" else 80)
    return f"{parts.scheme.lower()}://{'localhost' if is_this_machine(host) else host}:{port}{parts.path.rstrip('/')}"


class Route:
    """How an endpoint is reached.

    Raises:
        StoreError: when a variable of the environment makes that impossible, naming it.
    """

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._variable, self._proxy = _proxy(endpoint.address)

    def open_client(self, headers: dict[str, str]) -> httpx2.AsyncClient:
        """A client for it."""
        at = self._endpoint
        try:
            return httpx2.AsyncClient(
                headers=headers,
                timeout=httpx2.Timeout(at.timeout, connect=min(10.0, at.timeout)),
                limits=httpx2.Limits(max_connections=at.concurrency, max_keepalive_connections=at.concurrency),
                proxy=self._proxy or None,
                verify=_certificates(at.address, self._proxy),
                trust_env=False,
            )
        except ValueError as error:
            raise StoreError(f"{self._named_proxy} cannot be used ({error}); correct it, or unset it") from error

    @property
    def _named_proxy(self) -> str:
        return f"the proxy {without_password(self._proxy)} (of {self._variable})"

    async def speaks_tls(self) -> bool:
        """Whether a server that cuts connections does so because it wants them encrypted, and the address is http://."""
        parts = urlsplit(self._endpoint.address)
        if parts.scheme != "http" or self._proxy:
            return False
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        try:
            async with asyncio.timeout(5.0):
                _, writer = await asyncio.open_connection(parts.hostname, parts.port or 80, ssl=context)
            writer.close()
        except (OSError, TimeoutError, ValueError):
            return False
        return True

    def explain(self, error: httpx2.TransportError) -> tuple[str, bool]:
        """What a failed connection means, for people, and whether a second attempt is idle."""
        through = f" through {self._named_proxy}" if self._proxy else ""
        for cause in _causes(error):
            if isinstance(cause, ssl.SSLCertVerificationError):
                issuer = "if it is to be trusted, set SSL_CERT_FILE to a file of certificates that holds its issuer's"
                remedy = _REMEDIES.get(cause.verify_code, issuer)
                return f"its certificate is not trusted{through} ({cause.verify_message}); {remedy}", True
            if isinstance(cause, ssl.SSLError):
                if re.search(r"wrong.version|record.layer", str(error), re.IGNORECASE):
                    return f"it does not speak TLS{through}; is the address http:// in place of https://?", True
                return f"no TLS connection{through} ({error})", False
            if isinstance(cause, socket.gaierror):
                host = urlsplit(self._proxy or self._endpoint.address).hostname or ""
                return f"the host {host!r} is not known{f': {self._named_proxy}' if self._proxy else ''}", True
        if isinstance(error, httpx2.ProxyError):
            return f"{self._named_proxy} refuses the connection: {one_line(str(error), 200)}", True
        if not isinstance(error, httpx2.ConnectError):
            return f"the connection was cut{through} ({type(error).__name__})", False
        if self._proxy:
            return f"no connection to {self._named_proxy}; the server itself was not asked", True
        return "no connection", False


def without_password(address: str) -> str:
    """An address without the user name and password in it."""
    head, mark, rest = address.partition("://")
    return f"{head}{mark}{rest.rsplit('@', 1)[-1]}"


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _proxy(address: str) -> tuple[str, str]:
    """(variable, address) of the proxy that the environment names for an address; nothing where it names none."""
    scheme, host = urlsplit(address).scheme, urlsplit(address).hostname or ""
    wanted = (f"{scheme}_proxy", "all_proxy")
    named = {name.lower(): name for name in sorted(os.environ) if name.lower() in wanted and os.environ[name].strip()}
    if not named or is_this_machine(host):
        return "", ""
    from requests.utils import should_bypass_proxies

    if should_bypass_proxies(address, no_proxy=None):
        return "", ""
    variable = next(named[one] for one in wanted if one in named)
    value = os.environ[variable].strip()
    proxy = value if "://" in value else f"http://{value}"
    is_set = f"{variable} is {without_password(proxy)!r}"
    try:
        parts = urlsplit(proxy)
        kind, name, _ = parts.scheme.lower(), parts.hostname, parts.port
    except ValueError as error:
        raise StoreError(f"{is_set}, which is no address ({error}); correct it, or unset it") from error
    if not name:
        raise StoreError(f"{is_set}, which names no host; correct it, or unset it")
    if kind not in _SCHEMES:
        raise StoreError(
            f"{is_set}, and {kind}:// is no kind of proxy known here; it takes "
            f"{', '.join(f'{one}://' for one in _SCHEMES)}. Correct it, unset it, or name {host} in NO_PROXY"
        )
    if kind.startswith("socks") and find_spec("socksio") is None:
        raise StoreError(
            f"{variable} names a SOCKS proxy ({without_password(proxy)}), which takes the package socksio: "
            f"pip install socksio; or unset {variable}, or name {host} in NO_PROXY"
        )
    return variable, proxy


def _certificates(address: str, proxy: str) -> ssl.SSLContext | bool:
    """The certificates that are trusted; none are loaded where nothing is encrypted."""
    if not any(one.lower().startswith("https:") for one in (address, proxy)):
        return False
    for variable, what, there in (
        ("SSL_CERT_FILE", "file", os.path.isfile),
        ("SSL_CERT_DIR", "folder", os.path.isdir),
    ):
        if not (name := os.environ.get(variable, "")):
            continue
        if not there(name):
            raise StoreError(f"{variable} is {name!r}, and there is no such {what}; correct it, or unset it")
        try:
            at = (name, None) if what == "file" else (None, name)
            return ssl.create_default_context(cafile=at[0], capath=at[1])
        except (ssl.SSLError, OSError) as error:
            raise StoreError(
                f"{variable} is {name!r}, which holds no certificates that can be read ({error}); correct or unset it"
            ) from error
    return httpx2.create_ssl_context(trust_env=False)
