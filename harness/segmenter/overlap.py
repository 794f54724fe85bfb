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

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from humpback.segmenter.minhash import Hashes, MinHash, plain, windows
from humpback.segmenter.tokens import grams
from humpback.segmenter.tokens import words as words_of

GRAM = 13
"""Words of a window that tells a prompt; of characters that no spaces part half as many again."""
FEWEST = 4
"""Words from which on a prompt is looked for inside texts."""
COMMON = 10
"""Texts that may share a window before it is boilerplate."""

_BATCH = 2_000
"""Texts that are looked through at a time."""
_LABEL = re.compile(r"\w+:[ \t]+")
"""Who speaks, or what follows, at the head of a line: "User: ...", "Question: ..."."""
_MASK = np.uint64((1 << 20) - 1)

_NONE: Hashes = np.empty(0, dtype=np.uint64)

Kind = Literal["whole", "part", "near"]
Places = NDArray[np.int64]


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


@dataclass(frozen=True)
class Text:
    """A training text: what is asked, where that stands apart, and what is answered."""

    instruction: str
    output: str


class _Index:
    """Hashes, to be found again among many."""

    def __init__(self, hashes: Hashes) -> None:
        self.hashes = np.unique(hashes)
        self._perhaps = np.zeros(int(_MASK) + 1, dtype=bool)
        self._perhaps[self.hashes & _MASK] = True

    def find(self, among: Hashes) -> tuple[Places, Places]:
        """Where among these one of the hashes stands, and which."""
        where = np.flatnonzero(self._perhaps[among & _MASK])
        which = np.searchsorted(self.hashes, among[where])
        which = np.minimum(which, len(self.hashes) - 1)
        there = self.hashes[which] == among[where]
        return where[there], which[there]


class _Prompts:
    """The distinct prompts that one width of window is looked for of."""

    def __init__(self, wide: int, sets: dict[int, Hashes]) -> None:
        self.wide = wide
        self.index = _Index(np.concatenate(list(sets.values())))
        held = [(int(at), prompt) for prompt, one in sets.items() for at in np.unique(self._places(one))]
        self.prompts_of: dict[int, list[int]] = defaultdict(list)
        self.sizes = {prompt: len(np.unique(one)) for prompt, one in sets.items()}
        """Distinct windows of each prompt."""
        for at, prompt in held:
            self.prompts_of[at].append(prompt)
        self.texts = np.zeros(len(self.index.hashes), dtype=np.int64)
        """In how many texts each window stands."""
        self.shared = np.array([len(self.prompts_of[at]) > 1 for at in range(len(self.texts))], dtype=bool)

    def _places(self, hashes: Hashes) -> Places:
        return np.searchsorted(self.index.hashes, hashes)

    @property
    def common(self) -> NDArray[np.bool_]:
        """Which windows tell no prompt, after what was looked through so far."""
        return self.shared | (self.texts > COMMON)


class _Batch:
    """The words of some texts on end, with the text and the unit that each is of."""

    def __init__(self, texts: Sequence[Text], first: int, how: MinHash) -> None:
        self.units: list[tuple[int, str, bool]] = []
        """Of each unit its text's place, its words, and whether a short prompt may be all of it."""
        words: list[int] = []
        many: list[int] = []
        docs: list[int] = []
        units: list[int] = []
        for place, text in enumerate(texts, first):
            for piece, whole in _pieces(text):
                found = words_of(piece) or piece.split()
                if not found:
                    continue
                many.append(len(found))
                docs.append(place)
                units.append(-1 if whole is None else len(self.units))
                if whole is not None:
                    self.units.append((place, piece, whole))
                words += map(how.word_hashes.__getitem__, found)
        self.words = np.array(words, dtype=np.uint64)
        self.docs = np.repeat(np.array(docs, dtype=np.int64), many)
        self.unit = np.repeat(np.array(units, dtype=np.int64), many)

    def find(self, index: _Index, wide: int, of: Places) -> tuple[Places, Places]:
        """Where a window of the index stands within one text or unit, and which."""
        if len(self.words) < wide:
            return np.empty(0, np.int64), np.empty(0, np.int64)
        where, which = index.find(windows(self.words, wide))
        whole = (of[where] == of[where + wide - 1]) & (of[where] >= 0)
        return where[whole], which[whole]

    def holds(self, doc: int, words: Hashes) -> bool:
        """Whether the words stand on end in a text."""
        start, end = np.searchsorted(self.docs, (doc, doc + 1))
        text = self.words[start:end]
        firsts = np.flatnonzero(text[: max(0, len(text) - len(words) + 1)] == words[0])
        return any(np.array_equal(text[at : at + len(words)], words) for at in firsts.tolist())


