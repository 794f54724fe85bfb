"""The published numbers: complete, as the fact files state them, and refused when they are not."""

from __future__ import annotations

import re
import sysconfig
from pathlib import Path

import pytest

from humpback.core.expression import FieldError
from humpback.core.store import StoreError
from humpback.spec import paper_numbers as module
from humpback.spec.paper_numbers import COLUMNS, folder, number, paper_numbers, read_numbers
from tests.shared_data import SHARED

ROWS = {
    "alpagasus-api-models": 3,
    "alpagasus-benchmarks": 28,
    "alpagasus-coding": 4,
    "alpagasus-dolly": 24,
    "alpagasus-evaluation-prompts": 8,
    "alpagasus-human": 7,
    "alpagasus-other-sets": 9,
    "alpagasus-rating": 5,
    "alpagasus-score-histogram": 17,
    "alpagasus-size": 20,
    "alpagasus-training": 21,
    "alpagasus-win-tie-lose": 34,
    "back-and-forth-corpora": 8,
    "cherry-win-tie-lose": 12,
    "humpback-alpaca-eval": 43,
    "humpback-alpha": 10,
    "humpback-benchmarks": 20,
    "humpback-crows-pairs": 20,
    "humpback-data-efficiency": 36,
    "humpback-data-statistics": 23,
    "humpback-diversity": 2,
    "humpback-evaluation-prompts": 12,
    "humpback-human": 17,
    "humpback-improvement": 7,
    "humpback-mmlu": 17,
    "humpback-quality-vs-quantity": 14,
    "humpback-recipe": 37,
    "humpback-safety": 1,
    "humpback-selection": 12,
    "humpback-system-prompts": 4,
    "reimplementation": 3,
}
SETS = ("Vicuna", "Koala", "WizardLM", "Self-Instruct")


def value(table: str, arm: str, metric: str, n_examples: int | None = None) -> float:
    return number(table, arm, metric, n_examples).value


def test_every_table_has_its_rows() -> None:
    assert {path.stem: len(paper_numbers(path.stem)) for path in folder().glob("*.csv")} == ROWS
    assert len(paper_numbers()) == sum(ROWS.values())


def test_the_sums_that_the_papers_state() -> None:
    scores = ("below 3", "3", "3.5", "4", "4.5", "5")
    rows = [value("alpagasus-score-histogram", one, "rows") for one in scores]
    assert sum(rows) == value("alpagasus-score-histogram", "all", "rows") == 52_002
    assert sum(rows[4:]) == value("alpagasus-score-histogram", "at least 4.5", "rows")
    assert sum(rows[3:]) == value("alpagasus-score-histogram", "at least 4", "rows")
    prompts = [value("alpagasus-evaluation-prompts", one, "prompts") for one in SETS]
    assert sum(prompts) == value("alpagasus-evaluation-prompts", "all", "prompts") == 730
    five = ("Vicuna", "Self-Instruct", "Open Assistant", "Koala", "HH-RLHF")
    assert sum(value("humpback-evaluation-prompts", one, "prompts") for one in five) == 805
    failed = [row.value for row in paper_numbers("humpback-improvement") if row.arm != "all"]
    assert sum(failed) == value("humpback-improvement", "all", "prompts") == 41
    assert value("humpback-data-statistics", "A5 and seed", "examples") == 41_821 + 3_200
    for arm, share in (("A5", 8.33), ("A4", 38.84)):
        kept = value("humpback-data-statistics", arm, "examples")
        assert 100 * kept / 502_133 == pytest.approx(share, abs=0.005)
    assert value("alpagasus-coding", "coding", "share_filtered") == pytest.approx(100 * (1 - 85 / 718), abs=0.005)


@pytest.mark.parametrize(("arm", "rate"), [("Humpback 65B", 83.71), ("Humpback 70B", 87.94)])
def test_the_leaderboard_s_rates_are_their_counts(arm: str, rate: float) -> None:
    wins, ties, losses = (value("humpback-alpaca-eval", arm, metric) for metric in ("wins", "ties", "losses"))
    assert wins + ties + losses == number("humpback-alpaca-eval", arm, "win_rate").n == 804
    assert (
        value("humpback-alpaca-eval", arm, "win_rate") == rate == pytest.approx(100 * (wins + ties / 2) / 804, abs=0.01)
    )


