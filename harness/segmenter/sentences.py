"""Repeated sentences: pairs whose word n-grams overlap (Humpback v3: "n-gram Jaccard between sentence pairs").

A segment can have hundreds of sentences, so pairs are not tried one by one. Two sets with Jaccard similarity j or more
must share one of the rarest n-grams of each (the prefix filter of similarity joins); only such pairs are compared.
"""

from __future__ import annotations

import re
from collections import Counter
from itertools import chain
from math import ceil

_END = re.compile(r"(?<=[.!?。！？])[\"'”’)\]]*\s+|\n+")
_WORD = re.compile(r"\w+")
Gram = tuple[str, ...]


def sentences(text: str) -> list[str]:
    """The text cut after full stops, question and exclamation marks, and at ends of lines."""
    return [part for part in _END.split(text) if part]


def repeated(text: str, words: int, jaccard: float) -> tuple[str, str] | None:
    """The first pair of sentences whose sets of `words`-grams have Jaccard similarity of at least `jaccard`; None where
    no pair has. Sentences of fewer than words + 2 words are left out: "Yes." may stand twice."""
    found: list[tuple[str, set[Gram]]] = []
    seen: set[Gram] = set()
    several: set[Gram] = set()
    for sentence in sentences(text):
        tokens = _WORD.findall(sentence.lower())
        if len(tokens) >= words + 2:
            grams = set(zip(*[tokens[i:] for i in range(words)], strict=False))
            several |= seen & grams
            seen |= grams
            found.append((sentence, grams))
    # A pair shares at least jaccard of the n-grams of either.
    near = [(sentence, grams) for sentence, grams in found if len(grams & several) >= jaccard * len(grams)]
    return _pair(near, jaccard) if len(near) > 1 else None


def _pair(near: list[tuple[str, set[Gram]]], jaccard: float) -> tuple[str, str] | None:
    often = Counter(chain.from_iterable(grams for _, grams in near))
    holders: dict[Gram, list[int]] = {}
    for i, (sentence, grams) in enumerate(near):
        rarest = sorted(grams, key=lambda gram: (often[gram], gram))[: len(grams) - ceil(jaccard * len(grams)) + 1]
        tried: set[int] = set()
        for gram in rarest:
            for j in holders.get(gram, ()):
                if j not in tried:
                    tried.add(j)
                    shared = len(grams & near[j][1])
                    if shared >= jaccard * (len(grams) + len(near[j][1]) - shared):
                        return near[j][0], sentence
            if often[gram] > 1:
                holders.setdefault(gram, []).append(i)
    return None
