"""What can be asked of the world: 28 kinds of instruction, how each is worded, and reading a wording back.

There are few enough requests that every wording of every request is listed once per world: reading back is a look-up,
and it cannot disagree with the writing.
"""

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import combinations

from humpback.spec.micro_world import LABELS, PROPERTIES, PROPERTY_OF, VALUES, World, facts

KINDS: tuple[str, ...] = (
    *(f"ask_{name}" for name in PROPERTIES),
    *("describe", "summary", "card", "notes", "short", "two_questions"),
    *("list_habitat", "list_food", "list_colour", "name_one"),
    *("yesno_habitat", "yesno_food", "yesno_colour", "true_false", "correct"),
    *("compare_size", "compare_home", "both_food"),
    *("find", "feed", "recognise", "riddle"),
)

PREDICATES: Mapping[str, tuple[str, str]] = {
    "habitat": ("lives in the {}", "has its home in the {}"),
    "food": ("eats {}", "feeds on {}"),
    "colour": ("is {}", "has a {} coat"),
    "size": ("is {}", "is a {} creature"),
    "sound": ("{}", "often {}"),
    "time": ("is awake at {}", "wakes at {}"),
}
"""Two ways to say that a creature holds a value. Instructions use the first, answers both."""

QUESTIONS: Mapping[str, tuple[str, str]] = {
    "habitat": ("where does {} live", "where {} lives"),
    "food": ("what does {} eat", "what {} eats"),
    "colour": ("what colour is {}", "what colour {} is"),
    "size": ("how big is {}", "how big {} is"),
    "sound": ("what sound does {} make", "what sound {} makes"),
    "time": ("when is {} awake", "when {} is awake"),
}
"""How each property is asked for, directly and indirectly."""

_YES_NO = {"habitat": "does the {} live in the {}", "food": "does the {} eat {}", "colour": "is the {} {}"}
_PLURAL = {"habitat": "live in the {}", "food": "eat {}", "colour": "are {}"}

_BY_CREATURE: Mapping[str, tuple[str, str, str]] = {
    "describe": ("Describe the {}.", "Give a full account of the {}.", "Tell me all about the {}."),
    "summary": (
        "Describe the {} in one sentence.",
        "Sum up the {} in one sentence.",
        "What is the {}, in one sentence?",
    ),
    "card": ("Fill in a card for the {}.", "Make a fact card for the {}.", "Give the facts of the {} as a card."),
    "find": ("How can I find the {}?", "Where and when should I look for the {}?", "Help me find the {}."),
    "feed": ("How do I feed the {}?", "What should I give the {}, and when?", "Help me feed the {}."),
    "recognise": ("How can I spot the {}?", "How do I tell that it is the {}?", "Help me spot the {}."),
    "riddle": ("Write a riddle about the {}.", "Make up a riddle for the {}.", "Turn the {} into a riddle."),
}
_BY_TWO: Mapping[str, tuple[str, str, str]] = {
    "compare_size": (
        "Which is bigger, the {} or the {}?",
        "Is the {} or the {} bigger?",
        "Compare the size of the {} and the {}.",
    ),
    "compare_home": (
        "Do the {} and the {} live in the same place?",
        "Do the {} and the {} share a home?",
        "Is the home of the {} also the home of the {}?",
    ),
    "both_food": (
        "What do the {} and the {} eat?",
        "Tell me what the {} and the {} eat.",
        "Give the food of the {} and of the {}.",
    ),
}


@dataclass(frozen=True)
class Request:
    """What an instruction asks for. Fields that its kind does not use are empty."""

    kind: str
    """One of KINDS."""
    creature: str = ""
    """The creature asked about."""
    other: str = ""
    """The second creature, where two are compared."""
    wanted: tuple[str, ...] = ()
    """The properties asked for, in the order of PROPERTIES, where the instruction chooses them."""
    value: str = ""
    """The value to list by, or the claimed one."""
    count: int = 0
    """How many to list."""


@cache
def requests(world: World, kind: str) -> tuple[Request, ...]:
    """Every request of a kind, in a fixed order."""
    return tuple(_requests(world, kind))


def _requests(world: World, kind: str) -> Iterator[Request]:
    known = facts(world)
    form, _, name = kind.partition("_")
    if kind == "name_one":
        yield from (Request(kind, value=value) for name in ("size", "sound", "time") for value in VALUES[name])
    elif form == "list":
        yield from (Request(kind, value=value, count=count) for value in VALUES[name] for count in (2, 3))
    elif kind in _BY_TWO:
        yield from (Request(kind, one, other=two) for one in known for two in known if one != two)
    else:
        for creature, held in known.items():
            if form == "yesno":
                yield from (Request(kind, creature, value=value) for value in VALUES[name])
            elif kind in ("true_false", "correct"):
                claimed = [(name, value) for name in PROPERTIES for value in VALUES[name]]
                fit = [value for name, value in claimed if kind == "true_false" or held[name] != value]
                yield from (Request(kind, creature, value=value) for value in fit)
            elif kind == "short":
                yield from (Request(kind, creature, wanted=(name,)) for name in PROPERTIES)
            elif kind in ("notes", "two_questions"):
                yield from (Request(kind, creature, wanted=pair) for pair in combinations(PROPERTIES, 2))
            else:
                yield Request(kind, creature)


