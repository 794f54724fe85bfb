"""Words of a text in any script: where no spaces part them, each character with its marks is one.

Chinese, Japanese, Thai, Lao, Khmer and Burmese are written so. Elsewhere a word is letters, digits and their marks:
without the marks the vowels of Hindi would part a word. Text in Latin, Greek or Cyrillic letters comes out as `\\w+`.
"""

from __future__ import annotations

import re
import sys
import unicodedata

UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u1950-\u19ff\u1a20-\u1aaf\u3005-\u3007\u3040-\u30ff\u3100-\u312f"
    "\u31a0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\ua9e0-\ua9ff\uaa60-\uaa7f\uf900-\ufaff\uff66-\uff9f"
    "\U00020000-\U0003fffd"
)
"""Of a character class: Han, kana, bopomofo, Thai, Lao, Burmese, Khmer and their kin."""


def _marks() -> str:
    """Of a character class: what stands on or under a letter."""
    points = [i for i in range(0x300, min(sys.maxunicode, 0x1FFFF)) if unicodedata.category(chr(i))[0] == "M"]
    ranges: list[list[int]] = []
    for point in points:
        if ranges and ranges[-1][1] == point - 1:
            ranges[-1][1] = point
        else:
            ranges.append([point, point])
    return "".join(f"{chr(first)}-{chr(last)}" for first, last in ranges)


_MARKS = _marks()
_SPACED = bytes(i if i > 127 or chr(i).isalnum() or chr(i) == "_" else 32 for i in range(256))
"""What each byte of UTF-8 becomes, so that what stands between ASCII characters stands between spaces."""
_BEYOND = re.compile(r"[^\x00-\x7f]")
_MOST_SIGNS = 50
"""Kinds of signs beyond ASCII that are looked for one after another; a text has a handful (quotes, dashes)."""
_PLAIN = re.compile(r"\w+")
_SPECIAL = re.compile(f"[{UNSPACED}{_MARKS}]")
_WORD = re.compile(f"(?=[{UNSPACED}])\\w[{_MARKS}]*|(?:(?![{UNSPACED}])[\\w{_MARKS}])+")
_ALONE = re.compile(f"(?=[{UNSPACED}])\\w")


def words(text: str) -> list[str]:
    """The words in order."""
    beyond: set[str] = set() if text.isascii() else set(_BEYOND.findall(text))
    if _SPECIAL.search("".join(beyond)):
        return _WORD.findall(text)
    signs = [c for c in beyond if not c.isalnum()]
    if len(signs) > _MOST_SIGNS:
        return _PLAIN.findall(text)
    for sign in signs:
        text = text.replace(sign, " ")
    # What `\w+` finds, in a third of the time.
    raw = text.encode("utf-8", "surrogatepass").translate(_SPACED)
    return raw.decode("utf-8", "surrogatepass").split()


def grams(tokens: list[str], words: int) -> int:
    """How many tokens stand for so many words: half as many again where most are characters, for a word of Chinese or
    Japanese has one and a half on average."""
    alone = unspaced(" ".join(token for token in tokens if len(token) < 3))
    return -(-3 * words // 2) if 2 * alone > len(tokens) else words


def unspaced(text: str) -> int:
    """How many characters are letters that no spaces part into words."""
    return len(_ALONE.findall(text)) if _is_special(text) else 0


def _is_special(text: str) -> bool:
    # Looking for classes of thousands of characters in a few distinct ones is what keeps English fast.
    return not text.isascii() and _SPECIAL.search("".join(set(_BEYOND.findall(text)))) is not None
