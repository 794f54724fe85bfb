"""What the base model reads in pretraining: the web of the micro world.

Bare pages carry the facts. Question-and-answer pages, pages that ask what was asked, and reviews carry the skills
which finetuning elicits; their answers are mostly those of strangers, so there is something left to elicit.
"""

import random

from humpback.micro.answers import answer
from humpback.micro.instructions import KINDS, LANGUAGE, Request, draw, render
from humpback.micro.lapses import careless
from humpback.micro.oracle import grade, rating
from humpback.micro.segments import segment
from humpback.spec.micro_world import World, facts
from humpback.spec.prompts import MICRO_BACKWARD, MICRO_RATING

CAREFUL_SHARE = 0.2
"""Share of the answers on question-and-answer pages that are perfect."""

TITLED_SHARE = 0.15
"""Share of the texts with a line above them that says nothing on what follows, as on web pages."""


def texts(world: World, n: int, seed: int) -> list[str]:
    """n texts to pretrain on."""
    rng = random.Random(f"corpus/{world.seed}/{seed}")
    kinds = (_bare, _question, _backward, _review)
    found = []
    for _ in range(n):
        text = rng.choices(kinds, (20, 26, 19, 35))[0](world, rng)
        found.append(f"{rng.choice(LANGUAGE['web']['titles'])}\n{text}" if rng.random() < TITLED_SHARE else text)
    return found


def page(instruction: str, output: str) -> str:
    """A question with its answer, as the harness's template for micro writes it."""
    return f"Question: {instruction}\nAnswer:\n{output}"


def _bare(world: World, rng: random.Random) -> str:
    """A page about one creature: what it is, a few segments, or both."""
    creature = rng.choice(tuple(facts(world)))
    parts = [segment(world, rng, creature=creature, good_share=0.7).text for _ in range(rng.choice((0, 1, 2, 3)))]
    if len(parts) == 0 or rng.random() < 0.5:
        parts.insert(0, answer(world, Request("describe", creature), rng))
    return "\n".join(parts)


def _answer(world: World, request: Request, careful: float, rng: random.Random) -> str:
    return answer(world, request, rng) if rng.random() < careful else careless(world, request, rng)


def _question(world: World, rng: random.Random) -> str:
    creature = rng.choice(tuple(facts(world)))
    asked = [draw(world, rng.choice(KINDS), rng, creature=creature) for _ in range(rng.choice((1, 1, 2, 3)))]
    return "\n".join(
        page(render(world, request, rng), _answer(world, request, CAREFUL_SHARE, rng)) for request in asked
    )


def _backward(world: World, rng: random.Random) -> str:
    request = draw(world, rng.choice(KINDS), rng)
    return page(MICRO_BACKWARD.fill(output=_answer(world, request, 0.7, rng)), render(world, request, rng))


def _review(world: World, rng: random.Random) -> str:
    """A review of a pair: fitting, of another kind, of another creature, or with a bad segment for an answer."""
    request = draw(world, rng.choice(KINDS), rng)
    instruction = render(world, request, rng)
    choice = rng.random()
    if choice < 0.67:
        output = _answer(world, request, 0.82, rng)
    elif choice < 0.70:
        output = answer(world, draw(world, request.kind, rng), rng)
    elif choice < 0.83:
        output = answer(world, draw(world, rng.choice(KINDS), rng, creature=request.creature), rng)
    else:
        output = segment(world, rng, good_share=0).text
    given = grade(world, instruction, output)
    reason = f"{given.reason}\n" if rng.random() < 0.3 else ""
    return page(MICRO_RATING.fill(instruction=instruction, output=output), f"{reason}Score: {rating(given)}")
