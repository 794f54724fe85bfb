"""What can be asked of the world: 28 kinds of instruction, how each is worded, and reading a wording back.

There are few enough requests that every wording of every request is listed once per world: reading back is a look-up,
and it cannot disagree with the writing.
"""

import random
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import combinations
from pathlib import Path

from humpback.spec.micro_world import LABELS, PROPERTIES, PROPERTY_OF, VALUES, World, facts

LANGUAGE: Mapping[str, Mapping[str, Sequence[str]]] = tomllib.loads(
    (Path(__file__).parent / "language.toml").read_text(encoding="utf-8")
)
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

PLURALS: Mapping[str, str] = {"habitat": "live in the {}", "food": "eat {}", "colour": "are {}"}
"""How several creatures hold a value."""

_YES_NO = {"habitat": "does the {} live in the {}", "food": "does the {} eat {}", "colour": "is the {} {}"}

_OF_TWO = ("compare_size", "compare_home", "both_food")


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
    elif kind in _OF_TWO:
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
    fit = pool(world, kind, held_out, true, creature)
    return rng.choice(fit or pool(world, kind, held_out, true))


@cache
def pool(
    world: World, kind: str, held_out: bool | None, true: bool | None = None, creature: str = ""
) -> tuple[Request, ...]:
    """The requests of a kind that are held out or not, and whose claim is true or not; None for either."""
    shuffled = list(requests(world, kind))
    random.Random(f"held out/{world.seed}/{kind}").shuffle(shuffled)
    quarter = len(shuffled) // 4
    side = shuffled if held_out is None else shuffled[:quarter] if held_out else shuffled[quarter:]
    return tuple(
        request
        for request in side
        if (not creature or request.creature == creature)
        and (true is None or true is (facts(world)[request.creature][PROPERTY_OF[request.value]] == request.value))
    )


def wordings(section: str, kind: str) -> Sequence[str]:
    """Of language.toml: the wordings of a kind or of its form, which is what stands before the "_"."""
    found: Mapping[str, Sequence[str]] = LANGUAGE[section]
    return found.get(kind) or found[kind.partition("_")[0]]


def paraphrases(request: Request) -> tuple[str, ...]:
    """Every wording of a request, always in the same order."""
    kind, value = request.kind, request.value
    form, _, name = kind.partition("_")
    if kind not in KINDS:
        raise ValueError(f"unknown kind {kind!r}; known are {', '.join(KINDS)}")
    words = {"one": request.creature, "two": request.other}
    wanted = (name,) if form == "ask" else request.wanted
    if wanted:
        question, indirect = (text.format(f"the {request.creature}") for text in QUESTIONS[wanted[0]])
        then, then_indirect = (text.format("it") for text in QUESTIONS[wanted[-1]])
        labels = " and ".join(LABELS[one] for one in wanted)
        words |= {"question": question, "Question": capitalised(question), "indirect": indirect, "then": then}
        words |= {"then_indirect": then_indirect, "labels": labels}
    if value:
        words |= {"does": predicate(value, True), "many": {2: "two", 3: "three"}.get(request.count, "")}
        words["plural"] = PLURALS.get(PROPERTY_OF[value], "").format(value)
        words["Ask"] = capitalised(_YES_NO.get(PROPERTY_OF[value], "").format(request.creature, value))
    return tuple(text.format(**words) for text in wordings("instructions", kind))


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


def predicate(value: str, first: bool) -> str:
    """The first or the second way to say that something holds the value: 'eats moss', 'feeds on moss'."""
    return PREDICATES[PROPERTY_OF[value]][0 if first else 1].format(value)


def capitalised(text: str) -> str:
    """The text with a capital first letter, the rest (names) as it is."""
    return text[:1].upper() + text[1:]
