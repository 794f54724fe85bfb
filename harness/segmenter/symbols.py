"""What a page shows as a picture or sets by itself and a reader takes for text: formulas, as TeX where the page has it,
and the pictures of emoji."""

from __future__ import annotations

import re

from selectolax.lexbor import LexborNode

from humpback.segmenter.text import subscript, superscript

_FORMULA = re.compile(r"\b(?:mwe-math|latex|tex|math|mathjax|equation)", re.IGNORECASE)
_EMOJI = re.compile(r"emoji|smil(?:ey|ie)", re.IGNORECASE)
_STYLED = re.compile(r"\{\s*\\(?:display|text)style\s*(.*)\}", re.DOTALL)
_DEEPEST = 50
"""Elements of a formula inside one another that are told apart; what is deeper is set as its letters."""


def tex(source: str) -> str:
    """TeX between dollar signs."""
    source = " ".join(source.split())
    if whole := _STYLED.fullmatch(source):
        source = whole[1]
    return f"${source.strip(' $')}$" if source.strip(" $") else ""


def formula(node: LexborNode) -> str:
    """A <math>: its TeX where the page has that, else its letters with fractions and exponents on one line."""
    told = node.css_first('annotation[encoding="application/x-tex"],annotation[encoding="TeX"]')
    given = told.text(deep=True) if told is not None else node.attributes.get("alttext") or ""
    return tex(given) or " ".join(_line(node, _DEEPEST).split())


def picture(node: LexborNode) -> str:
    """What an <img> stands for in its line: a formula or an emoji by its alternative text; empty for any other."""
    attributes = node.attributes
    name, told = attributes.get("class") or "", (attributes.get("alt") or "").strip()
    if not name or not told:
        return ""
    if _EMOJI.search(name) and not told.isascii():
        return told
    return tex(told) if _FORMULA.search(name) else ""


def _line(node: LexborNode, deep: int) -> str:
    if node.tag == "-text":
        return (node.text_content or "").strip()
    if node.tag in ("annotation", "annotation-xml"):
        return ""
    if not deep:
        return node.text(deep=True)
    inside = [
        one for one in node.iter(include_text=True) if one.tag != "-text" or not (one.text_content or "").isspace()
    ]
    parts = [_line(one, deep - 1) for one in inside]
    match node.tag, parts:
        case "mfrac", [above, below]:
            return f"{_grouped(above)}/{_grouped(below)}"
        case "msup", [base, exponent]:
            return base + superscript(exponent)
        case "msub", [base, index]:
            return base + subscript(index)
        case "msubsup", [base, index, exponent]:
            return base + subscript(index) + superscript(exponent)
        case "msqrt", _:
            return f"√{_grouped(''.join(parts))}"
        case "mo", _:
            return f" {''.join(parts)} " if "".join(parts) in "=<>≤≥≈≠→∈+±" else "".join(parts)
    return "".join(parts)


def _is_space(node: LexborNode) -> bool:
    return node.tag == "-text" and (node.text_content or "").isspace()


def _grouped(text: str) -> str:
    return text if len(text) < 2 or text.isalnum() else f"({text})"
