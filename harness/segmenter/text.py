"""Blocks of text and how they are set: paragraphs, items of lists, rows of tables, code."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

_SUPER = dict(
    zip("0123456789+-−=()abcdefghijklmnoprstuvwxyz,", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁼⁽⁾ᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖʳˢᵗᵘᵛʷˣʸᶻ,", strict=True)
)
_SUB = dict(zip("0123456789+-−=()aehijklmnoprstuvx,", "₀₁₂₃₄₅₆₇₈₉₊₋₋₌₍₎ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ,", strict=True))
_COUNTS = re.compile(r"[\d+\-−=/*^]")
"""What makes a superscript or subscript more than a mark or the end of a word."""
_TICKS = re.compile("`+")
_INVISIBLE = re.compile(
    "[\\x00-\\x08\\x0b-\\x1f\\x7f-\\x9f\\xad\\u200b\\u200e\\u200f\\u2060-\\u2064\\ufeff\\ufffc\\ud800-\\udfff]"
)


@dataclass(slots=True)
class Block:
    """A paragraph, an item, a row, a code block, or the header of an inner section."""

    text: str
    kind: Literal["paragraph", "item", "row", "code", "header"] = "paragraph"
    links: int = 0
    """Characters of the text that stand in links."""
    depth: int = 0
    """How many lists it is inside."""
    marker: str = ""
    """What an item opens with: "-" or its number. A later block of the same item has none."""

    @property
    def lines(self) -> str:
        """As it is set: items indented by their depth, code fenced."""
        text = self.text
        if self.kind == "code":
            fence = "`" * max(3, 1 + max(map(len, _TICKS.findall(text)), default=0))
            text = f"{fence}\n{text}\n{fence}"
        if not self.depth:
            return text
        inner = "  " * self.depth
        first = f"{inner[2:]}{self.marker} " if self.marker else inner
        return first + text.replace("\n", "\n" + inner)


def blocks_text(blocks: Iterable[Block], between: str) -> str:
    """The text of blocks. Items of a list and rows of a table follow on the next line; `between` stands elsewhere."""
    parts: list[str] = []
    last: Block | None = None
    for block in blocks:
        if last is not None:
            close = last.kind == block.kind and block.kind in ("item", "row")
            parts.append("\n" if close else between)
        parts.append(block.lines)
        last = block
    return "".join(parts)


def clean(text: str) -> str:
    """Without control characters and those that take no room."""
    return text if text.isascii() and text.isprintable() else _INVISIBLE.sub("", text)


def superscript(text: str) -> str:
    """A superscript: raised as a whole where every character can be, so that e^(2x) is not read as e^2 x. Letters alone
    are the end of a word ("2nd"), but for a single one, which is an exponent."""
    text = " ".join(text.split())
    return _moved(text, _SUPER, "^") if _COUNTS.search(text) or (len(text) == 1 and text in _SUPER) else text


def subscript(text: str) -> str:
    """A subscript: lowered as a whole where every character can be. Letters alone stay as they are."""
    text = " ".join(text.split())
    return _moved(text, _SUB, "_") if _COUNTS.search(text) else text


def _moved(text: str, to: dict[str, str], mark: str) -> str:
    moved = [to.get(char) for char in text]
    if None not in moved:
        return "".join(map(str, moved))
    # Words and notes ("see [2]") are no exponents.
    return text if re.search(r"[\s\[\]]", text) else f"{mark}({text})"
