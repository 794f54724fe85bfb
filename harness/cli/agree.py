"""`humpback agree` and `humpback selectors`: do judges and people agree, and does a selector pick what is good?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from typer import Argument, Option, echo

from humpback.cli.app import AsJson, AsMarkdown, command, print_json
from humpback.core.expression import FieldError

_COMPARE = "humpback compare tells how often they flip"
_SHOWN = 5
"""Rows without a score that are printed; all are counted."""


@command()
def agree(
    files: Annotated[list[Path], Argument(help="Judgements of the same prompts, in any format of compare.")],
    markdown: AsMarkdown = False,
    as_json: AsJson = False,
) -> None:
    """Agreement between judges, and between people. Raw, Cohen's kappa, Krippendorff's alpha, the four-way table."""
    from humpback.analysis.judgements import raters
    from humpback.analysis.judgements.formats.items import NoJudgements
    from humpback.analysis.judgements.formats.orders import GUESSED
    from humpback.analysis.judgements.formats.reading import read_as_named

    judgements = read_as_named(files)
    people = raters.annotators(judgements)
    if len(judgements) == 1 and len(files) > 1 and GUESSED in judgements[0].notes:
        # Reviews that name neither judge nor order look like the two orders of one comparison: here each is a rater.
        echo(f"taken as reviews of one order by several judges; for two orders: {_COMPARE}", err=True)
        judgements = [one for path in files for one in read_as_named([path])]
    found = [*raters.panels(judgements), *people]
    if not found:
        each = " by one rater each" if len(judgements) > 1 else ""
        raise NoJudgements(f"{len(judgements)} judgements{each}; agreement takes two or more on the same prompts")
    if as_json:
        print_json(raters.as_json(found))
    else:
        echo(raters.as_text(found, as_markdown=markdown))


@command()
def selectors(
    scores: Annotated[Path, Argument(help="CSV, JSON or Parquet: a row an example.")],
    column: Annotated[list[str], Option(help="Of a selector's scores; repeat for several.")],
    at_least: Annotated[list[float], Option(help="Selected from this score on; one for each --column, or one.")],
    label: Annotated[str, Option(help="Column of the labels.")],
    labels: Annotated[Path | None, Option(help="File of the labels, in the same order.", show_default="SCORES")] = None,
    good: Annotated[float, Option(help="Good from this label on.")] = 1,
    markdown: AsMarkdown = False,
    as_json: AsJson = False,
) -> None:
    """Precision and recall of selectors against labels. With exact intervals: Humpback's data-selection table."""
    from humpback.analysis.datasets import selectors as table

    if len(at_least) not in (1, len(column)):
        raise FieldError(f"--at-least is given {len(at_least)} times; give it once, or once for each --column")
    thresholds = at_least * len(column) if len(at_least) == 1 else at_least
    known = _read(labels or scores, label)
    found = []
    for name, threshold in zip(column, thresholds, strict=True):
        given = _read(scores, name)
        if len(given) != len(known):
            raise FieldError(
                f"{scores} has {len(given):,} rows and {labels or scores} {len(known):,}; they are joined by order"
            )
        found.append(table.selector(name, given, known, at_least=threshold, good=good))
    if as_json:
        print_json(table.as_json(found))
    else:
        echo(table.as_text(found, as_markdown=markdown))


def _read(path: Path, column: str) -> list[float | None]:
    from humpback.readers.scores import scores

    found = list(scores(path, column))
    bad = [one for one in found if one.reason]
    for one in bad[:_SHOWN]:
        echo(one.reason, err=True)
    if bad:
        echo(f"{path.name}, column {column}: {len(bad):,} rows without a number", err=True)
    return [one.value for one in found]
