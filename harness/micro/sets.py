"""Instruction sets of a known quality: perfect answers, and lapses at given rates."""

import random
from collections.abc import Iterator, Mapping

from humpback.micro.answers import answer, needs
from humpback.micro.instructions import KINDS, Request, parse
from humpback.micro.lapses import blogged, cut_off, lazy, off_topic, wrong
from humpback.micro.people import instructions
from humpback.spec.micro_world import PROPERTIES, World, facts

PERFECT = "perfect"


def instruction_set(
    world: World, n: int, kinds: tuple[str, ...], rates: Mapping[str, float], seed: int
) -> Iterator[tuple[str, str, str, str]]:
    """n of (instruction, output, kind, how the output was made: "perfect" or the name of a lapse).

    Raises:
        ValueError: where the world does not have so many.
    """
    rng = random.Random(f"instruction set/{world.seed}/{seed}/{sorted(rates.items())}/{kinds}")
    for instruction, request in instructions(world, n, kinds or KINDS, held_out=False, rng=rng):
        how = _drawn(rates, rng)
        yield instruction, _answered(world, request, how, rng), request.kind, how


def held_out_prompts(world: World, n: int, kinds: tuple[str, ...], seed: int) -> list[tuple[str, str]]:
    """n held-out (instruction, kind) of these kinds, none twice.

    Raises:
        ValueError: where the world does not have so many.
    """
    rng = random.Random(f"test set/{world.seed}/{seed}/{kinds}")
    return [(text, request.kind) for text, request in instructions(world, n, kinds, held_out=True, rng=rng)]


def made_answer(world: World, instruction: str, rates: Mapping[str, float], label: str) -> tuple[str, str]:
    """A system's answer to a prompt and how it was made, fixed for system and prompt."""
    request = parse(world, instruction)
    if request is None:
        return "I do not know.", "unknown"
    rng = random.Random(f"answers/{world.seed}/{label}/{instruction}")
    how = _drawn(rates, rng)
    return _answered(world, request, how, rng), how


def _drawn(rates: Mapping[str, float], rng: random.Random) -> str:
    left = rng.random()
    for name, rate in rates.items():
        if left < rate:
            return name
        left -= rate
    return PERFECT


def _answered(world: World, request: Request, how: str, rng: random.Random) -> str:
    good = answer(world, request, rng)
    match how:
        case "wrong":
            return wrong(world, good, rng)
        case "clumsy":
            return lazy(world, request, rng)
        case "blogged":
            return blogged(good, request.creature or rng.choice(tuple(facts(world))), rng)
        case "cut_off":
            return cut_off(good, rng)
        case "off_topic":
            return off_topic(1, rng)
        case "terse":
            return terse(world, request, rng)
    return good


def terse(world: World, request: Request, rng: random.Random) -> str:
    """The shortest true reply: a verdict, a name or a value, without a sentence round it."""
    wanted = needs(world, request)
    verdict = next((claim.value for claim in wanted.claims if claim.about == "verdict"), None)
    if verdict:
        return verdict
    bigger = next((claim.subject for claim in wanted.claims if claim.about == "bigger"), None)
    if bigger:
        return bigger
    if wanted.some:
        return rng.choice(sorted({claim.subject for claim in wanted.some}))
    return next(claim.value for name in PROPERTIES for claim in sorted(wanted.claims, key=str) if claim.about == name)
