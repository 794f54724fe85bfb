"""What can be asked of the world: 70 kinds of instruction, how each is worded, and reading a wording back.

There are few enough requests that every wording of every request is listed once per world: reading back is a look-up,
and it cannot disagree with the writing.
"""

import random
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import combinations
from pathlib import Path

from humpback.spec.micro_world import LABELS, PROPERTIES, PROPERTY_OF, VALUES, World, facts

LANGUAGE: Mapping[str, Mapping[str, Sequence[str]]] = tomllib.loads(
    (Path(__file__).parent / "language.toml").read_text(encoding="utf-8")
)
_BY_PROPERTY = ("weigh", "ask", "short", "label", "list", "name", "heard", "complete", "correct", "both")
"""Forms of which there is one kind for each property."""
_WHOLE = ("describe", "summary", "card", "notes", "report", "two_questions")
KINDS: tuple[str, ...] = (
    *(f"{form}_{name}" for form in _BY_PROPERTY for name in PROPERTIES),
    *(*_WHOLE, "find", "feed", "recognise", "riddle"),
)
_OPINIONS, _OTHERS = KINDS[: len(PROPERTIES)], KINDS[len(PROPERTIES) :]
_RANKED = random.Random("kinds").sample(_OTHERS, len(_OTHERS))
_WEIGHTS = tuple((1 + _RANKED.index(kind)) ** -0.5 for kind in _OTHERS)
"""How often each of the others comes up on the web, in proportion: a long tail, the most frequent eight times the
rarest."""
OPINIONS_SHARE = 1 / 3
"""How often an opinion is asked for: what people ask each other for most."""

_OF_ONE_PROPERTY = ("ask", "short", "label", "complete", "both", "weigh")
"""Forms whose kind names the property that is asked for."""

PREDICATES: Mapping[str, tuple[str, str]] = {
    "habitat": ("lives in the {}", "has its home in the {}"),
    "food": ("eats {}", "feeds on {}"),
    "colour": ("is {}", "has a {} coat"),
    "size": ("is {}", "is a {} creature"),
    "sound": ("can {}", "is able to {}"),
    "time": ("is awake at {}", "wakes at {}"),
}
"""Two ways to say that a creature holds a value. Instructions use the first, answers both."""

QUESTIONS: Mapping[str, tuple[str, str, str, str]] = {
    "habitat": ("where does {} live", "where {} lives", "where do {} live", "where {} live"),
    "food": ("what does {} eat", "what {} eats", "what do {} eat", "what {} eat"),
    "colour": ("what colour is {}", "what colour {} is", "what colour are {}", "what colour {} are"),
    "size": ("how big is {}", "how big {} is", "how big are {}", "how big {} are"),
    "sound": ("what sound does {} make", "what sound {} makes", "what sound do {} make", "what sound {} make"),
    "time": ("when is {} awake", "when {} is awake", "when are {} awake", "when {} are awake"),
}
"""How each property is asked for, directly and indirectly, of one creature and of two."""

PLURALS: Mapping[str, str] = {
    "habitat": "live in the {}",
    "food": "eat {}",
    "colour": "are {}",
    "size": "are {}",
    "sound": "can {}",
    "time": "are awake at {}",
}
"""How several creatures hold a value."""

PERFECT = "perfect"
"""An answer without a lapse."""
VERDICTS: tuple[str, ...] = (PERFECT, "blog", "promotion", "personal", "navigation")
"""What an answer that is to be weighed is: as it should be, or one of four things from the web."""


@dataclass(frozen=True)
class Request:
    """What an instruction asks for. Fields that its kind does not use are empty."""

    kind: str
    """One of KINDS."""
    creature: str = ""
    """The creature asked about."""
    other: str = ""
    """The second creature, where two are asked about."""
    wanted: tuple[str, ...] = ()
    """The properties asked for, in the order of PROPERTIES, where the instruction chooses them."""
    value: str = ""
    """The value to list by, the claimed one, or the true one of the answer that is to be weighed."""
    count: int = 0
    """How many to list."""
    verdict: str = ""
    """What the answer that is to be weighed is: one of VERDICTS."""


@cache
def requests(world: World, kind: str) -> tuple[Request, ...]:
    """Every request of a kind, in a fixed order."""
    return tuple(_requests(world, kind))


def _requests(world: World, kind: str) -> Iterator[Request]:
    known = facts(world)
    form, _, name = kind.partition("_")
    if form == "name":
        yield from (Request(kind, value=value) for value in VALUES[name])
    elif form == "list":
        yield from (Request(kind, value=value, count=count) for value in VALUES[name] for count in (2, 3))
    elif form == "both":
        yield from (Request(kind, one, other=two) for one in known for two in known if one != two)
    elif form == "weigh":
        for creature, held in known.items():
            yield from (Request(kind, creature, value=held[name], verdict=verdict) for verdict in VERDICTS)
    elif form == "heard":
        yield from (Request(kind, creature, value=value) for creature in known for value in VALUES[name])
    elif form == "correct":
        for creature, held in known.items():
            yield from (Request(kind, creature, value=value) for value in VALUES[name] if value != held[name])
    elif kind in ("notes", "report", "two_questions"):
        wanted = tuple(combinations(PROPERTIES, 3 if kind == "report" else 2))
        yield from (Request(kind, creature, wanted=names) for creature in known for names in wanted)
    else:
        yield from (Request(kind, creature) for creature in known)


