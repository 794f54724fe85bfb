"""The numbers of an experiment as tables: the paper's beside ours, over all seeds first, the rest to be opened."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from humpback.analysis.layout.text_table import DASH
from humpback.analysis.report.material import Declaration
from humpback.analysis.report.words import form_of, number

Cells = tuple[str, ...]


@dataclass(frozen=True)
class NumberTable:
    """A table of words and numbers."""

    title: str
    heads: Cells
    rows: tuple[Cells, ...]
    words: int
    """So many first columns are words; the others are numbers."""
    note: str = ""
    closed: bool = False
    """Shown only when opened."""


ARM_HEADS = (
    "arm", "against", "paper, %", "ours, %", "95 %", "examples", "win/tie/lose", "flips", "unparsed", "length", "n",
)  # fmt: skip
_ARM_NOTE = (
    "Win rate: AlpacaEval's preference averaged over both orders, ties half; ± one standard error. Win/tie/lose: "
    "AlpaGasus's rule over the two orders. Flips: share of prompts on which exchanging the order exchanged the winner. "
    "Length: characters of the arm's answers."
)


def arm_tables(rows: Sequence[dict[str, str]]) -> tuple[NumberTable, ...]:
    """Win rates over all seeds; by set of prompts and by seed where there are several."""
    together = [row for row in rows if row.get("seed") == "all" and row.get("set", "all") == "all"]
    sets = [row for row in rows if row.get("set", "all") != "all"]
    apart = [row for row in rows if row.get("seed") != "all" and row.get("set", "all") == "all"]
    tables = []
    if together:
        tables.append(NumberTable("Win rates", ARM_HEADS, tuple(map(_arm, together)), 2, _ARM_NOTE))
    if sets:
        tables.append(
            NumberTable(
                "By set of prompts", ("set", *ARM_HEADS), tuple((r["set"], *_arm(r)) for r in sets), 3, "", True
            )
        )
    if len({row.get("seed") for row in apart}) > 1:
        by_seed = tuple((row.get("seed", ""), *_arm(row)) for row in apart)
        tables.append(NumberTable("By seed", ("seed", *ARM_HEADS), by_seed, 3, "", True))
    return tuple(tables)


def _arm(row: dict[str, str]) -> Cells:
    names = row.get("arm", ""), row.get("against", "")
    paper = number(row.get("paper"), ".1f")
    if row.get("reason"):
        return (*names, paper, row["reason"], *[DASH] * 7)
    error = number(row.get("standard_error"))
    flips = number(row.get("flip_rate"), ".1%")
    return (
        *names,
        paper,
        number(row.get("win_rate")) + (f" ± {error}" if error != DASH else ""),
        _between(row, ".1f"),
        number(row.get("examples"), ",.0f"),
        "/".join(number(row.get(one), ".0f") for one in ("wins", "ties", "losses")),
        flips,
        number(row.get("unparsed"), ",.0f"),
        number(row.get("mean_length"), ",.0f"),
        number(row.get("n"), ",.0f"),
    )


_CURVE_NOTE = (
    "w = alpha ln N + C by least squares over the sizes, w in percent; alpha in points for a factor of e, with its "
    "95 % interval over prompts and seeds."
)


def curve_tables(rows: Sequence[dict[str, str]]) -> tuple[NumberTable, ...]:
    """The coefficient of each curve: Humpback's table of alphas."""
    if not rows:
        return ()
    lines = tuple(
        (
            row.get("name", ""),
            ", ".join(number(one, ",.0f") for one in row.get("sizes", "").split()),
            number(row.get("paper"), ".2f"),
            number(row.get("slope"), ".2f"),
            _between(row, ".2f"),
            number(row.get("level"), ".1f"),
        )
        for row in rows
    )
    heads = ("curve", "sizes", "paper's alpha", "our alpha", "95 %", "our C")
    return (NumberTable("Scaling coefficients", heads, lines, 2, _CURVE_NOTE),)


MEASURE_HEADS = ("measured", "metric", "paper", "ours", "95 %", "n")


_FEW = 12
"""Rows up to which measured numbers stand open below a grid that has them too."""


def measure_tables(rows: Sequence[dict[str, str]]) -> tuple[NumberTable, ...]:
    """Measured numbers over all seeds, as the papers set them where several things are measured alike; by seed where
    there are several."""
    together = [row for row in rows if row.get("seed") == "all"]
    apart = [row for row in rows if row.get("seed") != "all"]
    tables = _grid(together)
    if together:
        closed = bool(tables) and len(together) > _FEW
        title = "Measured, with 95 % intervals" if tables else "Measured"
        tables.append(NumberTable(title, MEASURE_HEADS, tuple(_measures(together)), 2, "", closed))
    if len({row.get("seed") for row in apart}) > 1:
        by_seed = tuple((row.get("seed", ""), *cells) for row, cells in zip(apart, _measures(apart), strict=True))
        tables.append(NumberTable("Measured, by seed", ("seed", *MEASURE_HEADS), by_seed, 3, "", True))
    return tuple(tables)


def _grid(rows: Sequence[dict[str, str]]) -> list[NumberTable]:
    """A line for each thing, a column for each metric, where several things have the same several metrics."""
    cells = {(row.get("name", ""), row.get("metric", "")): row for row in rows}
    names, metrics = (tuple(dict.fromkeys(key[place] for key in cells)) for place in (0, 1))
    if len(names) < 2 or not 2 <= len(metrics) <= _FEW or len(cells) < len(names) * len(metrics):
        return []
    lines = tuple((name, *(_ours_and_paper(cells[name, metric]) for metric in metrics)) for name in names)
    return [NumberTable("Measured, the paper's in brackets", ("measured", *metrics), lines, 1)]


def _ours_and_paper(row: dict[str, str]) -> str:
    form = _form(row)
    paper = number(row.get("paper"), form)
    return number(row.get("value"), form) + (f" ({paper})" if paper != DASH else "")


def _form(row: dict[str, str]) -> str:
    return row.get("form") or form_of([row.get("value"), row.get("low"), row.get("high")])


def _measures(rows: Sequence[dict[str, str]]) -> Iterator[Cells]:
    said: set[tuple[str, str]] = set()
    for row in rows:
        form, name, reason = _form(row), row.get("name", ""), row.get("reason", "")
        head = (name, row.get("metric") or DASH, number(row.get("paper"), form))
        if reason:
            # One reason for several numbers of a measure stands once.
            yield (*head, DASH if (name, reason) in said else reason, DASH, DASH)
            said.add((name, reason))
        else:
            yield (*head, number(row.get("value"), form), _between(row, form), number(row.get("n"), ",.0f"))


def _between(row: dict[str, str], form: str) -> str:
    low, high = number(row.get("low"), form), number(row.get("high"), form)
    return DASH if DASH in (low, high) else f"{low} to {high}"


def quoted_table(declared: Declaration | None) -> tuple[NumberTable, ...]:
    """The paper's numbers of what was not run, ours a dash."""
    if declared is None or not declared.quoted:
        return ()
    rows = tuple(
        (one.name, one.metric or DASH, number(one.paper, form_of([one.paper])), DASH) for one in declared.quoted
    )
    return (NumberTable("What a run measures", ("name", "metric", "paper", "ours"), rows, 2),)
