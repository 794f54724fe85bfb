"""The setup `files`: the paper's recipe on somebody's own seed data, pages, prompts and base model.

With `tiny` for a base the answers are poor and the counts are right: it shows in minutes, without published weights,
that the data go all the way through.
"""

from __future__ import annotations

from dataclasses import replace

from humpback.experiments.setups.base import AtLeast, BestShare, Grid, Setup
from humpback.experiments.setups.benchmarks import benchmarks
from humpback.spec.curation import ExpectedScore
from humpback.spec.data import Joined, Sampling
from humpback.spec.models import Pretrained
from humpback.spec.outcomes import LocalJudge, Responses
from humpback.spec.prompts import BACKWARD, HUMPBACK_RATING
from humpback.spec.recipe import BatchBySize, LinearTo, Llama, Lora, Sft, StepsBySize
from humpback.spec.sensitive import SENSITIVE
from humpback.spec.template import INSTRUCTION_RESPONSE, Model
from humpback.spec.user_data import UserData

_TINY_SFT = Sft(
    learning_rate=1e-3,
    schedule=LinearTo(9e-4),
    dropout=0.0,
    batch=BatchBySize(),
    duration=StepsBySize(((100, 30), (800, 120), (3_200, 200))),
    longest=1_024,
)
"""The paper's recipe in proportion: a model from nothing needs larger steps and fewer of them."""

_ADAPTER_SFT = Sft(learning_rate=2e-4, schedule=LinearTo(0.9 * 2e-4))
"""The paper's recipe at QLoRA's rate (arXiv 2305.14314, Table 9: 2e-4 for 7B and 13B, with a dropout of 0.1 on the
adapters), because adapters take about ten times the rate of full finetuning (Schulman et al. 2025, "LoRA Without
Regret", who also keep alpha at 32 whatever the rank). docs/data.md shows what both rates did to a small model."""


def files(given: UserData) -> Setup:
    """The setup made of what somebody pointed at."""
    segments = given.segments
    base: Model
    if given.base is None:
        base = Pretrained(
            Joined(segments, given.seed_data),
            Llama(layers=2, width=128, heads=4, feed_forward=256, context=2_048, vocabulary=4_096),
            INSTRUCTION_RESPONSE,
            learning_rate=2e-3,
            schedule=LinearTo(2e-4, warm_up=0.05),
            beta2=0.95,
            batch=16,
            updates=120,
        )
        sft, room = _TINY_SFT, 64
    else:
        base = given.base
        sft, room = Sft() if given.lora_rank is None else _ADAPTER_SFT, 1_024
    sft, room = _as_given(sft, given), given.max_new_tokens or room
    answering = Sampling(max_new_tokens=room)
    return Setup(
        name="files",
        base=base,
        seed_data=given.seed_data,
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
        judge=LocalJudge(given.judge or base),
        grid=_grid(given),
        benchmarks=benchmarks("humpback") if given.base else (),
        bias=benchmarks("humpback-bias") if given.base else (),
        sensitive=SENSITIVE,
        held_out=given.held_out,
        seed_rows=given.seed_rows,
    )


def _as_given(sft: Sft, given: UserData) -> Sft:
    """The recipe with what the file says of it."""
    if given.lora_rank is not None:
        lora = Lora(given.lora_rank)
        sft = replace(
            sft, adapter=replace(lora, alpha=given.lora_alpha or lora.alpha, targets=given.lora_targets or lora.targets)
        )
    if given.learning_rate is not None:
        sft = replace(sft, learning_rate=given.learning_rate, schedule=LinearTo(0.9 * given.learning_rate))
    if given.dropout is not None:
        sft = replace(sft, dropout=given.dropout)
    return sft if given.longest is None else replace(sft, longest=given.longest)


_MOST = 25_600
"""Augmented examples of the papers' largest ablation."""
_RESERVED = 0.75


def _grid(given: UserData) -> Grid:
    """The papers' sizes where the data have them, else halves of what the data have.

    Curated examples are the fewest of what is drawn: the share `best` of the segments, less a quarter for instructions
    that come out unfinished. Under a threshold their number is known only when they are rated, and that share stands
    for it.
    """
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
    return Grid(
        augmented=augmented,
        seed_data=seed_data,
        thresholds=(1.0, 2.0, 3.0, 4.0, 4.5, 5.0),
        looser=4.0,
        scaled=augmented,
        training=(3_000, 6_000),
        too_few=too_few,
    )


def _halves(most: int) -> tuple[int, ...]:
    """An eighth, a quarter, a half and all of it, those that are there."""
    return tuple(sorted({n for n in (most // 8, most // 4, most // 2, most) if n}))