@pytest.mark.parametrize(("arm", "average"), [("Humpback", 60.28), ("LLaMA", 50.0)])
def test_the_bias_average_is_over_pairs(arm: str, average: float) -> None:
    rows = [row for row in paper_numbers("humpback-crows-pairs") if row.arm == arm and row.metric != "average"]
    pairs = [row.n or 0 for row in rows]
    assert sum(pairs) == number("humpback-crows-pairs", arm, "average").n == 1_508
    assert value("humpback-crows-pairs", arm, "average") == average
    found = sum(row.value * n for row, n in zip(rows, pairs, strict=True)) / 1_508
    assert found == pytest.approx(average, abs=0.01)


@pytest.mark.parametrize("size", ["7B", "13B"])
def test_wins_ties_and_losses_add_up(size: str) -> None:
    for metric in ("wins", "ties", "losses"):
        apart = sum(value("alpagasus-win-tie-lose", f"{size} {one}", metric) for one in SETS)
        assert value("alpagasus-win-tie-lose", f"{size} all", metric) == apart
    for one in (*SETS, "all"):
        rows = {row.metric: row for row in paper_numbers("alpagasus-win-tie-lose") if row.arm == f"{size} {one}"}
        counts = [rows[metric].value for metric in ("wins", "ties", "losses")]
        assert sum(counts) == rows["wins"].n == value("alpagasus-evaluation-prompts", one, "prompts")
        if one == "all":
            assert rows["win_rate"].value == pytest.approx(100 * (counts[0] + counts[1] / 2) / 730, abs=0.005)


@pytest.mark.parametrize("n", [3_000, 6_000, 9_229, 39_469])
def test_win_rates_by_size_are_of_the_four_sets_together(n: int) -> None:
    apart = sum(value("alpagasus-size", f"7B {one}", "wins_minus_losses", n) for one in SETS)
    assert value("alpagasus-size", "7B all", "win_rate", n) == pytest.approx(50 + 50 * apart / 730, abs=0.005)


def test_the_9k_s_balance_is_the_same_in_both_figures() -> None:
    for one in SETS:
        wins, losses = (value("alpagasus-win-tie-lose", f"7B {one}", metric) for metric in ("wins", "losses"))
        assert value("alpagasus-size", f"7B {one}", "wins_minus_losses", 9_229) == wins - losses


def test_how_a_number_is_known() -> None:
    assert number("humpback-alpha", "Humpback", "alpha").known == "printed"
    assert number("humpback-alpaca-eval", "Humpback 70B", "win_rate").known == "second-hand"
    assert number("alpagasus-win-tie-lose", "7B all", "wins").known == "calculated"
    point = number("humpback-data-efficiency", "WizardLLM", "win_rate", 1_600)
    assert (point.value, point.known, point.reading) == (44.7, "digitised", 0.3)
    assert number("humpback-data-efficiency", "WizardLLM", "win_rate", 51_200).reading == 0.1
    assert number("humpback-alpha", "LIMA", "alpha").reading is None
    occluded = [
        (row.arm, row.n_examples) for row in paper_numbers("humpback-data-efficiency") if "occluded" in row.note
    ]
    assert occluded == [
        ("WizardLLM", 1_600),
        ("WizardLLM", 12_800),
        ("WizardLLM", 25_600),
        ("Vicuna", 12_800),
        ("Open Assistant", 100),
        ("Open Assistant", 1_600),
    ]
    errors = {row.arm: row.error for row in paper_numbers("humpback-selection") if row.metric == "win_rate"}
    assert errors == {"M0": 3.02, "M1": 3.06, "GPT-4": 3.11}


