"""The papers' own setups, and a small one between them and micro: each a previous one plus named differences.

What the papers do not say is marked as such. The web corpus is `ClueWeb22()`, which everybody has to license; `--pages`
puts other pages in its place.
"""

from __future__ import annotations

from dataclasses import replace

from humpback.experiments.setups.base import AtLeast, Base, BestShare, Filtering, Grid, Other, Rival, Setup
from humpback.experiments.setups.benchmarks import benchmarks
from humpback.spec.curation import ExpectedScore, ModelRater, Sample, SampledScore
from humpback.spec.curation import FirstLineScore as Alone
from humpback.spec.data import Sampling, Segments
from humpback.spec.datasets import (
    ALPACA,
    ALPACA_EVAL,
    ALPACA_GPT4,
    ALPAGASUS_TEST,
    DOLLY,
    FLAN_V2,
    LIMA,
    SEED,
    VICUNA,
    WIZARDLM,
)
from humpback.spec.files import ClueWeb22, Deduplicated, Distinct
from humpback.spec.models import HubModel, ServedModel
from humpback.spec.outcomes import AlpacaEvalJudge, Responses
from humpback.spec.prompts import ALPAGASUS_ACCURACY, ALPAGASUS_HELPFULNESS, BACKWARD, HUMPBACK_RATING
from humpback.spec.recipe import CosineTo, Epochs, LinearTo, Sft
from humpback.spec.sensitive import SENSITIVE

_LLAMA_7B = HubModel("huggyllama/llama-7b", "8416d3fefb0cb3ff5775a7b13c1692d10ff1aa16")
_LLAMA_13B = HubModel("huggyllama/llama-13b", "bf57045473f207bb1de1ed035ace226f4d9f9bba")
_LLAMA_33B = HubModel("huggyllama/llama-30b", "2b1edcdb3c7ced7bce6c1aa75c94545777c3118b")
"""The papers' 33B; its maker's name for it is 30B."""
_LLAMA_65B = HubModel("huggyllama/llama-65b", "49707c5313d34d1c5a846e29cf2a2a650c22c8ee")
_LLAMA2_70B = HubModel("meta-llama/Llama-2-70b-hf", "3aba440b59558f995867ba6e1f58f21d0336b5bb")
_SMOLLM = HubModel("HuggingFaceTB/SmolLM2-135M", "93efa2f097d58c2a74874c7e644dbc9b0cee75a2")

_GPT4 = AlpacaEvalJudge("alpaca_eval_gpt4", "a3a8f993e02f921c", "gpt-4")
"""AlpacaEval 1's judge."""
_GPT4_SCORES = AlpacaEvalJudge("lmsys_gpt4", "72abdc3c2f43fa12", "gpt-4")
"""Two scores from 1 to 10, as AlpaGasus asks for."""

_CHATGPT, _CLAUDE = ServedModel("gpt-3.5-turbo-0301"), ServedModel("claude-v1")
_POOL = 502_133
_TESTS = Distinct(ALPAGASUS_TEST)
_WRITING = Sampling(temperature=0.7, top_p=0.9, max_new_tokens=1_024)
"""Half of LLaMA's context: an assumption; published is the whole length, 2,048."""
_RUBRIC = SampledScore(HUMPBACK_RATING, Sampling(temperature=0.7, top_p=0.9, max_new_tokens=256))
_SIZES = (100, 800, 1_600, 12_800, 25_600, 51_200)

ALPAGASUS_SFT = Sft(
    learning_rate=2e-5,
    schedule=CosineTo(0.0, warm_up=0.03),
    weight_decay=0.0,
    dropout=0.0,
    batch=128,
    duration=Epochs(3),
    longest=512,
)
"""AlpaGasus's recipe at 7B, section 2 of its facts."""
FILTERING = Filtering(
    examples=ALPACA,
    rater=ModelRater(_CHATGPT, Alone(ALPAGASUS_ACCURACY)),
    at_least=4.5,
    looser=4.0,
    helpfulness=ModelRater(_CHATGPT, Alone(ALPAGASUS_HELPFULNESS)),
    another=ModelRater(_CLAUDE, Alone(ALPAGASUS_ACCURACY)),
    others=(Other("dolly", DOLLY, "Dolly"), Other("alpaca-gpt4", ALPACA_GPT4, "GPT4LLM")),
    sft=ALPAGASUS_SFT,
    prompts=_TESTS,
    systems=(
        ("text-davinci-003", Responses(ServedModel("text-davinci-003"), _TESTS, _WRITING)),
        ("Claude", Responses(_CLAUDE, _TESTS, _WRITING)),
        ("ChatGPT", Responses(_CHATGPT, _TESTS, _WRITING)),
    ),
    benchmarks=benchmarks("alpagasus"),
)

