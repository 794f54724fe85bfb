"""The one door to the terminal: what is written goes through `printable`, whoever writes it.

`guard` puts itself before stdout and stderr, so that neither a command nor a library can forget it. Styles and progress
bars are rich's, whose output has to pass as it is: `Terminal` is rich's console with the same rule for every text that
it is given, and without markup, because a name may hold "[red]".
"""

from __future__ import annotations

import io
import sys
from collections.abc import Iterable
from typing import Any

from rich.console import Console
from rich.segment import Segment
from rich.text import Text

from humpback.core.text import printable


class _Guarded(io.TextIOWrapper):
    """A text stream that lets nothing through that acts on a terminal."""

    def __init__(self, stream: io.TextIOWrapper) -> None:
        # Written through at once, since rich writes to the same buffer by way of the stream itself.
        lines = stream.line_buffering
        super().__init__(stream.buffer, stream.encoding, "backslashreplace", line_buffering=lines, write_through=True)
        self.rich_proxied_file = stream
        """Where rich writes: what it writes has been through `Terminal`."""

    def write(self, text: str) -> int:
        return super().write(printable(text))


class Terminal(Console):
    """rich's console for texts of anybody."""

    def __init__(self, *, stderr: bool = False, width: int | None = None) -> None:
        super().__init__(stderr=stderr, width=width, markup=False, emoji=False, highlight=False, soft_wrap=True)

    def render_str(self, text: str, **how: Any) -> Text:
        return super().render_str(printable(text), **how)

    def render(self, renderable: Any, options: Any = None) -> Iterable[Segment]:
        for part in super().render(renderable, options):
            yield part if part.control else part._replace(text=printable(part.text))


def guard() -> None:
    """From here on stdout and stderr show nothing that acts on a terminal, and no character is an error."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace", write_through=True)
            setattr(sys, name, _Guarded(stream))
