"""Corpus statistics as text: Table 1 for the terminal and as Markdown.

`json.dumps(dataclasses.asdict(corpus))` is the whole of it as JSON.
"""

from __future__ import annotations

from collections.abc import Mapping

from humpback.analysis.datasets.corpus import Corpus, Lengths, Part
from humpback.analysis.layout import text_table as layout

SHOWN_SOURCES = 20
"""Lines for sources in a table; the rest share one line. JSON has them all."""


def as_text(sets: Mapping[str, Corpus], *, as_markdown: bool = False) -> str:
    """Table 1: a line a set, and a line each of its sources where it has several."""
    return (layout.markdown if as_markdown else layout.aligned)(*_table(sets))


def _table(sets: Mapping[str, Corpus]) -> tuple[list[str], list[list[str]]]:
    in_tokens = any(corpus.whole.instruction_tokens for corpus in sets.values())
    spread = "least/median/most"
    heads = ["set", "examples", "instruction", "output", f"instruction {spread}", f"output {spread}"]
    heads += ["instruction tokens", "output tokens"] * in_tokens + ["empty", "duplicates"]
    rows = []
    for name, corpus in sets.items():
        rows.append(_cells(name, corpus.whole, in_tokens))
        if len(corpus.sources) > 1:
            rows += [_cells(f"· {one.source or '(none)'}", one, in_tokens) for one in corpus.sources[:SHOWN_SOURCES]]
        if rest := corpus.sources[SHOWN_SOURCES:]:
            line = [f"· {len(rest)} others", f"{sum(one.examples for one in rest):,}"]
            rows.append(line + [layout.DASH] * (len(heads) - len(line)))
    return heads, rows


def _cells(name: str, part: Part, in_tokens: bool) -> list[str]:
    cells = [name, f"{part.examples:,}", _mean(part.instruction), _mean(part.output)]
    cells += [_spread(part.instruction), _spread(part.output)]
    if in_tokens:
        cells += [_mean(part.instruction_tokens), _mean(part.output_tokens)]
    return [*cells, f"{part.empty_instructions:,}/{part.empty_outputs:,}", f"{part.duplicates:,}"]


def _mean(lengths: Lengths | None) -> str:
    if lengths is None or lengths.mean is None:
        return layout.DASH
    return f"{lengths.mean:.0f} ± {lengths.std:.0f}"


def _spread(lengths: Lengths) -> str:
    return layout.DASH if lengths.mean is None else f"{lengths.least}/{lengths.median:.0f}/{lengths.most}"
