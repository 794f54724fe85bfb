"""The setup `micro`: everything made locally, on a CPU, in minutes. See docs/micro.md."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from humpback.experiments.setups.base import AtLeast, Base, Filtering, Grid, Other, Rival, Setup
from humpback.experiments.setups.benchmarks import Benchmark
from humpback.spec.benchmarks import MicroFacts
from humpback.spec.curation import Decontaminated, MicroOracle, MicroReader, SampledScore
from humpback.spec.data import MicroPages, MicroPrompts, MicroSeed, MicroTexts, Sampling, Segments
from humpback.spec.files import Distinct
from humpback.spec.micro_sets import Lapses, MicroAnswers, MicroInstructions, MicroTestSet
from humpback.spec.micro_world import LATE_SHARE, PROPERTIES, SEED_KINDS, World
from humpback.spec.models import Pretrained
from humpback.spec.outcomes import MicroJudge, MicroReference
from humpback.spec.prompts import MICRO_BACKWARD, MICRO_RATING
from humpback.spec.recipe import CosineTo, Epochs, LinearTo, Llama, Sft, StepsBySize, WarmStableDecay
from humpback.spec.template import Template

_WORLD = World()
_MICRO_PROMPTS = MicroPrompts(_WORLD, n=805)
"""As many as AlpacaEval's."""
_MICRO_SFT = Sft(
    learning_rate=8e-5,
    schedule=LinearTo(7.2e-5, warm_up=0.05),
    weight_decay=0.1,
    dropout=0.0,
    batch=4,
    duration=StepsBySize(((32, 10), (64, 19), (128, 37), (256, 71), (512, 134))),
    longest=256,
)
"""The paper's recipe in proportion: the rate falls to nine tenths; sets of 1, 2, 4, 8 and 16 times the seed data are
gone through 1.2 times, falling to 1."""
_ALPAGASUS_SFT = replace(
    _MICRO_SFT, schedule=CosineTo(0.0, warm_up=0.03), weight_decay=0.0, batch=16, duration=Epochs(3)
)
"""AlpaGasus's, as it is but for rate and batch: three epochs of a set whatever its size, along a cosine to 0."""


_SHIPPED: Mapping[str, str] = {
    "llama-4x128-seed0": "7fa939e75908db9f6816b720967ac3b0e12bebcee40adfb2f3c7fe247883813f",
    "llama-4x128-seed1": "7e66c512e0d0642828a16118b83c8c88db73babf7812d9631ef9884f4617e545",
    "llama-4x128-seed2": "ed1b82fe54b4ae4d5c8f2c7901f05fb5c94ca48ebb6bf92c3e9e1e8a5028df7d",
    "llama-4x128-seed3": "163a21b9e27765ef5f696456b4e2bedd2b2d7e8d75048135273c1e2bcf14f9bb",
    "llama-4x128-seed4": "c380c3cb87a3d158c3af1938654c18336720db2db0582ad9ab918b0e4a15c7bc",
    "llama-4x128-seed5": "bb97aabcd529fda2c61bc025175e1e8624b90d8f27f0c3c7efef324014d4c62b",
    "llama-2x64-seed0": "1ff276f5a77f5977dac110a76dee0c26bbe086b31dca8ef627a697cddd47c622",
    "llama-2x64-seed1": "33bfebb30d328b01e90d34536e4ac56d8ca4e2f501d7ad1b06cdff0fee69a968",
    "llama-2x64-seed2": "ff24773da92aefb405528eb463a9ffa5ead4ce134f00c982e5951c351ab24277",
}
"""The digests of the bases that come with the project, by name; `benchmarks/micro_bases.py` makes them."""


def _pretrainings(bases: int, layers: int, width: int, texts: int) -> tuple[Pretrained, ...]:
    """Bases of a size, each from a pretraining seed and so many texts of its own, gone through once."""
    made = (
        Pretrained(
            MicroTexts(_WORLD, n=texts, draw=seed),
            Llama(
                layers=layers,
                width=width,
                heads=width // 32,
                feed_forward=2 * width,
                context=256,
                initializer_range=0.08,
            ),
            Template(system="{system}\n", instruction="Question: {instruction}\nAnswer:\n"),
            learning_rate=2e-3,
            schedule=WarmStableDecay(1e-4, warm_up=0.02, decay=LATE_SHARE),
            beta2=0.95,
            batch=16,
            updates=texts // 16,
            seed=seed,
            in_order=True,
        )
        for seed in range(bases)
    )
    return tuple(replace(base, shipped=_SHIPPED.get(base.slug, "")) for base in made)


_OWN = _pretrainings(6, 4, 128, 280_000)
_SMALL = _pretrainings(3, 2, 64, 64_000)


def _each(*forms: str) -> tuple[str, ...]:
    """The kinds of these forms, of which there is one for each property."""
    return tuple(f"{form}_{name}" for form in forms for name in PROPERTIES)


