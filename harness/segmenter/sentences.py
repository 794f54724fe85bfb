"""Repeated sentences: pairs whose word n-grams overlap (Humpback v3: "n-gram Jaccard between sentence pairs").

Where no spaces part the words, n-grams are of half as many characters again (`harness/segmenter/tokens.py`), and a
sentence ends at its mark or, in scripts that have none, at a space.

A segment can have hundreds of sentences, so pairs are not tried one by one. Two sets with Jaccard similarity j or more
must share one of the rarest n-grams of each (the prefix filter of similarity joins); only such pairs are compared.
"""

from __future__ import annotations

import re
from collections import Counter
from itertools import chain
from math import ceil

from humpback.segmenter.tokens import grams as grams_of
from humpback.segmenter.tokens import unspaced
from humpback.segmenter.tokens import words as tokens_of

_END = re.compile(
    r"(?<=[.!?。！？])[\"'”’)\]]*\s+|\n+|(?<=[。！？｡؟۔।॥။។።])[\"'”’)\]」』）】》]*\s*|"
    r"(?<=[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff])\s+(?=[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff])"
)
Gram = tuple[str, ...]


def sentences(text: str) -> list[str]:
    """The text cut after full stops, question and exclamation marks of any script, and at ends of lines; Thai, Lao,
    Khmer and Burmese also at their spaces, which part phrases."""
    return [part for part in _END.split(text) if part]


def repeated_pair(text: str, words: int, jaccard: float) -> tuple[str, str] | None:
    """The first pair of sentences whose sets of `words`-grams have Jaccard similarity of at least `jaccard`; None where
    no pair has. Sentences of fewer than words + 2 words are left out: "Yes." may stand twice. There a character
    that is a word counts half."""
    found: list[tuple[str, set[Gram]]] = []
    seen: set[Gram] = set()
    several: set[Gram] = set()
    for sentence in sentences(text):
        tokens = tokens_of(sentence.lower())
        if 2 * len(tokens) - unspaced(sentence) >= 2 * (words + 2):
            grams = set(zip(*[tokens[i:] for i in range(grams_of(tokens, words))], strict=False))
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
