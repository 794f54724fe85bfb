"""An inference server that answers by a rule, as a program: comes up late or never, dies, leaves children behind.

Its own process and all that it starts have `stand-in-MARK` among their words, so that a test sees what is left of them.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

MARK = "stand-in-"


def likelihood(token: int, *before: int) -> float:
    """The log-probability of a token after others, by a rule."""
    return -((7 * token + sum(before)) % 11) / 4 - 0.1


def leave_a_child(mark: str) -> None:
    """One that has detached itself in every way: another session, and its parent gone."""
    idle = "[sys.executable, '-c', 'import time; time.sleep(600)', sys.argv[1]]"
    code = f"import subprocess, sys; subprocess.Popen({idle})"
    subprocess.run([sys.executable, "-c", code, mark], start_new_session=True, check=True)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int)
    parser.add_argument("--model", type=Path)
    parser.add_argument("--served-model-name", default="")
    parser.add_argument("--lora-modules", default="", help="NAME=FOLDER of an adapter")
    parser.add_argument("--mark", default=MARK)
    parser.add_argument("--up-after", type=float, default=0.0)
    parser.add_argument("--broken", action="store_true", help="ends before it is up")
    parser.add_argument("--lives", type=Path, help="file with the number of completions that it lives for")
    parser.add_argument("--latency", type=float, default=0.0)
    parser.add_argument("--deaf", action="store_true", help="does not end when it is told to")
    parser.add_argument("--children", action="store_true")
    parser.add_argument("--api-key", help="without which it answers nobody")
    parser.add_argument("--echoes", default="prompt", help="or written, beginning, nothing: what it gets wrong of echo")
    parser.add_argument("--starts", type=Path, help="file that has a line for each start")
    given, _ = parser.parse_known_args()
    if given.deaf:
        import signal

        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    print(f"loading {given.model}", flush=True)
    if given.starts:
        with given.starts.open("a") as out:
            out.write(f"{os.getpid()}\n")
    if given.children:
        leave_a_child(given.mark)
    if not (given.model / "config.json").is_file() or given.broken:
        print("RuntimeError: out of stand-in memory", file=sys.stderr)
        sys.exit(3)
    time.sleep(given.up_after)
    key = given.api_key or os.environ.get("VLLM_API_KEY")
    answered, lock = 0, threading.Lock()
    lives = int(given.lives.read_text()) if given.lives else -1

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, format: str, *args: object) -> None:
            pass

        def do_GET(self) -> None:
            names = filter(None, (given.served_model_name, given.lora_modules.partition("=")[0]))
            listed = {"data": [{"id": one, "max_model_len": 4_096} for one in names]}
            if key and self.path.startswith("/v1"):
                return self._send(401, {"error": "Unauthorized"})
            found = {"/health": {}, "/version": {"version": "1.2.3"}, "/v1/models": listed}.get(self.path)
            self._send(404 if found is None else 200, found or {})

        def do_POST(self) -> None:
            nonlocal answered
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            time.sleep(given.latency)
            with lock:
                if answered == lives:
                    print("RuntimeError: the stand-in is tired", file=sys.stderr, flush=True)
                    os._exit(1)
                answered += 1
            choice = {"index": 0, "finish_reason": "stop", "text": f" {len(body['prompt'])} {body.get('seed')} "}
            self._send(200, {"model": body["model"], "choices": [{**choice, **self._scored(body)}]})

        def _scored(self, body: dict[str, Any]) -> dict[str, Any]:
            ids = body["prompt"]
            if wanted := body.get("logprob_token_ids"):
                top = {f"token_id:{one}": likelihood(one, *ids) for one in wanted}
                return {"logprobs": {"top_logprobs": [top]}}
            if body.get("echo"):
                each = [None, *(likelihood(one, *ids[:i]) for i, one in enumerate(ids[1:], 1)), math.log(0.5)]
                wrong = {"written": each[-1:], "beginning": [None, *each], "nothing": [-math.inf] * len(each)}
                return {"logprobs": {"token_logprobs": wrong.get(given.echoes, each)}}
            return {}

        def _send(self, status: int, body: dict[str, Any]) -> None:
            content = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

    class Http(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 128

    Http(("127.0.0.1", given.port), Handler).serve_forever()


if __name__ == "__main__":
    main()
