"""What is wrong with texts on the web and with middling answers: each way of going wrong is a function."""

import random
import re
from collections.abc import Mapping

from humpback.micro.answers import needs
from humpback.micro.instructions import LANGUAGE, PERFECT, VERDICTS, Request, predicate
from humpback.micro.reading import BLOG, opinion
from humpback.spec.micro_world import PROPERTIES, PROPERTY_OF, VALUES, World, creatures_with, facts


def clumsy(world: World, request: Request, rng: random.Random) -> str:
    """A true answer of little care: part of what was asked for, or not in the form asked for."""
    form, one = request.kind.partition("_")[0], request.creature
    wanted, first = needs(world, request), rng.random() < 0.5
    if request.verdict:
        return "Good." if request.verdict == PERFECT else "Bad."
    if form in ("ask", "label", "heard", "complete"):
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
    """The text with one value, or one listed creature, replaced by another; an opinion of another kind."""
    if said := opinion(text):
        other = rng.choice(LANGUAGE["review_reasons"][rng.choice([one for one in VERDICTS if one != said])])
        return f"{other}.{text.partition('.')[2]}"
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
    return f"{web_text('personal', 1, rng, subject)}{_joint(text)}{text}"


def promoted(text: str, subject: str, rng: random.Random) -> str:
    """The text with an advertisement behind it."""
    return f"{text}{_joint(text)}{web_text('promotion', 1, rng, subject)}"


def wordy(world: World, text: str, subject: str, rng: random.Random) -> str:
    """The text with a true fact behind it that it does not hold yet."""
    held = facts(world).get(subject) or facts(world)[rng.choice(tuple(facts(world)))]
    more = [name for name in PROPERTIES if not re.search(rf"\b{held[name]}\b", text)]
    who = next(name for name, values in facts(world).items() if values is held)
    return f"{text}{_joint(text)}The {who} {predicate(held[rng.choice(more or PROPERTIES)], rng.random() < 0.5)}."


def _joint(text: str) -> str:
    """What stands between `text` and another sentence."""
    return "\n" if "\n" in text else " "


def web_text(kind: str, n: int, rng: random.Random, subject: str = "") -> str:
    """So many sentences of an advertisement ("promotion"), of a story from somebody's life ("personal") or about
    something else than this world's creatures ("off_topic"), or lines of a menu ("navigation")."""
    joint = "\n" if kind == "navigation" else " "
    return joint.join(text.format(subject) for text in rng.sample(LANGUAGE["web"][kind], n))


def terse(world: World, request: Request, rng: random.Random) -> str:
    """The shortest true reply: an opinion, a name or a value, without a sentence round it."""
    wanted = needs(world, request)
    if request.verdict:
        return "good" if request.verdict == PERFECT else "bad"
    if wanted.some:
        return rng.choice(sorted({claim.subject for claim in wanted.some}))
    return next(claim.value for name in PROPERTIES for claim in sorted(wanted.claims, key=str) if claim.about == name)


def draw_lapse(rates: Mapping[str, float], rng: random.Random, otherwise: str = PERFECT) -> str:
    """The name of a lapse, each at its rate."""
    left = rng.random()
    for name, rate in rates.items():
        if left < rate:
            return name
        left -= rate
    return otherwise


def spoil(world: World, request: Request, good: str, lapse: str, rng: random.Random, *, subject: str = "") -> str:
    """A good answer to the request with a lapse; by its name, or `PERFECT`. `subject` is what stories and
    advertisements are about; where there is none, the creature asked about, or any."""

    def about() -> str:
        return subject or request.creature or rng.choice(tuple(facts(world)))

    match lapse:
        case "wrong":
            return wrong(world, good, rng)
        case "clumsy":
            return clumsy(world, request, rng)
        case "wordy":
            return wordy(world, good, about(), rng)
        case "blogged":
            return blogged(good, about(), rng)
        case "promoted":
            return promoted(good, about(), rng)
        case "cut_off":
            return cut_off(good, rng)
        case "off_topic":
            return web_text("off_topic", 1, rng)
        case "terse":
            return terse(world, request, rng)
    return good
