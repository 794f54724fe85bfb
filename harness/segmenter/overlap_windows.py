"""Where windows of words stand in texts, for many prompts and texts at once: the inside of `overlap.py`."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from humpback.segmenter.minhash import Hashes, MinHash, plain, windows
from humpback.segmenter.tokens import words as words_of

COMMON = 10
"""Texts that may share a window before it is boilerplate."""

Places = NDArray[np.int64]

_LABEL = re.compile(r"\w+:[ \t]+")
"""Who speaks, or what follows, at the head of a line: "User: ...", "Question: ..."."""
_MASK = np.uint64((1 << 20) - 1)


@dataclass(frozen=True)
class Text:
    """A training text: what is asked, where that stands apart, and what is answered."""

    instruction: str
    output: str


class Index:
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


class Windows:
    """The distinct prompts that one width of window is looked for of."""

    def __init__(self, wide: int, sets: dict[int, Hashes]) -> None:
        self.wide = wide
        self.index = Index(np.concatenate(list(sets.values())))
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


class Batch:
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

    def find(self, index: Index, wide: int, of: Places) -> tuple[Places, Places]:
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
