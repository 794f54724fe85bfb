"""Arena-Hard's verdicts: read, counted by its own rule, and style-controlled by its published formula."""

from __future__ import annotations

import json
import random
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.optimize import minimize

from humpback.analysis.judgements import style_control
from humpback.analysis.judgements.board_tables import as_json, as_text
from humpback.analysis.judgements.formats import arena_hard
from humpback.analysis.judgements.leaderboard import rank
from humpback.analysis.judgements.style_control import Battle, style_controlled, style_of_metadata, style_of_text
from tests.analysis.judgements.material import single


def row(uid: str, first: str | None, second: str | None, **more: Any) -> dict[str, Any]:
    games = [{"score": first, "judgment": {"answer": "..."}}, {"score": second, "judgment": {"answer": "..."}}]
    names = {"judge": "gpt-4.1", "model": "org/tuned", "baseline": "o3-mini", "category": "hard_prompt"}
    return {"uid": uid, **names, "games": games, **more}


def lines(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


ROWS = [
    row("1", "B>>A", "A>B"),  # won clearly, then won: 3 + 1 battles of 1
    row("2", "A>B", "A=B"),  # lost, tie
    row("3", "A<<B", "B>>A"),  # won clearly, lost clearly
    row("4", None, "A>B"),  # one reply was not read: none of its battles counts
]


def test_verdicts_are_the_systems_in_both_orders(tmp_path: Path) -> None:
    one = single(lines(tmp_path / "tuned.jsonl", ROWS))
    assert (one.name, one.against, one.judge, one.format) == ("org/tuned", "o3-mini", "gpt-4.1", arena_hard.KIND)
    assert [item.points for item in one.items] == [1.0, 0.25, 0.5, 1.0]
    assert [item.unparsed for item in one.items] == [0, 0, 0, 1]
    assert [item.flipped for item in one.items][2] is True
    assert {item.category for item in one.items} == {"hard_prompt"}


def test_its_own_count_weighs_a_clear_win_three_times(tmp_path: Path) -> None:
    assert [arena_hard.battles(one) for one in ROWS] == [[1, 1, 1, 1], [0.5, 0], [0, 0, 0, 1, 1, 1], []]
    one = single(lines(tmp_path / "tuned.jsonl", ROWS))
    assert one.notes == (f"by Arena-Hard's rule (a clear win counts 3 times): {100 * 7.5 / 12:.2f}",)


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (row("1", "A>>>B", "A>B"), r"field score is 'A>>>B'; it is A>B, A>>B, "),
        ({**ROWS[0], "games": [{"score": "A>B"}]}, r"field games is .*; it is a list of two"),
        ({**ROWS[0], "uid": None}, "field uid is 'None'; it is a name"),
        ({**ROWS[0], "baseline": ""}, "field baseline is ''; it is a name"),
    ],
)
def test_a_row_that_cannot_be_read_is_named(tmp_path: Path, wrong: dict[str, Any], told: str) -> None:
    one = single(lines(tmp_path / "tuned.jsonl", [ROWS[1], wrong]))
    (aside,) = one.unreadable
    assert aside.place == "line 2"
    assert re.search(told, aside.reason), aside.reason


def battles(n: int = 60) -> list[Battle]:
    rng = random.Random(3)
    found = []
    for system, strength in (("weak", -0.7), ("middling", 0.0), ("strong", 0.5)):
        for prompt in range(n):
            ours, theirs = (
                (float(rng.randint(50, 900)), *(float(rng.randint(0, 9)) for _ in range(3))) for _ in range(2)
            )
            odds = strength + (ours[0] - theirs[0]) / (ours[0] + theirs[0]) * 2
            points = float(rng.random() < 1 / (1 + np.exp(-odds))) if rng.random() < 0.8 else 0.5
            found += [Battle(system, str(prompt), points, ours, theirs)] * rng.choice((1, 3))
    return found


