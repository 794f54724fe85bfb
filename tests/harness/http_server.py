"""A real HTTP server on loopback that misbehaves as it is told, one instruction a request."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Answer:
    """How to answer one request. Without any left, the server answers as it should."""

    status: int = 0
    """Answer with this and no file; 0 answers with the file."""
    headers: dict[str, str] = field(default_factory=dict)
    cut_after: int | None = None
    """Bytes of the body after which the connection is closed."""
    ranges: bool = True
    """Whether Range is honoured."""
    wrong_part: bool = False
    """Answer a range request with 206 and another tag than the one asked for."""


@dataclass
class Server:
    """What is served, how, and what was asked."""

    port: int = 0
    body: bytes = b""
    tag: str = '"one"'
    answers: list[Answer] = field(default_factory=list)
    asked: list[dict[str, str]] = field(default_factory=list)
    """The headers of each request, names in lower case."""

    def address(self, name: str, host: str = "127.0.0.1") -> str:
        return f"http://{host}:{self.port}/{name}"


@contextmanager
def serving(body: bytes, *answers: Answer) -> Iterator[Server]:
    """A server on a free port of loopback, in a thread."""
    server = Server(body=body, answers=list(answers))

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, format: str, *args: object) -> None:
            pass

        def do_GET(self) -> None:
            headers = {name.lower(): value for name, value in self.headers.items()}
            server.asked.append(headers)
            answer = server.answers.pop(0) if server.answers else Answer()
            if answer.status:
                self.send_response(answer.status)
                for name, value in {"Content-Length": "0", **answer.headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                return
            start = 0
            wanted = headers.get("range", "")
            if wanted and answer.ranges and (answer.wrong_part or headers.get("if-range") in (None, server.tag)):
                start = int(wanted.removeprefix("bytes=").removesuffix("-"))
            body = server.body[start:]
            self.send_response(206 if start else 200)
            self.send_header("Content-Length", str(len(body)))
            if start:
                total = len(server.body)
                self.send_header("Content-Range", f"bytes {start}-{total - 1}/{total}")
            self.send_header("ETag", server.tag)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body if answer.cut_after is None else body[: answer.cut_after])
            if answer.cut_after is not None:
                self.wfile.flush()
                self.close_connection = True

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        http.daemon_threads = True
        server.port = http.server_address[1]
        thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            http.shutdown()
            thread.join()
