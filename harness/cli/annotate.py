"""`humpback annotate`: people vote on two systems' answers, blind, in their browser."""

from __future__ import annotations

import secrets
import socket
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from typer import Argument, Option, echo

from humpback.cli.app import command
from humpback.core.expression import FieldError
from humpback.core.store import StoreError
from humpback.core.text import one_line

if TYPE_CHECKING:
    from humpback.annotation.ballot import Ballot
    from humpback.annotation.items import SharedPrompts, System

_NAMED = 20
"""Rows without a partner that are printed; all are in the file."""
_QUICKEST = 0.4
"""Seconds before which a vote is the second half of a double click."""


@command()
def annotate(
    a: Annotated[Path, Argument(help="Answers: an artifact or a file in any known layout.")],
    b: Annotated[Path, Argument(help="The answers to compare with.")],
    against: Annotated[list[Path] | None, Option(help="More answers to compare A with; repeat for several.")] = None,
    votes: Annotated[Path, Option(help="File of the votes, begun or gone on with.")] = Path("votes.sqlite"),
    n: Annotated[int | None, Option(help="Prompts, drawn uniformly.", show_default="all")] = None,
    seed: Annotated[int, Option(help="Of the draw, the order of items and the sides.")] = 0,
    screening: Annotated[
        Path | None, Option(help="Items with known answers: records of prompt, better, worse.")
    ] = None,
    host: Annotated[str, Option(help="0.0.0.0 lets other machines in, with the key in the address.")] = "127.0.0.1",
    port: Annotated[int, Option(min=0, max=65_535, help="0 takes any free one.")] = 8765,
) -> None:
    """Let people vote on answers, blind, in their browser. Ctrl-C ends it and says what came of it."""
    from humpback.annotation.serving import listen, require_packages, serve

    require_packages()
    from humpback.annotation.app import create_app
    from humpback.annotation.ballot import Ballot
    from humpback.annotation.guard import Guard, is_loopback
    from humpback.annotation.items import join, load_systems, sample_items, screening_items

    if not votes.parent.is_dir():
        raise StoreError(f"--votes {votes}: there is no folder {votes.parent}; make it first, or name another file")
    systems = load_systems([a, b, *(against or [])])
    joined = [join(systems[0], other) for other in systems[1:]]
    _say_what_is_lost(systems, joined, votes)
    items = sample_items(joined, n=n, seed=seed)
    if not items:
        raise FieldError(f"{systems[0].name} shares no prompt with the others; prompts are compared by their text")
    known = screening_items(screening) if screening else ()
    ballot = Ballot(votes, (*known, *items), seed=seed, quickest=_QUICKEST)
    listening = listen(host, port)
    port = listening.getsockname()[1]
    key = None if is_loopback(host) else secrets.token_urlsafe(24)
    try:
        _say_where(ballot, len(known), host, port, key)
        serve(create_app(ballot, Guard(host, port, key)), listening)
    finally:
        listening.close()
        ballot.close()
        echo("\n".join(summary(votes)))


def _say_what_is_lost(systems: Sequence[System], joined: Sequence[SharedPrompts], votes: Path) -> None:
    from humpback.analysis.layout.text_table import tidy

    for system in systems:
        for line in system.aside:
            echo(f"{system.name}: cannot be used: {one_line(line)}", err=True)
        if empty := sum(not row.output.strip() for row in system.answers):
            echo(f"{system.name}: {empty:,} empty answers; they are shown as such", err=True)
    for other, one in zip(systems[1:], joined, strict=True):
        echo(f"{systems[0].name} against {other.name}: {len(one.items):,} prompts, {len(one.unmatched):,} unmatched")
    lost = [one for pair in joined for one in pair.unmatched]
    for row in lost[:_NAMED]:
        echo(one_line(f"unmatched: {row.system} {row.id}: {row.reason}: {row.instruction!r}"), err=True)
    if lost:
        path = votes.with_name(f"{votes.stem}-unmatched.csv")
        rows = [(row.system, row.id, row.reason, row.instruction) for row in lost]
        path.write_text(tidy(("system", "id", "reason", "prompt"), rows), encoding="utf-8")
        echo(f"all {len(lost):,} unmatched rows are in {path}", err=True)


def _say_where(ballot: Ballot, known: int, host: str, port: int, key: str | None) -> None:
    name = socket.gethostname() if host in ("0.0.0.0", "::") else f"[{host}]" if ":" in host else host
    extra = f", {known} of them for screening" if known else ""
    echo(f"{ballot.total} items{extra}; votes go to {ballot.path}")
    echo(f"http://{name}:{port}/" + (f"?key={key}" if key else ""))
    if key:
        echo("whoever has this address can vote. It is plain HTTP: on a network that others use, tunnel it")


def summary(votes: Path) -> list[str]:
    """Who voted how often, how the screening went, how well annotators agree, and what to run next."""
    from humpback.analysis.stats.agreement import agreement
    from humpback.spec.votes import marks, read_votes

    given = list(read_votes(votes))
    counted = Counter(vote.annotator for vote in given if not vote.screening)
    found = marks(given)
    lines = []
    for name in sorted({*counted, *found}):
        mark = found.get(name)
        told = "no screening" if mark is None else f"screening {100 * mark.agreement:.0f} % of {mark.n}"
        lines.append(f"{name}: {counted[name]:,} votes, {told}" + (", not passed" if mark and not mark.passed else ""))
    items = sorted({vote.item for vote in given if not vote.screening})
    if len(counted) > 1:
        choice = {(vote.annotator, vote.item): vote.choice for vote in given}
        result = agreement({name: [choice.get((name, item)) for item in items] for name in counted})
        if result is not None:
            lines.append(f"agreement between annotators: {result}")
    return [*lines, f"{len(given):,} votes in {votes}; humpback compare {votes} reads them"]
