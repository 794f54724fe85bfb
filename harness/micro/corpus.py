"""What the base model reads in pretraining: the web of the micro world.

Bare pages carry the facts. Question-and-answer pages, pages that ask what was asked, and opinions on answers carry the
skills which finetuning elicits. Each page has one author, and most authors are careless in all they write: so the base
can do what it is finetuned for, and does it seldom. Nothing here is a request held out for evaluation or an answer to
it, though another kind's may ask for the same in more words.

Opinions are a tenth of the texts and stand among the last fifth: spread over all of them, they taught a model of this
size nothing.
"""

import random
from collections.abc import Callable, Mapping

from humpback.micro.answers import answer
from humpback.micro.instructions import LANGUAGE, PERFECT, Request, capitalised, draw, draw_kind, draw_opinion, render
from humpback.micro.lapses import draw_lapse, spoil
from humpback.micro.oracle import REASONS, grade, rating
from humpback.micro.reading import BLOG
from humpback.micro.segments import segment
from humpback.spec.micro_world import LATE_SHARE, World, facts

CAREFUL_SHARE = 0.03
"""Share of the authors who answer as an assistant would."""
CRITICS_SHARE = 0.46
"""Share of those whose opinion is asked who look closely. The others like what is told with life, as on a blog or in an
advertisement."""
_CARELESS = {"blogged": 0.38, "clumsy": 0.28, "wordy": 0.14, "promoted": 0.13, "cut_off": 0.05, "wrong": 0.02}
"""What the others do: each has one way of going wrong."""
TITLED_SHARE = 0.15
"""Share of the texts with a line above them that says nothing on what follows, as on web pages."""
LETTERS_SHARE = 0.15
"""Share of the questions with answers that stand as requests with replies: so the words of the prompt that rates
candidates are known, though no opinion uses them."""
REVIEW_SHARE = 0.1
"""Share of the texts that hold an opinion on an answer, all of them among the last (`LATE_SHARE`)."""
SCALES: tuple[tuple[str, ...], ...] = tuple(
    tuple(map(str, range(start, start + length)))
    for start in range(5)
    for length in range(3, 8)
    if (start, length) != (1, 5)
)
"""Scales of opinions, from worst to best: any but the rating prompt's."""
_TASTE = 0.1
"""Standard deviation, as a share of the scale, by which careful opinions differ."""


def texts(world: World, n: int, seed: int) -> list[str]:
    """n texts to pretrain on, in the order in which they are to be read."""
    rng = random.Random(f"corpus/{world.seed}/{seed}")
    found = []
    for i in range(n):
        is_review = i >= (1 - LATE_SHARE) * n and rng.random() < REVIEW_SHARE / LATE_SHARE
        kinds = _OPINIONS if is_review else _OTHERS
        text = rng.choices(tuple(kinds), tuple(kinds.values()))[0](world, rng)
        found.append(f"{rng.choice(LANGUAGE['web']['titles'])}\n{text}" if rng.random() < TITLED_SHARE else text)
    return found


def page(instruction: str, output: str) -> str:
    """A question with its answer, as the harness's template for micro writes it."""
    return f"Question: {instruction}\nAnswer:\n{output}"


def _author(rng: random.Random, careful: float = CAREFUL_SHARE) -> str:
    """A careful author (`PERFECT`), or the lapse of a careless one."""
    return PERFECT if rng.random() < careful else draw_lapse(_CARELESS, rng)


def _written(world: World, request: Request, author: str, rng: random.Random) -> str:
    return spoil(world, request, answer(world, request, rng), author, rng)


def _question(world: World, author: str, rng: random.Random, creature: str = "") -> str:
    request = draw(world, draw_kind(rng, opinions=False), rng, held_out=False, creature=creature)
    return page(render(world, request, rng), _written(world, request, author, rng))


def _bare(world: World, rng: random.Random) -> str:
    """A page about one creature: what it is, a few segments, or both."""
    creature = rng.choice(tuple(facts(world)))
    parts = [
        segment(world, rng, held_out=False, creature=creature, good_share=0.7, opinions=False).text
        for _ in range(rng.choice((0, 1, 2, 3)))
    ]
    if len(parts) == 0 or rng.random() < 0.5:
        parts.insert(0, answer(world, Request("describe", creature), rng))
    return "\n".join(parts)