def draw(world: World, kind: str, rng: random.Random, *, held_out: bool | None = None, creature: str = "") -> Request:
    """A request of the kind; a claim put to the test is true about half of the time.

    held_out: True for the quarter of the requests kept for evaluation, which neither seed data nor web pages answer;
    False for the others; None for all. creature: where given and where the kind has one, the creature asked about.
    """
    true = rng.random() < 0.5 if kind == "true_false" or kind.startswith("yesno") else None
    pool = _pool(world, kind, held_out, true, creature)
    return rng.choice(pool or _pool(world, kind, held_out, true, ""))


@cache
def _pool(world: World, kind: str, held_out: bool | None, true: bool | None, creature: str) -> tuple[Request, ...]:
    """The requests of a kind that are held out or not, and whose claim is true or not; None for either."""
    shuffled = list(requests(world, kind))
    random.Random(f"held out/{world.seed}/{kind}").shuffle(shuffled)
    quarter = len(shuffled) // 4
    pool = shuffled if held_out is None else shuffled[:quarter] if held_out else shuffled[quarter:]
    return tuple(
        request
        for request in pool
        if (not creature or request.creature == creature)
        and (true is None or true is (facts(world)[request.creature][PROPERTY_OF[request.value]] == request.value))
    )


def paraphrases(request: Request) -> tuple[str, ...]:
    """Every wording of a request, always in the same order."""
    kind, the = request.kind, f"the {request.creature}"
    form, _, name = kind.partition("_")
    if kind in _BY_CREATURE:
        return tuple(text.format(request.creature) for text in _BY_CREATURE[kind])
    if kind in _BY_TWO:
        return tuple(text.format(request.creature, request.other) for text in _BY_TWO[kind])
    if form == "ask":
        direct, indirect = (text.format(the) for text in QUESTIONS[name])
        return f"{capitalised(direct)}?", f"What is the {LABELS[name]} of {the}?", f"Tell me {indirect}."
    if kind == "short":
        direct = QUESTIONS[request.wanted[0]][0].format(the)
        return f"In short, {direct}?", f"{capitalised(direct)}? Keep it short.", f"Give a short answer: {direct}?"
    if kind == "two_questions":
        one = QUESTIONS[request.wanted[0]][0].format(the)
        two, two_indirect = (text.format("it") for text in QUESTIONS[request.wanted[1]])
        tell = f"Tell me {QUESTIONS[request.wanted[0]][1].format(the)} and {two_indirect}."
        return f"{capitalised(one)} and {two}?", f"{capitalised(one)}? And {two}?", tell
    if kind == "notes":
        fields = " and ".join(LABELS[name] for name in request.wanted)
        return (
            f"Write notes on {the}: {fields}.",
            f"Note down the {fields} of {the}.",
            f"Notes on {the}, please: {fields}.",
        )
    if kind == "name_one":
        which = _predicate(request.value)
        return f"Name a creature that {which}.", f"Which creature {which}?", f"Give one creature that {which}."
    if form == "list":
        many, which = {2: "two", 3: "three"}[request.count], _PLURAL[name].format(request.value)
        return (
            f"List {many} creatures that {which}.",
            f"Which {many} creatures {which}?",
            f"Give me {many} creatures that {which}.",
        )
    claim = f"{the} {_predicate(request.value)}"
    if form == "yesno":
        ask = _YES_NO[name].format(request.creature, request.value)
        return f"{capitalised(ask)}?", f"Is it so that {claim}?", f"I heard that {claim}. Is that so?"
    if kind == "true_false":
        return f"True or false: {claim}.", f"{capitalised(claim)}. True or false?", f"Say true or false: {claim}."
    if kind == "correct":
        return f"Correct this: {claim}.", f"{capitalised(claim)}. Put this right.", f"Put this right: {claim}."
    raise ValueError(f"unknown kind {kind!r}; known are {', '.join(KINDS)}")


def render(world: World, request: Request, rng: random.Random) -> str:
    """One wording of the request."""
    return rng.choice(paraphrases(request))


def parse(world: World, text: str) -> Request | None:
    """The request that `text` is a wording of, whatever its spacing; None where it is none of this world."""
    return _wordings(world).get(" ".join(text.split()))


@cache
def _wordings(world: World) -> Mapping[str, Request]:
    found: dict[str, Request] = {}
    for kind in KINDS:
        for request in requests(world, kind):
            for text in paraphrases(request):
                if found.setdefault(text, request) != request:
                    raise ValueError(f"{text!r} is a wording of both {request} and {found[text]}")
    return found


def _predicate(value: str) -> str:
    return PREDICATES[PROPERTY_OF[value]][0].format(value)


def capitalised(text: str) -> str:
    """The text with a capital first letter, the rest (names) as it is."""
    return text[:1].upper() + text[1:]
