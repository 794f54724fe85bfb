"""Files to judgements: the format of each is told by its content."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from humpback.analysis.judgements.formats import alpaca_eval, artifact, mt_bench, orders, reviews, votes
from humpback.analysis.judgements.formats.items import Judgement, NoJudgements
from humpback.analysis.judgements.formats.source import Rows, rows_of
from humpback.core.tables import VERDICTS

ReadVotes = Callable[[Path], Iterable[votes.Vote]]
ACCEPTED = (
    "a folder or file of verdicts, AlpacaEval annotations (preference), reviews with scores (scores and "
    "scores_reverse, or score), MT-bench pairs (g1_winner and g2_winner), a database of votes"
)
_LOOKED_AT = 50
_SHORT = 40
"""Characters up to which a file's name tells systems apart in a table."""


def read_judgements(paths: Sequence[Path], read_votes: ReadVotes) -> list[Judgement]:
    """What the files hold, in their order, each system with a name of its own. Two that are the two orders of one
    comparison are one judgement, and so are several that judge the same systems on different prompts; otherwise each
    is a system of its own.

    `read_votes` reads a database of votes.

    Raises:
        NoJudgements: for a file without any, naming it, what was found and what would do.
    """
    return _told_apart(read_as_named(paths, read_votes))


def read_as_named(paths: Sequence[Path], read_votes: ReadVotes) -> list[Judgement]:
    """The same, with the names that the files give: one system under two judges has one name.

    Raises:
        NoJudgements: for a file without any, naming it, what was found and what would do.
    """
    made: list[Judgement] = []
    single: list[reviews.OneOrder] = []
    for path in paths:
        name = _shown(path, paths)
        if not path.exists():
            raise NoJudgements(f"{path}: there is no such file. Accepted are {ACCEPTED}")
        if path.is_dir() and not artifact.is_verdicts(path):
            raise NoJudgements(
                f"{path}: a folder without {VERDICTS}; name the files in it, or call humpback leaderboard {path}"
            )
        if artifact.is_verdicts(path):
            made.append(artifact.judgement(path))
        elif _is_sqlite(path):
            found = votes.judgements(name, read_votes(path))
            if not found:
                raise NoJudgements(f"{path}: no vote in it beside screening items")
            made += found
        else:
            rows = rows_of(path)
            if _kind(rows) == "one order":
                single.append(_usable(path, reviews.one_order(name, path.name.split(".json")[0], rows)))
            else:
                made += of_rows(path, name, rows)
    both = orders.of_reviews(single)
    return orders.sets_together([*made, *both])


def voters(path: Path, read_votes: ReadVotes) -> Iterable[votes.Vote]:
    """The votes behind a file's judgements, where it names who voted: of a database, or of annotations."""
    if not path.is_file() or artifact.is_verdicts(path):
        return ()
    if _is_sqlite(path):
        return read_votes(path)
    rows = rows_of(path)
    return alpaca_eval.votes(rows) if _kind(rows) == "annotations" else ()


def _kind(rows: Rows) -> str:
    """What most of the first rows look like."""
    looks = (
        ("annotations", alpaca_eval.is_annotations),
        ("both orders", reviews.is_both),
        ("MT-bench pairs", mt_bench.is_pair),
        ("one order", reviews.is_one),
    )
    first = rows.rows[:_LOOKED_AT]
    count, kind = max((sum(map(look, first)), kind) for kind, look in looks)
    return kind if count else ""


def of_rows(path: Path, name: str, rows: Rows) -> list[Judgement]:
    """The judgements of a JSON file, called `name`, whose rows hold a judgement each.

    Raises:
        NoJudgements: when none of them does.
    """
    stem = path.name.split(".json")[0]
    match _kind(rows):
        case "annotations":
            return alpaca_eval.judgements(name, rows, fallback=path.parent.name or stem)
        case "MT-bench pairs":
            return mt_bench.judgements(name, rows)
        case "both orders":
            one = reviews.both_orders(name, stem, rows)
            if not one.items:
                raise NoJudgements(f"{path}: none of {len(rows.rows)} rows can be used; {_first(one)}")
            return [one]
    fields = ", ".join(map(repr, list(rows.rows[0].value)[:8]))
    if {"instruction", "output"} <= rows.rows[0].value.keys():
        raise NoJudgements(f"{path}: answers of a model, not judgements; judge them first with humpback judge")
    raise NoJudgements(f"{path}: its rows have the fields {fields}. Accepted are {ACCEPTED}")


def _first(one: Judgement | reviews.OneOrder) -> str:
    return f"{one.unreadable[0].place}: {one.unreadable[0].reason}" if one.unreadable else "there is none"


def _usable(path: Path, one: reviews.OneOrder) -> reviews.OneOrder:
    if not one.reviews:
        raise NoJudgements(f"{path}: no row of it can be used; {_first(one)}")
    return one


def _is_sqlite(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(15) == b"SQLite format 3"


def _shown(path: Path, paths: Sequence[Path]) -> str:
    """A file's name, with its folder where another file has the same name."""
    same = sum(one.name == path.name for one in paths) > 1
    return f"{path.parent.name}/{path.name}" if same else path.name


def _told_apart(judgements: list[Judgement]) -> list[Judgement]:
    """Systems with a name each: by the opponent, then the judge, then the file, whichever differs, then by number."""
    names = [one.name for one in judgements]
    for more in (_by_opponent, _by_judge, _by_file):
        groups: dict[str, set[str]] = {}
        for name, one in zip(names, judgements, strict=True):
            groups.setdefault(name, set()).add(more(one))
        names = [
            f"{name}{more(one)}" if len(groups[name]) > 1 else name for name, one in zip(names, judgements, strict=True)
        ]
    seen: dict[str, int] = {}
    apart = []
    for one, name in zip(judgements, names, strict=True):
        seen[name] = seen.get(name, 0) + 1
        apart.append(replace(one, name=name if seen[name] == 1 else f"{name} {seen[name]}"))
    return apart


def _by_opponent(one: Judgement) -> str:
    return f" vs {one.against}"


def _by_judge(one: Judgement) -> str:
    return f" ({one.judge})" if one.judge else ""


def _by_file(one: Judgement) -> str:
    # The folder of an artifact is its name once more and a hash.
    return f" ({one.files[0]})" if len(one.files[0]) <= _SHORT else ""