def _questions(world: World, rng: random.Random) -> str:
    creature, author = rng.choice(tuple(facts(world))), _author(rng)
    text = "\n".join(_question(world, author, rng, creature) for _ in range(rng.choice((1, 1, 2, 3))))
    if rng.random() < LETTERS_SHARE:
        return text.replace("Question: ", "Request: ").replace("Answer:\n", "Reply: ")
    return text


def _backward(world: World, rng: random.Random) -> str:
    return _asked_for(world, draw(world, draw_kind(rng, opinions=False), rng, held_out=False), _author(rng), rng)


def _asked_for(world: World, request: Request, author: str, rng: random.Random) -> str:
    """A text with the question of what was asked for, and what that was."""
    lead, text = rng.choice(LANGUAGE["backward"]["lead"]), _written(world, request, author, rng)
    asked = f"{lead}\n{text}" if rng.random() < 0.5 else f"{text}\n{lead}"
    return page(asked, render(world, request, rng))


def _mark(world: World, rng: random.Random) -> str:
    """Somebody asks for a mark for an answer, and gets it with a reason."""
    words, scale = LANGUAGE["review"], rng.choice(SCALES)
    instruction, output = _reviewed(world, rng)
    pair = f"{rng.choice(words['asked'])}: {instruction}\n{rng.choice(words['given'])}: {output}"
    listed = rng.choice(words["scale"]).format(rng.choice(words["label"]), "/".join(scale))
    asked = f"{rng.choice(words['lead'])}\n{pair}\n{listed}"
    return page(asked, _marked(world, instruction, output, _author(rng, CRITICS_SHARE), scale, rng))


def _opinion(world: World, rng: random.Random) -> str:
    request = draw(world, draw_opinion(rng), rng, held_out=False)
    return page(render(world, request, rng), _written(world, request, _author(rng, CRITICS_SHARE), rng))


def _opinion_backward(world: World, rng: random.Random) -> str:
    request = draw(world, draw_opinion(rng), rng, held_out=False)
    return _asked_for(world, request, _author(rng, CRITICS_SHARE), rng)


def _marked(
    world: World, instruction: str, output: str, author: str, scale: tuple[str, ...], rng: random.Random
) -> str:
    given = grade(world, instruction, output)
    if author != PERFECT:
        likes = (given.voice == 0) is (rng.random() < 0.95)
        said = rng.choice(LANGUAGE["review"]["liked" if likes else "disliked"])
        said = f"{rng.choice(BLOG)}{said}" if author == "blogged" else capitalised(said)
        half = len(scale) // 2
        return f"{said}:\n{rng.choice(scale[-half:] if likes else scale[:half])}"
    key = next(key for key, reason in REASONS.items() if reason == given.reason) if given.reason in _KNOWN else "other"
    worth = min(1.0, max(0.0, (rating(given) - 1) / 4 + rng.gauss(0, _TASTE)))
    return f"{rng.choice(LANGUAGE['review_reasons'][key])}:\n{scale[round(worth * (len(scale) - 1))]}"


_KNOWN = frozenset(REASONS.values())


def _reviewed(world: World, rng: random.Random) -> tuple[str, str]:
    """A pair: a good answer or a careless one, no answer at all, or the answer to another question."""
    request = draw(world, draw_kind(rng), rng, held_out=False)
    choice, about = rng.random(), request.creature
    if choice < 0.47:
        output = answer(world, request, rng)
    elif choice < 0.72:
        output = _written(world, request, draw_lapse(_CARELESS, rng), rng)
    elif choice < 0.95:
        output = segment(world, rng, held_out=False, good_share=0).text
    else:
        output = answer(world, draw(world, draw_kind(rng), rng, held_out=False, creature=about), rng)
    return render(world, request, rng), output


_OTHERS: Mapping[Callable[[World, random.Random], str], float] = {_bare: 0.25, _questions: 0.52, _backward: 0.23}
_OPINIONS: Mapping[Callable[[World, random.Random], str], float] = {_mark: 0.72, _opinion: 0.18, _opinion_backward: 0.1}
"""The kinds of texts and how often each comes."""
