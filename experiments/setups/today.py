"""Setups of today: open base models that one card of 24 GB finetunes by adapters, web pages that anybody may have, and
an open model behind an endpoint as rater and judge.

Each is the paper's recipe with named differences, and no number of a paper's models stands beside it. What is not the
papers' is ours: the rate is QLoRA's, sizes are those of `smollm-135m`.
"""

from __future__ import annotations

from dataclasses import replace

from humpback.experiments.setups.papers import ALPAGASUS_SFT, FILTERING, LLAMA_7B, SMOLLM_135M
from humpback.spec.curation import FirstLineScore, ModelRater, Sample
from humpback.spec.data import Segments
from humpback.spec.datasets import ALPACA_EVAL, C4, OPEN_ASSISTANT
from humpback.spec.files import Deduplicated
from humpback.spec.models import HubModel, ServedModel
from humpback.spec.outcomes import AlpacaEvalJudge, Matched, Responses
from humpback.spec.prompts import ALPAGASUS_ACCURACY, ALPAGASUS_HELPFULNESS
from humpback.spec.recipe import LinearTo, Lora, Sft

_QWEN = ServedModel("Qwen/Qwen3-30B-A3B-Instruct-2507")
_MISTRAL = ServedModel("mistralai/Mistral-Small-3.2-24B-Instruct-2506")
"""Open weights, Apache-2.0, behind the machine's endpoint: a server of vLLM's, or anybody's."""

_SFT = Sft(learning_rate=2e-4, schedule=LinearTo(1.8e-4), adapter=Lora(16))
"""Humpback's recipe by adapters, at QLoRA's rate (arXiv 2305.14314, Table 9)."""

QWEN3_1_7B = replace(
    SMOLLM_135M,
    name="qwen3-1.7b",
    base=HubModel("Qwen/Qwen3-1.7B-Base", "ea980cb0a6c2ae4b936e82123acc929f1cec04c1"),
    segments=Sample(Deduplicated(Segments(C4)), 20_000),
    backward=_SFT,
    sft=_SFT,
    judge=AlpacaEvalJudge("alpaca_eval_gpt4", "a3a8f993e02f921c", _QWEN.served_as),
    filtering=replace(
        FILTERING,
        rater=ModelRater(_QWEN, FirstLineScore(ALPAGASUS_ACCURACY)),
        helpfulness=ModelRater(_QWEN, FirstLineScore(ALPAGASUS_HELPFULNESS)),
        another=ModelRater(_MISTRAL, FirstLineScore(ALPAGASUS_ACCURACY)),
        sft=replace(ALPAGASUS_SFT, learning_rate=2e-4, adapter=Lora(16)),
        systems=tuple(
            (name, Responses(one, FILTERING.prompts, SMOLLM_135M.answering))
            for name, one in (("Qwen3", _QWEN), ("Mistral", _MISTRAL))
        ),
    ),
    held_out=Matched(OPEN_ASSISTANT, to=ALPACA_EVAL),
    strong=ModelRater(_QWEN, LLAMA_7B.scoring),
    humpback="",
    alpagasus="",
)
"""The base, and not the chat model of that size. Held out are people's answers to AlpacaEval's prompts of Open
Assistant, which its seed data are without. Plain text has no headers of HTML, so a page of C4 is one segment."""

SMOLLM2 = replace(
    QWEN3_1_7B,
    name="smollm2",
    base=HubModel("HuggingFaceTB/SmolLM2-1.7B", "effd688a12921b4cc83e3312b6feb579f70f9c71"),
)
LLAMA_3_2_3B = replace(
    QWEN3_1_7B,
    name="llama-3.2-3b",
    base=HubModel("meta-llama/Llama-3.2-3B", "13afe5124825b4f3751f836b40dafda64c1ed062"),
)
"""Behind Meta's licence: the hub wants an account that accepted it."""
OLMO_3_7B = replace(
    QWEN3_1_7B,
    name="olmo-3-7b",
    base=HubModel("allenai/Olmo-3-1025-7B", "a81bae42db3975be1671e27b9c9a56da1a9f980f"),
)
QWEN3_8B_BASE = replace(
    QWEN3_1_7B,
    name="qwen3-8b-base",
    base=HubModel("Qwen/Qwen3-8B-Base", "49e3418fbbbca6ecbdf9608b4d22e5a407081db4"),
)
