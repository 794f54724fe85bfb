"""Files to judgements: the format of each is told by its content."""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from humpback.analysis.judgements.formats import (
    alpaca_eval,
    arena,
    arena_hard,
    artifact,
    judge_arena,
    mt_bench,
    orders,
    reviews,
    votes,
)
from humpback.analysis.judgements.formats.items import Judgement, NoJudgements, Placed, Systems, pool, put
from humpback.analysis.judgements.formats.source import Row, Rows, Unfit, rows_of
from humpback.core.same_prompt import fold
from humpback.core.tables import VERDICTS, Unreadable
from humpback.spec.votes import read_votes

ACCEPTED = (
    "a folder or file of verdicts, AlpacaEval annotations (preference), reviews with scores (scores and "
    "scores_reverse, or score), MT-bench pairs (g1_winner and g2_winner), "
    "Arena-Hard verdicts (games), battles (model_a, model_b and winner), a database of votes, "
    "JudgeArena's battles (Parquet with model_a, model_b and pref); "
    "or logs of lm-eval (samples_*.jsonl) and inspect (.eval, .json)"
)
_LOOKED_AT = 50
_LONGEST = 1 << 16
_SHORT = 40
"""Characters up to which a file's name tells systems apart in a table."""


@dataclass(frozen=True)
class Layout:
    """One way in which rows of JSON hold judgements."""

    looks: Callable[[dict[str, Any]], bool]
    """Whether a row looks like one."""
    read: Callable[[Row, Rows], tuple[Systems, Placed]]
    """A row's systems, empty where it does not name them, and what it says of them; raises Unfit."""
    kind: Callable[[Systems, Sequence[Placed]], str]
    """The format in words."""
    unnamed: Callable[[Path], tuple[str, str]]
    """What the systems are called where the rows do not say."""
    notes: Callable[[Rows, Systems, Sequence[Placed]], tuple[str, ...]]
    """What a reader should know of how the rows were taken; raises NoJudgements where they are of several systems."""
    answers: Callable[[Row, Rows], tuple[str, str] | None] = lambda row, rows: None
    """The texts of the system's answer and of its opponent's; None where the row does not hold both."""


LAYOUTS = (
    Layout(
        looks=reviews.is_one,
        read=reviews.read_one,
        kind=lambda systems, placed: reviews.ONE,
        unnamed=lambda path: (_stem(path), "the answer shown second"),
        notes=reviews.notes_on_one,
        answers=reviews.answers,
    ),
    Layout(
        looks=reviews.is_both,
        read=reviews.read_both,
        kind=lambda systems, placed: reviews.BOTH,
        unnamed=lambda path: (_stem(path), "Answer2"),
        notes=reviews.notes_on_both,
        answers=reviews.answers,
    ),
    Layout(
        looks=lambda value: "preference" in value,
        read=alpaca_eval.read,
        kind=alpaca_eval.kind,
        unnamed=lambda path: (path.parent.name or _stem(path), "output_1"),
        notes=alpaca_eval.hold_apart,
        answers=alpaca_eval.answers,
    ),
    Layout(
        looks=lambda value: set(mt_bench.GAMES) <= value.keys(),
        read=mt_bench.read,
        kind=lambda systems, placed: mt_bench.KIND,
        unnamed=lambda path: (_stem(path), ""),
        notes=mt_bench.as_published,
    ),
    Layout(
        looks=lambda value: arena_hard.GAMES in value,
        read=arena_hard.read,
        kind=lambda systems, placed: arena_hard.KIND,
        unnamed=lambda path: (_stem(path), ""),
        notes=arena_hard.as_published,
    ),
    Layout(
        looks=arena.is_battle,
        read=arena.read,
        kind=lambda systems, placed: arena.KIND,
        unnamed=lambda path: (_stem(path), ""),
        notes=arena.notes,
        answers=arena.one_turn,
    ),
)
"""The first of those that most rows look like is taken."""


def _stem(path: Path) -> str:
    return path.name.split(".json")[0]


def read_judgements(paths: Sequence[Path]) -> list[Judgement]:
    """What the files hold, in their order, each system with a name of its own. Two that are the two orders of one
    comparison are one judgement, and so are several that judge the same systems on different prompts; otherwise each
    is a system of its own.

    Raises:
        NoJudgements: for a file without any, naming it, what was found and what would do.
        StoreError: for a file of votes that cannot be read.
    """
    return _told_apart(read_as_named(paths))


def read_as_named(paths: Sequence[Path]) -> list[Judgement]:
    """The same, with the names that the files give: one system under two judges has one name.

    Raises:
        NoJudgements: for a file without any, naming it, what was found and what would do.
        StoreError: for a file of votes that cannot be read.
    """
    found: list[Judgement] = []
    for path in paths:
        if not path.exists():
            raise NoJudgements(f"{path}: there is no such file. Accepted are {ACCEPTED}")
        if path.is_dir() and not artifact.is_verdicts(path):
            raise NoJudgements(
                f"{path}: a folder without {VERDICTS}; name the files in it, or call humpback leaderboard {path}"
            )
        same = sum(one.name == path.name for one in paths) > 1
        name = f"{path.parent.name}/{path.name}" if same else path.name
        if path.is_file() and judge_arena.is_battles(path):
            found += judge_arena.judgements(path, name)
        elif path.is_file() and is_table(path):
            found += of_rows(path, name)
        elif artifact.is_verdicts(path):
            found.append(artifact.judgement(path))
        elif _is_sqlite(path):
            people = votes.judgements(name, list(read_votes(path)))
            if not people:
                raise NoJudgements(f"{path}: no vote in it beside screening items")
            found += people
        else:
            found += of_rows(path, name)
    single = [one for one in found if one.format == reviews.ONE]
    both = orders.both_orders(spelled_alike(single))
    return orders.sets_together(spelled_alike([*(one for one in found if one.format != reviews.ONE), *both]))


