"""Pairs of answers of which it is known which is the better one: what a judge is measured on before it is used.

They come from a file of pairs with votes, in the formats that `humpback compare` reads and with the texts of both
answers, or with the better one named; or they are made of a set of instructions with answers: the set's own answer
against the set's answer to another prompt. Made pairs are plain: whoever reads prompt and answer gets them right, and
their wrong answers are as often the longer as the shorter ones.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from humpback.analysis.judgements.formats import artifact, judge_arena, votes
from humpback.analysis.judgements.formats.items import NoJudgements
from humpback.analysis.judgements.formats.prompts import text_of
from humpback.analysis.judgements.formats.reading import is_table, layout_of
from humpback.analysis.judgements.formats.source import Row, Unfit, rows_of
from humpback.core.same_prompt import fold
from humpback.core.store import RECORD, verified_record
from humpback.core.tables import EXAMPLES, RAW_SHOWN, VERDICTS, Example, Unreadable, read
from humpback.spec.votes import is_votes, marks, read_votes

NAMED_BETTER = (("chosen", "rejected"), ("better", "worse"))
"""Fields of the better answer and of the other."""
_LOOKED_AT = 50


@dataclass(frozen=True)
class KnownPair:
    """Two answers to one prompt, one of them known to be better."""

    id: str
    """12 hexadecimal digits over the texts."""
    instruction: str
    a: str
    b: str
    points: float
    """For a, 0 to 1, never one half: the mean of its votes."""
    votes: int = 1
    systems: tuple[str, str] = ("", "")
    """Who wrote a and b, as far as the file says."""


@dataclass(frozen=True)
class KnownPairs:
    """The pairs of a file or set, in an order that does not depend on the file's."""

    pairs: tuple[KnownPair, ...]
    known_by: str
    """What says which answer is better, in words."""
    made: bool = False
    """Whether they were made of a set, and so are plain."""
    left_out: tuple[str, ...] = ()
    """How many rows or pairs are not among them, by reason."""
    unreadable: tuple[Unreadable, ...] = ()
    """Rows that cannot be used."""


@dataclass
class _Pool:
    """Votes on the same two answers, put together."""

    votes: dict[tuple[str, str, str], list[float]] = field(default_factory=dict)
    systems: dict[tuple[str, str, str], tuple[str, str]] = field(default_factory=dict)
    unparsed: int = 0

    def add(self, prompt: str, a: str, b: str, points: float | None, systems: tuple[str, str] = ("", "")) -> None:
        if points is None:
            self.unparsed += 1
            return
        if (prompt, b, a) in self.votes:
            a, b, points, systems = b, a, 1 - points, systems[::-1]
        self.votes.setdefault((prompt, a, b), []).append(points)
        self.systems.setdefault((prompt, a, b), systems)

    def pairs(self, known_by: str, unreadable: Sequence[Unreadable] = (), left_out: Sequence[str] = ()) -> KnownPairs:
        found, without = [], Counter[str]()
        for (prompt, a, b), given in self.votes.items():
            points = sum(given) / len(given)
            if a == b or points == 0.5:
                without["pairs of equal answers" if a == b else "pairs without a winner"] += 1
            else:
                found.append(KnownPair(_id(prompt, a, b), prompt, a, b, points, len(given), self.systems[prompt, a, b]))
        without["rows without a verdict"] = self.unparsed
        told = tuple(f"{count:,} {what}" for what, count in without.items() if count)
        ordered = tuple(sorted(found, key=lambda one: one.id))
        return KnownPairs(ordered, known_by, left_out=(*told, *left_out), unreadable=tuple(unreadable))


def read_known(path: Path) -> KnownPairs | None:
    """The pairs of a file or folder of verdicts; None where it holds none, so that it may be a set of answers.

    Raises:
        NoJudgements: when it holds verdicts and not the answers that they are about, or no pair of it can be used.
    """
    if path.is_dir():
        found = _judged(path) if artifact.is_verdicts(path) else None
    elif is_votes(path):
        found = _voted(path)
    elif judge_arena.is_battles(path):
        found = _battles(path)
    elif is_table(path):
        found = _of_rows(path)
    elif artifact.is_verdicts(path):
        found = _judged(path.parent) if path.name == VERDICTS else None
    else:
        found = _of_rows(path)
    if found is not None and not found.pairs:
        why = [*found.left_out, *(f"{one.place}: {one.reason}" for one in found.unreadable[:1])]
        raise NoJudgements(f"{path}: no pair with a known better answer in it; {'; '.join(why) or 'it is empty'}")
    return found


