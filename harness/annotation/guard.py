"""Who may talk to a page that is served here: the checks that stand before every request.

A page on loopback can be reached by any web site that the reader has open, so being local is no protection. Host names
are checked against DNS rebinding, the origin of forms against other sites, and off loopback, or where other people work
on the same machine, everybody needs the key of the printed address.
"""

from __future__ import annotations

import hmac
import ipaddress
import socket
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response

POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
"""What the annotation page may load."""
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # Not no-referrer: a browser then sends forms with the origin "null".
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    # So that the back button asks again and shows what is open, not what was.
    "Cache-Control": "no-store",
}
LONGEST_FORM = 65_536
"""Bytes."""


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach a server bound to the host."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


@dataclass(frozen=True)
class Guard:
    """The checks of one running page."""

    host: str
    """What the server is bound to."""
    port: int
    key: str | None
    """What the printed address carries; None where everybody on this machine may come in."""
    policy: str = POLICY

    async def __call__(self, request: Request, proceed: Callable[[Request], Awaitable[Response]]) -> Response:
        """Answer the request, or refuse it."""
        response = self._refusal(request) or await proceed(request)
        for name, value in {**HEADERS, "Content-Security-Policy": self.policy}.items():
            response.headers[name] = value
        return response

    def _refusal(self, request: Request) -> Response | None:
        host = request.headers.get("host", "")
        if not self._known(host):
            return PlainTextResponse("This address is not this server's.", 421)
        if request.method not in ("GET", "HEAD") and not _same_site(request, host):
            return PlainTextResponse("This form comes from another site.", 403)
        if self.key is None or _equal(request.cookies.get(self.cookie("key")), self.key):
            return None
        if request.method == "GET" and _equal(request.query_params.get("key"), self.key):
            response = RedirectResponse("/", 303)
            response.set_cookie(self.cookie("key"), self.key, httponly=True, samesite="lax")
            return response
        return PlainTextResponse("The whole address is needed, with its key. Ask whoever sent it to you.", 403)

    def cookie(self, name: str) -> str:
        """Name of a cookie: browsers share cookies between the ports of a machine."""
        return f"{name}-{self.port}"

    def _known(self, header: str) -> bool:
        """Whether a Host header can be meant for this server. A rebinding site comes under its own name, so an address
        in figures is never one; the port may differ behind a tunnel."""
        try:
            name = urlsplit(f"//{header}").hostname or ""
        except ValueError:
            return False
        try:
            address = ipaddress.ip_address(name)
        except ValueError:
            own = [] if is_loopback(self.host) else [self.host, socket.gethostname(), socket.getfqdn()]
            return name in {"localhost", *map(str.lower, own)}
        return address.is_loopback or not is_loopback(self.host)


def _same_site(request: Request, host: str) -> bool:
    origin = request.headers.get("origin") or request.headers.get("referer")
    try:
        return origin is not None and urlsplit(origin).netloc == host
    except ValueError:
        return False


def _equal(found: str | None, wanted: str) -> bool:
    return found is not None and hmac.compare_digest(found.encode(), wanted.encode())
