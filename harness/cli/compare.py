"""`humpback compare` and `humpback leaderboard`: judgements to numbers, the format of each file told by its content."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from typer import Argument, Option, echo

from humpback.annotation.votes import read_votes
from humpback.cli.app import AsJson, AsMarkdown, command, print_json, save_figure
from humpback.core.expression import FieldError

Files = Annotated[
    list[Path],
    Argument(
        help="Folders or files of verdicts, AlpacaEval annotations, reviews with scores, votes.", show_default=False
    ),
]


@command()
def compare(
    files: Files,
    out: Annotated[Path | None, Option(help="Folder for the win/tie/lose bars as SVG and PNG.")] = None,
    power: Annotated[float | None, Option(help="Prompts needed to see a difference of so many points.")] = None,
    markdown: AsMarkdown = False,
    as_json: AsJson = False,
) -> None:
    """Win rates with intervals, from judgements of any kind. Two files that are the two orders of one comparison
    are one system."""
    from humpback.analysis.judgements import comparison, comparison_json, comparison_tables, length_controlled, raters
    from humpback.analysis.judgements import published_board_tables as board_tables
    from humpback.analysis.judgements.formats.reading import read_judgements, voters
    from humpback.analysis.judgements.published_boards import is_board, read_board

    if power is not None and not 0 < power <= 100:
        raise FieldError(f"--power is {power:g}; it is a difference in points, above 0 and up to 100")
    boards = [read_board(path) for path in files if is_board(path)]
    files = [path for path in files if not is_board(path)]
    if not files:
        _published(boards, as_json=as_json, markdown=markdown)
        return
    judgements = read_judgements(files, read_votes)
    systems = [comparison.system(one) for one in judgements]
    differences = comparison.differences(judgements)
    controlled = length_controlled.of_files(judgements, files)
    people = [panel for path in files for panel in raters.annotators(path.name, voters(path, read_votes))]
    if as_json:
        found = comparison_json.as_json(systems, differences)
        length_controlled.into(found, controlled)
        if boards:
            found["boards"] = [board_tables.as_json(one) for one in boards]
        if people:
            found["annotators"] = raters.as_json(people)
        if power is not None:
            found["power"] = comparison_json.power_json(systems, differences, power)
        print_json(found)
    else:
        echo(comparison_tables.as_text(systems, differences, as_markdown=markdown))
        for line in length_controlled.lines(controlled):
            echo(line)
        if boards:
            echo(f"\n{board_tables.as_text(boards, as_markdown=markdown)}")
        if people:
            echo(f"\n{raters.as_text(people, as_markdown=markdown)}")
        if power is not None:
            echo("\n" + "\n".join(comparison_tables.power_lines(systems, differences, power)))
    if out is not None:
        from humpback.analysis.judgements.comparison_figures import bars_figure

        words = "humpback compare " + " ".join(path.name for path in files)
        echo(f"wrote {save_figure(bars_figure(systems, words), out, 'win-tie-lose', words)}", err=as_json)


@command()
def leaderboard(
    folder: Annotated[Path, Argument(help="Every annotations file below it is ranked.", show_default=False)],
    against: Annotated[
        list[Path] | None, Option(help="A published leaderboard CSV; can be given several times.")
    ] = None,
    markdown: AsMarkdown = False,
    as_json: AsJson = False,
) -> None:
    """Systems ranked: who cannot be told apart, and copies. Shown too: which published rows disagree."""
    from humpback.analysis.judgements import leaderboard_tables
    from humpback.analysis.judgements.leaderboard import ranked

    found = ranked(folder, against or [])
    if as_json:
        print_json(leaderboard_tables.as_json(found))
    else:
        echo(leaderboard_tables.as_text(found, as_markdown=markdown))


def _published(boards: list[Any], *, as_json: bool, markdown: bool) -> None:
    from humpback.analysis.judgements import published_board_tables as tables

    if as_json:
        found = [tables.as_json(one) for one in boards]
        print_json(found[0] if len(found) == 1 else {"boards": found})
    else:
        echo(tables.as_text(boards, as_markdown=markdown))
