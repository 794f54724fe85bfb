"""What people and systems of the world contribute: seed data, instruction sets of a known quality, prompts, answers."""

import random
from collections.abc import Collection, Iterator, Mapping, Sequence

from humpback.micro.answers import answer
from humpback.micro.held_out import held_out_prompts
from humpback.micro.instructions import KINDS, Request, draw, parse, render
from humpback.micro.lapses import draw_lapse, spoil
from humpback.spec.micro_world import SEED_KINDS, World

REFERENCE_RATES: Mapping[str, float] = {"wordy": 0.85, "wrong": 0.05, "clumsy": 0.05}
"""Lapses of the middling system that others are compared with."""
_TRIES = 1_000
"""Draws without a new instruction after which a kind counts as used up."""


def instructions(world: World, n: int, kinds: Sequence[str], rng: random.Random) -> list[tuple[str, Request]]:
    """n requests in one wording each, the kinds in turn as far as they go, none twice, none held out for evaluation.

    Raises:
        ValueError: where the world does not have so many.
    """
    found: dict[Request, str] = {}
    left = list(kinds)
    while len(found) < n and left:
        for kind in tuple(left):
            for _ in range(_TRIES):
                request = draw(world, kind, rng, held_out=False)
                if request not in found:
                    found[request] = render(world, request, rng)
                    break
            else:
                left.remove(kind)
            if len(found) == n:
                break
    if len(found) < n:
        raise ValueError(f"n is {n}; this world has {len(found)} instructions of these kinds")
    return [(instruction, request) for request, instruction in found.items()]


def seed_pairs(world: World, n: int, seed: int) -> list[tuple[str, str]]:
    """n instructions with perfect answers, SEED_KINDS in turn as far as they go, no instruction twice.

    Raises ValueError where the world does not have so many.
    """
    rng = random.Random(f"seed pairs/{world.seed}/{seed}")
    asked = instructions(world, n, SEED_KINDS, rng)
    return [(instruction, answer(world, request, rng)) for instruction, request in asked]


def instruction_set(
    world: World, n: int, kinds: tuple[str, ...], rates: Mapping[str, float], seed: int
) -> Iterator[tuple[str, str, str, str]]:
    """n of (instruction, output, kind, how the output came about: "perfect" or the name of a lapse).

    Raises ValueError where the world does not have so many.
    """
    rng = random.Random(f"instruction set/{world.seed}/{seed}/{sorted(rates.items())}/{kinds}")
    for instruction, request in instructions(world, n, kinds or KINDS, rng):
        how = draw_lapse(rates, rng)
        yield instruction, spoil(world, request, answer(world, request, rng), how, rng), request.kind, how


def evaluation_prompts(world: World, n: int, seed: int) -> list[tuple[str, str]]:
    """n (instruction, kind) of all kinds, of requests that no seed pair, instruction set or web page answers.

    Raises ValueError where the world does not have so many.
    """
    rng = random.Random(f"evaluation/{world.seed}/{seed}")
    return _prompts(held_out_prompts(world, n, KINDS, rng))


def prompts_of_kinds(world: World, n: int, kinds: tuple[str, ...], seed: int) -> list[tuple[str, str]]:
    """The same of some kinds."""
    rng = random.Random(f"test set/{world.seed}/{seed}/{kinds}")
    return _prompts(held_out_prompts(world, n, kinds, rng))


def dev_prompts(world: World, n: int, seed: int, *, besides: Collection[str], after: int = 0) -> list[tuple[str, str]]:
    """The same of all kinds to choose settings by, none a wording of a request in `besides`.

    after: so many of the same draw come before them and are left out. The first n of a draw are the same whatever n.
    """
    rng = random.Random(f"dev/{world.seed}/{seed}")
    tested = {request for text in besides if (request := parse(world, text)) is not None}
    return _prompts(held_out_prompts(world, after + n, KINDS, rng, besides=tested)[after:])


def _prompts(asked: list[tuple[str, Request]]) -> list[tuple[str, str]]:
    return [(text, request.kind) for text, request in asked]


def reference_answer(world: World, instruction: str, seed: int, rates: Mapping[str, float] = REFERENCE_RATES) -> str:
    """The answer of a middling system: the truth, or a lapse at these rates. Fixed for an instruction."""
    rng = random.Random(f"reference/{world.seed}/{seed}/{instruction}")
    request = parse(world, instruction)
    if request is None:
        return "I do not know."
    good, lapse = answer(world, request, rng), draw_lapse(rates, rng)
    return spoil(world, request, good, lapse, rng, subject=request.creature or "creature")


def system_answer(world: World, instruction: str, rates: Mapping[str, float], label: str) -> tuple[str, str]:
    """A system's answer to a prompt and how it came about, fixed for system and prompt."""
    request = parse(world, instruction)
    if request is None:
        return "I do not know.", "unknown"
    rng = random.Random(f"answers/{world.seed}/{label}/{instruction}")
    how = draw_lapse(rates, rng)
    return spoil(world, request, answer(world, request, rng), how, rng), how