@pytest.mark.skipif(not (SHARED.parent / "papers").is_dir(), reason="the fact files are not beside the repository")
@pytest.mark.parametrize("paper", ["humpback", "alpagasus"])
def test_no_decimal_of_the_fact_files_is_missing(paper: str) -> None:
    """A second pass, the other way round: every number with a decimal point is a value, an error or in a note."""
    there = {float(cell) for row in paper_numbers() for cell in (row.value, row.error) if cell is not None}
    there |= {float(cell) for row in paper_numbers() for cell in re.findall(r"\d+\.\d+", row.note)}
    text = (SHARED.parent / "papers" / f"{paper}.md").read_text(encoding="utf-8")
    found: list[str] = re.findall(r"(?<![\w.])\d*\.\d+", text.replace(",", ""))
    identifiers = {2308.06259, 2307.08701}
    assert len(found) > 60
    assert {float(one) for one in found} - identifiers <= there


def test_unknown_keys_are_answered_with_the_closest() -> None:
    with pytest.raises(FieldError, match=r"no table is called 'humpback-alfa'; the closest are 'humpback-alpha'"):
        paper_numbers("humpback-alfa")
    with pytest.raises(FieldError, match=r"no arm in humpback-alpha is called 'lima'; the closest are 'LIMA'"):
        number("humpback-alpha", "lima", "alpha")
    with pytest.raises(FieldError, match=r"no metric of M0 in humpback-selection is called 'recal'.*'recall'"):
        number("humpback-selection", "M0", "recal")
    with pytest.raises(FieldError, match=r"several numbers for win_rate of LIMA; n_examples there: 100, 800"):
        number("humpback-data-efficiency", "LIMA", "win_rate")
    with pytest.raises(FieldError, match=r"no number at n_examples 7 for win_rate of LIMA"):
        number("humpback-data-efficiency", "LIMA", "win_rate", 7)


GOOD = "p,t,arm,metric,100,1.5,0.5,250,printed,a note"


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (GOOD.replace("1.5", "1.5 %"), "line 3: value is '1.5 %'; it is a number"),
        (GOOD.replace("1.5", ""), "line 3: value is empty"),
        (GOOD.replace("1.5", "nan"), "line 3: value is 'nan'"),
        (GOOD.replace("0.5,", "0,"), "line 3: error is '0'; it is a number above 0"),
        (GOOD.replace("250", "2.5"), "line 3: n is '2.5'; it is a whole number"),
        (GOOD.replace(",100,", ",1e2,"), "line 3: n_examples is '1e2'"),
        (GOOD.replace("printed", "guessed"), "line 3: known is 'guessed'; it is printed, digitised"),
        (GOOD.replace(",t,", ",u,"), "line 3: table is 'u'; it is the file's name, 't'"),
        (GOOD.replace("arm,", ","), "line 3: arm is empty"),
        (GOOD.replace("a note", "a, note"), "line 3: a row has 10 cells"),
        (GOOD.removesuffix(",a note"), "line 3: a row has 10 cells"),
        (GOOD.replace("metric,100", "other,"), "line 3: arm 'arm', metric 'other' stand there twice"),
        (GOOD.replace("a note", '"a note'), "not CSV"),
    ],
)
def test_bad_rows_are_named(row: str, words: str, tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("\n".join([",".join(COLUMNS), GOOD.replace("metric,100", "other,"), row]) + "\n", encoding="utf-8")
    with pytest.raises(FieldError, match=re.escape(words)) as found:
        read_numbers(path)
    assert str(found.value).startswith("t.csv, line ")


def test_other_columns_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("paper,table\n", encoding="utf-8")
    with pytest.raises(FieldError, match=r"t\.csv, line 1: columns"):
        read_numbers(path)


def test_without_the_repository_the_installed_files_are_read_or_missed_aloud(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "__file__", str(tmp_path / "site-packages" / "humpback" / "spec" / "paper_numbers.py"))
    monkeypatch.setattr(sysconfig, "get_path", lambda name: str(tmp_path) if name == "data" else "")
    with pytest.raises(StoreError, match=r"results/published/\*\.csv.*pip install -e"):
        paper_numbers()
    installed = tmp_path / "share" / "humpback-harness" / "published"
    installed.mkdir(parents=True)
    (installed / "t.csv").write_text(",".join(COLUMNS) + "\n" + GOOD + "\n", encoding="utf-8")
    assert number("t", "arm", "metric").error == 0.5
