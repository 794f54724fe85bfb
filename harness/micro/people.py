"""What people contribute: seed data, evaluation prompts, and a middling system to compare with."""

import random

from humpback.micro.answers import answer
from humpback.micro.instructions import KINDS, Request, draw, parse, render
from humpback.micro.lapses import blogged, cut_off, lazy, wrong
from humpback.spec.micro_world import SEED_KINDS, World

_TRIES = 1_000
"""Draws without a new instruction after which a kind counts as used up."""


def seed_pairs(world: World, n: int, seed: int) -> list[tuple[str, str]]:
    """n instructions with perfect answers, SEED_KINDS in turn as far as they go, no instruction twice.

    Raises ValueError where the world does not have so many.
    """
    rng = random.Random(f"seed pairs/{world.seed}/{seed}")
    asked = instructions(world, n, SEED_KINDS, held_out=False, rng=rng)
    return [(instruction, answer(world, request, rng)) for instruction, request in asked]


def evaluation_prompts(world: World, n: int, seed: int) -> list[tuple[str, str]]:
    """n (instruction, kind), all kinds in turn as far as they go, of requests that no seed pair or web page answers.

    None twice. Raises ValueError where the world does not have so many.
    """
    rng = random.Random(f"evaluation/{world.seed}/{seed}")
    return [(text, request.kind) for text, request in instructions(world, n, KINDS, held_out=True, rng=rng)]


def instructions(
    world: World, n: int, kinds: tuple[str, ...], *, held_out: bool, rng: random.Random
) -> list[tuple[str, Request]]:
    """n wordings with what they ask for, the kinds in turn as far as they go, none twice.

    Raises:
        ValueError: where the world does not have so many.
    """
    found: dict[str, Request] = {}
    left = list(kinds)
    while len(found) < n and left:
        for kind in tuple(left):
            for _ in range(_TRIES):
                request = draw(world, kind, rng, held_out=held_out)
                instruction = render(world, request, rng)
                if instruction not in found:
                    found[instruction] = request
                    break
            else:
                left.remove(kind)
            if len(found) == n:
                break
    if len(found) < n:
        raise ValueError(f"n is {n}; this world has {len(found)} instructions of these kinds")
    return list(found.items())


def reference_answer(
    world: World,
    instruction: str,
    seed: int,
    *,
    wrong_rate: float = 0.15,
    lazy_rate: float = 0.2,
    blog_rate: float = 0.15,
    cut_rate: float = 0.05,
) -> str:
    """The answer of a middling system: the truth, or one of four lapses at these rates. Fixed for an instruction."""
    rng = random.Random(f"reference/{world.seed}/{seed}/{instruction}")
    request = parse(world, instruction)
    if request is None:
        return "I do not know."
    good, lapse = answer(world, request, rng), rng.random()
    for name, rate in (("wrong", wrong_rate), ("lazy", lazy_rate), ("blog", blog_rate), ("cut", cut_rate)):
        if lapse < rate:
            if name == "wrong":
                return wrong(world, good, rng)
            if name == "lazy":
                return lazy(world, request, rng)
            return blogged(good, request.creature or "creature", rng) if name == "blog" else cut_off(good, rng)
        lapse -= rate
    return good
