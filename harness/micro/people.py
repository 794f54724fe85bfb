"""What people contribute: seed data, evaluation prompts, and a middling system to compare with."""

import random

from harness.micro.answers import answer
from harness.micro.instructions import KINDS, SEED_KINDS, draw, parse, render
from harness.micro.lapses import blogged, cut_off, lazy, wrong
from harness.micro.world import World

_TRIES = 1_000


def seed_pairs(world: World, n: int, seed: int) -> list[tuple[str, str]]:
    """n instructions with perfect answers, SEED_KINDS in turn, no instruction twice.

    Raises ValueError where the world has too few requests of a kind.
    """
    rng = random.Random(f"seed pairs/{world.seed}/{seed}")
    pairs: dict[str, str] = {}
    for i in range(n):
        for _ in range(_TRIES):
            request = draw(world, SEED_KINDS[i % len(SEED_KINDS)], rng, held_out=False)
            instruction = render(world, request, rng)
            if instruction not in pairs:
                pairs[instruction] = answer(world, request, rng)
                break
        else:
            raise ValueError(f"n is {n}; this world has too few requests of kind {SEED_KINDS[i % len(SEED_KINDS)]!r}")
    return list(pairs.items())


def evaluation_prompts(world: World, n: int, seed: int) -> list[tuple[str, str]]:
    """n (instruction, kind), all kinds in turn, of requests that no seed pair and no web page answers; none twice.

    Raises ValueError where the world has too few requests of a kind.
    """
    rng = random.Random(f"evaluation/{world.seed}/{seed}")
    prompts: dict[str, str] = {}
    for i in range(n):
        kind = KINDS[i % len(KINDS)]
        for _ in range(_TRIES):
            instruction = render(world, draw(world, kind, rng, held_out=True), rng)
            if instruction not in prompts:
                prompts[instruction] = kind
                break
        else:
            raise ValueError(f"n is {n}; this world has too few requests of kind {kind!r}")
    return list(prompts.items())


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
    """The answer of a middling system: the truth, with one of four lapses at these rates. Always the same for the same instruction."""
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
