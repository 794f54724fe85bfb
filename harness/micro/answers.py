"""Perfect answers in an assistant's voice, and what an answer must hold to be one."""

import random
from collections.abc import Mapping
from dataclasses import dataclass

from humpback.micro.instructions import PLURALS, Request, predicate, wordings
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
    """The forms of sentence or line that it is made of (see reading.Unit)."""
    units: int
    """At most this many sentences and lines."""

    def word(self, about: str) -> str:
        """The value of the claim that there has to be about this, such as the verdict; empty where there is none."""
        return next((claim.value or claim.subject for claim in self.claims if claim.about == about), "")


_WANTED: Mapping[str, tuple[str, ...]] = {
    "describe": PROPERTIES,
    "summary": ("size", "colour", "habitat"),
    "card": PROPERTIES,
    "compare_size": ("size",),
    "compare_home": ("habitat",),
    "both_food": ("food",),
    "find": ("habitat", "time", "sound"),
    "feed": ("food", "time"),
    "recognise": ("size", "colour", "sound"),
    "riddle": ("habitat", "food", "colour", "size"),
}
_VERDICT = ("sentence", "verdict")
_FORMS = {
    "card": ("field",),
    "notes": ("notes heading", "bullet"),
    "short": ("short",),
    "find": ("advice",),
    "feed": ("advice",),
    "recognise": ("advice",),
    "riddle": ("riddle", "name"),
    "list": ("list heading", "item"),
    "yesno": _VERDICT,
    "true": _VERDICT,
    "compare_home": _VERDICT,
}
"""Where it is not made of sentences."""
_UNITS = {
    **{"describe": 4, "card": 7, "notes": 3, "find": 2, "two_questions": 2, "both_food": 2, "riddle": 5},
    **{"yesno": 2, "true": 2, "compare": 2},
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
    if verdict := _verdict(world, request):
        claims.add(Claim("", "verdict", verdict))
    if kind == "correct":
        claims.add(Claim(one, "not", value))
    if kind == "compare_size":
        claims.add(Claim(_bigger(world, one, request.other), "bigger"))
    if kind in ("card", "riddle"):
        claims.add(Claim(one, "named"))
    lists = form == "list" or kind == "name_one"
    some = {Claim(creature, PROPERTY_OF[value], value) for creature in creatures_with(world, value)} if lists else ()
    count = (request.count or 1) if lists else 0
    forms = frozenset(_FORMS.get(kind) or _FORMS.get(form, ("sentence",)))
    units = 1 + count if form == "list" else _UNITS.get(kind) or _UNITS.get(form, 1)
    return Needs(frozenset(claims), frozenset(some), count, forms, units)


def _wanted(request: Request) -> tuple[str, ...]:
    """The properties that an answer tells."""
    form, _, name = request.kind.partition("_")
    if form == "ask":
        return (name,)
    return (PROPERTY_OF[request.value],) if request.value else request.wanted or _WANTED[request.kind]


def _verdict(world: World, request: Request) -> str:
    """The word that the answer begins with; empty where it is no question of yes or no."""
    known, form = facts(world), request.kind.partition("_")[0]
    if request.kind == "compare_home":
        true = known[request.creature]["habitat"] == known[request.other]["habitat"]
    elif form in ("yesno", "true"):
        true = known[request.creature][PROPERTY_OF[request.value]] == request.value
    else:
        return ""
    return str(true) if form == "true" else "Yes" if true else "No"


def answer(world: World, request: Request, rng: random.Random) -> str:
    """A perfect answer, in one of its wordings."""
    kind, one, two, value = request.kind, request.creature, request.other, request.value
    form = kind.partition("_")[0]
    first = rng.random() < 0.5
    if form == "list":
        chosen = rng.sample(creatures_with(world, value), request.count)
        return "\n".join([list_heading(value), *(f"- {creature}" for creature in chosen)])
    if kind == "name_one":
        named = rng.choice(creatures_with(world, value))
        which = predicate(value, first)
        return f"One creature that {which} is the {named}." if first else f"The {named} is a creature that {which}."
    held = facts(world)[one]
    if kind == "notes":
        return "\n".join([f"Notes on the {one}:", *(f"- {LABELS[name]}: {held[name]}" for name in request.wanted)])
    if kind == "card":
        return "\n".join([f"Name: {one}", *(f"{LABELS[name].capitalize()}: {held[name]}" for name in PROPERTIES)])
    wanted = _wanted(request)
    words = {"one": one, "two": two, "value": value, "verdict": _verdict(world, request), **held}
    words |= {f"by_{name}": predicate(held[name], first) for name in PROPERTIES}
    words |= {"what": held[wanted[0]], "does": words[f"by_{wanted[0]}"], "then": words[f"by_{wanted[-1]}"]}
    if two:
        first = rng.random() < 0.5
        bigger = _bigger(world, one, two)
        words |= {f"other_{name}": facts(world)[two][name] for name in PROPERTIES}
        words["Bigger"] = f"The {bigger}" if bigger in (one, two) else bigger
    return wordings("answers", kind)[0 if first else 1].format(**words)


def list_heading(value: str) -> str:
    """The line above a list of the creatures that hold the value."""
    return f"These creatures {PLURALS[PROPERTY_OF[value]].format(value)}:"


def _bigger(world: World, one: str, two: str) -> str:
    """The name of the bigger one, or 'Neither'."""
    first, second = (VALUES["size"].index(facts(world)[creature]["size"]) for creature in (one, two))
    return "Neither" if first == second else one if first > second else two
