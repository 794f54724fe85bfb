"""Bradley-Terry: a published fit, another method's, intervals that hold the truth, and what has none."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from scipy.optimize import minimize

from humpback.analysis.judgements.bradley_terry import MEAN, SCALE, Floats, Ratings, fit, lines, ratings
from humpback.analysis.judgements.formats.items import Judgement, judged_once
from humpback.analysis.judgements.formats.mt_bench import KIND
from humpback.analysis.judgements.leaderboard import rank
from tests.analysis.judgements.material import annotations, written
from tests.commands import succeed

TEAMS = ("Milwaukee", "Detroit", "Toronto", "New York", "Boston", "Cleveland", "Baltimore")
WON = (
    (0, 7, 9, 7, 7, 9, 11),
    (6, 0, 7, 5, 11, 9, 9),
    (4, 6, 0, 7, 7, 8, 12),
    (6, 8, 6, 0, 6, 7, 10),
    (6, 2, 6, 7, 0, 7, 12),
    (4, 4, 5, 6, 6, 0, 6),
    (2, 4, 1, 3, 1, 7, 0),
)
"""Games that the row's team won against the column's: American League, 1987 (Agresti, Categorical Data Analysis)."""


def test_the_published_fit_of_the_american_league_of_1987() -> None:
    """Coefficients over Baltimore's as R's BradleyTerry2 prints them (Turner and Firth 2012, baseballModel1)."""
    strengths = fit(np.array(WON, float))
    found = dict(zip(TEAMS, strengths - strengths[-1], strict=True))
    published = {"Boston": 1.1077, "Cleveland": 0.6839, "Detroit": 1.4364, "Milwaukee": 1.5814, "New York": 1.2476}
    assert {team: round(float(found[team]), 4) for team in published} == published
    assert found["Toronto"] == pytest.approx(1.2945, abs=5e-5)


def by_gradient(wins: Floats) -> Floats:
    """The same likelihood climbed by another method."""

    def loss(strengths: Floats) -> tuple[float, Floats]:
        gap = strengths[:, None] - strengths[None, :]
        pull = wins / (1 + np.exp(gap))
        return float((wins * np.logaddexp(0, -gap)).sum()), pull.sum(axis=0) - pull.sum(axis=1)

    best = minimize(loss, np.zeros(len(wins)), jac=True, method="L-BFGS-B", options={"ftol": 1e-15, "gtol": 1e-10})
    found: Floats = best.x - best.x.mean()
    return found


def test_parts_of_wins_are_fitted_as_another_method_fits_them() -> None:
    rng = np.random.default_rng(3)
    wins = rng.random((12, 12)) * rng.integers(1, 50, (12, 12))
    np.fill_diagonal(wins, 0)
    assert fit(wins) == pytest.approx(by_gradient(wins), abs=1e-5)


def arena(true: Floats, prompts: int, seed: int) -> list[Judgement]:
    """Every two systems on every prompt, ties now and then; prompts make systems better or worse together."""
    rng = np.random.default_rng(seed)
    found = []
    for i in range(len(true)):
        for j in range(i):
            chance = 1 / (1 + np.exp(true[j] - true[i]))
            winners = [("a" if rng.random() < chance else "b") for _ in range(prompts)]
            items = tuple(judged_once(f"p{k}", "", won) for k, won in enumerate(winners))  # type: ignore[arg-type]
            found.append(Judgement(f"s{i}", f"s{j}", "judge", KIND, ("f",), items))
    return found


def only(judgements: list[Judgement]) -> Ratings:
    (found,) = ratings(judgements)
    return found


def test_intervals_hold_the_true_ratings() -> None:
    true = np.array([-1.0, -0.3, 0.0, 0.4, 0.9])
    held = 0
    for seed in range(5):
        found = only(arena(true, 60, seed))
        assert (found.battles, found.prompts) == (600, 60)
        assert [one.rating for one in found.systems] == sorted((one.rating for one in found.systems), reverse=True)
        assert sum(one.rating for one in found.systems) == pytest.approx(5 * MEAN)
        for one in found.systems:
            assert one.low is not None
            assert one.high is not None
            held += one.low <= MEAN + SCALE * true[int(one.name[1:])] <= one.high
            assert one.ranks is not None
            assert one.ranks[0] <= found.systems.index(one) + 1 <= one.ranks[1]
    assert held >= 21, "25 intervals of 95 %"


def test_who_never_lost_or_met_nobody_has_no_rating() -> None:
    items = tuple(judged_once(f"p{k}", "", "a") for k in range(30))
    more = [
        Judgement("best", "s1", "judge", KIND, ("f",), items),
        Judgement("lone", "other", "judge", KIND, ("f",), items),
    ]
    found = only([*arena(np.array([-0.5, 0.0, 0.5]), 30, 1), *more])
    assert {one.name for one in found.systems} == {"s0", "s1", "s2"}
    assert found.unrated == (
        "best: won everything against the rated systems",
        "lone: met none of the rated systems",
        "other: met none of the rated systems",
    )
    assert found.battles == 90
    assert "not rated: best" in lines([found])


def test_one_common_opponent_and_few_prompts(tmp_path: Path) -> None:
    star = [one for one in arena(np.zeros(3), 30, 1) if one.against == "s0"]
    assert len(star) == 2
    assert ratings(star) == [], "win rates against it are the ranking"
    few = only(arena(np.zeros(3), 10, 4))
    assert {(one.low, one.ranks) for one in few.systems} == {(None, None)}
    assert "–" in lines([few])


def test_the_leaderboard_reads_pairs_of_many_systems_from_its_formats(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    names = ("x", "y", "z")
    pairs = [(one, other) for at, one in enumerate(names) for other in names[:at]]
    rows = [
        {"question_id": q, "turn": 1, "model_1": one, "model_2": other, "judge": ["gpt", "pair"]}
        | dict(zip(("g1_winner", "g2_winner"), rng.choice(["model_1", "model_2", "tie"], 2).tolist(), strict=True))
        for q in range(25)
        for one, other in pairs
    ]
    written(tmp_path / "mt" / "pairs.jsonl", rows)
    found = rank(tmp_path)
    assert [(one.judge, len(one.systems), one.battles) for one in found.rated] == [("gpt", 3, 75)]
    battles = [
        {"instruction": f"i{q}", "model_a": one, "model_b": other, "judge": "arena", "pref": float(rng.random())}
        for q in range(25)
        for one, other in pairs
    ]
    pq.write_table(pa.Table.from_pylist(battles), tmp_path / "battles.parquet")
    pq.write_table(pa.table({"a": [1]}), tmp_path / "other.parquet")
    told = json.loads(succeed("leaderboard", tmp_path, "--json").stdout)
    assert [(one["judge"], one["battles"], one["prompts"]) for one in told["bradley_terry"]] == [
        ("arena", 75, 25),
        ("gpt", 75, 25),
    ]
    assert "Bradley-Terry, judge arena: 75 battles on 25 prompts" in succeed("leaderboard", tmp_path).stdout


def test_annotations_against_one_reference_are_ranked_as_before(tmp_path: Path) -> None:
    for name in ("x", "y", "z"):
        annotations(tmp_path / name / "annotations.json", [1, 2] * 12, generator_2=name)
    assert rank(tmp_path).rated == ()
