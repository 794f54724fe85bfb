"""A web page served on this machine until Ctrl-C."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

from humpback.core import interrupt
from humpback.core.store import StoreError

if TYPE_CHECKING:
    from fastapi import FastAPI


def require_packages() -> None:
    """Nothing where what serves pages is installed.

    Raises:
        StoreError: where it is not, naming the extra that brings it.
    """
    try:
        import fastapi  # noqa: F401
        import jinja2  # noqa: F401
        import uvicorn  # noqa: F401
    except ImportError as error:
        message = f"{error.name} is not installed; the page needs the extra: pip install 'humpback-harness[annotate]'"
        raise StoreError(message) from error


def listen(host: str, port: int) -> socket.socket:
    """A socket that takes connections; port 0 is any free one.

    Raises:
        StoreError: where the address is none of this machine's, or is taken.
    """
    try:
        family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        return socket.create_server(address[:2], family=family)
    except OSError as error:
        taken = "; another program has the port, give another with --port" if error.errno == 98 else ""
        raise StoreError(f"cannot listen on {host}, port {port}: {error.strerror}{taken}") from error


def serve(app: FastAPI, listening: socket.socket) -> None:
    """Answer whoever connects, until Ctrl-C or SIGTERM."""
    import uvicorn

    server = uvicorn.Server(
        # No access log: the first address of each reader holds the key.
        uvicorn.Config(
            app,
            log_level="warning",
            access_log=False,
            server_header=False,
            use_colors=False,
            timeout_graceful_shutdown=1,
        )
    )
    try:
        server.run(sockets=[listening])
    except KeyboardInterrupt:
        interrupt.was_meant()
    finally:
        listening.close()
