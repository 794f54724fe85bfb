"""Sheets as Markdown: the file that people read in the repository."""

from __future__ import annotations

from collections.abc import Iterable

from humpback.analysis.experiment.gather import Results
from humpback.analysis.layout.text_table import markdown_text
from humpback.analysis.tables.sheets import WORDS, Sheet, by_seed, by_set, over_seeds
from humpback.core.text import one_line


def markdown(title: str, command: str, results: Results) -> str:
    """The table file: everything over all seeds, then by set of prompts and by seed."""
    parts = [f"# {one_line(title)}", f"Made by `{command}`."]
    for place, sheet in enumerate(over_seeds(results)):
        parts += _written(sheet, heading=place > 0)
        if place == 0 and results.losses:
            parts.append("On the way: " + "; ".join(results.losses) + ".")
    for sheet in (*by_set(results), *by_seed(results)):
        parts += _written(sheet, heading=True)
    return "\n\n".join(parts) + "\n"


def _written(sheet: Sheet, *, heading: bool) -> list[str]:
    found = [f"## {sheet.title}"] if heading else []
    return [*found, _table(sheet), *([sheet.note] if sheet.note else [])]


def _table(sheet: Sheet) -> str:
    def line(values: Iterable[str]) -> str:
        return "| " + " | ".join(map(markdown_text, values)) + " |"

    rule = ("---" if head in WORDS else "---:" for head in sheet.heads)
    return "\n".join([line(sheet.heads), line(rule), *map(line, sheet.rows)])
