"""Reading a text of the world: its sentences and lines, the form of each, and what each claims.

A grammar decides whether a sentence or line is well formed. No word is a value of two properties, so once it is, its
words tell the claims.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from humpback.micro.answers import Claim, list_heading
from humpback.micro.instructions import LANGUAGE, PERFECT, PREDICATES, Request
from humpback.spec.micro_world import LABELS, PROPERTIES, PROPERTY_OF, VALUES, World, facts

READ_AT_MOST = 4_000
"""Characters read of a text; what is longer is no answer."""

BLOG = tuple(LANGUAGE["web"]["blog"])
"""What turns a plain sentence into somebody's personal account."""

_WORDS_OF = {
    "promotion": re.compile(r"\b(buy|order|shop|sale|coins|save|offer|free)\b", re.IGNORECASE),
    "navigation": re.compile(r"\b(click|menu|next|page|back|home page|login|log)\b|\|", re.IGNORECASE),
    "personal": re.compile(r"\b(I|my|me|we|our)\b", re.IGNORECASE),
}


@dataclass(frozen=True)
class Unit:
    """A sentence or line of a text."""

    text: str
    form: str
    """A form of the grammar; or "personal", "promotion", "navigation", "foreign" or "cut off", which like "blog" (a
    well-formed sentence told as one's own experience) have no place in an answer."""
    claims: tuple[Claim, ...] = ()


def read(world: World, request: Request, text: str) -> tuple[Unit, ...]:
    """The units of a text that answers `request`; the request tells what 'it' and an unnamed list speak of."""
    units: list[Unit] = []
    subject, listed = request.creature, ""
    for line in text[:READ_AT_MOST].splitlines():
        pieces = [line.strip()] if _whole_line(world, line.strip()) else re.split(r"(?<=[.?!])\s+", line.strip())
        for piece in filter(None, pieces):
            form = _form(world, piece)
            claims, subject = _claims(world, piece, form, subject, listed)
            if form == "list heading":
                listed = claims[0].value
            units.append(Unit(piece, form, claims))
    return tuple(units)


def _whole_line(world: World, line: str) -> bool:
    return any(_grammar(world)[form].fullmatch(line) for form in ("item", "bullet", "field", "short"))


def _form(world: World, piece: str) -> str:
    for form, pattern in _grammar(world).items():
        if pattern.fullmatch(piece):
            return form
    for form, marked in _WORDS_OF.items():
        if marked.search(piece):
            return form
    return "foreign" if piece[-1] in ".?!:" else "cut off"


def _claims(world: World, piece: str, form: str, subject: str, listed: str) -> tuple[tuple[Claim, ...], str]:
    """What a unit claims, and whom 'it' means after it."""
    if form not in _grammar(world):
        return (), subject
    known, claims, denied = facts(world), [], False
    words = re.findall(r"\w+", piece)
    if form == "item":
        return (Claim(words[0], PROPERTY_OF[listed] if listed else "named", listed),), subject
    if form == "list heading":
        return tuple(Claim("", "heading", word) for word in words if word in PROPERTY_OF), subject
    if "One creature that" in piece or form == "advice":
        subject = next((word for word in words if word in known), subject)
    if form == "name" or words[0] == "Name":
        subject = next(word for word in words if word in known)
        return (Claim(subject, "named"),), subject
    if form == "notes heading":
        return (), next(word for word in words if word in known)
    if verdict := opinion(piece):
        return (Claim("", "verdict", verdict),), subject
    for word in words:
        if word in known:
            subject = word
        elif word == "not":
            denied = True
        elif word in PROPERTY_OF:
            claims.append(Claim(subject, "not" if denied else PROPERTY_OF[word], word))
    return tuple(claims), subject


_OPINIONS: Mapping[str, str] = {
    text: verdict for verdict, texts in LANGUAGE["review_reasons"].items() for text in texts
}


def opinion(text: str) -> str:
    """What a text says an answer is, such as "blog"; empty where it gives no opinion, or no reason for a bad one."""
    said = text.lower()
    if said == "good.":
        return PERFECT
    return next((verdict for words, verdict in _OPINIONS.items() if words.lower() in said), "")


@cache
def _grammar(world: World) -> Mapping[str, re.Pattern[str]]:
    """Form -> what a unit of the form looks like, in the order in which they are tried."""
    any_of = {name: f"(?:{'|'.join(values)})" for name, values in VALUES.items()}
    habitat, food, colour, size, sound, time = (any_of[name] for name in PROPERTIES)
    name = f"(?:{'|'.join(facts(world))})"
    value = f"(?:{'|'.join(PROPERTY_OF)})"
    ways = [way.format(any_of[kind]) for kind in PROPERTIES for way in PREDICATES[kind]]
    ways += [f"is {size} and {colour}", f"is a {size} {colour} creature"]
    does = f"(?:{'|'.join(ways)})"
    clause = f"(?:[Tt]he {name}|[Ii]t) {does}"
    sentence = f"{clause}(?:(?:,| and|, and| that| and that) (?:{clause}|{does}))*(?:, not {value})?\\."
    said = f"(?i:{'|'.join(_OPINIONS)})\\."
    fields = [f"{LABELS[kind]}: {any_of[kind]}" for kind in PROPERTIES]
    headings = [list_heading(word) for word in PROPERTY_OF]
    advice = [
        f"Go to the {habitat} at {time} and listen: the {name} can {sound}\\.",
        f"Look for the {name} in the {habitat} at {time}\\.",
        f"Listen: it can {sound}\\.",
        f"Give the {name} {food} at {time}\\.",
        f"At {time}, give the {name} some {food}\\.",
        f"Look for a {size} {colour} creature that can {sound}: that is the {name}\\.",
        f"You can tell the {name} by this: it is {size} and {colour} and it can {sound}\\.",
    ]
    riddle = [
        f"I am {size} and {colour}\\.",
        f"I live in the {habitat}(?: and eat {food})?\\.",
        f"I eat {food}\\.",
        "What am I\\?",
    ]
    patterns = {
        "sentence": f"{sentence}|One creature that {does} is the {name}\\.|The {name} is a creature that {does}\\.",
        "opinion": said,
        "verdict": "(?:Good|Bad)\\.",
        "item": f"- {name}",
        "bullet": f"- (?:{'|'.join(fields)})",
        "field": f"(?:Name: {name}|{'|'.join(field.capitalize() for field in fields)})",
        "short": f"The {name}: {value}\\.",
        "name": f"The {name}\\.",
        "advice": "|".join(advice),
        "riddle": "|".join(riddle),
        "list heading": "|".join(headings),
        "notes heading": f"Notes on the {name}:",
        "blog": f"(?:{'|'.join(BLOG)})(?:{sentence}|{said})",
    }
    return {form: re.compile(pattern) for form, pattern in patterns.items()}
