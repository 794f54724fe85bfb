"""Files of the published layouts that are nobody's: alpaca-eval's and Cherry_LLM's own counts in every spelling.

Tried: preferences as whole numbers, floats, text, null and NaN; JSON, JSON Lines, gzip, a byte order mark, an object
around the rows; fields in another order, more fields, fields that may lack; the reference on either side; scores as
lists, text and replies, with unparsed pairs.
"""

from __future__ import annotations

import gzip
import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from humpback.analysis.judgements.comparison import Numbers, system
from humpback.analysis.judgements.formats.items import NoJudgements
from tests.analysis.judgements.material import annotation, counts, read, single

NAN = float("nan")
WHOLE = [random.Random(5).choice([1, 1, 2, 2, 2, 0, 1.5, None]) for _ in range(60)]
WEIGHTED = [None if i % 17 == 3 else 1 + random.Random(i).random() for i in range(60)]
Write = Callable[[Path, list[dict[str, Any]]], Path]


def array(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.write_text(json.dumps(rows))
    return path


def of_lines(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def marked(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.write_bytes(b"\xef\xbb\xbf" + json.dumps(rows, indent=2).encode())
    return path


def packed(path: Path, rows: list[dict[str, Any]]) -> Path:
    path = path.with_name(path.name + ".gz")
    path.write_bytes(gzip.compress(json.dumps(rows).encode()))
    return path


def around(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.write_text(json.dumps({"version": 3, "annotations": rows}))
    return path


def of_alpaca_eval(preferences: list[Any]) -> tuple[float, ...]:
    winrate = pytest.importorskip("alpaca_eval.metrics.winrate")
    pd = pytest.importorskip("pandas")
    found = winrate.get_winrate(pd.DataFrame({"preference": [NAN if p is None else float(p) for p in preferences]}))
    names = ("win_rate", "standard_error", "n_wins", "n_draws", "n_wins_base", "n_total")
    return tuple(float(found[name]) for name in names)


def ours(one: Numbers) -> tuple[float, ...]:
    return one.win_rate, one.standard_error, one.wins, one.ties, one.losses, one.n


@pytest.mark.parametrize("write", [array, of_lines, marked, packed, around], ids=lambda one: one.__name__)
@pytest.mark.parametrize("preferences", [WHOLE, WEIGHTED], ids=["AlpacaEval 1", "AlpacaEval 2"])
def test_alpaca_eval_s_own_numbers(write: Write, preferences: list[Any], tmp_path: Path) -> None:
    path = write(tmp_path / "annotations.json", [annotation(i, one) for i, one in enumerate(preferences)])
    found = system(single(path)).overall
    assert ours(found) == pytest.approx(of_alpaca_eval(preferences), abs=1e-9)
    assert found.unparsed == preferences.count(None)


SPELLINGS: dict[str, Callable[[Any], Any]] = {
    "floats": lambda one: None if one is None else float(one),
    "text": lambda one: "nan" if one is None else str(one),
    "NaN": lambda one: NAN if one is None else one,
    "words": lambda one: {0: "tie", 1.5: "draw", None: ""}.get(one, one),
}


@pytest.mark.parametrize("spelled", SPELLINGS)
def test_preferences_in_other_spellings(spelled: str, tmp_path: Path) -> None:
    rows = [annotation(i, SPELLINGS[spelled](one)) for i, one in enumerate(WHOLE)]
    found = system(single(array(tmp_path / "a.json", rows))).overall
    assert ours(found) == pytest.approx(of_alpaca_eval(WHOLE), abs=1e-9)


ROWS: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "another order": lambda row: dict(reversed(row.items())),
    "more fields": lambda row: {
        **row,
        "raw_completion": {"text": "m"},
        "price_per_example": 0.1,
        "referenced_models": [1],
    },
    "no set, judge or lengths": lambda row: {
        key: row[key] for key in ("instruction", "preference", "generator_1", "generator_2")
    },
    "empty generators": lambda row: {**row, "generator_1": None, "generator_2": ""},
}


@pytest.mark.parametrize("made", ROWS)
def test_rows_with_more_fields_and_fewer(made: str, tmp_path: Path) -> None:
    rows = [ROWS[made](annotation(i, one)) for i, one in enumerate(WHOLE)]
    one = single(array(tmp_path / "a.json", rows))
    assert ours(system(one).overall) == pytest.approx(of_alpaca_eval(WHOLE), abs=1e-9)
    assert one.unreadable == ()


def test_the_reference_on_either_side(tmp_path: Path) -> None:
    flip = {"generator_1": "model", "generator_2": "reference"}
    rows = []
    for i, one in enumerate(WHOLE):
        row = annotation(i, one)
        turned = {0: 0, 1: 2, 2: 1, 1.5: 1.5, None: None}[one]
        back = {**row, **flip, "output_1": row["output_2"], "output_2": row["output_1"], "preference": turned}
        rows.append(back if i % 2 else row)
    found = system(single(array(tmp_path / "a.json", rows))).overall
    assert ours(found) == pytest.approx(of_alpaca_eval(WHOLE), abs=1e-9)


SCORES = [
    [None if random.Random(f"{i}/{k}").random() < 0.1 else [random.Random(f"{i}{k}{j}").randint(1, 10) for j in (0, 1)]
    for k in (0, 1)]
    for i in range(80)
]  # fmt: skip
AS: dict[str, Callable[[list[int] | None], Any]] = {
    "lists": lambda pair: pair or [-1, -1],
    "text": lambda pair: str([float(one) for one in pair or (-1, -1)]),
    "replies": lambda pair: "I cannot rate these." if pair is None else f"{pair[0]} {pair[1]}\nThe first one is ...",
    "null": lambda pair: pair,
}


def cherry(rows: list[list[list[int] | None]]) -> tuple[list[int], list[int]]:
    """Win, tie, lose: of pairs parsed in both orders, and of all as Cherry_LLM's script counts them."""
    parsed, every = [0, 0, 0], [0, 0, 0]
    for there, back in rows:
        a, b = there or [-1, -1], back or [-1, -1]
        balance = (a[0] > a[1]) - (a[0] < a[1]) + (b[1] > b[0]) - (b[1] < b[0])
        place = 0 if balance > 0 else 2 if balance < 0 else 1
        every[place] += 1
        parsed[place] += there is not None and back is not None
    return parsed, every


@pytest.mark.parametrize("spelled", AS)
@pytest.mark.parametrize("prompt", ["prompt", "text", "instruction", "Instruction", "conversations"])
def test_cherry_s_win_tie_lose(spelled: str, prompt: str, tmp_path: Path) -> None:
    rows = [
        {prompt: f"p{i}", "Answer1": "x", "Answer2": "y", "scores": AS[spelled](a), "scores_reverse": AS[spelled](b)}
        for i, (a, b) in enumerate(SCORES)
    ]
    if prompt == "conversations":
        rows = [{**row, prompt: [row[prompt]]} for row in rows]
    path = tmp_path / "somebody-lima_reviews_gpt4.json"
    path.write_text(json.dumps({"Meta_Info": {"dataset_name": "lima"}, "data": rows}))
    one = single(path)
    parsed, every = cherry(SCORES)
    assert list(counts(one)) == parsed
    assert f"{every[0]} win, {every[1]} tie, {every[2]} lose" in one.notes[0]


def test_a_gzip_that_is_cut_is_named(tmp_path: Path) -> None:
    path = packed(tmp_path / "a.json", [annotation(0, 1)])
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(NoJudgements, match=r"a\.json\.gz: it cannot be read"):
        read(path)
