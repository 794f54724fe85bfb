"""Perfect answers in an assistant's voice, and what an answer must hold to be one."""

import random
from dataclasses import dataclass

from humpback.micro.instructions import PREDICATES, Request
from humpback.spec.micro_world import LABELS, PROPERTIES, PROPERTY_OF, VALUES, World, creatures_with, facts


@dataclass(frozen=True)
class Claim:
    """One thing that a text says."""

    subject: str
    """The creature it is said of; empty for what is said of the answer as a whole."""
    about: str
    """A property; or 'not' (the value is denied), 'bigger', 'named', 'verdict'."""
    value: str = ""


@dataclass(frozen=True)
class Needs:
    """What the perfect answer to a request holds."""

    claims: frozenset[Claim]
    """All of these must be made..."""
    some: frozenset[Claim]
    """...and `count` of these."""
    count: int
    forms: frozenset[str]
    """The forms of sentence or line that it is made of (see reading.FORMS)."""
    units: int
    """At most this many sentences and lines."""


_FIXED = {
    "describe": PROPERTIES,
    "summary": ("size", "colour", "habitat"),
    "card": PROPERTIES,
    "find": ("habitat", "time", "sound"),
    "feed": ("food", "time"),
    "recognise": ("size", "colour", "sound"),
    "riddle": ("habitat", "food", "colour", "size"),
}
_FORMS = {
    "card": ("field",),
    "notes": ("notes heading", "bullet"),
    "short": ("short",),
    "find": ("advice",),
    "feed": ("advice",),
    "recognise": ("advice",),
    "riddle": ("riddle", "name"),
    **dict.fromkeys(
        ("yesno_habitat", "yesno_food", "yesno_colour", "true_false", "compare_home"), ("sentence", "verdict")
    ),
    "list_habitat": ("list heading", "item"),
    "list_food": ("list heading", "item"),
    "list_colour": ("list heading", "item"),
}
_UNITS = {"describe": 4, "card": 7, "notes": 3, "find": 2, "two_questions": 2, "both_food": 2, "riddle": 5}


def needs(world: World, request: Request) -> Needs:
    """What an answer to the request must hold."""
    kind, one, two = request.kind, request.creature, request.other
    form, _, name = kind.partition("_")
    known = facts(world)
    claims: set[Claim] = set()
    some: set[Claim] = set()
    count = request.count
    wanted = request.wanted or _FIXED.get(kind, ())
    if form == "ask":
        wanted = (name,)
    elif form in ("yesno", "true", "correct"):
        wanted = (PROPERTY_OF[request.value],)
        if kind == "correct":
            claims.add(Claim(one, "not", request.value))
        else:
            true = known[one][wanted[0]] == request.value
            words = ("Yes", "No") if form == "yesno" else ("True", "False")
            claims.add(Claim("", "verdict", words[0] if true else words[1]))
    elif kind == "compare_size":
        wanted = ("size",)
        claims.add(Claim(_bigger(world, one, two), "bigger"))
    elif kind == "compare_home":
        wanted = ("habitat",)
        same = known[one]["habitat"] == known[two]["habitat"]
        claims.add(Claim("", "verdict", "Yes" if same else "No"))
    elif kind == "both_food":
        wanted = ("food",)
    elif form == "list" or kind == "name_one":
        count = count or 1
        some = {
            Claim(creature, PROPERTY_OF[request.value], request.value)
            for creature in creatures_with(world, request.value)
        }
    if kind in ("card", "riddle"):
        claims.add(Claim(one, "named"))
    claims.update(
        Claim(creature, name, known[creature][name]) for creature in (one, two) if creature for name in wanted
    )
    forms = frozenset(_FORMS.get(kind, ("sentence",)))
    units = (
        1 + count
        if form == "list"
        else _UNITS.get(kind, 2 if kind.startswith("compare") or form in ("yesno", "true") else 1)
    )
    return Needs(frozenset(claims), frozenset(some), count, forms, units)


