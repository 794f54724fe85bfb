"""Which prompts stand in a set of training texts: whole, in part, or nearly.

Whole and in part is GPT-3's rule (Brown et al. 2020, arXiv 2005.14165, section 4 and appendix C): an example is taken
to have leaked where 13 consecutive words of it stand in a training text, or all of it where it is shorter; case,
punctuation and spacing aside. Nearly is the rule by which sets are freed of near-duplicates (`minhash.py`), of a prompt
against an instruction or a line of a text.

What overlaps without a prompt having leaked is left out. A window of words that more than ten training texts share is
boilerplate (GPT-3's appendix C), and one that another prompt has too tells neither; they count only where the whole
prompt stands there. A prompt of less than four words stands in many a text by chance: it counts where it is all of an
instruction or, in a text without one, of a line.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import Literal

import numpy as np

from humpback.segmenter.minhash import Hashes, MinHash, plain, windows
from humpback.segmenter.overlap_windows import COMMON, Batch, Index, Places, Text, Windows
from humpback.segmenter.tokens import grams
from humpback.segmenter.tokens import words as words_of

GRAM = 13
"""Words of a window that tells a prompt; of characters that no spaces part half as many again."""
FEWEST = 4
"""Words from which on a prompt is looked for inside texts."""

_BATCH = 2_000
"""Texts that are looked through at a time."""

_NONE: Hashes = np.empty(0, dtype=np.uint64)

Kind = Literal["whole", "part", "near"]


@dataclass(frozen=True)
class Overlap:
    """A prompt that stands in the texts."""

    prompt: int
    """Its place among the prompts."""
    kind: Kind
    """The first of the three that holds."""
    texts: int
    """Number of texts in which it stands so."""
    first: int
    """Place of the first of them."""


def overlaps(prompts: Sequence[str], texts: Iterable[Text], how: MinHash | None = None) -> list[Overlap]:
    """The prompts that stand in the texts, in their order; `texts` is read once.

    `how` says when two texts are nearly the same.
    """
    how = how or MinHash()
    return overlaps_in(prompts, batches(texts, how), how)


def overlaps_in(prompts: Sequence[str], texts: Iterable[Batch], how: MinHash) -> list[Overlap]:
    """The same of texts whose words were taken once, for several sets of prompts."""
    return _Looked(prompts, texts, how).found()


def holders(prompts: Sequence[str], texts: Iterable[Text], how: MinHash | None = None) -> dict[int, Overlap]:
    """By its place, each text that a prompt stands in, with the first such prompt; `texts` is read once."""
    how = how or MinHash()
    looked = _Looked(prompts, batches(texts, how), how)
    found: dict[int, Overlap] = {}
    for one in looked.found():
        for held in looked.kinds.values():
            for place in held.get(looked.numbers[one.prompt], ()):
                found.setdefault(place, one)
    return found


def batches(texts: Iterable[Text], how: MinHash) -> Iterator[Batch]:
    """The texts' words, some texts at a time."""
    left, first = iter(texts), 0
    for some in iter(lambda: list(islice(left, _BATCH)), []):
        yield Batch(some, first, how)
        first += len(some)


