"""Sheets as Markdown: the file that people read in the repository."""

from __future__ import annotations

from humpback.analysis.experiment.gather import Results
from humpback.analysis.layout import text_table
from humpback.analysis.tables.sheets import WORDS, by_seed, by_set, over_seeds
from humpback.core.text import one_line


def markdown(title: str, command: str, results: Results) -> str:
    """The table file: everything over all seeds, then by set of prompts and by seed."""
    parts = [f"# {one_line(title)}", f"Made by `{command}`."]
    for place, sheet in enumerate((*over_seeds(results), *by_set(results), *by_seed(results))):
        parts += [f"## {sheet.title}"] if place else []
        parts.append(text_table.markdown(sheet.heads, sheet.rows, words=WORDS))
        parts += [sheet.note] if sheet.note else []
        if place == 0 and results.losses:
            parts.append("On the way: " + "; ".join(results.losses) + ".")
    return "\n\n".join(parts) + "\n"
