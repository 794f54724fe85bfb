"""Groups of lm-eval's tasks in logs: the difference is that of the values which their results publish."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.stats import binomtest

from tests.commands import succeed

DATE = "2026-01-02T03-04-05.123456"
SIZES = {"big": 400, "small": 40}


def run(folder: Path, rates: tuple[float, float], *, by_size: bool, seed: int) -> dict[str, list[float]]:
    """A run of two tasks in a group, as lm-eval writes it; the scores by task."""
    folder.mkdir()
    rng = np.random.default_rng(seed)
    scores = {
        task: (rng.random(n) < rate).astype(float).tolist()
        for (task, n), rate in zip(SIZES.items(), rates, strict=True)
    }
    for task, hits in scores.items():
        rows = [
            {"doc_id": i, "doc": {"q": f"{task} {i}"}, "target": "A", "filtered_resps": ["A"], "filter": "none"}
            | {"metrics": ["acc"], "acc": hit}
            for i, hit in enumerate(hits)
        ]
        (folder / f"samples_{task}_{DATE}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    means = {task: float(np.mean(hits)) for task, hits in scores.items()}
    value = np.average([*means.values()], weights=[*SIZES.values()] if by_size else None)
    results = {task: {"acc,none": mean} for task, mean in means.items()} | {"both": {"acc,none": float(value)}}
    told: dict[str, Any] = {
        "results": results,
        "group_subtasks": {"both": list(SIZES)},
        "versions": dict.fromkeys(results, 1.0),
        "n-samples": {task: {"effective": n} for task, n in SIZES.items()},
        "model_name": folder.name,
    }
    (folder / f"results_{DATE}.json").write_text(json.dumps(told))
    return scores


def rows_of(*folders: Path) -> dict[str, dict[str, Any]]:
    (pair,) = json.loads(succeed("compare", *folders, "--json").stdout)["pairs"]
    return {row["task"]: row for row in pair["differences"]}


def test_a_group_that_weighs_its_tasks_alike_is_the_mean_of_their_differences(tmp_path: Path) -> None:
    one = run(tmp_path / "a", (0.7, 0.3), by_size=False, seed=1)
    other = run(tmp_path / "b", (0.5, 0.6), by_size=False, seed=2)
    both = rows_of(tmp_path / "a", tmp_path / "b")["both"]
    margins = [np.subtract(one[task], other[task]) for task in SIZES]
    assert both["difference"] == pytest.approx(np.mean([some.mean() for some in margins]))
    assert both["first_mean"] == pytest.approx(np.mean([np.mean(some) for some in one.values()]))
    error = np.sqrt(sum(some.var(ddof=1) / len(some) for some in margins)) / 2
    assert both["standard_error"] == pytest.approx(error)
    assert both["interval"] == pytest.approx(
        [both["difference"] - 2.02 * error, both["difference"] + 2.02 * error], rel=0.02
    )
    assert (both["test"], both["only_first"], both["tasks_alike"]) == ("t", None, True)
    assert "both: the mean of its 2 tasks, whatever their sizes" in succeed("compare", *tmp_path.iterdir()).stdout


def test_a_group_that_weighs_by_size_is_its_samples_together(tmp_path: Path) -> None:
    one = run(tmp_path / "a", (0.7, 0.3), by_size=True, seed=1)
    other = run(tmp_path / "b", (0.5, 0.6), by_size=True, seed=2)
    both = rows_of(tmp_path / "a", tmp_path / "b")["both"]
    margin = np.concatenate([np.subtract(one[task], other[task]) for task in SIZES])
    assert both["difference"] == pytest.approx(margin.mean())
    wins, losses = int((margin > 0).sum()), int((margin < 0).sum())
    assert (both["only_first"], both["only_second"], both["tasks_alike"]) == (wins, losses, False)
    assert both["p"] == pytest.approx(binomtest(wins, wins + losses).pvalue)


def test_all_right_against_none_right_has_an_exact_test_and_no_interval(tmp_path: Path) -> None:
    run(tmp_path / "all", (1, 1), by_size=True, seed=1)
    run(tmp_path / "none", (0, 0), by_size=True, seed=1)
    small = rows_of(tmp_path / "all", tmp_path / "none")["small"]
    assert (small["p"], small["interval"]) == (pytest.approx(2 * 0.5**40), [None, None])
    assert (small["told_apart"], small["cannot_be_told"]) == (True, None)
