"""`humpback compare` and `humpback leaderboard`: judgements to numbers, the format of each file told by its content."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from typer import Argument, Option, echo

from humpback.cli.app import AsJson, AsMarkdown, command, print_json, save_figure
from humpback.core.expression import FieldError

if TYPE_CHECKING:
    from humpback.analysis.judgements.logs.items import SystemLog

Files = Annotated[
    list[Path],
    Argument(
        help="Folders or files of verdicts, AlpacaEval annotations, reviews with scores, votes, battles; "
        "or logs of lm-eval (--log_samples), inspect (.eval, .json) and humpback benchmark."
    ),
]
_MOST = 60
"""Judgements of which every two are compared: 1,770 lines."""
Metrics = Annotated[
    list[str] | None, Option("--metric", help="Of logs, a metric to compare; can be given several times. Else all.")
]


@command()
def compare(
    files: Files,
    out: Annotated[Path | None, Option(help="Folder for the win/tie/lose bars as SVG and PNG.")] = None,
    power: Annotated[float | None, Option(help="Prompts needed to see a difference of so many points.")] = None,
    metric: Metrics = None,
    markdown: AsMarkdown = False,
    as_json: AsJson = False,
) -> None:
    """Win rates with intervals, from judgements of any kind. Two files that are the two orders of one comparison
    are one system. Of logs, each task's paired difference: McNemar's test, and Holm's correction over all tasks."""
    from humpback.analysis.judgements import board_tables, comparison, comparison_tables, length_controlled, raters
    from humpback.analysis.judgements.formats.reading import read_judgements
    from humpback.analysis.judgements.logs.reading import is_log, read_systems
    from humpback.analysis.judgements.published_boards import is_board, read_board

    if power is not None and not 0 < power <= 100:
        raise FieldError(f"--power is {power:g}; it is a difference in points, above 0 and up to 100")
    logs = [path for path in files if path.exists() and is_log(path)]
    if logs:
        if len(logs) < len(files) or out is not None:
            other = next((path for path in files if path not in logs), None)
            lack = "is no log of samples" if other and other.exists() else "does not exist"
            wrong = f"{other} {lack}" if other else "--out draws what judges said, and logs hold scores"
            raise FieldError(f"{wrong}; {logs[0]} is one. Compare logs with logs, and judgements with judgements")
        compare_logs(read_systems(logs), metric or (), power=power, markdown=markdown, as_json=as_json)
        return
    if metric:
        raise FieldError(f"--metric {metric[0]}: for logs of lm-eval and inspect; {files[0]} is none")
    boards = [read_board(path) for path in files if is_board(path)]
    files = [path for path in files if not is_board(path)]
    if not files:
        _published(boards, as_json=as_json, markdown=markdown)
        return
    judgements = read_judgements(files)
    if len(judgements) > _MOST:
        raise FieldError(
            f"{len(judgements):,} pairs of systems, and every two of {_MOST} are as many as a table shows; "
            f"humpback leaderboard {files[0] if len(files) == 1 else 'FOLDER'} rates them together"
        )
    systems = [comparison.system(one) for one in judgements]
    differences = comparison.differences(judgements)
    controlled = length_controlled.of_files(judgements, files)
    people = raters.annotators(judgements)
    if as_json:
        found = comparison_tables.as_json(systems, differences, points=power)
        length_controlled.into(found, controlled)
        if boards:
            found["boards"] = [board_tables.published_json(one) for one in boards]
        if people:
            found["annotators"] = raters.as_json(people)
        print_json(found)
    else:
        echo(comparison_tables.as_text(systems, differences, as_markdown=markdown))
        for line in length_controlled.lines(controlled):
            echo(line)
        for one in boards:
            echo(f"\n{board_tables.published_text(one, as_markdown=markdown)}")
        if people:
            echo(f"\n{raters.as_text(people, as_markdown=markdown)}")
        if power is not None:
            echo("\n" + "\n".join(comparison_tables.power_lines(systems, differences, power)))
    if out is not None:
        from humpback.analysis.judgements.comparison_figures import bars_figure

        words = "humpback compare " + " ".join(path.name for path in files)
        echo(f"wrote {save_figure(bars_figure(systems, words), out, 'win-tie-lose', words)}", err=as_json)


def compare_logs(
    systems: Sequence[SystemLog], metrics: Sequence[str], *, power: float | None, markdown: bool, as_json: bool
) -> None:
    """Print what the logs of systems come to, pair by pair.

    Raises:
        FieldError: for a metric that no log has.
    """
    from humpback.analysis.judgements.logs import tables
    from humpback.analysis.judgements.logs.paired import compare_systems

    try:
        pairs = compare_systems(systems, metrics)
    except ValueError as error:
        raise FieldError(str(error)) from error
    if as_json:
        print_json(tables.as_json(systems, pairs, points=power))
        return
    echo(tables.as_text(systems, pairs, as_markdown=markdown))
    if power is not None:
        echo("\n" + "\n".join(tables.power_lines(pairs, power)))


@command()
def leaderboard(
    folder: Annotated[Path, Argument(help="Every annotations file below it is ranked; or one file, such as battles.")],
    against: Annotated[
        list[Path] | None, Option(help="A published leaderboard CSV; can be given several times.")
    ] = None,
    markdown: AsMarkdown = False,
    as_json: AsJson = False,
) -> None:
    """Systems ranked: who cannot be told apart, and copies. Shown too: which published rows disagree. Systems that met
    several opponents are rated together, by Bradley-Terry."""
    from humpback.analysis.judgements import board_tables
    from humpback.analysis.judgements.leaderboard import rank

    found = rank(folder, against or [])
    if as_json:
        print_json(board_tables.as_json(found))
    else:
        echo(board_tables.as_text(found, as_markdown=markdown))


def _published(boards: list[Any], *, as_json: bool, markdown: bool) -> None:
    from humpback.analysis.judgements.board_tables import published_json, published_text

    if as_json:
        found = [published_json(one) for one in boards]
        print_json(found[0] if len(found) == 1 else {"boards": found})
    else:
        echo("\n\n".join(published_text(one, as_markdown=markdown) for one in boards))