def _of_rows(path: Path) -> KnownPairs | None:
    try:
        rows = rows_of(path)
    except NoJudgements:
        return None  # of another kind, such as CSV: for the reader of sets
    first = [row.value for row in rows.rows[:_LOOKED_AT]]
    fields = next((pair for pair in NAMED_BETTER if any(set(pair) <= value.keys() for value in first)), None)
    layout = layout_of(rows)
    if fields is None:
        if layout is None:
            return None
        if not any(layout.answers(row, rows) for row in rows.rows[:_LOOKED_AT]):
            if any({"games", "g1_winner"} & value.keys() for value in first):
                raise NoJudgements(
                    f"{path}: verdicts without the answers that they are about; a judge is shown both, so give "
                    "AlpacaEval annotations, reviews, votes of humpback annotate, battles, or chosen and rejected"
                )
            return None
    pool, aside, people = _Pool(), list(rows.unreadable), set[str]()
    for row in rows.rows:
        try:
            if fields is not None:
                pool.add(*_in_some_order(*_named_better(row, fields)))
                continue
            assert layout is not None
            (name, against, judge), placed = layout.read(row, rows)
            answers, text = layout.answers(row, rows), text_of(row.value)
            if answers is None or not text:
                raise Unfit("it takes the prompt's text and both answers: they are shown to the judge")
            people.add(placed.rater if placed.rater.startswith("annotator") else judge)
            pool.add(text, *answers, placed.item.points, (name, against))
        except Unfit as error:
            aside.append(Unreadable(path.name, row.place, str(error), row.raw()))
    named = sorted(filter(None, people))
    by = f"the fields {' and '.join(fields)}" if fields else f"verdicts of {', '.join(named) or 'a judge not named'}"
    if len(named) > 3:
        by = f"votes of {len(named)} annotators"
    return pool.pairs(f"{by} in {path.name}", aside)


def _in_some_order(prompt: str, better: str, worse: str) -> tuple[str, str, str, float]:
    """A pair with its points. The better answer is a on one half of the pairs, by the texts' hash: agreement beyond
    chance takes both."""
    turned = int(_id(prompt, *sorted((better, worse)))[0], 16) % 2
    return (prompt, worse, better, 0.0) if turned else (prompt, better, worse, 1.0)


def _named_better(row: Row, fields: tuple[str, str]) -> tuple[str, str, str]:
    """Prompt, better and worse answer. Answers are texts, or conversations whose last message is the answer.

    Raises:
        Unfit: naming the field.
    """
    texts = []
    for name in fields:
        found = row.value.get(name)
        answer = _last_message(found) if isinstance(found, list) else found
        if not isinstance(answer, str):
            raise Unfit(f"field {name} is {str(found)[:40]!r}; it is an answer, or messages that end in one")
        texts.append(answer)
    before = row.value.get(fields[0])
    turns = before[:-1] if isinstance(before, list) else []
    if len(turns) > 1 and any(isinstance(one, dict) and one.get("role") == "assistant" for one in turns):
        raise Unfit(f"field {fields[0]} is a conversation of several turns; a pair has one prompt")
    prompt = text_of({name: found for name, found in row.value.items() if name not in fields})
    prompt = prompt or text_of({"messages": turns})
    if not prompt:
        raise Unfit("no field holds the prompt's text; instruction or prompt would do")
    return prompt, texts[0], texts[1]


def _last_message(messages: list[Any]) -> object:
    last = messages[-1] if messages else None
    return (last.get("content") or last.get("value")) if isinstance(last, dict) else None


def _voted(path: Path) -> KnownPairs:
    """As `humpback compare` counts them: screening items, and whoever failed them, left out."""
    given = list(read_votes(path))
    failed = {name for name, mark in marks(given).items() if not mark.passed}
    pool, people, screening, unscreened = _Pool(), set(), 0, 0
    for one in given:
        if one.screening or one.annotator in failed:
            screening, unscreened = screening + one.screening, unscreened + (not one.screening)
            continue
        people.add(one.annotator)
        answers = one.first_output, one.second_output
        pool.add(one.instruction, *answers, votes.POINTS[one.choice], (one.first, one.second))
    left = {"votes on screening items": screening, "votes of annotators who failed the screening": unscreened}
    told = [f"{count:,} {what}" for what, count in left.items() if count]
    return pool.pairs(f"votes of {len(people)} people in {path.name}", left_out=told)


