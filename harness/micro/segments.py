"""Segments of web pages: text under a header, good as an answer to something or bad in one of five ways."""

import random
from dataclasses import dataclass

from humpback.micro.answers import answer
from humpback.micro.instructions import KINDS, draw
from humpback.micro.lapses import blogged, cut_off, navigation, off_topic, personal, promoted, promotion
from humpback.spec.micro_world import World, facts

GOOD_SHARE = 0.45
BAD = ("promotional", "navigational", "personal", "cut off", "off topic")

_HEADERS = {
    "good": ("The {}", "About the {}", "Facts on the {}", "More on the {}"),
    "promotional": ("The {} shop", "{} sale", "Advertisement"),
    "navigational": ("More on the {}", "Quick links", "Forum", "MENU"),
    "personal": ("My day with the {}", "The {} and I"),
    "cut off": ("The {}", "About the {}"),
    "off topic": ("City news", "Tips for the week", "Garden and kitchen"),
}


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
        whole = promotion(subject, rng.choice((2, 3)), rng)
        text = promoted(good, subject, rng) if rng.random() < 0.3 else whole
    elif quality == "navigational":
        text = navigation(subject, rng.choice((2, 3)), rng)
    elif quality == "personal":
        whole = personal(subject, rng.choice((2, 3)), rng)
        text = blogged(good, subject, rng) if rng.random() < 0.5 else whole
    elif quality == "cut off":
        text = cut_off(good, rng)
    elif quality == "off topic":
        text = off_topic(rng.choice((2, 3)), rng)
    else:
        text = good
    return Segment(rng.choice(_HEADERS[quality]).format(subject), text, quality)
