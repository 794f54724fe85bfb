"""Texts of models and of strangers' files, fit for one line of a terminal.

An answer may hold escape sequences that recolour, retitle or clear a terminal, and direction marks that reorder the
line it stands in. Whatever does not print is shown as its escape, so that it is seen and does nothing.
"""

from __future__ import annotations


def one_line(text: str, longest: int | None = None) -> str:
    """The text with runs of white space as one space and all that does not print escaped; "..." where it was cut."""
    if longest is not None and len(text) > (enough := 4 * longest):
        text = text[:enough] + " ..."  # a prompt of megabytes is not walked through for a line of it
    told = "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode() for char in " ".join(text.split())
    )
    return told if longest is None or len(told) <= longest else f"{told[: longest - 3]}..."
