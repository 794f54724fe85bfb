"""Perfect answers in an assistant's voice, and what an answer must hold to be one."""

import random
from collections.abc import Mapping
from dataclasses import dataclass

from humpback.micro.instructions import LANGUAGE, PLURALS, Request, predicate, wordings
from humpback.spec.micro_world import LABELS, PROPERTIES, PROPERTY_OF, World, creatures_with, facts


@dataclass(frozen=True)
class Claim:
    """One thing that a text says."""

    subject: str
    """The creature it is said of; empty for what is said of the answer as a whole."""
    about: str
    """A property; or 'not' (the value is denied), 'named', 'heading', 'verdict'."""
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
    """The forms of sentence or line that it is made of (see reading.Unit)."""
    units: int
    """At most this many sentences and lines."""


_WANTED: Mapping[str, tuple[str, ...]] = {
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
    "label": ("field",),
    "weigh": ("opinion", "sentence"),
    "find": ("advice",),
    "feed": ("advice",),
    "recognise": ("advice",),
    "riddle": ("riddle", "name"),
    "list": ("list heading", "item"),
}
"""Where it is not made of sentences."""
_UNITS = {
    **{"describe": 4, "card": 7, "notes": 3, "report": 2, "find": 2, "two_questions": 2, "riddle": 5},
    **{"both": 2, "weigh": 2},
}
"""Where it is more than one."""


def needs(world: World, request: Request) -> Needs:
    """What an answer to the request must hold."""
    kind, one, value = request.kind, request.creature, request.value
    form = kind.partition("_")[0]
    claims = {
        Claim(creature, about, facts(world)[creature][about])
        for creature in (one, request.other)
        if creature
        for about in _wanted(request)
    }
    if request.verdict:
        claims.add(Claim("", "verdict", request.verdict))
    if form == "correct":
        claims.add(Claim(one, "not", value))
    if kind in ("card", "riddle"):
        claims.add(Claim(one, "named"))
    lists = form in ("list", "name")
    some = {Claim(creature, PROPERTY_OF[value], value) for creature in creatures_with(world, value)} if lists else ()
    count = (request.count or 1) if lists else 0
    forms = frozenset(_FORMS.get(kind) or _FORMS.get(form, ("sentence",)))
    units = 1 + count if form == "list" else _UNITS.get(kind) or _UNITS.get(form, 1)
    return Needs(frozenset(claims), frozenset(some), count, forms, units)


def _wanted(request: Request) -> tuple[str, ...]:
    """The properties that an answer tells."""
    form, _, name = request.kind.partition("_")
    if form in ("weigh", "ask", "short", "label", "complete", "both"):
        return (name,)
    return (PROPERTY_OF[request.value],) if request.value else request.wanted or _WANTED[request.kind]


def answer(world: World, request: Request, rng: random.Random) -> str:
    """A perfect answer, in one of its wordings."""
    kind, one, two, value = request.kind, request.creature, request.other, request.value
    form = kind.partition("_")[0]
    first = rng.random() < 0.5
    if form == "list":
        fit = creatures_with(world, value)
        chosen = sorted(rng.sample(fit, request.count), key=fit.index)
        return "\n".join([list_heading(value), *(f"- {creature}" for creature in chosen)])
    if form == "name":
        named = rng.choice(creatures_with(world, value))
        which = predicate(value, first)
        return f"One creature that {which} is the {named}." if first else f"The {named} is a creature that {which}."
    held = facts(world)[one]
    if request.verdict:
        reason = rng.choice(LANGUAGE["review_reasons"][request.verdict])
        return f"{reason}. The {one} {predicate(held[_wanted(request)[0]], first)}."
    if kind == "notes":
        return "\n".join([f"Notes on the {one}:", *(f"- {LABELS[name]}: {held[name]}" for name in request.wanted)])
    if kind == "card":
        return "\n".join([f"Name: {one}", *(f"{LABELS[name].capitalize()}: {held[name]}" for name in PROPERTIES)])
    wanted = _wanted(request)
    words = {"one": one, "two": two, "value": value, **held}
    words |= {f"by_{name}": predicate(held[name], first) for name in PROPERTIES}
    words |= {"what": held[wanted[0]], "does": words[f"by_{wanted[0]}"], "then": words[f"by_{wanted[-1]}"]}
    words["Labels"] = LABELS[wanted[0]].capitalize()
    words["middle"] = words[f"by_{wanted[len(wanted) // 2]}"]
    if two:
        words["other_does"] = predicate(facts(world)[two][wanted[0]], first)
        first = rng.random() < 0.5
    return wordings("answers", kind)[0 if first else 1].format(**words)


def list_heading(value: str) -> str:
    """The line above a list of the creatures that hold the value."""
    return f"These creatures {PLURALS[PROPERTY_OF[value]].format(value)}:"
