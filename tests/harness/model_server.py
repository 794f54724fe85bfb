"""A real OpenAI-compatible server on loopback that answers by a rule, misbehaves as told, and counts what it did.

Which fault a request meets follows from its text and how often it came, so a run that was killed meets the same ones.
"""

from __future__ import annotations

import hashlib
import json
import ssl
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from humpback.engines.endpoint.calls import Reply
from humpback.engines.endpoint.journal import lines_of

FAULTS = ("429", "500", "hang", "cut", "truncated", "prose")
USAGE = {"prompt_tokens": 100, "completion_tokens": 10, "total_tokens": 110}
Body = dict[str, Any]


@dataclass
class Told:
    """Answer one request with this, as it stands."""

    status: int = 200
    body: str | bytes = ""
    headers: dict[str, str] = field(default_factory=dict)
    close: bool = False
    """Close the connection after it, without a word of that in the head."""


@dataclass
class ModelServer:
    """How it answers, and what it saw."""

    reply: Callable[[Body], dict[str, Any]]
    """The message for a request's body."""
    faulty: float = 0.0
    """Share of the requests that meet a fault."""
    latency: float = 0.0
    """Seconds before each answer."""
    hang: float = 1.0
    """Seconds that a hanging answer takes."""
    drip: float = 0.0
    """Seconds between the bytes of each answer."""
    model: str = "judge-model-0613"
    """What it says that it is."""
    fingerprint: str | None = None
    """Of its configuration."""
    finish: str = "stop"
    """The reason to finish."""
    usage: dict[str, int] = field(default_factory=lambda: dict(USAGE))
    told: list[Told] = field(default_factory=list)
    """Answers to give first, in order."""
    refuse: Callable[[Body], Told | None] = lambda body: None
    """What to say to a body instead of an answer."""
    port: int = 0
    keep: bool = True
    """Whether to keep what was asked."""
    asked: list[Body] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    paid: Counter[str] = field(default_factory=Counter)
    """Whole replies with a verdict that were sent, by request."""
    prose: Counter[str] = field(default_factory=Counter)
    """Whole replies without one."""
    faults: Counter[str] = field(default_factory=Counter)
    most: int = 0
    """Requests that were open at once."""
    seen: Counter[str] = field(default_factory=Counter)
    open: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    def fault(self, name: str, time: int) -> str:
        digest = hashlib.sha256(f"{name}/{time}".encode()).digest()
        return FAULTS[digest[0] % len(FAULTS)] if digest[1] < self.faulty * 256 else ""


def name_of(body: Body) -> str:
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()


@contextmanager
def serving(server: ModelServer, encrypted: ssl.SSLContext | None = None) -> Iterator[ModelServer]:
    """The server on a free port, in a thread."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, format: str, *args: object) -> None:
            pass

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            name = name_of(body)
            with server.lock:
                if server.keep:
                    server.asked.append(body)
                server.headers.append({key.lower(): value for key, value in self.headers.items()})
                fault = server.fault(name, server.seen[name])
                server.seen[name] += 1
                server.faults[fault] += 1
                server.open += 1
                server.most = max(server.most, server.open)
                told = server.told.pop(0) if server.told else server.refuse(body)
            try:
                time.sleep(server.hang if fault == "hang" else server.latency)
                if told is not None:
                    self._send(
                        told.status, told.body.encode() if isinstance(told.body, str) else told.body, told.headers
                    )
                    self.close_connection |= told.close
                else:
                    self._answer(body, name, fault)
            except (BrokenPipeError, ConnectionResetError):
                self.close_connection = True
            finally:
                with server.lock:
                    server.open -= 1

        def _answer(self, body: Body, name: str, fault: str) -> None:
            if fault == "429":
                self._send(429, b'{"error": {"message": "slow down"}}', {"Retry-After": "0.02"})
                return
            if fault == "500":
                self._send(500, b"<html>oops</html>", {})
                return
            message = server.reply(body) if fault != "prose" else {"content": "Both have their merits, I think."}
            choice = {"index": 0, "finish_reason": server.finish, **message}
            if "logprobs" in message or "content" in message or "tool_calls" in message:
                inner = {key: value for key, value in message.items() if key != "logprobs"}
                choice = {"index": 0, "finish_reason": server.finish, "message": {"role": "assistant", **inner}}
                choice |= {"logprobs": message["logprobs"]} if "logprobs" in message else {}
            said = {"model": server.model, "system_fingerprint": server.fingerprint}
            whole = json.dumps({**said, "choices": [choice], "usage": server.usage}).encode()
            if fault == "cut":
                self.send_response(200)
                self.send_header("Content-Length", str(len(whole)))
                self.end_headers()
                self.wfile.write(whole[:20])
                self.wfile.flush()
                self.close_connection = True
                return
            self._send(200, whole[: len(whole) // 2] if fault == "truncated" else whole, {})
            if fault in ("", "prose"):
                with server.lock:
                    (server.prose if fault else server.paid)[name] += 1

        def _send(self, status: int, body: bytes, headers: dict[str, str]) -> None:
            self.send_response(status)
            for key, value in {"Content-Type": "application/json", "Content-Length": str(len(body)), **headers}.items():
                self.send_header(key, value)
            self.end_headers()
            if not server.drip:
                self.wfile.write(body)
                return
            for byte in body:
                self.wfile.write(bytes([byte]))
                self.wfile.flush()
                time.sleep(server.drip)

    class Http(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 128

    with Http(("127.0.0.1", 0), Handler) as http:
        server.port = http.server_address[1]
        if encrypted is not None:
            http.socket = encrypted.wrap_socket(http.socket, server_side=True)
        thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            http.shutdown()
            thread.join()


def read_journal(path: Path) -> dict[str, Reply]:
    """The answered calls of a journal by key."""
    found = {key: answer for *_, key, answer in lines_of(path)} if path.exists() else {}
    return {key: answer for key, answer in found.items() if isinstance(answer, Reply)}