def _pieces(text: Text) -> Iterator[tuple[str, bool | None]]:
    """The text's parts; for each whether a short prompt may be all of it, or None where it is nothing by itself."""
    asked = bool(text.instruction.strip())
    if asked:
        yield plain(text.instruction), True
    for line in plain(text.output).splitlines():
        label = _LABEL.match(line) if ":" in line else None
        if label:
            yield label[0], None
            line = line[label.end() :]
        yield line, not asked


def overlaps(prompts: Sequence[str], texts: Iterable[Text], how: MinHash | None = None) -> list[Overlap]:
    """The prompts that stand in the texts, in their order; `texts` is read once.

    `how` says when two texts are nearly the same.
    """
    looked = _Looked(prompts, how or MinHash())
    left, first = iter(texts), 0
    for batch in iter(lambda: list(islice(left, _BATCH)), []):
        looked.through(_Batch(batch, first, looked.how))
        first += len(batch)
    return looked.found()


class _Looked:
    """What was found so far."""

    def __init__(self, prompts: Sequence[str], how: MinHash) -> None:
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
        self.whole = [_Prompts(wide, sets) for wide, sets in whole.items()]
        self.part = [_Prompts(wide, sets) for wide, sets in part.items()]
        self.near = [_Prompts(wide, sets) for wide, sets in near.items()]
        self.holding: dict[int, set[int]] = defaultdict(set)
        """By prompt the texts that it stands whole in."""
        self.windows: dict[tuple[int, int], list[int]] = defaultdict(list)
        """By width and window the first texts that it stands in, up to one more than makes it boilerplate."""
        self.candidates: list[tuple[int, Hashes]] = []
        """Texts' places, with the shingles of units that share some with a prompt."""

    def through(self, batch: _Batch) -> None:
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
    def _is_all(batch: _Batch, at: int, wide: int) -> bool:
        """Whether the words from there on are a unit that a short prompt may be all of."""
        unit = int(batch.unit[at])
        if unit < 0 or not batch.units[unit][2]:
            return False
        same = np.flatnonzero(batch.unit[max(0, at - 1) : at + wide + 1] == unit)
        return len(same) == wide

    def _parts(self, one: _Prompts, batch: _Batch, docs: Places, which: Places) -> None:
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

    def found(self) -> list[Overlap]:
        """Every prompt that stands in what was looked through, by the first kind that holds."""
        parts: dict[int, set[int]] = defaultdict(set)
        for one in self.part:
            for window in np.flatnonzero(~one.common & (one.texts > 0)).tolist():
                for prompt in one.prompts_of[window]:
                    parts[prompt] |= set(self.windows[one.wide, window])
        kinds: dict[Kind, dict[int, set[int]]] = {"whole": self.holding, "part": parts, "near": self._nearly()}
        places = list(self.distinct.values())
        told = [
            Overlap(place, kind, len(kinds[kind][number]), min(kinds[kind][number]))
            for number, copies in enumerate(places)
            for kind in [next((kind for kind in kinds if kinds[kind].get(number)), None)]
            if kind is not None
            for place in copies
        ]
        return sorted(told, key=lambda one: one.prompt)

    def _nearly(self) -> dict[int, set[int]]:
        boilerplate = _Index(np.concatenate([one.index.hashes[one.common] for one in self.near] or [_NONE]))

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
