r"""Sheets as LaTeX with booktabs: a fragment to \input into a paper.

Seeds apart are left to the CSV, because a table over all of them is what is printed. The tables are 20 cm wide: for a
landscape page, or with columns struck out.
"""

from __future__ import annotations

import re

from humpback.analysis.experiment.gather import Results
from humpback.analysis.tables.sheets import WORDS, Sheet, by_set, over_seeds
from humpback.core.text import one_line

_WIDTHS = {"claim": "p{5.5cm}", "verdict": "p{2.5cm}"}
"""Columns of sentences, which have to be broken."""
_MARKS = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    "[": "{[}",
    "]": "{]}",
    "*": "{*}",
    "–": "--",
    "±": r"$\pm$",
    "×": r"$\times$",
    "≥": r"$\geq$",
    "≤": r"$\leq$",
    "→": r"$\rightarrow$",
    "−": "$-$",
    **{one: "\\" + one for one in "%_&#${}"},
}
# A bracket or star at the head of a row would be taken for an argument of the `\\` before it; two hyphens for a dash.
_SPECIAL = re.compile(
    "|".join((r"(?P<joined>-(?=-))", r"(?P<minus>(?<![\w.-])-(?=\d))", "[" + re.escape("".join(_MARKS)) + "]"))
)


def escaped(text: str) -> str:
    """Text that LaTeX prints as it stands; a hyphen before a number becomes a minus."""

    def mark(found: re.Match[str]) -> str:
        match found.lastgroup:
            case "joined":
                return "-{}"
            case "minus":
                return "$-$"
        return _MARKS[found[0]]

    return _SPECIAL.sub(mark, one_line(text))


def latex(title: str, command: str, results: Results) -> str:
    r"""The tables over all seeds, and by set of prompts, as floats of \usepackage{booktabs}; `title` begins with the
    experiment's name and a colon, and the labels are made of that name."""
    name = re.sub(r"[^a-z0-9]+", "-", title.split(":")[0].lower()).strip("-")
    head = [
        f"% {' '.join(title.split())}",
        f"% Made by {' '.join(command.split())}",
        r"% Needs \usepackage{booktabs} and a landscape page",
    ]
    floats = [_float(sheet, title, name) for sheet in (*over_seeds(results), *by_set(results))]
    return "\n\n".join(["\n".join(head), *floats]) + "\n"


def _float(sheet: Sheet, title: str, name: str) -> str:
    columns = "".join(_WIDTHS.get(head, "l" if head in WORDS else "r") for head in sheet.heads)
    label = f"tab:{name}-{sheet.title.lower().replace(' ', '-')}"
    note = [rf"\par\smallskip\parbox{{\linewidth}}{{{escaped(sheet.note)}}}"] if sheet.note else []
    return "\n".join(
        [
            r"\begin{table}[htbp]",
            r"\centering\footnotesize\setlength{\tabcolsep}{3pt}",
            rf"\caption{{{escaped(title)} {escaped(sheet.title)}.}}",
            rf"\label{{{label}}}",
            rf"\begin{{tabular}}{{{columns}}}",
            r"\toprule",
            _line(sheet.heads),
            r"\midrule",
            *map(_line, sheet.rows),
            r"\bottomrule",
            r"\end{tabular}",
            *note,
            r"\end{table}",
        ]
    )


def _line(values: tuple[str, ...]) -> str:
    return " & ".join(map(escaped, values)) + r" \\"
