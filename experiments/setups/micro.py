"""The setup `micro`: everything made locally, on a CPU, in minutes. See docs/micro.md."""

from __future__ import annotations

from dataclasses import replace

from humpback.experiments.setups.base import AtLeast, Base, Filtering, Grid, Other, Rival, Setup
from humpback.experiments.setups.benchmarks import Benchmark
from humpback.spec.benchmarks import MicroFacts
from humpback.spec.curation import ExpectedScore, MicroOracle
from humpback.spec.data import MicroPages, MicroPrompts, MicroSeed, MicroTexts, Sampling, Segments
from humpback.spec.files import Distinct
from humpback.spec.micro_sets import Lapses, MicroAnswers, MicroInstructions, MicroTestSet
from humpback.spec.micro_world import SEED_KINDS, World
from humpback.spec.models import Pretrained
from humpback.spec.outcomes import MicroJudge, MicroReference
from humpback.spec.prompts import MICRO_BACKWARD, MICRO_RATING
from humpback.spec.recipe import BatchBySize, CosineTo, Epochs, LinearTo, Llama, Sft, StepsBySize
from humpback.spec.template import Template

_WORLD = World()
_MICRO_PROMPTS = MicroPrompts(_WORLD, n=805)
"""As many as AlpacaEval's."""
_MICRO_SFT = Sft(
    learning_rate=1e-4,
    schedule=LinearTo(9e-5, warm_up=0.05),
    weight_decay=0.1,
    dropout=0.0,
    batch=BatchBySize(below=300, small=8, large=32),
    duration=StepsBySize(((64, 30), (800, 200))),
    longest=256,
)
"""The paper's recipe in proportion: the rate falls to nine tenths, small sets take small batches and few updates."""
_ALPAGASUS_SFT = replace(
    _MICRO_SFT, schedule=CosineTo(0.0, warm_up=0.03), weight_decay=0.0, batch=16, duration=Epochs(3)
)
"""AlpaGasus's, as it is but for rate and batch: three epochs of a set whatever its size, along a cosine to 0."""


def _base(layers: int, width: int) -> Pretrained:
    """A base model of a size; of 3 layers of 128, the setup's own."""
    return Pretrained(
        MicroTexts(_WORLD, n=24_000),
        Llama(layers=layers, width=width, heads=width // 32, feed_forward=2 * width, initializer_range=0.08),
        Template(system="{system}\n", instruction="Question: {instruction}\nAnswer:\n"),
        learning_rate=4e-3,
        schedule=LinearTo(2e-4, warm_up=0.03),
        beta2=0.95,
        batch=16,
        updates=3_000,
    )


_RIVAL_SIZES = (64, 160, 400, 1_000)
_QUESTIONS = ("ask_habitat", "ask_food", "ask_colour", "ask_size", "ask_sound", "ask_time", "short", "two_questions")
_WRITING = ("describe", "summary", "card", "notes", "riddle", "list_habitat", "list_food", "list_colour")
_CHECKING = ("yesno_habitat", "yesno_food", "yesno_colour", "true_false", "correct", "name_one")
_ADVICE = ("find", "feed", "recognise", "compare_size", "compare_home", "both_food")
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
_MACHINE_MADE = Lapses(wrong=0.2, clumsy=0.3, blogged=0.05, cut_off=0.05, off_topic=0.1)
"""The counterpart of Alpaca's answers: three in ten are as they should be."""

MICRO = Setup(
    name="micro",
    base=_base(3, 128),
    seed_data=MicroSeed(_WORLD, n=64),
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
    backward=_MICRO_SFT,
    augmentation=Sampling(temperature=0.7, top_p=0.9, max_new_tokens=32),
    sft=_MICRO_SFT,
    scoring=ExpectedScore(MICRO_RATING),
    selection=AtLeast(4.25),
    oracle=MicroOracle(_WORLD),
    prompts=_MICRO_PROMPTS,
    answering=Sampling(temperature=0.7, top_p=0.9, max_new_tokens=64),
    reference=MicroReference(_MICRO_PROMPTS),
    judge=MicroJudge(_WORLD, noise=0.1, position_bias=0.1),
    grid=Grid(
        augmented=(60, 120, 240, 480),
        seed_data=(16, 32, 64, 128),
        thresholds=(1.0, 2.0, 3.0, 4.0, 4.25, 4.5, 5.0),
        looser=3.5,
        scaled=(60, 240, 480),
        training=(100, 300),
    ),
    bases=(Base("small", _base(2, 64)), Base("large", _base(4, 192))),
    rivals=(
        Rival("machine-made", MicroInstructions("machine-made", _WORLD, 1_000, _MACHINE_MADE), _RIVAL_SIZES, "Alpaca"),
        Rival("narrow", MicroInstructions("narrow", _WORLD, 1_000, kinds=SEED_KINDS), _RIVAL_SIZES, "LIMA", 800),
        Rival("terse", MicroInstructions("terse", _WORLD, 1_000, Lapses(terse=1.0)), _RIVAL_SIZES, "FLAN v2"),
    ),
    filtering=Filtering(
        examples=MicroInstructions("machine-made", _WORLD, 3_000, _MACHINE_MADE),
        rater=MicroOracle(_WORLD, noise=0.4),
        at_least=4.5,
        looser=4.0,
        helpfulness=MicroOracle(_WORLD, noise=0.8, seed=1),
        another=MicroOracle(_WORLD, noise=0.4, seed=2),
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
