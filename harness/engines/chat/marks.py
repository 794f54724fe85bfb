"""Marks in candidates: text that makes a rater take a candidate for something else than what it is to rate.

A candidate that carries the template's "### Response:" and a whole rated turn, or a last line "Score: 5", is rated for
what it says of itself. Which marks there are follows from the template, its tokenizer and the rating prompt. They count
at a line's start alone, where the template writes them there, so that a sentence which quotes one is kept.
"""

from __future__ import annotations

import re
import sys
import unicodedata
from functools import cache

from humpback.engines.chat.chat_format import ChatFormat
from humpback.spec.curation import SCORE_LABEL
from humpback.spec.prompts import Prompt, PromptText

_DECORATION = str.maketrans("", "", "*_`")
_BULLETS = ">-+•|~\"'("
_SCORE = re.escape(SCORE_LABEL.casefold()) + r"[:=–—-]+[0-5](?:\.\d+)?(?:(?:/|outof)5)?"
_SCORE_LINE = re.compile(rf"(?:.*[.!?:;])?\W*{_SCORE}\W*")
"""Alone, or after a sentence; without spaces."""


class Marks:
    """The marks of a model's template and of the prompt in which candidates are shown to a rater."""

    def __init__(self, chat: ChatFormat, rating: Prompt | PromptText) -> None:
        self._control = {_same(chat.encoding.control[chat.end])}
        """At a line's start or end."""
        self._first: set[str] = set()
        """At a line's start."""
        self._anywhere: set[str] = set()
        """Those that the template writes behind a text, on its line."""
        for i, between in enumerate(chat.between):
            for k, line in enumerate(between.split("\n")):
                controls, rest = chat.encoding.split_marks(line)
                self._control.update(map(_same, controls))
                if re.search(r"[^\w\s]", rest):
                    (self._first if i == 0 or k else self._anywhere).add(rest.strip())
        before = re.split(r"\{(?:instruction|output)\}", rating.text)[:-1]
        self._frame = [_same(piece.strip().splitlines()[-1]) for piece in before if piece.strip()]
        """The lines with which the rating prompt shows what is rated, in order."""
        self._first_same = sorted(map(_same, self._first))
        self._headings = {one.rstrip(":") for one in self._first_same if re.search(r"[^\w\s]", one.rstrip(":"))}
        self._anywhere_bare = sorted("".join(one.split()) for one in self._anywhere)

    def find(self, text: str) -> str:
        """The first mark that the text carries, in words; "" where it carries none."""
        visible = unicodedata.normalize("NFKC", text.translate(_invisible()))
        lines = [(same, line) for line in visible.splitlines() if (same := _same(line))]
        for same, line in lines:
            if any(same.startswith(one) or same.endswith(one) for one in self._control):
                return _told("control token", line)
            if any(same.startswith(one) or same in self._headings for one in self._first_same):
                return _told("template", line)
        bare = "".join(visible.split())
        for one in self._anywhere_bare:
            if one in bare:
                return _told("template", one)
        at = 0
        for same, line in lines:
            at += same.startswith(self._frame[at])
            if at == len(self._frame) > 1:
                return _told("rating prompt", line)
        last = next((both for both in reversed(lines) if re.search(r"\w", both[0])), None)
        return _told("score", last[1]) if last and _SCORE_LINE.fullmatch(last[0]) else ""


def _told(kind: str, line: str) -> str:
    return f"{kind}: {line.strip()[:60]!r}"


def _same(line: str) -> str:
    """A line as it is compared: no spaces, case, emphasis or quotation signs, however many # before it."""
    bare = "".join(unicodedata.normalize("NFKC", line).casefold().translate(_DECORATION).split()).lstrip(_BULLETS)
    return re.sub("^#+", "#", bare)


@cache
def _invisible() -> dict[int, None]:
    """Characters that nobody sees: zero-width ones, soft hyphens, marks of direction, variation selectors."""
    found = (i for i in range(sys.maxunicode + 1) if unicodedata.category(chr(i)) in ("Cf", "Cc"))
    return dict.fromkeys([i for i in found if not chr(i).isspace()] + [0x34F, *range(0xFE00, 0xFE10)])