def _battles(path: Path) -> KnownPairs:
    """JudgeArena's file; where people's votes stand beside the judge's, those alone."""
    wanted = ("model_a", "model_b", "pref", "winner", "source", "instruction", "completion_a", "completion_b")
    try:
        file = pq.ParquetFile(path)
        there = file.schema_arrow.names
        if lacking := [one for one in ("instruction", "completion_a", "completion_b") if one not in there]:
            raise NoJudgements(
                f"{path}: battles without a column {lacking[0]}; a judge is shown prompt and both answers"
            )
        rows = file.read(columns=[one for one in wanted if one in there]).to_pylist()
    except (pa.ArrowException, OSError) as error:
        raise NoJudgements(f"{path}: no whole Parquet file ({str(error).splitlines()[0]})") from error
    people = any(row.get("source") == "human" for row in rows)
    pool, aside = _Pool(), []
    for number, row in enumerate(rows):
        if people and row.get("source") != "human":
            continue
        try:
            preference = judge_arena.preference_of(row)
            texts = [row[name] for name in ("instruction", "completion_a", "completion_b")]
            if not all(isinstance(text, str) for text in texts):
                raise ValueError("the prompt or an answer is no text")
        except ValueError as error:
            aside.append(Unreadable(path.name, f"row {number}", str(error), str(row)[:RAW_SHOWN]))
            continue
        points = None if preference is None else 1 - preference
        prompt, a, b = texts
        pool.add(prompt, a, b, points, (str(row["model_a"]), str(row["model_b"])))
    return pool.pairs(f"{'people' if people else 'a judge'}, battles in {path.name}", aside)


def _judged(folder: Path) -> KnownPairs:
    """Our own judgement by another judge, with the answers that lie in the same store."""
    sides: list[dict[str, Example]] = []
    if (folder / RECORD).exists():
        for name in verified_record(folder).inputs:
            other = folder.parent.parent / name
            if (other / RECORD).exists() and EXAMPLES in verified_record(other, EXAMPLES).payload:
                sides.append({row.id: row for row in read(other / EXAMPLES, Example)})
    if len(sides) != 2:
        raise NoJudgements(f"{folder}: the judged answers are not in its store; a judge is shown both")
    judged, pool = artifact.judgement(folder), _Pool()
    for item in artifact.judged_prompts(folder / VERDICTS).items:
        a, b = (side[item.prompt] for side in sides)
        pool.add(a.instruction, a.output, b.output, item.points, (judged.name, judged.against))
    return pool.pairs(f"verdicts of {judged.judge} in both orders in {folder.name}", judged.unreadable)


def make_pairs(rows: Iterable[Example], name: str) -> KnownPairs:
    """Each row's answer against the answer to another prompt of the set, drawn by the texts' hash.

    Raises:
        NoJudgements: when fewer than two prompts have an answer.
    """
    prompts: dict[str, Example] = {}
    total = 0
    for row in rows:
        total += 1
        if row.instruction.strip() and row.output.strip():
            prompts.setdefault(fold(row.instruction), row)
    pool = sorted(prompts.values(), key=lambda row: _id(row.instruction, row.output, ""))
    ordered = (_in_some_order(row.instruction, row.output, wrong) for row, wrong in _with_wrong(pool))
    pairs = [KnownPair(_id(prompt, a, b), prompt, a, b, points) for prompt, a, b, points in ordered]
    if not pairs:
        raise NoJudgements(f"{name}: {len(pool)} prompts with an answer; pairs are made of two and more")
    left = total - len(pairs)
    left_out = (f"{left:,} rows without an answer, or of a prompt that stands twice",) if left else ()
    by = f"the answer of {name} against its answer to another prompt"
    return KnownPairs(tuple(pairs), by, made=True, left_out=left_out)


def _with_wrong(pool: Sequence[Example]) -> Iterator[tuple[Example, str]]:
    for place, row in enumerate(pool):
        for step in range(1, len(pool)):
            other = pool[(place + step) % len(pool)]
            if other.output != row.output:
                yield row, other.output
                break


def _id(*texts: str) -> str:
    return hashlib.sha256("\x1f".join(texts).encode("utf-8", "backslashreplace")).hexdigest()[:12]
