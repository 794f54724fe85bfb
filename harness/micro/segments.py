"""Segments of web pages: text under a header, good as an answer to something or bad in one of six ways."""

import random
from collections.abc import Mapping
from dataclasses import dataclass

from humpback.micro.answers import answer
from humpback.micro.instructions import LANGUAGE, draw, draw_kind
from humpback.micro.lapses import blogged, cut_off, promoted, web_text
from humpback.spec.micro_world import World, facts

GOOD_SHARE = 0.38
BAD: Mapping[str, float] = {
    "blog": 0.35,
    "advertised": 0.15,
    "cut off": 0.15,
    "promotional": 0.1,
    "navigational": 0.05,
    "personal": 0.1,
    "off topic": 0.1,
}
"""What is wrong with the others, and how often: a true text told as somebody's own experience, or with an advertisement
behind it, or broken off; or nothing but promotion, a menu, somebody's day, or another subject."""


@dataclass(frozen=True)
class Segment:
    """The text under one header of a page."""

    header: str
    text: str
    """Paragraphs one per line; items of a list as lines that begin with '- '."""
    quality: str
    """'good' or one of BAD."""


def segment(
    world: World,
    rng: random.Random,
    *,
    held_out: bool | None = None,
    creature: str = "",
    good_share: float = GOOD_SHARE,
    opinions: bool = True,
) -> Segment:
    """One segment. held_out, creature: see instructions.draw; opinions: see draw_kind."""
    request = draw(world, draw_kind(rng, opinions=opinions), rng, held_out=held_out, creature=creature)
    subject = request.creature or creature or rng.choice(tuple(facts(world)))
    quality = "good" if rng.random() < good_share else rng.choices(tuple(BAD), tuple(BAD.values()))[0]
    good = answer(world, request, rng)
    match quality:
        case "blog":
            text = blogged(good, subject, rng)
        case "advertised":
            text = promoted(good, subject, rng)
        case "cut off":
            text = cut_off(good, rng)
        case "promotional":
            text = web_text("promotion", rng.choice((2, 3)), rng, subject)
        case "navigational":
            text = web_text("navigation", rng.choice((2, 3)), rng, subject)
        case "personal":
            text = web_text("personal", rng.choice((2, 3)), rng, subject)
        case "off topic":
            text = web_text("off_topic", rng.choice((2, 3)), rng)
        case _:
            text = good
    return Segment(rng.choice(LANGUAGE["headers"][quality]).format(subject), text, quality)
