"""Exports to a hub: a stand-in on loopback takes what huggingface_hub sends."""

from __future__ import annotations

import base64
import json
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from humpback.core.store import StoreError
from humpback.export.push import push
from humpback.export.target import CARD, MARK
from tests.commands import succeed

TOKEN = "hf_" + "x" * 20


@dataclass
class Hub:
    """What was asked of the hub, and how it answers."""

    address: str = ""
    made: list[dict[str, Any]] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)
    tokens: set[str] = field(default_factory=set)
    refuses: tuple[int, str] | None = None


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """A hub that takes every file within the commit."""
    hub = Hub()

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:
            pass

        def answer(self, body: dict[str, Any], status: int = 200) -> None:
            content = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def do_GET(self) -> None:
            self.answer({"id": "ada/set", "sha": "0" * 40, "siblings": [], "private": True})

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            hub.tokens.add(self.headers.get("Authorization", "").removeprefix("Bearer "))
            if hub.refuses is not None:
                self.answer({"error": hub.refuses[1]}, hub.refuses[0])
            elif self.path == "/api/repos/create":
                hub.made.append(json.loads(body))
                self.answer({"url": f"{hub.address}/datasets/ada/set", "name": "ada/set", "id": "1"})
            elif self.path == "/api/validate-yaml":
                self.answer({"warnings": [], "errors": []})
            elif re.search(r"/preupload/main$", self.path):
                plain = {"uploadMode": "regular", "shouldIgnore": False}
                self.answer({"files": [{"path": one["path"]} | plain for one in json.loads(body)["files"]]})
            elif re.search(r"/commit/main$", self.path):
                for line in body.splitlines():
                    value = json.loads(line)
                    if value["key"] == "file":
                        hub.files[value["value"]["path"]] = base64.b64decode(value["value"]["content"])
                self.answer({"commitUrl": f"{hub.address}/c/1", "commitOid": "1" * 40, "success": True})
            else:
                self.answer({"error": self.path}, 404)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    hub.address = f"http://127.0.0.1:{server.server_port}"
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", hub.address)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    yield hub
    server.shutdown()
    server.server_close()


@pytest.fixture
def exported(tmp_path: Path) -> Path:
    """As `humpback data export` leaves it."""
    folder = tmp_path / "curated"
    (folder / "data").mkdir(parents=True)
    (folder / CARD).write_text(f"---\nlicense: apache-2.0\n---\n{MARK}\n# Curated\n", encoding="utf-8")
    (folder / "data/train.jsonl").write_text('{"messages": []}\n', encoding="utf-8")
    return folder


def test_a_set_goes_with_its_card_to_a_private_repository(hub: Hub, exported: Path) -> None:
    done = push(exported, "ada/set")
    assert (done.kind, done.files) == ("dataset", (CARD, "data/train.jsonl"))
    assert done.address.endswith("ada/set")
    assert hub.files == {name: (exported / name).read_bytes() for name in done.files}
    assert [(one["name"], one["organization"], one["type"], one["visibility"]) for one in hub.made] == [
        ("set", "ada", "dataset", "private")
    ]
    assert hub.tokens == {TOKEN}


def test_a_model_is_one_and_public_only_where_it_is_said(hub: Hub, exported: Path) -> None:
    for name in ("config.json", "model.safetensors"):
        (exported / name).write_bytes(b"{}")
    said = succeed("push", exported, "ada/model", "--public").output
    assert said.startswith("sent the model, 4 files of 0.0 MB, to ")
    assert [(one.get("type", "model"), one["visibility"]) for one in hub.made] == [("model", "public")]
    assert set(hub.files) == {CARD, "config.json", "model.safetensors", "data/train.jsonl"}


@pytest.mark.parametrize("name", ["notes.bin", "data/run.py", ".env", "data/.hidden.json", "OTHER.md"])
def test_nothing_is_sent_that_no_export_wrote(name: str, hub: Hub, exported: Path) -> None:
    (exported / name).write_text("x", encoding="utf-8")
    with pytest.raises(StoreError, match=f"{re.escape(name)} is not of the export; take it out"):
        push(exported, "ada/set")
    assert not hub.made


def test_what_is_no_export_no_name_or_without_a_token_is_refused_before_anything_is_asked(
    hub: Hub, exported: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / CARD).write_text("# Mine", encoding="utf-8")
    for folder in (tmp_path / "mine", tmp_path / "nowhere"):
        with pytest.raises(StoreError, match="is no export: humpback data export ARTIFACT --out FOLDER"):
            push(folder, "ada/set")
    for name in ("set", "ada/set/x", "ada/..", "ada/my set", "", "ada/"):
        with pytest.raises(StoreError, match=f"'{re.escape(name)}' is no name on the hub; it takes OWNER/NAME"):
            push(exported, name)
    monkeypatch.delenv("HF_TOKEN")
    monkeypatch.setattr("huggingface_hub.constants.HF_TOKEN_PATH", str(tmp_path / "no token"))
    with pytest.raises(StoreError, match="set HF_TOKEN to one that may write"):
        push(exported, "ada/set")
    assert not hub.made
    assert not hub.tokens


def test_a_hub_that_refuses_or_does_not_answer_is_one_line(
    hub: Hub, exported: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub.refuses = (403, "You don't have the rights to create a dataset under the namespace ada")
    with pytest.raises(StoreError, match="ada/set: the hub answered 403: You don't have the rights") as refused:
        push(exported, "ada/set")
    assert str(refused.value).endswith("; the token has to be one that may write there")
    assert TOKEN not in str(refused.value)
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(StoreError, match=r"ada/set: the hub at http://127\.0\.0\.1:9 was not reached"):
        push(exported, "ada/set")