def answer(world: World, request: Request, rng: random.Random) -> str:
    """A perfect answer, in one of its wordings."""
    kind, one, two = request.kind, request.creature, request.other
    form, _, name = kind.partition("_")
    the, first = f"the {one}", rng.random() < 0.5
    if form == "list":
        return _list(world, request, rng)
    if kind == "name_one":
        chosen = rng.choice(creatures_with(world, request.value))
        which = predicate(request.value, first)
        return f"One creature that {which} is the {chosen}." if first else f"The {chosen} is a creature that {which}."
    held = facts(world)[one]
    say = {name: predicate(held[name], first) for name in PROPERTIES}
    if form == "ask":
        return f"The {one} {say[name]}."
    if form in ("yesno", "true"):
        about = PROPERTY_OF[request.value]
        true = held[about] == request.value
        if form == "yesno":
            return f"{'Yes' if true else 'No'}, {the} {say[about]}."
        return f"{true}: {the} {say[about]}." if first else f"{true}. The {one} {say[about]}."
    if kind == "correct":
        return f"The {one} {say[PROPERTY_OF[request.value]]}, not {request.value}."
    if kind == "short":
        return f"The {one}: {held[request.wanted[0]]}."
    if kind == "two_questions":
        about, then = request.wanted
        return f"The {one} {say[about]} and {say[then]}." if first else f"The {one} {say[about]}. It {say[then]}."
    if kind == "notes":
        return "\n".join([f"Notes on {the}:", *(f"- {LABELS[name]}: {held[name]}" for name in request.wanted)])
    if kind == "card":
        fields = (f"{LABELS[name].capitalize()}: {held[name]}" for name in PROPERTIES)
        return "\n".join([f"Name: {one}", *fields])
    if two:
        return _of_two(world, request, rng)
    if kind == "describe":
        if first:
            looks = f"The {one} is a {held['size']} {held['colour']} creature."
            return f"{looks} It {say['habitat']} and {say['food']}. It {say['sound']} and {say['time']}."
        looks = f"It is {held['size']} and {held['colour']}."
        return f"The {one} {say['habitat']}. {looks} It {say['food']}, {say['time']} and {say['sound']}."
    looks = f"I am {held['size']} and {held['colour']}."
    texts = {
        "summary": (
            f"The {one} is a {held['size']} {held['colour']} creature that {say['habitat']}.",
            f"The {one} {say['habitat']} and is {held['size']} and {held['colour']}.",
        ),
        "find": (
            f"Go to the {held['habitat']} at {held['time']} and listen: {the} {held['sound']}.",
            f"Look for {the} in the {held['habitat']} at {held['time']}. Listen: it {held['sound']}.",
        ),
        "feed": (
            f"Give {the} {held['food']} at {held['time']}.",
            f"At {held['time']}, give {the} some {held['food']}.",
        ),
        "recognise": (
            f"Look for a {held['size']} {held['colour']} creature that {held['sound']}: that is {the}.",
            f"You can tell {the} by this: it is {held['size']} and {held['colour']} and it {held['sound']}.",
        ),
        "riddle": (
            f"{looks} I live in the {held['habitat']} and eat {held['food']}. What am I? The {one}.",
            f"I live in the {held['habitat']}. {looks} I eat {held['food']}. What am I? The {one}.",
        ),
    }
    return texts[kind][0 if first else 1]


def predicate(value: str, first: bool) -> str:
    """The first or the second way to say that something holds the value: 'eats moss', 'feeds on moss'."""
    return PREDICATES[PROPERTY_OF[value]][0 if first else 1].format(value)


def list_heading(value: str) -> str:
    """The line above a list of the creatures that hold the value."""
    which = {"habitat": "live in the {}", "food": "eat {}", "colour": "are {}"}[PROPERTY_OF[value]]
    return f"These creatures {which.format(value)}:"


def _list(world: World, request: Request, rng: random.Random) -> str:
    chosen = rng.sample(creatures_with(world, request.value), request.count)
    return "\n".join([list_heading(request.value), *(f"- {creature}" for creature in chosen)])


def _of_two(world: World, request: Request, rng: random.Random) -> str:
    one, two = request.creature, request.other
    held, other, first = facts(world)[one], facts(world)[two], rng.random() < 0.5
    if request.kind == "compare_size":
        bigger = _bigger(world, one, two)
        subject = f"The {bigger}" if bigger in (one, two) else bigger
        sizes = f"he {one} is {held['size']} and the {two} is {other['size']}"
        return f"{subject} is bigger. T{sizes}." if first else f"{subject} is bigger: t{sizes}."
    if request.kind == "compare_home":
        verdict = "Yes" if held["habitat"] == other["habitat"] else "No"
        homes = f"he {one} lives in the {held['habitat']} and the {two} lives in the {other['habitat']}"
        return f"{verdict}. T{homes}." if first else f"{verdict}, t{homes}."
    return f"The {one} eats {held['food']}{' and the' if first else '. The'} {two} eats {other['food']}."


def _bigger(world: World, one: str, two: str) -> str:
    """The name of the bigger one, or 'Neither'."""
    first, second = (VALUES["size"].index(facts(world)[creature]["size"]) for creature in (one, two))
    return "Neither" if first == second else one if first > second else two
