"""Prompts to evaluate with: of requests that are held out, in wordings that training texts do not hold by chance.

Kinds overlap: a request that is held out for one may be asked for in the words of another, or differ from it in one
word. So each prompt is looked for in all that may be asked in training, by the rule that counts contamination
(`harness/segmenter/overlap.py`), and left out where it is found.
"""

import random
from collections.abc import Collection, Iterator, Sequence
from functools import cache
from itertools import zip_longest

from humpback.micro.instructions import KINDS, Request, draw, paraphrases, pool, shown
from humpback.segmenter.minhash import MinHash
from humpback.segmenter.overlap import GRAM, batches, overlaps_in
from humpback.segmenter.overlap_windows import Batch, Text
from humpback.spec.micro_world import World

Prompt = tuple[str, Request]

_AT_ONCE = 16
"""Requests of a kind that are looked for together."""
_TRIES = 1_000
"""Draws without a new request after which a kind counts as used up."""
_SHOWN_AT_MOST = GRAM - 3
"""Words of an answer to be weighed. Two sentences of the web come on pages too, also after other questions; with the
two words before them they have to be fewer than what tells a prompt."""
_HOW = MinHash()
_STANDING_ALONE = {"ask": (1,)}
"""Of the wordings of a form those that may be left: "Where does the Zona live?" is all that follows "In short,"."""


def held_out_prompts(
    world: World, n: int, kinds: Sequence[str], rng: random.Random, besides: Collection[Request] = ()
) -> list[Prompt]:
    """n prompts, the kinds in turn as far as they go, no request twice and none of `besides`. The first n of a draw are
    the same whatever n.

    Raises:
        ValueError: where the world does not have so many.
    """
    found: list[Prompt] = []
    drawn: set[Request] = set(besides)
    while len(found) < n:
        block = [_drawn(world, kind, rng, drawn) for kind in kinds]
        if not any(block):
            more = " that no test asks" if besides else ""
            raise ValueError(f"n is {n}; this world has {len(found)} prompts of these kinds{more}")
        found += _in_turn(_apart(world, block))
    return found[:n]


def _drawn(world: World, kind: str, rng: random.Random, drawn: set[Request]) -> list[Prompt]:
    """Some new requests of the kind, each in one wording; they are added to those drawn."""
    found = []
    for _ in range(_TRIES):
        request = draw(world, kind, rng, held_out=True)
        if request in drawn:
            continue
        drawn.add(request)
        texts = paraphrases(request)
        text = rng.choice([texts[i] for i in _STANDING_ALONE.get(kind.partition("_")[0], range(len(texts)))])
        found.append((text, request))
        if len(found) == _AT_ONCE:
            break
    return found


def _apart(world: World, block: Sequence[Sequence[Prompt]]) -> list[list[Prompt]]:
    """By kind, the prompts that do not stand in what may be asked in training."""
    looked = [text for prompts in block for text, _ in prompts]
    standing = {looked[one.prompt] for taught in _taught(world) for one in overlaps_in(looked, taught, _HOW)}
    return [
        [
            (text, request)
            for text, request in prompts
            if text not in standing and len(shown(request).split()) <= _SHOWN_AT_MOST
        ]
        for prompts in block
    ]


@cache
def _taught(world: World) -> tuple[tuple[Batch, ...], ...]:
    """Every wording of every request that is not held out, in sets with one wording of each: in all of them together
    words that tell a request are as common as what tells none."""
    wordings = [paraphrases(request) for kind in KINDS for request in pool(world, kind, False)]
    return tuple(
        tuple(batches((Text("", text) for text in texts if text), _HOW))
        for texts in zip_longest(*wordings, fillvalue="")
    )


def _in_turn(by_kind: Sequence[Sequence[Prompt]]) -> Iterator[Prompt]:
    for row in zip_longest(*by_kind):
        yield from (one for one in row if one is not None)