class _Looked:
    """What was found so far."""

    def __init__(self, prompts: Sequence[str], texts: Iterable[Batch], how: MinHash) -> None:
        self.how = how
        words = [words_of(plain(one)) or one.split() for one in prompts]
        self.distinct: dict[tuple[str, ...], list[int]] = defaultdict(list)
        for place, one in enumerate(words):
            if one:
                self.distinct[tuple(one)].append(place)
        whole: dict[int, dict[int, Hashes]] = defaultdict(dict)
        part: dict[int, dict[int, Hashes]] = defaultdict(dict)
        near: dict[int, dict[int, Hashes]] = defaultdict(dict)
        self.short: set[int] = set()
        self.words: list[Hashes] = []
        self.shingles: dict[int, Hashes] = {}
        for number, one in enumerate(map(list, self.distinct)):
            hashed = np.array([how.word_hashes[word] for word in one], dtype=np.uint64)
            self.words.append(hashed)
            gram, shingle = grams(one, GRAM), grams(one, how.shingle)
            wide = min(gram, len(one))
            (part if len(one) > gram else whole)[wide][number] = windows(hashed, wide)
            if len(one) < grams(one, FEWEST):
                self.short.add(number)
            if len(one) > shingle:
                near[shingle][number] = self.shingles[number] = windows(hashed, shingle)
        self.whole = [Windows(wide, sets) for wide, sets in whole.items()]
        self.part = [Windows(wide, sets) for wide, sets in part.items()]
        self.near = [Windows(wide, sets) for wide, sets in near.items()]
        self.holding: dict[int, set[int]] = defaultdict(set)
        """By prompt the texts that it stands whole in."""
        self.windows: dict[tuple[int, int], list[int]] = defaultdict(list)
        """By width and window the first texts that it stands in, up to one more than makes it boilerplate."""
        self.candidates: list[tuple[int, Hashes]] = []
        """Texts' places, with the shingles of units that share some with a prompt."""

        for batch in texts:
            self._through(batch)

    def _through(self, batch: Batch) -> None:
        """Look through some texts."""
        for one in self.whole:
            where, which = batch.find(one.index, one.wide, batch.docs)
            for at, window in zip(where.tolist(), which.tolist(), strict=True):
                for prompt in one.prompts_of[window]:
                    if prompt not in self.short or self._is_all(batch, at, one.wide):
                        self.holding[prompt].add(int(batch.docs[at]))
        for one in self.part:
            where, which = batch.find(one.index, one.wide, batch.docs)
            self._parts(one, batch, *_pairs(batch.docs[where], which))
        for one in self.near:
            where, which = batch.find(one.index, one.wide, batch.unit)
            rare = ~one.common[which]
            for unit in np.unique(batch.unit[where[rare]]).tolist():
                place, text, _ = batch.units[unit]
                self.candidates.append((place, self.how.shingles(text)))
            _, each = _pairs(batch.docs[where], which)
            one.texts += np.bincount(each, minlength=len(one.texts))

    @staticmethod
    def _is_all(batch: Batch, at: int, wide: int) -> bool:
        """Whether the words from there on are a unit that a short prompt may be all of."""
        unit = int(batch.unit[at])
        if unit < 0 or not batch.units[unit][2]:
            return False
        same = np.flatnonzero(batch.unit[max(0, at - 1) : at + wide + 1] == unit)
        return len(same) == wide

    def _parts(self, one: Windows, batch: Batch, docs: Places, which: Places) -> None:
        one.texts += np.bincount(which, minlength=len(one.texts))
        met: dict[tuple[int, int], int] = defaultdict(int)
        for doc, window in zip(docs.tolist(), which.tolist(), strict=True):
            first = self.windows[one.wide, window]
            if len(first) <= COMMON:
                first.append(doc)
            for prompt in one.prompts_of[window]:
                met[doc, prompt] += 1
        for (doc, prompt), many in met.items():
            if many == one.sizes[prompt] and batch.holds(doc, self.words[prompt]):
                self.holding[prompt].add(doc)

    @cached_property
    def kinds(self) -> Mapping[Kind, Mapping[int, set[int]]]:
        """By kind and distinct prompt the texts that it stands in so, once all are looked through. Of windows in more
        texts than make them boilerplate, none."""
        parts: dict[int, set[int]] = defaultdict(set)
        for one in self.part:
            for window in np.flatnonzero(~one.common & (one.texts > 0)).tolist():
                for prompt in one.prompts_of[window]:
                    parts[prompt] |= set(self.windows[one.wide, window])
        return {"whole": self.holding, "part": parts, "near": self._nearly()}

    @cached_property
    def numbers(self) -> Mapping[int, int]:
        """Of each prompt's place the number of the distinct one."""
        return {place: number for number, copies in enumerate(self.distinct.values()) for place in copies}

    def found(self) -> list[Overlap]:
        """Every prompt that stands in what was looked through, by the first kind that holds."""
        told = []
        for place, number in sorted(self.numbers.items()):
            held = next(((kind, texts) for kind, by in self.kinds.items() if (texts := by.get(number))), None)
            if held is not None:
                told.append(Overlap(place, held[0], len(held[1]), min(held[1])))
        return told

    def _nearly(self) -> dict[int, set[int]]:
        boilerplate = Index(np.concatenate([one.index.hashes[one.common] for one in self.near] or [_NONE]))

        def keys(sets: Iterable[Hashes], n: int) -> Hashes:
            return self.how.keys_of((np.delete(one, boilerplate.find(one)[0]) for one in sets), n)

        by_key: dict[tuple[int, int], list[int]] = defaultdict(list)
        for number, row in zip(self.shingles, keys(self.shingles.values(), len(self.shingles)).tolist(), strict=True):
            for band, key in enumerate(row):
                if key:
                    by_key[band, key].append(number)
        nearly: dict[int, set[int]] = defaultdict(set)
        shingles = keys((one for _, one in self.candidates), len(self.candidates)).tolist()
        for (place, _), row in zip(self.candidates, shingles, strict=True):
            for number in {number for pair in enumerate(row) for number in by_key.get(pair, ())}:
                nearly[number].add(place)
        return nearly


def _pairs(docs: Places, which: Places) -> tuple[Places, Places]:
    """Each text with each window that it has, once."""
    if not len(docs):
        return docs, which
    pairs = np.unique(np.stack((docs, which)), axis=1)
    return pairs[0], pairs[1]
