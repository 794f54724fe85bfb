"""Segments of web pages: text under a header, good as an answer to something or bad in one of five ways."""

import random
from dataclasses import dataclass

from humpback.micro.answers import answer
from humpback.micro.instructions import KINDS, LANGUAGE, draw
from humpback.micro.lapses import blogged, cut_off, promoted, web_text
from humpback.spec.micro_world import World, facts

GOOD_SHARE = 0.45
BAD = ("promotional", "navigational", "personal", "cut off", "off topic")


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
) -> Segment:
    """One segment. held_out, creature: see instructions.draw."""
    request = draw(world, rng.choice(KINDS), rng, held_out=held_out, creature=creature)
    subject = request.creature or creature or rng.choice(tuple(facts(world)))
    quality = "good" if rng.random() < good_share else rng.choice(BAD)
    good = answer(world, request, rng)
    if quality == "promotional":
        whole = web_text("promotion", rng.choice((2, 3)), rng, subject)
        text = promoted(good, subject, rng) if rng.random() < 0.3 else whole
    elif quality == "navigational":
        text = web_text("navigation", rng.choice((2, 3)), rng, subject)
    elif quality == "personal":
        whole = web_text("personal", rng.choice((2, 3)), rng, subject)
        text = blogged(good, subject, rng) if rng.random() < 0.5 else whole
    elif quality == "cut off":
        text = cut_off(good, rng)
    elif quality == "off topic":
        text = web_text("off_topic", rng.choice((2, 3)), rng)
    else:
        text = good
    return Segment(rng.choice(LANGUAGE["headers"][quality]).format(subject), text, quality)
