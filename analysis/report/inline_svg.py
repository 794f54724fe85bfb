"""A figure's SVG as a part of an HTML page.

Several figures of matplotlib on one page have the same ids, and each brings a style sheet that would hold for the whole
page. So ids get a prefix, and only what draws is kept: no metadata, styles, scripts, or references to anything outside.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

_DRAWING = re.compile(
    "svg|g|defs|use|symbol|path|rect|circle|ellipse|line|polyline|polygon|text|tspan|image|clipPath|mask|marker|pattern"
    "|linearGradient|radialGradient|stop"
)
"""Elements that stay."""
_URL = re.compile(r"url\(\s*['\"]?([^)'\"]*)['\"]?\s*\)")
_LONG = re.compile(r"(-?\d+\.\d{2})\d+")
_SPACE = re.compile(r"\s+")
_WIDTH = 480.0
"""Points, of a drawing that does not say its own."""
_DRAWN = ("d", "x", "y", "points", "transform")
"""Attributes whose numbers are rounded to a hundredth of a point, which nobody can see."""


class UnusableFigure(ValueError):
    """A file that is no SVG."""


def inlined(svg: str, prefix: str, label: str) -> tuple[str, float]:
    """Markup that is safe to place in a page (an `svg` element as wide as its place, named by `label` for those who do
    not see it), and how wide it was drawn, in points.

    Raises:
        UnusableFigure: when `svg` is none.
    """
    try:
        root = ET.fromstring(svg)
    except ET.ParseError as error:
        raise UnusableFigure(f"not XML ({error})") from error
    if _local(root.tag) != "svg":
        raise UnusableFigure(f"its root is {_local(root.tag)!r}, not svg")
    clean = _element(root, prefix)
    width, height = _points(root.get("width")), _points(root.get("height"))
    if clean.get("viewBox") is None and width and height:
        clean.set("viewBox", f"0 0 {width:g} {height:g}")
    for name in ("width", "height"):
        clean.attrib.pop(name, None)
    # Matplotlib says the first of these in its style sheet, for every element there is.
    clean.attrib |= {"stroke-linejoin": "round", "stroke-linecap": "butt", "role": "img", "aria-label": label}
    return ET.tostring(clean, encoding="unicode"), width or _WIDTH


def _element(one: ET.Element, prefix: str) -> ET.Element:
    clean = ET.Element(_local(one.tag))
    for name, value in one.attrib.items():
        kept = _attribute(_local(name), value, prefix)
        if kept is not None:
            clean.set(_local(name), kept)
    words = clean.tag in ("text", "tspan")
    clean.text = one.text if words else None
    for child in one:
        if isinstance(child.tag, str) and _DRAWING.fullmatch(_local(child.tag)):
            clean.append(_element(child, prefix))
            clean[-1].tail = child.tail if words else None
    return clean


def _attribute(name: str, value: str, prefix: str) -> str | None:
    """The attribute as it may stand in the page; None to leave it out."""
    if name.lower().startswith("on") or name in ("base", "target", "version"):
        return None
    if name == "id":
        return prefix + value
    if name == "href":
        if value.startswith("#"):
            return f"#{prefix}{value[1:]}"
        return value if value.startswith("data:image/png;base64,") else None
    if any(not found.startswith("#") for found in _URL.findall(value)):
        return None
    value = _URL.sub(lambda found: f"url(#{prefix}{found[1][1:]})", value)
    return _SPACE.sub(" ", _LONG.sub(r"\1", value)).strip() if name in _DRAWN else value


def _local(name: str) -> str:
    return name.rsplit("}", 1)[-1]


def _points(length: str | None) -> float | None:
    found = re.match(r"\d+(\.\d+)?", length or "")
    return float(found[0]) if found else None