def test_the_fit_is_that_of_the_published_formula(monkeypatch: pytest.MonkeyPatch) -> None:
    """The published code's steps written anew: a column for each system and one for the baseline at -1, the features
    as there, the loss minimised by L-BFGS; a rate is the softmax of a system and the baseline."""
    monkeypatch.setattr(style_control, "RESAMPLES", 20)
    played = battles()
    ours, theirs = (np.array([getattr(one, side) for one in played]) for side in ("style", "baseline"))
    x = np.zeros_like(ours)
    x[:, 0] = (ours[:, 0] - theirs[:, 0]) / (ours[:, 0] + theirs[:, 0])
    dense, dense_theirs = ours[:, 1:] / ours[:, :1], theirs[:, 1:] / theirs[:, :1]
    x[:, 1:] = (dense - dense_theirs) / (dense + dense_theirs + 1)
    x = (x - x.mean(axis=0)) / x.std(axis=0, ddof=1)
    names = sorted({one.system for one in played})
    hot = np.array([[float(one.system == name) for name in names] + [-1.0] for one in played])
    design, y = np.hstack([hot, x]), np.array([one.points for one in played])

    def loss(coefficients: np.ndarray[Any, Any]) -> float:
        p = 1 / (1 + np.exp(-design @ coefficients))
        return float(-(np.log(p) * y + np.log(1 - p) * (1 - y)).sum())

    fit = minimize(loss, np.full(design.shape[1], 0.5), method="L-BFGS-B", options={"ftol": 1e-14, "gtol": 1e-9}).x
    published = {name: 100 / (1 + np.exp(fit[len(names)] - fit[i])) for i, name in enumerate(names)}
    found = style_controlled(played)
    assert {one.system: one.rate for one in found} == pytest.approx(published, abs=0.01)
    assert [one.system for one in found] == sorted(names, key=lambda name: -published[name])
    assert all(one.low is not None and one.high is not None and one.low < one.rate < one.high for one in found)  # type: ignore[operator]


def test_length_that_wins_is_taken_out_between_systems(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two systems alike but for length, before a judge that likes it: far apart, and alike under the control. One
    alone hardly moves, in the published formula too, because its features are centred on its own battles."""
    monkeypatch.setattr(style_control, "RESAMPLES", 20)
    rng = random.Random(1)
    played = []
    for system, more in (("long", 0.4), ("short", -0.4)):
        for prompt in range(600):
            longer = more + rng.uniform(-0.5, 0.5)
            won = rng.random() < 1 / (1 + np.exp(-3 * longer))
            ours, theirs = (500 * (1 + longer), 0.0, 0.0, 0.0), (500 * (1 - longer), 0.0, 0.0, 0.0)
            played.append(Battle(system, str(prompt), float(won), ours, theirs))

    def raw(system: str) -> float:
        points = [one.points for one in played if one.system == system]
        return 100 * sum(points) / len(points)

    rates = {one.system: one.rate for one in style_controlled(played)}
    assert rates["long"] is not None
    assert rates["short"] is not None
    assert raw("long") - raw("short") > 35
    assert abs(rates["long"] - rates["short"]) < 12
    (alone,) = style_controlled([one for one in played if one.system == "long"])
    assert alone.rate == pytest.approx(raw("long"), abs=4)
    assert alone.prompts == 600


def test_a_system_that_won_everything_has_no_rate(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(style_control, "RESAMPLES", 5)
    style = (10.0, 0.0, 0.0, 0.0)
    played = [Battle("best", str(n), 1.0, style, style) for n in range(30)]
    (found,) = style_controlled(played)
    assert (found.rate, found.low, found.high) == (None, None, None)


def test_style_is_counted_as_in_the_benchmarks_files() -> None:
    text = "# Head\n\n- one\n- two\n1. three\n\n**bold** and **__twice__**\n```\n# code\n- code\n```\n"
    assert style_of_text(text)[1:] == (1.0, 3.0, 3.0)
    metadata = {
        "token_len": 179,
        "header_count": {"h1": 1, "h2": 2, "h3": 0, "h4": 0, "h5": 0, "h6": 0},
        "list_count": {"ordered": 3, "unordered": 4},
        "bold_count": {"**": 5, "__": 6},
    }
    assert style_of_metadata(metadata) == (179.0, 3.0, 7.0, 11.0)
    assert style_of_metadata({}) is None


def answer(model: str, uid: str, text: str) -> dict[str, Any]:
    return {"uid": uid, "model": model, "messages": [{"role": "assistant", "content": {"answer": text}}]}


def test_a_leaderboard_has_both_counts_or_says_what_is_lacking(tmp_path: Path) -> None:
    rows = [row(str(n), *(("A>B", "A>B") if n % 2 else ("B>A", "A>B"))) for n in range(30)]
    lines(tmp_path / "model_judgment/gpt-4.1/tuned.jsonl", rows)
    lines(tmp_path / "model_answer/tuned.jsonl", [answer("tuned", str(n), "x" * (5 + n)) for n in range(30)])
    lacking = as_text(rank(tmp_path))
    assert "judge gpt-4.1: not known: answers of o3-mini are not below the folder" in lacking
    lines(tmp_path / "model_answer/o3-mini.jsonl", [answer("o3-mini", str(n), "y" * 20) for n in range(30)])
    found = rank(tmp_path)
    assert "style-controlled, hard_prompt, judge gpt-4.1 (Bradley-Terry; length in characters" in as_text(found)
    assert "one system alone: style is taken at the mean of the systems compared" in as_text(found)
    (table,) = as_json(found)["style_controlled"]
    (system,) = table["systems"]
    assert (system["system"], system["prompts"]) == ("tuned", 30)
    assert system["low"] < system["rate"] < system["high"]
    assert found.tables[0].systems[0].overall.win_rate == 75.0