LLAMA_7B = Setup(
    name="llama-7b",
    base=_LLAMA_7B,
    seed_data=SEED,
    segments=Sample(Deduplicated(Segments(ClueWeb22())), _POOL),
    backward_prompt=BACKWARD,
    backward=Sft(),
    augmentation=Sampling(temperature=0.7, top_p=0.9, max_new_tokens=256),
    sft=Sft(),
    scoring=_RUBRIC,
    selection=AtLeast(4.5),
    oracle=None,
    prompts=ALPACA_EVAL,
    answering=_WRITING,
    reference=ALPACA_EVAL,
    judge=_GPT4,
    grid=Grid(
        augmented=(3_200, 6_400, 12_800, 25_600),
        seed_data=(100, 800, 1_600, 3_200),
        thresholds=(1.0, 2.0, 3.0, 4.0, 4.5, 5.0),
        looser=4.0,
        scaled=(3_200, 6_400, 12_800, 25_600),
        training=(3_000, 6_000),
    ),
    bases=(Base("large", _LLAMA_65B, "65B"),),
    rivals=(
        Rival("wizardlm", WIZARDLM, (100, 1_600, 12_800, 25_600, 51_200), "WizardLLM"),
        Rival("alpaca-gpt4", ALPACA_GPT4, _SIZES, "Alpaca-GPT4"),
        Rival("vicuna", VICUNA, _SIZES, "Vicuna"),
        Rival("lima", LIMA, (100, 800), "LIMA", 800),
        Rival("alpaca", ALPACA, _SIZES, "Alpaca"),
        Rival("flan-v2", FLAN_V2, (100, 51_200), "FLAN v2"),
    ),
    filtering=FILTERING,
    benchmarks=benchmarks("humpback"),
    bias=benchmarks("humpback-bias"),
    sensitive=SENSITIVE,
    strong=ModelRater(ServedModel("gpt-4"), _RUBRIC),
    papers_sizes=True,
)
"""Humpback, section 3.1, at the size of its scaling figures. One reply of 4.5 or better is the integer 5."""

LLAMA_33B = replace(LLAMA_7B, name="llama-33b", base=_LLAMA_33B, bases=(), humpback="33B")
LLAMA_65B = replace(
    LLAMA_7B, name="llama-65b", base=_LLAMA_65B, bases=(Base("small", _LLAMA_7B, "7B"),), humpback="65B"
)
LLAMA2_70B = replace(
    LLAMA_65B,
    name="llama2-70b",
    base=_LLAMA2_70B,
    bases=(),
    answering=replace(_WRITING, max_new_tokens=2_048),
    humpback="70B",
)

ALPAGASUS_7B = replace(
    LLAMA_7B,
    name="alpagasus-7b",
    judge=_GPT4_SCORES,
    bases=(),
    humpback="",
    alpagasus="7B",
)
"""AlpaGasus's judge."""
ALPAGASUS_13B = replace(
    ALPAGASUS_7B,
    name="alpagasus-13b",
    base=_LLAMA_13B,
    filtering=replace(FILTERING, sft=replace(ALPAGASUS_SFT, learning_rate=1e-5, duration=Epochs(5))),
    alpagasus="13B",
)

SMOLLM_135M = replace(
    LLAMA_7B,
    name="smollm-135m",
    base=_SMOLLM,
    bases=(),
    segments=Sample(Deduplicated(Segments(ClueWeb22())), 20_000),
    backward=Sft(learning_rate=1e-4, schedule=LinearTo(9e-5), dropout=0.0),
    sft=Sft(learning_rate=1e-4, schedule=LinearTo(9e-5), dropout=0.0),
    scoring=ExpectedScore(HUMPBACK_RATING),
    selection=BestShare(0.0833),
    filtering=replace(FILTERING, sft=replace(ALPAGASUS_SFT, learning_rate=1e-4)),
    answering=replace(_WRITING, max_new_tokens=512),
    grid=Grid(
        augmented=(400, 800, 1_600),
        seed_data=(100, 800, 1_600, 3_200),
        thresholds=(1.0, 2.0, 3.0, 4.0, 4.5, 5.0),
        looser=4.0,
        scaled=(400, 800, 1_600),
        training=(3_000, 6_000),
    ),
    alpagasus="7B",
    papers_sizes=False,
)
"""A small public model: one GPU, or a patient laptop. It cannot follow the rubric, so its ratings are expectations and
its best twelfth is taken (the share of A_5). Learning rates and sizes are assumptions."""

_OF_THE_PAPERS = (LLAMA_7B, LLAMA_33B, LLAMA_65B, LLAMA2_70B, ALPAGASUS_7B, ALPAGASUS_13B)
_SHARED = ("base", "judge", "reference", "prompts")
_DATA = ("pretrainings", "seed_data", "segments", "filtering")


def compares(setup: Setup) -> bool:
    """Whether ours less the paper's is a number: base, judge, reference and prompts are those of one of the papers'
    setups. A win rate against another reference, by another judge, has another zero."""
    return any(all(getattr(setup, name) == getattr(one, name) for name in _SHARED) for one in _OF_THE_PAPERS)


def repeats(setup: Setup) -> bool:
    """Whether a claim that holds on it is replicated: model, data and judge are those of one of the papers' setups, web
    pages included. On any other world it holds, or does not, and that is all."""
    return any(all(getattr(setup, name) == getattr(one, name) for name in _SHARED + _DATA) for one in _OF_THE_PAPERS)
