"""The markers of a list's items as they show: dashes, or numbers that go up or down, in figures or letters."""

from __future__ import annotations

import re

from selectolax.lexbor import LexborNode

_STYLES = {
    **{"lower-alpha": "a", "lower-latin": "a", "upper-alpha": "A", "upper-latin": "A"},
    **{"lower-roman": "i", "upper-roman": "I"},
}
_STYLE = re.compile(r"list-style(?:-type)?\s*:[^;]*?\b((?:lower|upper)-(?:alpha|latin|roman))")
_ROMAN = tuple(
    zip(
        (1000, 900, 500, 400, 100, 90, 50, 40, 10, 9, 5, 4, 1),
        ("m", "cm", "d", "cd", "c", "xc", "l", "xl", "x", "ix", "v", "iv", "i"),
        strict=True,
    )
)


class Numbering:
    """What the next item of a list opens with."""

    def __init__(self, node: LexborNode, tag: str) -> None:
        self._numbered = tag == "ol"
        self._next, self._step, self._type = 1, 1, "1"
        if self._numbered:
            attributes = node.attributes
            style = _STYLE.search(attributes.get("style") or "")
            self._type = _STYLES[style[1]] if style else attributes.get("type") or "1"
            if "reversed" in attributes:
                self._next, self._step = sum(one.tag == "li" for one in node.iter()), -1
            self._next = _number(attributes.get("start"), self._next)

    def marker(self, item: LexborNode) -> str:
        """What this item opens with."""
        if not self._numbered:
            return "-"
        number = _number(item.attributes.get("value"), self._next)
        self._next = number + self._step
        return f"{_written(number, self._type)}."


def _written(number: int, type_: str) -> str:
    written = str(number)
    if type_ in ("a", "A") and number > 0:
        written, left = "", number
        while left:
            left, digit = divmod(left - 1, 26)
            written = chr(ord("a") + digit) + written
    elif type_ in ("i", "I") and 0 < number < 4_000:
        written, left = "", number
        for value, letters in _ROMAN:
            written += letters * (left // value)
            left %= value
    return written.upper() if type_ in ("A", "I") else written


def _number(given: str | None, default: int) -> int:
    try:
        return int(given) if given and len(given) < 10 else default
    except ValueError:
        return default
