"""The setup `files`: the papers' recipes on somebody's own data, prompts, base model, judge and rater.

With `tiny` for a base the answers are poor and the counts are right: it shows in minutes, without published weights,
that the data go all the way through.
"""

from __future__ import annotations

from dataclasses import replace

from humpback.experiments.setups.base import AtLeast, BestShare, Filtering, Grid, Setup
from humpback.experiments.setups.benchmarks import benchmarks
from humpback.experiments.setups.papers import ALPAGASUS_SFT
from humpback.spec.curation import ExpectedScore, FirstLineScore, GivenScores, ModelRater, Rater, SampledScore
from humpback.spec.data import Examples, Joined, Sampling
from humpback.spec.models import Pretrained, Reward, ServedModel
from humpback.spec.outcomes import AlpacaEvalJudge, Judge, LocalJudge, PromptedJudge, Responses, Unjudged
from humpback.spec.prompts import ALPAGASUS_ACCURACY, ALPAGASUS_HELPFULNESS, BACKWARD, HUMPBACK_RATING
from humpback.spec.recipe import BatchBySize, CosineTo, LinearTo, Llama, Lora, Sft, StepsBySize
from humpback.spec.sensitive import SENSITIVE
from humpback.spec.template import INSTRUCTION_RESPONSE, Model
from humpback.spec.user_data import NotGiven, UserData

_TINY_SFT = Sft(
    learning_rate=1e-3,
    schedule=LinearTo(9e-4),
    dropout=0.0,
    batch=BatchBySize(),
    duration=StepsBySize(((100, 30), (800, 120), (3_200, 200))),
    longest=1_024,
)
"""The paper's recipe in proportion: a model from nothing needs larger steps and fewer of them."""

_TINY_FILTER_SFT = replace(ALPAGASUS_SFT, learning_rate=1e-3, batch=16, longest=1_024)
"""AlpaGasus's recipe for a model from nothing: as above, larger steps and smaller batches."""

_ADAPTER_SFT = Sft(learning_rate=2e-4, schedule=LinearTo(0.9 * 2e-4))
"""The paper's recipe at QLoRA's rate (arXiv 2305.14314, Table 9: 2e-4 for 7B and 13B, with a dropout of 0.1 on the
adapters), because adapters take about ten times the rate of full finetuning (Schulman et al. 2025, "LoRA Without
Regret", who also keep alpha at 32 whatever the rank). docs/data.md shows what both rates did to a small model."""


_THRESHOLD, _BELOW = 4.5, 0.5
"""The paper's threshold, and how far below it its looser one is."""
_SHARE = 9_229 / 52_002
"""Share of Alpaca that ChatGPT rates so (AlpaGasus, section 2)."""
_REPLY = Sampling(temperature=0.7, top_p=0.9, max_new_tokens=256)


def files(given: UserData) -> Setup:
    """The setup made of what somebody pointed at."""
    segments, seed_data = given.segments, given.seed_data or NotGiven("seed_data")
    base: Model
    if given.base is None:
        base = Pretrained(
            _texts(given),
            Llama(layers=2, width=128, heads=4, feed_forward=256, context=2_048, vocabulary=4_096),
            INSTRUCTION_RESPONSE,
            learning_rate=2e-3,
            schedule=LinearTo(2e-4, warm_up=0.05),
            beta2=0.95,
            batch=16,
            updates=120,
        )
        sft, filter_sft, room = _TINY_SFT, _TINY_FILTER_SFT, 64
    elif given.lora_rank is None:
        base, sft, filter_sft, room = given.base, Sft(), ALPAGASUS_SFT, 1_024
    else:
        base, sft, room = given.base, _ADAPTER_SFT, 1_024
        filter_sft = replace(ALPAGASUS_SFT, learning_rate=_ADAPTER_SFT.learning_rate)
    sft, filter_sft, room = _as_given(sft, given), _as_given(filter_sft, given), given.max_new_tokens or room
    answering = Sampling(max_new_tokens=room)
    return Setup(
        name="files",
        base=base,
        seed_data=seed_data,
        segments=segments,
        backward_prompt=BACKWARD,
        backward=sft,
        augmentation=Sampling(max_new_tokens=min(room, 256)),
        sft=sft,
        scoring=ExpectedScore(given.rating or HUMPBACK_RATING),
        selection=BestShare(given.best) if given.at_least is None else AtLeast(given.at_least),
        oracle=None,
        prompts=given.prompts,
        answering=answering,
        reference=given.prompts if given.reference == "prompts" else Responses(base, given.prompts, answering),
        judge=_judge(given, base),
        grid=_grid(given),
        filtering=_filtering(given, base, filter_sft, given.filter) if given.filter else None,
        benchmarks=benchmarks("humpback") if given.base else (),
        bias=benchmarks("humpback-bias") if given.base else (),
        sensitive=SENSITIVE,
        held_out=given.held_out,
        seed_rows=given.seed_rows,
    )


def _texts(given: UserData) -> Examples:
    """What the tiny base is trained on: both of Humpback's sets where they are there, else what there is."""
    if given.pages and given.seed_data:
        return Joined(given.segments, given.seed_data)
    return given.filter or given.seed_data or given.segments


def _judge(given: UserData, base: Model) -> Judge:
    if isinstance(given.judge, AlpacaEvalJudge | Reward | Unjudged):
        return given.judge
    model = given.judge or base
    return LocalJudge(model) if given.judge_prompt is None else PromptedJudge(model, given.judge_prompt)


