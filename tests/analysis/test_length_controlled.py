"""The length-controlled rate through alpaca-eval, with a stand-in for the hub's file, and what is said without it."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from humpback.analysis.judgements import length_controlled
from humpback.analysis.judgements.formats import expected
from tests.analysis.judgements.material import annotation, read, written
from tests.shared_data import SHARED, needs_shared

WHOLE = 805


def weighted(path: Path, *, longer_wins: float, seed: int = 0, n: int = WHOLE, **more: Any) -> Path:
    """Annotations in which the judge prefers an answer by its length alone."""
    rng = np.random.default_rng(seed)
    rows = []
    for i in range(n):
        characters = int(rng.integers(40, 200))
        preference = 1 + 1 / (1 + np.exp(-longer_wins * (characters - 100) / 50 + rng.normal(0, 0.1)))
        texts = {"output_1": "x" * 100, "output_2": "y" * characters}
        rows.append(annotation(i, float(preference), dataset="vicuna", **{**texts, **more}))
    return written(path, rows)


@pytest.fixture(autouse=True)
def prompts(monkeypatch: pytest.MonkeyPatch) -> None:
    """The prompts of these files in the place of AlpacaEval's."""
    places = {expected._digest(f"prompt {i}"): i for i in range(WHOLE)}
    monkeypatch.setattr(expected, "alpaca_eval_places", lambda: places)


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file with the columns of the hub's df_gamed.csv: two gamed baselines and a difficulty for each prompt."""
    pytest.importorskip("alpaca_eval.metrics.glm_winrate")
    rng = np.random.default_rng(9)
    path = tmp_path / "df_gamed.csv"
    with path.open("w") as file:
        file.write("model,preference,index,std_delta_len,instruction_difficulty,not_gamed_baseline\n")
        for model, length in (("concise", -1.0), ("verbose", 1.0)):
            for i in range(WHOLE):
                preference = 0.5 + 0.1 * length + rng.normal(0, 0.05)
                file.write(f"{model},{preference},{i},{length},{np.sin(i)},False\n")
    monkeypatch.setattr(length_controlled, "hub_file", lambda: path)
    return path


def test_a_liking_for_length_is_taken_off(hub: Path, tmp_path: Path) -> None:
    from alpaca_eval.metrics import glm_winrate

    download = glm_winrate.hf_hub_download
    files = [weighted(tmp_path / "a" / "annotations.json", longer_wins=4.0)]
    (judged,) = read(*files)
    (found,) = length_controlled.of_files([judged], files)
    raw = 100 * np.mean([item.points for item in judged.items if item.points is not None])
    assert raw > 55
    assert found.win_rate is not None
    assert abs(found.win_rate - 50) < abs(raw - 50) / 2
    assert found.standard_error is not None
    assert f"{found.win_rate:.2f} ±" in length_controlled.lines([found])[0]
    assert glm_winrate.hf_hub_download is download
    whole: dict[str, Any] = {}
    length_controlled.into(whole, [found])
    assert whole["length_controlled"] == {"win_rate": found.win_rate, "standard_error": found.standard_error}


def test_where_alpaca_evals_code_cannot_be_loaded_the_reason_says_what_would_do(
    hub: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "alpaca_eval.metrics", None)
    files = [weighted(tmp_path / "annotations.json", longer_wins=4.0)]
    (found,) = length_controlled.of_files(read(*files), files)
    assert found.win_rate is None
    assert "pip install 'humpback-harness[judges]' 'setuptools<81'" in found.reason


def test_two_files_of_one_name_are_each_their_own(hub: Path, tmp_path: Path) -> None:
    files = [
        weighted(tmp_path / "a" / "annotations.json", longer_wins=4.0, generator_2="a"),
        weighted(tmp_path / "b" / "annotations.json", longer_wins=-4.0, seed=1, generator_2="b", output_1="x" * 60),
    ]
    together = length_controlled.of_files(read(*files), files)
    alone = [length_controlled.of_files(read(one), [one])[0] for one in files]
    assert [one.win_rate for one in together] == pytest.approx([one.win_rate for one in alone])
    assert together[0].win_rate != pytest.approx(together[1].win_rate)
    whole: dict[str, Any] = {"systems": {"a": {}, "b": {}}}
    length_controlled.into(whole, together)
    assert whole["systems"]["b"]["length_controlled"]["win_rate"] == together[1].win_rate


def test_rows_are_known_by_their_text_whatever_their_order(hub: Path, tmp_path: Path) -> None:
    def rate(rows: list[Any]) -> length_controlled.Controlled:
        files = [written(tmp_path / "again.json", rows)]
        (found,) = length_controlled.of_files(read(*files), files)
        return found

    rows = json.loads(weighted(tmp_path / "a.json", longer_wins=2.0).read_text())
    given = rate(rows).win_rate
    assert given is not None
    assert rate(list(np.random.default_rng(3).permutation(rows))).win_rate == given
    assert rate([{**row, "instruction": f" {row['instruction']}\n"} for row in rows]).win_rate == given
    moved = rate([{**row, "instruction": rows[i - 1]["instruction"]} for i, row in enumerate(rows)])
    assert moved.win_rate != given, "each prompt's difficulty is its own"


def test_other_prompts_are_refused_with_the_reason(hub: Path, tmp_path: Path) -> None:
    files = [weighted(tmp_path / "a.json", longer_wins=1.0, n=WHOLE - 1)]
    (found,) = length_controlled.of_files(read(*files), files)
    assert (found.win_rate, found.reason) == (None, "it is made for AlpacaEval's 805 prompts, each once; here are 804")
    rows = json.loads(files[0].read_text())
    written(files[0], [*rows, annotation(0, 1.5, dataset="vicuna")])
    (found,) = length_controlled.of_files(read(*files), files)
    assert "here are 804" in found.reason, "a prompt twice is no other prompt"
    own = [*rows, annotation(WHOLE, 1.25, dataset="vicuna")]
    written(files[0], own)
    (found,) = length_controlled.of_files(read(*files), files)
    assert "1 of these 805 rows are of other prompts" in found.reason
    written(files[0], [{**row, "instruction": f"my own {i}"} for i, row in enumerate(own)])
    (found,) = length_controlled.of_files(read(*files), files)
    assert "805 of these 805 rows are of other prompts" in found.reason


@needs_shared
def test_the_published_prompts_stand_in_their_published_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    for path in sorted((SHARED / "alpaca_eval").glob("*/annotations*.json")):
        texts = [row["instruction"] for row in json.loads(path.read_text())]
        assert [expected.alpaca_eval_place(text) for text in texts] == list(range(WHOLE))


def test_alpaca_eval_1_has_none(tmp_path: Path) -> None:
    path = written(tmp_path / "a.json", [annotation(i, 2) for i in range(3)])
    assert length_controlled.of_files(read(path), [path]) == []
    assert length_controlled.lines([]) == []


@needs_shared
def test_without_the_hub_s_file_what_is_missing_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(length_controlled, "hub_file", lambda: None)
    path = SHARED / "alpaca_eval" / "alpaca-7b" / "annotations_weighted_gpt4_turbo.json"
    (found,) = length_controlled.of_files(read(path), [path])
    assert found.win_rate is None
    assert "df_gamed.csv" in found.reason
    assert "hf download" in length_controlled.lines([found])[0]
    whole: dict[str, Any] = {}
    length_controlled.into(whole, [found])
    assert "df_gamed.csv" in whole["length_controlled"]["missing"]
