"""When two texts are one prompt: the one rule by which sets are joined, wherever they are.

Copies of a prompt set differ in case, punctuation and spacing: a trailing space, a straight quote for a curly one. So
texts that are equal are one prompt, and of those left over, texts that are equal but for these. Equal texts come first,
so that two prompts which differ in no more than that ("Who?" and "who?") stay apart where both sets have both.
"""

from __future__ import annotations

import unicodedata
from collections import defaultdict, deque
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import blake2b


def fold(prompt: str) -> str:
    """What two prompts share that are equal but for case, punctuation and spacing.

    Only what Unicode calls punctuation goes: a plus or an equals sign is a symbol, and part of the question.
    """
    letters = "".join(c for c in prompt.lower() if c.isalnum() or c.isspace() or unicodedata.category(c)[0] != "P")
    return " ".join(letters.split()) or prompt


def lowest_hashes(prompts: Iterable[str], n: int | None) -> list[int]:
    """Places of the n prompts whose hashes are lowest, prompts that are one having one hash: a choice that follows from
    the prompts alone. None takes all."""
    hashes = [blake2b(fold(text).encode("utf-8", "surrogatepass"), digest_size=16).digest() for text in prompts]
    return sorted(range(len(hashes)), key=lambda i: (hashes[i], i))[:n]


@dataclass(frozen=True)
class PromptKeys:
    """What the prompts of a set are joined by, 16 bytes each, in the set's order."""

    exact: list[bytes]
    folded: list[bytes]


def prompt_keys(prompts: Iterable[str]) -> PromptKeys:
    """The keys of a set, whose texts need not be held."""
    found = PromptKeys([], [])
    for text in prompts:
        for keys, form in ((found.exact, text), (found.folded, fold(text))):
            keys.append(blake2b(form.encode("utf-8", "surrogatepass"), digest_size=16).digest())
    return found


@dataclass(frozen=True)
class Partners:
    """Which of the second set's prompts belongs to which of the first's, by place."""

    exact: dict[int, int]
    """Of equal text."""
    folded: dict[int, int]
    """Equal but for case, punctuation and spacing."""

    @property
    def all(self) -> dict[int, int]:
        """Both."""
        return self.exact | self.folded


def partners(first: PromptKeys, second: PromptKeys) -> Partners:
    """Join two sets; each prompt has one partner at most, and one that stands several times is joined in the sets'
    order."""
    exact = _joined(first.exact, range(len(first.exact)), second.exact, range(len(second.exact)))
    taken = {*exact.values()}
    left = [i for i in range(len(first.exact)) if i not in exact]
    return Partners(
        exact, _joined(first.folded, left, second.folded, [j for j in range(len(second.exact)) if j not in taken])
    )


def _joined(ours: list[bytes], left: Iterable[int], theirs: list[bytes], unused: Iterable[int]) -> dict[int, int]:
    waiting: dict[bytes, deque[int]] = defaultdict(deque)
    for j in unused:
        waiting[theirs[j]].append(j)
    return {i: waiting[ours[i]].popleft() for i in left if waiting.get(ours[i])}