def _filtering(given: UserData, base: Model, sft: Sft, examples: Examples) -> Filtering:
    rater, least = _rater(given.rater or base, given), given.filter_at_least
    from_a_line = isinstance(rater, ModelRater) and not isinstance(rater.scoring, ExpectedScore)
    if least is None and given.filter_best is None and from_a_line:
        least = _THRESHOLD
    helpfulness: Rater | None = None
    if isinstance(rater, ModelRater) and rater.scoring == FirstLineScore(ALPAGASUS_ACCURACY):
        helpfulness = replace(rater, scoring=FirstLineScore(ALPAGASUS_HELPFULNESS))
    return Filtering(
        examples=examples,
        rater=rater,
        at_least=BestShare(given.filter_best or _SHARE) if least is None else least,
        looser=(_THRESHOLD if least is None else least) - _BELOW,
        helpfulness=helpfulness,
        another=None if given.another_rater is None else _rater(given.another_rater, given),
        others=(),
        sft=sft,
        prompts=given.prompts,
        systems=(),
        benchmarks=benchmarks("alpagasus") if given.base else (),
    )


def _rater(rater: Model | Reward | GivenScores, given: UserData) -> Rater:
    """Who rates, and how: a served model as the paper asks ChatGPT, another by an expectation, which any model has."""
    if isinstance(rater, Reward | GivenScores):
        return rater
    reads = given.rater_reads or ("first line" if isinstance(rater, ServedModel) else "expected")
    if reads == "first line":
        return ModelRater(rater, FirstLineScore(given.rater_prompt or ALPAGASUS_ACCURACY))
    prompt = given.rater_prompt or HUMPBACK_RATING
    return ModelRater(rater, ExpectedScore(prompt) if reads == "expected" else SampledScore(prompt, _REPLY))


def _as_given(sft: Sft, given: UserData) -> Sft:
    """The recipe with what the file says of it."""
    if given.lora_rank is not None:
        lora = Lora(given.lora_rank)
        sft = replace(
            sft, adapter=replace(lora, alpha=given.lora_alpha or lora.alpha, targets=given.lora_targets or lora.targets)
        )
    if given.learning_rate is not None:
        falls = isinstance(sft.schedule, CosineTo)  # to nothing, whatever the rate
        schedule = sft.schedule if falls else LinearTo(0.9 * given.learning_rate)
        sft = replace(sft, learning_rate=given.learning_rate, schedule=schedule)
    if given.dropout is not None:
        sft = replace(sft, dropout=given.dropout)
    return sft if given.longest is None else replace(sft, longest=given.longest)


_MOST = 25_600
"""Augmented examples of the papers' largest ablation."""
_RESERVED = 0.75


def _grid(given: UserData) -> Grid:
    """The papers' sizes where the data have them, else halves of what the data have, and thirds of a filtered set.

    Curated examples are the fewest of what is drawn: the share `best` of the segments, less a quarter for instructions
    that come out unfinished. Under a threshold their number is known only when they are rated, and that share stands
    for it; so it does for a filter.
    """
    if given.pages is None or given.seed_data is None:
        none: tuple[int, ...] = ()
        augmented, seed_data, too_few = (
            none,
            none,
            "seed_data and pages (or texts), whose sizes these are, are not given",
        )
    else:
        augmented, seed_data, too_few = _loop_sizes(given)
    training = _training(given)
    if given.filter and len(training) < 2:
        few = f"of the {given.filter_rows:,} pairs of filter too few are selected to draw two sizes of them"
        training, too_few = (), "; ".join(filter(None, (too_few, few)))
    return Grid(
        augmented=augmented,
        seed_data=seed_data,
        thresholds=(1.0, 2.0, 3.0, 4.0, 4.5, 5.0),
        looser=4.0,
        scaled=augmented,
        training=training,
        too_few=too_few,
    )


def _training(given: UserData) -> tuple[int, ...]:
    """A third and two thirds of what a filter selects, the paper's 3k and 6k at most."""
    most = (3_000, 6_000)
    if not given.filter_rows:
        return most
    share = given.filter_best or _SHARE
    selected = int((_RESERVED if given.filter_best is None else 1.0) * share * given.filter_rows)
    return tuple(sorted({n for part, top in ((1, 3_000), (2, 6_000)) if (n := min(part * selected // 3, top))}))


def _loop_sizes(given: UserData) -> tuple[tuple[int, ...], tuple[int, ...], str]:
    """Of augmented examples and of seed data, and why there are none."""
    curated = int(_RESERVED * given.best * given.segment_rows) if given.segment_rows else _MOST
    augmented = _halves(min(curated, _MOST))
    seed = given.seed_rows or 3_200
    if augmented and seed < augmented[0]:
        # Seed data alone are compared with as many augmented examples (joint_training).
        augmented = (seed, *(n for n in augmented[1:] if n > seed))
    seed_data = (100, 800, 1_600, 3_200) if seed >= 3_200 else _halves(seed)
    too_few = ""
    if len(augmented) < 2 or len(seed_data) < 2:
        too_few = (
            f"its sizes need 2 seed pairs and 2 curated segments or more; there are {seed:,} pairs and "
            f"{given.segment_rows:,} segments, of which {curated:,} can be counted on at best = {given.best:g}"
        )
        augmented = augmented if len(augmented) > 1 else ()
        seed_data = seed_data if len(seed_data) > 1 else ()
    return augmented, seed_data, too_few


def _halves(most: int) -> tuple[int, ...]:
    """An eighth, a quarter, a half and all of it, those that are there."""
    return tuple(sorted({n for n in (most // 8, most // 4, most // 2, most) if n}))
