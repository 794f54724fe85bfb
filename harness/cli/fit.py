"""`humpback fit`: the scaling law w = alpha ln N + C on anybody's points, or on the paper's own."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated

from typer import Argument, Option, echo

from humpback.cli.app import AsJson, command, save_figure
from humpback.core.expression import FieldError


@command()
def fit(
    file: Annotated[
        Path | None, Argument(help="CSV with columns n and value, and error, set and seed if there are.")
    ] = None,
    published: Annotated[
        bool, Option("--published", help="The paper's points instead, beside the alphas that it prints.")
    ] = False,
    out: Annotated[Path | None, Option(help="Folder for the figure: SVG, PNG, PDF.")] = None,
    as_json: AsJson = False,
) -> None:
    """Fit value = alpha ln N + C, with intervals of alpha. Does the line hold, does it saturate, do alphas differ?"""
    from humpback.analysis.scaling.points import COLUMNS, published_alphas, published_points, read_points
    from humpback.analysis.scaling.tables import as_json as to_json
    from humpback.analysis.scaling.tables import as_text, summarise

    if (file is None) is not published:
        raise FieldError(f"humpback fit takes a file or --published, one of them; a file is a CSV of {COLUMNS}")
    if file is None:
        found, words = summarise(published_points(), published_alphas()), "humpback fit --published"
        title, value = "Humpback's data efficiency, read off its figure", "win rate against text-davinci-003, %"
    else:
        if not file.is_file():
            raise FieldError(f"there is no file {file}")
        read = read_points(file)
        if read.unused:
            echo(f"{file.name}: columns not used: {', '.join(read.unused)}", err=True)
        found, words = summarise(read.curves), f"humpback fit {shlex.quote(file.name)}"
        title, value = f"Value by training size: {file.stem}", "value"
    echo(to_json(found, words) if as_json else as_text(found))
    if out is not None:
        from humpback.analysis.scaling.figure import scaling_figure

        figure = scaling_figure(found, words, title=title, value=value)
        echo(f"wrote {save_figure(figure, out, 'scaling', words)}", err=as_json)