_RIVAL_SIZES = (64, 160, 400, 1_000)
_NARROW = (64, 160, 250)
"""The world has 252 requests of the kinds of the seed data that are not held out."""
_QUESTIONS = (*_each("ask", "short", "label"), "two_questions")
_WRITING = (*_each("list", "name"), "describe", "summary", "card", "notes", "report", "riddle")
_CHECKING = _each("weigh", "complete", "correct")
_ADVICE = (*_each("both", "heard"), "find", "feed", "recognise")
_TESTS = Distinct(
    (
        MicroTestSet("questions", _WORLD, n=80, kinds=_QUESTIONS),
        MicroTestSet("writing", _WORLD, n=180, kinds=_WRITING),
        MicroTestSet("checking", _WORLD, n=218, kinds=_CHECKING),
        MicroTestSet("advice", _WORLD, n=252, kinds=_ADVICE),
    )
)
"""As many prompts in each as AlpaGasus's four test sets have."""
_FACTS = (Benchmark(MicroFacts(_WORLD), 0),)
_MACHINE_MADE = Lapses(wrong=0.2, clumsy=0.2, wordy=0.1, blogged=0.05, cut_off=0.05, off_topic=0.1)
"""The counterpart of Alpaca's answers: three in ten are as they should be."""

MICRO = Setup(
    name="micro",
    base=_OWN[0],
    pretrainings=_OWN,
    seed_data=MicroSeed(_WORLD, n=32),
    decontaminated=True,
    segments=Segments(
        MicroPages(_WORLD, n=1_200),
        shortest=10,
        longest=400,
        repeats=None,
        language=None,
        boilerplate=None,
        between="\n",
    ),
    backward_prompt=MICRO_BACKWARD,
    backward=replace(_MICRO_SFT, learning_rate=3e-5, schedule=LinearTo(2.7e-5, warm_up=0.05)),
    augmentation=Sampling(temperature=0.7, top_p=0.9, max_new_tokens=64),
    sft=_MICRO_SFT,
    scoring=SampledScore(MICRO_RATING, Sampling(temperature=0.7, top_p=0.9, max_new_tokens=40)),
    selection=AtLeast(5.0),
    oracle=MicroOracle(_WORLD),
    prompts=_MICRO_PROMPTS,
    answering=Sampling(temperature=0.7, top_p=0.9, max_new_tokens=64),
    reference=MicroReference(_MICRO_PROMPTS),
    judge=MicroJudge(_WORLD, noise=0.1, position_bias=0.05),
    grid=Grid(
        augmented=(32, 64, 128, 192, 256),
        seed_data=(8, 16, 32, 64),
        thresholds=(1.0, 2.0, 3.0, 4.0, 5.0),
        looser=4.0,
        scaled=(32, 128, 256),
        training=(100, 300),
    ),
    bases=(Base("small", _SMALL[0], pretrainings=_SMALL),),
    rivals=(
        Rival("machine-made", MicroInstructions("machine-made", _WORLD, 1_000, _MACHINE_MADE), _RIVAL_SIZES, "Alpaca"),
        Rival("narrow", MicroInstructions("narrow", _WORLD, _NARROW[-1], kinds=SEED_KINDS), _NARROW, "LIMA", 800),
        Rival("terse", MicroInstructions("terse", _WORLD, 1_000, Lapses(terse=1.0)), _RIVAL_SIZES, "FLAN v2"),
    ),
    filtering=Filtering(
        examples=Decontaminated(MicroInstructions("machine-made", _WORLD, 3_000, _MACHINE_MADE), _TESTS),
        rater=MicroReader(_WORLD, "accuracy", knows=0.8, noise=0.4),
        at_least=4.5,
        looser=4.0,
        helpfulness=MicroReader(_WORLD, "helpfulness", noise=0.4, seed=1),
        another=MicroReader(_WORLD, "accuracy", knows=0.6, noise=0.5, seed=2),
        others=(
            Other(
                "people",
                MicroInstructions("people", _WORLD, 900, Lapses(wrong=0.05, clumsy=0.25, blogged=0.2)),
                "Dolly",
            ),
        ),
        sft=_ALPAGASUS_SFT,
        prompts=_TESTS,
        systems=(
            ("strong", MicroAnswers("strong", _WORLD, _TESTS, Lapses(clumsy=0.1))),
            ("middling", MicroAnswers("middling", _WORLD, _TESTS, Lapses(wrong=0.15, clumsy=0.2, blogged=0.15))),
            ("weak", MicroAnswers("weak", _WORLD, _TESTS, _MACHINE_MADE)),
        ),
        benchmarks=_FACTS,
    ),
    benchmarks=_FACTS,
    strong=MicroOracle(_WORLD, noise=0.4),
    alpagasus="7B",
)
"""Everything made locally, on a CPU, in minutes."""
