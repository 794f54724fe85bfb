"""Results as text: cells for the terminal, one set of sheets for Markdown and LaTeX, tidy rows for CSV and JSON. A cell
without a number is a dash.

    cells.py     a row, a finding, a curve as cells, with their heads
    sheets.py    the tables of a results file, in order, with their notes
    markdown.py, latex.py    sheets written out
    tidy.py      every number with its column, for programs
"""

from __future__ import annotations

from humpback.analysis.layout.text_table import DASH
from humpback.analysis.tables.cells import (
    CURVE_HEADS,
    FINDING_HEADS,
    HEADS,
    MEASURED_HEADS,
    PAPER,
    cells,
    curve_cells,
    finding_cells,
    finding_rows,
    measured_cells,
    not_measured,
    shown,
    without,
)
from humpback.analysis.tables.latex import latex
from humpback.analysis.tables.markdown import markdown
from humpback.analysis.tables.tidy import as_json, tidy, tidy_curves, tidy_findings, tidy_measured

__all__ = [
    "CURVE_HEADS",
    "DASH",
    "FINDING_HEADS",
    "HEADS",
    "MEASURED_HEADS",
    "PAPER",
    "as_json",
    "cells",
    "curve_cells",
    "finding_cells",
    "finding_rows",
    "latex",
    "markdown",
    "measured_cells",
    "not_measured",
    "shown",
    "tidy",
    "tidy_curves",
    "tidy_findings",
    "tidy_measured",
    "without",
]