def draw_kind(rng: random.Random, *, opinions: bool = True) -> str:
    """A kind, as often as it comes up on the web; with or without those that ask for an opinion."""
    if opinions and rng.random() < OPINIONS_SHARE:
        return draw_opinion(rng)
    return rng.choices(_OTHERS, _WEIGHTS)[0]


def draw_opinion(rng: random.Random) -> str:
    """A kind that asks for an opinion."""
    return rng.choice(_OPINIONS)


def draw(world: World, kind: str, rng: random.Random, *, held_out: bool | None = None, creature: str = "") -> Request:
    """A request of the kind; a claim put to the test is true, an answer to be weighed good, about half of the time.

    held_out: True for the quarter of the requests kept for evaluation, of which nothing that a model is trained on is
    one, or answers one (other kinds may ask for the same); False for the others; None for all. creature: where given
    and where the kind has one, the creature asked about.
    """
    true = rng.random() < 0.5 if kind.partition("_")[0] in ("heard", "weigh") else None
    fit = pool(world, kind, held_out, true, creature)
    return rng.choice(fit or pool(world, kind, held_out, true))


@cache
def pool(
    world: World, kind: str, held_out: bool | None, true: bool | None = None, creature: str = ""
) -> tuple[Request, ...]:
    """The requests of a kind that are held out or not, and whose claim is true or not; None for either. What is asked
    of two creatures is held out in both orders, and an answer to be weighed with the question that it answers."""
    kept = _held_out(world, kind.replace("weigh", "ask"))
    return tuple(
        request
        for request in requests(world, kind)
        if (held_out is None or (_matter(request) in kept) is held_out)
        and (not creature or request.creature == creature)
        and (true is None or true is holds(world, request))
    )


@cache
def _held_out(world: World, kind: str) -> frozenset[Request]:
    matters = list(dict.fromkeys(_matter(request) for request in requests(world, kind)))
    return frozenset(random.Random(f"held out/{world.seed}/{kind}").sample(matters, len(matters) // 4))


def _matter(request: Request) -> Request:
    """The request, whichever creature it names first; of an answer to be weighed, the question that it answers."""
    if request.verdict:
        return Request(request.kind.replace("weigh", "ask"), request.creature)
    if not request.other:
        return request
    one, other = sorted((request.creature, request.other))
    return replace(request, creature=one, other=other)


def holds(world: World, request: Request) -> bool:
    """Whether what a request puts to the test is true, or as it should be."""
    if request.verdict:
        return request.verdict == PERFECT
    held = facts(world)[request.creature]
    return held[PROPERTY_OF[request.value]] == request.value


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
    wanted = (name,) if form in _OF_ONE_PROPERTY else request.wanted
    if wanted:
        subject = f"the {request.creature} and the {request.other}" if request.other else f"the {request.creature}"
        asked = QUESTIONS[wanted[0]][2:] if request.other else QUESTIONS[wanted[0]][:2]
        question, indirect = (text.format(subject) for text in asked)
        then, then_indirect = (text.format("it") for text in QUESTIONS[wanted[-1]][:2])
        labels = " and ".join(LABELS[one] for one in wanted)
        words |= {"question": question, "Question": capitalised(question), "indirect": indirect, "then": then}
        words |= {"then_indirect": then_indirect, "labels": labels}
        words["begins"] = PREDICATES[wanted[0]][1].format("___")
    if request.verdict:
        words["text"] = shown(request)
    elif value:
        words |= {"does": predicate(value, True), "many": {2: "two", 3: "three"}.get(request.count, "")}
        words["plural"] = PLURALS[PROPERTY_OF[value]].format(value)
    texts = _asking_for_an_opinion() if request.verdict else wordings("instructions", kind)
    return tuple(text.format(**words) for text in texts)


def _asking_for_an_opinion() -> tuple[str, ...]:
    """Wordings in the words in which marks are asked for too."""
    words = LANGUAGE["review"]
    parts = zip(words["lead"], words["asked"], words["given"], strict=False)
    return tuple(f"{lead}\n{asked}: {{Question}}?\n{given}: {{text}}" for lead, asked, given in parts)


def shown(request: Request) -> str:
    """The answer that is to be weighed, which follows from the request; empty where none is."""
    if not request.verdict:
        return ""
    rng = random.Random(f"weighed/{request}")
    said = f"the {request.creature} {predicate(request.value, rng.random() < 0.5)}."
    if request.verdict == PERFECT:
        return capitalised(said)
    web = LANGUAGE["web"]
    if request.verdict == "blog":
        return f"{rng.choice(web['blog'])}{said}"
    joint = "\n" if request.verdict == "navigation" else " "
    return joint.join(text.format(request.creature) for text in rng.sample(web[request.verdict], 2))


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
                if found.setdefault(" ".join(text.split()), request) != request:
                    raise ValueError(f"{text!r} is a wording of both {request} and {found[text]}")
    return found


def predicate(value: str, first: bool) -> str:
    """The first or the second way to say that something holds the value: 'eats moss', 'feeds on moss'."""
    return PREDICATES[PROPERTY_OF[value]][0 if first else 1].format(value)


def capitalised(text: str) -> str:
    """The text with a capital first letter, the rest (names) as it is."""
    return text[:1].upper() + text[1:]
