"""What is wrong with texts on the web and with middling answers: each way of going wrong is a function."""

import random
import re

from humpback.micro.answers import answer, needs, predicate
from humpback.micro.instructions import Request
from humpback.micro.reading import BLOG
from humpback.spec.micro_world import PROPERTIES, PROPERTY_OF, VALUES, World, creatures_with, facts

_PROMOTION = (
    "Buy a {} mug today!",
    "Order the {} book now and save.",
    "All {} shirts are on sale in our shop.",
    "A {} mug is only five coins.",
    "Get a free {} book with every order.",
)
_NAVIGATION = (
    "Home | Shop | Menu | Log in",
    "Next page: the {}",
    "Back to the {} page",
    "Click here for more on the {}.",
    "Menu: {} | Home | Shop",
    "Click here to log in.",
)
_PERSONAL = (
    "I saw the {} on my walk last week.",
    "My sister and I love the {}.",
    "We took the train to see the {}.",
    "I laughed so much when we saw the {}!",
    "My day was long but the {} was fun.",
)
_OFF_TOPIC = (
    "The train to the city leaves at ten.",
    "Rain is likely in the city this week.",
    "Mix the milk with the flour and wait.",
    "The city has a new bridge.",
    "The team lost the last game.",
    "Wash the shirt in cold water.",
    "The bank is closed this week.",
    "Cut the bread and add the milk.",
    "The new book is long.",
    "Water the garden every week.",
)


def lazy(world: World, request: Request, rng: random.Random) -> str:
    """A true answer of little care: part of what was asked for, or not in the form asked for."""
    form, one = request.kind.partition("_")[0], request.creature
    wanted, first = needs(world, request), rng.random() < 0.5
    verdict = next((claim.value for claim in wanted.claims if claim.about == "verdict"), None)
    if verdict:
        return f"{verdict}."
    if form == "ask":
        return f"The {one}: {facts(world)[one][request.kind.partition('_')[2]]}."
    if wanted.some:
        chosen = rng.sample(creatures_with(world, request.value), min(2, request.count or 1))
        if form == "list":
            return " ".join(f"The {creature} {predicate(request.value, first)}." for creature in chosen)
        return f"The {chosen[0]}."
    about = [name for name in PROPERTIES if any(claim.about == name for claim in wanted.claims)]
    said = sorted(rng.sample(about, max(1, len(about) // 2)), key=PROPERTIES.index)
    return f"The {one} {' and '.join(predicate(facts(world)[one][name], first) for name in said[:3])}."


def wrong(world: World, text: str, rng: random.Random) -> str:
    """The text with one value, or one listed creature, replaced by another."""
    lines = text.split("\n")
    known = facts(world)
    items = [i for i, line in enumerate(lines) if line.removeprefix("- ") in known]
    if items:
        value = next(word.rstrip(":") for word in lines[0].split() if word.rstrip(":") in PROPERTY_OF)
        unfit = [creature for creature in known if creature not in creatures_with(world, value)]
        lines[rng.choice(items)] = f"- {rng.choice(unfit)}"
        return "\n".join(lines)
    said = text.split(", not ", maxsplit=1)[0]
    values = [word for word in re.findall(r"\w+", said) if word in PROPERTY_OF]
    if not values:
        return f"The {rng.choice(tuple(known))}."
    old = rng.choice(values)
    return text.replace(old, rng.choice([new for new in VALUES[PROPERTY_OF[old]] if new != old]))


def cut_off(text: str, rng: random.Random) -> str:
    """The text broken off within a sentence or line."""
    spaces = [i for i, letter in enumerate(text) if letter in " \n"]
    return text[: rng.choice(spaces[len(spaces) // 3 :] or [len(text) - 1])].rstrip(".:,")


def blogged(text: str, subject: str, rng: random.Random) -> str:
    """The text as somebody's own account of `subject`."""
    if text.startswith("The "):
        return rng.choice(BLOG) + "the" + text.removeprefix("The")
    return f"{personal(subject, 1, rng)}{_joint(text)}{text}"


def promoted(text: str, subject: str, rng: random.Random) -> str:
    """The text with an advertisement behind it."""
    return f"{text}{_joint(text)}{promotion(subject, 1, rng)}"


def _joint(text: str) -> str:
    """What stands between `text` and another sentence."""
    return "\n" if "\n" in text else " "


def promotion(subject: str, sentences: int, rng: random.Random) -> str:
    """An advertisement."""
    return " ".join(text.format(subject) for text in rng.sample(_PROMOTION, sentences))


def navigation(subject: str, lines: int, rng: random.Random) -> str:
    """Menus and links."""
    return "\n".join(text.format(subject) for text in rng.sample(_NAVIGATION, lines))


def personal(subject: str, sentences: int, rng: random.Random) -> str:
    """A story from somebody's life."""
    return " ".join(text.format(subject) for text in rng.sample(_PERSONAL, sentences))


def off_topic(sentences: int, rng: random.Random) -> str:
    """Text about something else than this world's creatures."""
    return " ".join(rng.sample(_OFF_TOPIC, sentences))


def careless(world: World, request: Request, rng: random.Random) -> str:
    """An answer as strangers give it on the web: seldom a perfect one."""
    good = answer(world, request, rng)
    subject = request.creature or rng.choice(tuple(facts(world)))
    draw = rng.random()
    if draw < 0.55:
        return lazy(world, request, rng)
    if draw < 0.70:
        return blogged(good, subject, rng)
    if draw < 0.80:
        return promoted(good, subject, rng)
    if draw < 0.90:
        return cut_off(good, rng)
    return wrong(world, good, rng)