def is_table(path: Path) -> bool:
    """Whether it is a CSV or Parquet file with the columns of one of these layouts; JudgeArena's battles are none."""
    try:
        if path.suffix == ".csv":
            with path.open(encoding="utf-8-sig", newline="") as file:
                names = next(csv.reader([file.readline(_LONGEST)]), [])
        elif judge_arena.is_battles(path):
            return False
        else:
            names = pq.read_schema(path).names
    except (pa.ArrowException, OSError, UnicodeDecodeError, csv.Error):
        return False
    return any(one.looks(dict.fromkeys(names)) for one in LAYOUTS)


def layout_of(rows: Rows) -> Layout | None:
    """How most of the first rows hold judgements; None where none of them does."""
    first = [row.value for row in rows.rows[:_LOOKED_AT]]
    layout = max(LAYOUTS, key=lambda one: sum(map(one.looks, first)))
    return layout if any(map(layout.looks, first)) else None


def of_rows(path: Path, name: str) -> list[Judgement]:
    """The judgements of a JSON file, called `name`, whose rows hold a judgement each.

    Raises:
        NoJudgements: when none of them does.
    """
    rows = rows_of(path)
    layout, first = layout_of(rows), rows.rows[0].value
    if layout is None:
        if {"instruction", "output"} <= first.keys():
            raise NoJudgements(f"{path}: answers of a model, not judgements; judge them first with humpback judge")
        fields = ", ".join(map(repr, list(first)[:8]))
        raise NoJudgements(f"{path}: its rows have the fields {fields}. Accepted are {ACCEPTED}")
    found: dict[Systems, list[Placed]] = {}
    aside: list[Unreadable] = []
    for row in rows.rows:
        try:
            put(found, *layout.read(row, rows))
        except Unfit as error:
            aside.append(Unreadable(name, row.place, str(error), row.raw()))
    if not found:
        raise NoJudgements(f"{path}: none of {len(rows.rows)} rows can be used; {aside[0].place}: {aside[0].reason}")
    made: list[Judgement] = []
    for systems, placed in found.items():
        one = pool(placed, systems, layout.kind(systems, placed), name)
        system, opponent = layout.unnamed(path)
        made.append(
            replace(
                one,
                name=one.name or system,
                against=one.against or opponent,
                # A row that names no system can belong to any of them: it is told once, with the first.
                unreadable=(*(() if made else (*rows.unreadable, *aside)), *one.unreadable),
                notes=(*layout.notes(rows, systems, placed), *one.notes),
                named=all(systems[:2]),
            )
        )
    return made


def spelled_alike(judgements: Sequence[Judgement]) -> list[Judgement]:
    """Judgements in which one prompt, by the rule of `core/same_prompt.py`, has one name: the first that it has."""
    known: set[str] = set()
    by_form: dict[str, list[str]] = {}
    found = []
    for one in judgements:
        mine = dict.fromkeys(item.prompt for item in one.items)
        joined, taken = dict[str, str](), set[str]()
        for name in (name for name in mine if name not in known):
            alike = (other for other in by_form.get(fold(name), ()) if other not in mine and other not in taken)
            if (first := next(alike, None)) is not None:
                joined[name] = first
                taken.add(first)
        found.append(_renamed(one, joined) if joined else one)
        for name in dict.fromkeys(item.prompt for item in found[-1].items):
            if name not in known:
                known.add(name)
                by_form.setdefault(fold(name), []).append(name)
    return found


def _renamed(one: Judgement, names: dict[str, str]) -> Judgement:
    return replace(
        one,
        items=tuple(replace(item, prompt=names.get(item.prompt, item.prompt)) for item in one.items),
        raters={who: {names.get(text, text): word for text, word in of.items()} for who, of in one.raters.items()},
        notes=(*one.notes, f"{len(names):,} prompts joined with other files but for case, punctuation and spacing"),
    )


def _is_sqlite(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(15) == b"SQLite format 3"


_DIFFERENCES: tuple[Callable[[Judgement], str], ...] = (
    lambda one: f" vs {one.against}",
    lambda one: f" ({one.judge})" if one.judge else "",
    # The folder of an artifact is its name once more and a hash.
    lambda one: f" ({one.files[0]})" if len(one.files[0]) <= _SHORT else "",
)


def _told_apart(judgements: list[Judgement]) -> list[Judgement]:
    """Systems with a name each: by the opponent, then the judge, then the file, whichever differs, then by number."""
    names = [one.name for one in judgements]
    for more in _DIFFERENCES:
        groups: dict[str, set[str]] = {}
        for name, one in zip(names, judgements, strict=True):
            groups.setdefault(name, set()).add(more(one))
        names = [
            f"{name}{more(one)}" if len(groups[name]) > 1 else name for name, one in zip(names, judgements, strict=True)
        ]
    times = [names[:place].count(name) for place, name in enumerate(names)]
    names = [f"{name} {n + 1}" if n else name for name, n in zip(names, times, strict=True)]
    return [replace(one, name=name) for one, name in zip(judgements, names, strict=True)]
