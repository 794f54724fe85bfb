"""Near duplicates among many texts: MinHash over word shingles.

A text is the set of its shingles, so many consecutive words each (half as many again of characters, where no
spaces part words): case, punctuation and spacing aside. Its signature
holds, for each of bands x rows random orders of all shingles, the first shingle that it has; two texts with Jaccard
similarity s agree in one such place with probability s. Texts that agree in every row of some band are joined, and
groups are what is connected through such pairs: there is no second look at a pair, so that the probability of
finding one is the formula's, `1 - (1 - s ** rows) ** bands`. At s = 0.5 that joins one pair in twenty wrongly.

This is not datatrove's MinHash, which was measured first (0.10.1, the same 2,000 texts, one core): 330 texts/s with
its English words, which are spaCy's, and 3,200 with words split at spaces, against 10,000 here. Of a group it keeps
the text at which its union by size ends, and not the first. Texts shorter than a shingle it never compares. And it
fails with xxhash 4, which other packages here bring. The defaults of the parameters are its own.

rensa's signatures come 2.5 times as fast and are other numbers: taking it joins other borderline pairs, so it means a
new `Deduplicated.VERSION`.

Memory is 8 bytes a text and band. Nothing depends on the process's hash seed, on numpy's generators or on the size of a
batch.
"""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from humpback.segmenter.tokens import grams
from humpback.segmenter.tokens import words as words_of

Hashes = NDArray[np.uint64]

_BATCH = 512
"""Texts whose keys are made at a time."""
_BLOCK = 1_024
"""Shingles hashed at a time: a block times the signature's length stays in the processor's cache."""
_NOT_COMPARED = np.uint64(0)


class WordHashes(dict[str, int]):
    """64-bit hashes of words, remembered while they are few: most words of a text have been seen before."""

    def __missing__(self, word: str) -> int:
        if len(self) > 200_000:
            self.clear()
        # A word of a damaged file can hold half of a surrogate pair.
        raw = word.encode("utf-8", "surrogatepass")
        self[word] = found = int.from_bytes(hashlib.blake2b(raw, digest_size=8).digest(), "little")
        return found


def _mixed(values: Hashes) -> Hashes:
    """Each value scattered over 64 bits: the finalizer of splitmix64, written out because it has to stay the same."""
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))


@cache
def _odd(n: int, start: int) -> Hashes:
    """`n` odd multipliers."""
    steps = np.arange(start, start + n, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    return _mixed(steps) | np.uint64(1)


def plain(text: str) -> str:
    """The text as it is compared: case aside, and one form of each character."""
    return (text if text.isascii() else unicodedata.normalize("NFKC", text)).casefold()


def windows(words: Hashes, wide: int) -> Hashes:
    """The hash of each `wide` consecutive words, in order."""
    # The word's place bears on the product, so that the same words in another order are another window.
    last, places = len(words) - wide + 1, _odd(wide, 1)
    total = np.full(max(0, last), wide, dtype=np.uint64)
    for place in range(wide if last > 0 else 0):
        total += words[place : last + place] * places[place]
    return _mixed(total)


@dataclass(frozen=True)
class MinHash:
    """How texts are compared."""

    shingle: int = 5
    """Words."""
    bands: int = 14
    rows: int = 8

    def __post_init__(self) -> None:
        for name in ("shingle", "bands", "rows"):
            if getattr(self, name) < 1:
                raise ValueError(f"MinHash.{name} is {getattr(self, name)}; it takes 1 or more")

    @cached_property
    def word_hashes(self) -> WordHashes:
        """Of the words that were met."""
        return WordHashes()

    @cached_property
    def _orders(self) -> Hashes:
        return _odd(self.bands * self.rows, 1_000)[:, None]

    def shingles(self, text: str) -> Hashes:
        """The hashes of a text's shingles, in order and with repetitions.

        A text of fewer words than a shingle is one shingle. In one without letters and digits, words are what stands
        between spaces; an empty one has no shingle.
        """
        words = words_of(plain(text)) or text.split()
        hashed = np.fromiter(map(self.word_hashes.__getitem__, words), dtype=np.uint64, count=len(words))
        wide = min(grams(words, self.shingle), len(words))
        return windows(hashed, wide) if wide else hashed

    def signature(self, text: str) -> Hashes | None:
        """bands x rows minima, or None for an empty text."""
        return self.minima(self.shingles(text))

    def minima(self, shingles: Hashes) -> Hashes | None:
        """The same of a set of shingles."""
        if not len(shingles):
            return None
        # An odd multiplier permutes the 64-bit numbers; the hashes are random already, so that is order enough.
        least: Hashes = (self._orders * shingles[:_BLOCK]).min(axis=1)
        for start in range(_BLOCK, len(shingles), _BLOCK):
            np.minimum(least, (self._orders * shingles[start : start + _BLOCK]).min(axis=1), out=least)
        return least

    def keys(self, texts: list[str]) -> Hashes:
        """A key for each text and band, of shape (texts, bands): equal where all rows of the band are."""
        return self.keys_of(map(self.shingles, texts), len(texts))

    def keys_of(self, sets: Iterable[Hashes], n: int) -> Hashes:
        """The same of `n` sets of shingles."""
        keys = np.full((n, self.bands), _NOT_COMPARED, dtype=np.uint64)
        coefficients = _odd(self.rows, 1_000_000)
        for i, shingles in enumerate(sets):
            signature = self.minima(shingles)
            if signature is not None:
                np.sum(signature.reshape(self.bands, self.rows) * coefficients, axis=1, out=keys[i])
        return keys


def firsts(texts: Iterable[str], how: MinHash) -> NDArray[np.int64]:
    """For each text the place of the first one of its group, which is its own where it stands alone or first.

    `texts` is read once.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    left = iter(texts)
    batches = [how.keys(batch) for batch in iter(lambda: list(islice(left, _BATCH)), [])]
    if not batches:
        return np.empty(0, np.int64)
    keys = np.concatenate(batches)
    joined = []
    for band in keys.T:
        order = np.argsort(band, kind="stable")
        ordered = band[order]
        same = np.flatnonzero((ordered[1:] == ordered[:-1]) & (ordered[1:] != _NOT_COMPARED))
        joined.append(np.stack((order[same], order[same + 1])))
    one, other = np.concatenate(joined, axis=1)
    _, group = connected_components(
        coo_array((np.ones(len(one), bool), (one, other)), (len(keys),) * 2), directed=False
    )
    _, first = np.unique(group, return_index=True)
    found: NDArray[np.int64] = first[group]
    return found
