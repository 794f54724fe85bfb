"""The client against a real `transformers serve` with a tiny model: judging to the end, and writing."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import httpx2
import pytest

from humpback.core.machine import Endpoint
from humpback.core.store import StoreError
from humpback.core.work import new_log
from humpback.engines.endpoint.client import Client
from humpback.engines.endpoint.journal import Journal
from humpback.engines.endpoint_engine import EndpointEngine
from humpback.spec.data import Sampling
from humpback.spec.recipe import Llama
from tests.harness.model_server import read_journal
from tests.test_cli_judge import run

_SERVE = Path(sys.executable).with_name("transformers")
_MISSING = [name for name in ("fastapi", "uvicorn", "pydantic", "openai", "multipart") if find_spec(name) is None]
pytestmark = [
    pytest.mark.skipif(bool(_MISSING), reason=f"transformers serve needs {', '.join(_MISSING)}"),
    pytest.mark.skipif(not _SERVE.is_file(), reason="the transformers command is not beside this Python"),
]
_CHAT = "{% for m in messages %}{{ m['role'] }}: {{ m['content'] }}\n{% endfor %}assistant:"


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Llama of one layer, with a tokenizer and a chat template."""
    from transformers import LlamaConfig, LlamaForCausalLM, set_seed

    from humpback.stages.pretrain import byte_level_bpe

    shape = Llama(layers=1, width=16, heads=2, feed_forward=32, vocabulary=300, context=2_048)
    tokenizer = byte_level_bpe(["hello world"], shape)
    tokenizer.chat_template = _CHAT
    set_seed(0)
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=shape.width,
        intermediate_size=shape.feed_forward,
        num_hidden_layers=shape.layers,
        num_attention_heads=shape.heads,
        max_position_embeddings=shape.context,
        bos_token_id=None,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    folder = tmp_path_factory.mktemp("served") / "tiny-llama"
    LlamaForCausalLM(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def address(model: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log = tmp_path_factory.mktemp("log") / "serve.log"
    with log.open("wb") as out:
        words = [_SERVE, "serve", model, "--host", "127.0.0.1", "--port", str(port), "--device", "cpu"]
        server = subprocess.Popen(words, stdout=out, stderr=out)
    try:
        _wait(server, f"http://127.0.0.1:{port}/health", log)
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        server.terminate()
        try:
            server.wait(10)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def _wait(server: subprocess.Popen[bytes], health: str, log: Path) -> None:
    for _ in range(1_200):
        assert server.poll() is None, log.read_text()[-2_000:]
        try:
            if httpx2.get(health, timeout=2.0, trust_env=False).status_code == 200:
                return
        except httpx2.TransportError:
            pass
        time.sleep(0.1)
    raise AssertionError(log.read_text()[-2_000:])


def test_judging_through_it_ends_with_the_nonsense_that_it_says_and_asks_nothing_twice(
    address: str, model: Path, tmp_path: Path
) -> None:
    for name in ("a", "b"):
        rows = [{"instruction": f"Q{i}", "output": f"{name}{i}", "generator": f"model-{name}"} for i in range(3)]
        (tmp_path / f"{name}.json").write_text(json.dumps(rows))
    words = [tmp_path / "a.json", tmp_path / "b.json", "--judge", "alpaca_eval_gpt4", "--base-url", address]
    words += ["--model", model, "--store", tmp_path / "store", "--samples", 2]
    journals: list[bytes] = []
    for _ in range(2):
        result = run(*words, "--json")
        assert result.exit_code == 1
        assert isinstance(result.exception, StoreError)
        assert "no reply can be read; the first, by " in str(result.exception)
        (journal,) = (tmp_path / "store" / ".calls").glob("*.jsonl")
        journals.append(journal.read_bytes())
    assert len(journals[0].splitlines()) == 6, "three pairs in both orders, once each: its temperature is 0"
    assert journals[1] == journals[0]


def test_writing_through_it(address: str, model: Path, tmp_path: Path) -> None:
    said: list[int] = []
    log = new_log(tmp_path, lambda done, total, unit: said.append(done))
    with Journal(tmp_path / "j") as journal:
        engine = EndpointEngine(str(model), Client(Endpoint(address), journal), log, system="Be brief.")
        sampling = Sampling(temperature=0.0, max_new_tokens=4)
        first, second = engine.generate(["Hello?", "World?"], sampling)
        again = engine.generate(["Hello?"], sampling)
    assert again == [first]
    assert (first.by, first.ended, second.ended) == (f"{model}@main", "length", "length")
    assert engine.counts()["completion_tokens"] == 12
    assert len(read_journal(tmp_path / "j")) == 2
    assert said[-1] == 1
