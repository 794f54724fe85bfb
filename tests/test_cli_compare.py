"""`humpback compare` and `humpback leaderboard` as a user types them."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

import pytest

from tests.analysis.judgements.material import annotation, annotations, written
from tests.commands import humpback, succeed
from tests.shared_data import SHARED, needs_shared

ALPACA, CHERRY = SHARED / "alpaca_eval", SHARED / "cherry"
KEYS = {"win_rate", "standard_error", "interval", "wins", "ties", "losses", "n", "flip_rate", "unparsed"}
PAIRS = {"9": [9, 5], "=": [7, 7], "5": [5, 9]}
"""Scores in the order of showing: the first wins, neither does, the second wins."""
RULE = {
    # in order ab, in order ba: AlpaGasus, section 4
    ("9", "5"): "win",
    ("9", "="): "win",
    ("=", "5"): "win",
    ("9", "9"): "tie",
    ("5", "5"): "tie",
    ("=", "="): "tie",
    ("5", "9"): "lose",
    ("5", "="): "lose",
    ("=", "9"): "lose",
}


def said(*words: object) -> str:
    return succeed("compare", *words).stdout


def found(*words: object) -> dict[str, Any]:
    result: dict[str, Any] = json.loads(said(*words, "--json"))
    return result


def counts(one: dict[str, Any]) -> tuple[int, int, int]:
    return one["wins"], one["ties"], one["losses"]


def test_text_names_the_format_and_has_the_numbers(tmp_path: Path) -> None:
    text = said(annotations(tmp_path / "a.json", [2, 2, 1, 0]))
    assert "model against reference: AlpacaEval 1 annotations, judge judge; a.json" in text
    (row,) = [line.split() for line in text.splitlines() if line.startswith("model ") and " to " in line]
    assert row[1:4] == ["4", "62.50", "23.94"]
    assert row[-5:-2] == ["2", "1", "1"]
    assert "| model | 4 | 62.50 |" in said(tmp_path / "a.json", "--markdown")


def test_json_of_one_system_has_the_keys_overall_and_by_set(tmp_path: Path) -> None:
    rows = [annotation(i, 1 + i % 2, dataset="ab"[i // 4 % 2]) for i in range(12)]
    rows[3]["preference"] = None
    one = found(written(tmp_path / "a.json", rows))
    assert one.keys() >= KEYS
    assert (one["n"], one["unparsed"], one["flip_rate"]) == (11, 1, None)
    assert one["win_rate"] == pytest.approx(100 * 5 / 11)
    assert set(one["sets"]) == {"a", "b"}
    for some in one["sets"].values():
        assert some.keys() >= KEYS
    assert (one["sets"]["a"]["n"], one["sets"]["a"]["prompts"]) == (7, 8)
    assert "sets" not in found(annotations(tmp_path / "b.json", [1, 2]))


def test_several_systems_have_the_same_keys_and_paired_differences(tmp_path: Path) -> None:
    one = annotations(tmp_path / "a.json", [2] * 30 + [1] * 10, generator_2="one")
    other = annotations(tmp_path / "b.json", [2] * 10 + [1] * 30, generator_2="other")
    got = found(one, other)
    assert set(got["systems"]) == {"one", "other"}
    assert got["systems"]["other"].keys() >= KEYS
    (pair,) = got["differences"]
    assert (pair["first"], pair["second"], pair["difference"], pair["told_apart"]) == ("one", "other", 50.0, True)
    text = said(one, other)
    assert any(line.startswith("one - other") and "+50.00" in line for line in text.splitlines())


def layouts(tmp_path: Path) -> dict[str, list[Path]]:
    """Every pair of scores in either order, the k-th of them k times, so that an order taken the wrong way round tells,
    in the layouts in which such reviews are kept."""
    rows = [
        {"prompt": f"p{k}-{i}", "category": "even" if i % 2 == 0 else "odd", "ab": PAIRS[ab], "ba": PAIRS[ba]}
        for k, (ab, ba) in enumerate(RULE, 1)
        for i in range(k)
    ]
    about = [{key: row[key] for key in ("prompt", "category")} for row in rows]
    made: dict[str, list[Path]] = {}

    def kept(name: str, *files: list[dict[str, Any]], lines: bool = False) -> None:
        made[name] = []
        for field, some in zip(("", "_reverse"), files, strict=False):
            path = tmp_path / f"{name}{field}.json{'l' if lines else ''}"
            path.write_text("\n".join(map(json.dumps, some)) if lines else json.dumps(some))
            made[name].append(path)

    def each(order: str, change: Any) -> list[dict[str, Any]]:
        return [{**one, **change(row[order])} for one, row in zip(about, rows, strict=True)]

    both = [{**one, "scores": row["ab"], "scores_reverse": row["ba"]} for one, row in zip(about, rows, strict=True)]
    kept("one-file", both)
    kept("one-file-lines", both, lines=True)
    kept("one-file-text", [{**row, **{f: json.dumps(row[f]) for f in ("scores", "scores_reverse")}} for row in both])
    kept(
        "one-file-nested",
        [{**about[i], "review": {f: row[f] for f in ("scores", "scores_reverse")}} for i, row in enumerate(both)],
    )
    for name, change in {
        "list": lambda pair: {"score": pair},
        "text": lambda pair: {"score": f"{pair[0]} {pair[1]}"},
        "comma": lambda pair: {"score": f"{pair[0]}, {pair[1]}.0"},
        "bracket": lambda pair: {"score": f"({pair[0]},{pair[1]})"},
        "json": lambda pair: {"score": json.dumps(pair)},
        "reply": lambda pair: {"score": f"{pair[0]} {pair[1]}\nBoth answers are fine."},
        "numbers": lambda pair: {"score_1": pair[0], "score_2": pair[1]},
        "nested": lambda pair: {"review": {"score": pair}},
    }.items():
        kept(name, each("ab", change), each("ba", change))
        kept(f"{name}-lines", each("ab", change), each("ba", change), lines=True)
    return made


def test_win_tie_lose_is_alpagasus_s_rule_in_every_layout(tmp_path: Path) -> None:
    """The reverse file's first number is the other system's, because there it was shown first."""
    assert set(RULE) == set(itertools.product(PAIRS, PAIRS))
    for name, files in layouts(tmp_path).items():
        one = found(*files)
        assert counts(one) == (1 + 2 + 3, 4 + 5 + 6, 7 + 8 + 9), name
        points = 1 * 100 + (2 + 3) * 75 + (4 + 5 + 6) * 50 + (8 + 9) * 25
        assert one["win_rate"] == pytest.approx(points / 45), name
        assert (one["n"], one["flip_rate"], one["unparsed"]) == (45, pytest.approx((4 + 5) / 45), 0), name
        assert set(one["categories"]) == {"even", "odd"}, name


@pytest.mark.parametrize(("orders", "result"), RULE.items(), ids=str)
def test_the_rule_a_prompt_at_a_time(orders: tuple[str, str], result: str, tmp_path: Path) -> None:
    files = [
        written(tmp_path / f"{name}.json", [{"prompt": "p", "score": PAIRS[given]}])
        for name, given in zip(("there", "there_reverse"), orders, strict=True)
    ]
    one = found(*files)
    wanted = [word == result for word in ("win", "tie", "lose")]
    assert list(counts(one)) == wanted
    assert counts(found(*files[::-1])) == counts(one)


def test_bad_rows_are_named_and_counted_beside_the_rate(tmp_path: Path) -> None:
    bad = [[-1, -1], [11, 3], None, "words", [float("nan"), 3], ["8", "x"]]
    rows = [{"prompt": f"p{i}", "score": pair} for i, pair in enumerate([[9, 5], [9, 5], *bad])]
    rows.append({"prompt": "p0", "score": [5, 9]})
    there = written(tmp_path / "r.json", rows)
    back = written(tmp_path / "r_reverse.json", [{"prompt": f"p{i}", "score": [5, 9]} for i in (0, *range(2, 8))])
    one = found(there, back)
    assert counts(one) == (1, 0, 0)
    # Four replies unparsed, p3 and p7 unusable in one order, p1 absent from the other.
    assert (one["prompts"], one["unparsed"], one["unusable"]) == (8, 7, 3)
    places = [(row["file"], row["place"]) for row in one["unreadable"]]
    assert places[:3] == [("r.json", "element 3"), ("r.json", "element 7"), ("r.json", "element 8")]
    assert sorted(places[3:]) == [("r.json", "no row"), ("r.json", "no row"), ("r_reverse.json", "no row")]
    text = said(there, back)
    assert "8 of 11" in text
    assert "field score has the score 11" in text
    assert "win/tie/lose leave 7 prompts out" in text


def test_power_is_for_planning(tmp_path: Path) -> None:
    path = annotations(tmp_path / "a.json", [2, 1] * 50)
    assert "prompts needed to see 5 points" in said(path, "--power", "5")
    one = found(path, "--power", "5")
    assert one["power"]["against_even"]["model"] == pytest.approx(7.849 * 2525.25 / 25, abs=1)
    assert one["power"]["points"] == 5
    assert "power" not in found(path)
    assert "prompts needed" not in said(path)


def test_out_draws_the_bars(tmp_path: Path) -> None:
    path = annotations(tmp_path / "a.json", [2, 1, 1])
    done = succeed("compare", path, "--json", "--out", tmp_path / "new" / "figures")
    json.loads(done.stdout)
    assert "win-tie-lose.svg" in done.stderr
    folder = tmp_path / "new" / "figures"
    assert "model vs reference" in (folder / "win-tie-lose.svg").read_text()
    assert (folder / "win-tie-lose.png").read_bytes().startswith(b"\x89PNG")
    assert str(tmp_path) not in (folder / "win-tie-lose.svg").read_text()


def test_what_a_user_can_mend_is_one_line(tmp_path: Path) -> None:
    path = annotations(tmp_path / "a.json", [2, 1])
    for words, says, code in (
        ((str(tmp_path / "none.json"),), "there is no such file", 1),
        ((str(tmp_path),), "humpback leaderboard", 1),
        ((str(path), "--power", "0"), "--power is 0", 2),
    ):
        done = humpback("compare", *words)
        assert done.returncode == code
        assert says in done.stderr
        assert "Traceback" not in done.stderr
        assert done.stdout == ""


def test_leaderboard_of_a_folder(tmp_path: Path) -> None:
    for name, wins in (("best", 30), ("worst", 5)):
        rows = [annotation(i, 2 if i < wins else 1, generator_2=name, output_2=f"{name} {i}") for i in range(40)]
        written(tmp_path / name / "annotations.json", rows)
    (tmp_path / "judge_leaderboard.csv").write_text("name,win_rate,avg_length\nbest,75,6.75\nworst,99,\n")
    words = ["leaderboard", str(tmp_path), "--against", str(tmp_path / "judge_leaderboard.csv")]
    text = succeed(*words).stdout
    assert "1     best" in text
    assert "DISAGREES with judge_leaderboard.csv: worst: win rate 99.00 published, 12.50" in text
    (table,) = json.loads(succeed(*words, "--json").stdout)["tables"]
    assert [(one["rank"], one["system"], one["win_rate"]) for one in table["systems"]] == [
        (1, "best", 75.0),
        (2, "worst", 12.5),
    ]
    assert "| 1 | best | 40 | 75.00 |" in succeed(*words, "--markdown").stdout


@needs_shared
def test_published_annotations_to_their_published_numbers() -> None:
    got = found(*(ALPACA / name / "annotations_gpt4.json" for name in ("guanaco-65b", "alpaca-7b")))
    one, other = got["systems"]["guanaco-65b"], got["systems"]["alpaca-7b"]
    assert (round(one["win_rate"], 2), round(one["standard_error"], 2), counts(one)) == (71.80, 1.59, (578, 0, 227))
    assert (round(other["win_rate"], 2), round(other["standard_error"], 2), counts(other)) == (
        26.46,
        1.54,
        (205, 16, 584),
    )
    assert got["differences"][0]["difference"] == pytest.approx(one["win_rate"] - other["win_rate"])
    weighted = found(ALPACA / "humpback-llama2-70b" / "annotations_weighted_gpt4_turbo.json")
    assert (round(weighted["win_rate"], 2), round(weighted["standard_error"], 2)) == (10.12, 0.94)
    assert "length_controlled" in weighted


@needs_shared
def test_published_reviews_to_their_published_counts() -> None:
    one = found(CHERRY / "vicuna_reviews_gpt4.json", CHERRY / "koala_reviews_gpt4.json")
    assert {name: counts(some) for name, some in one["sets"].items()} == {"vicuna": (44, 15, 21), "koala": (85, 36, 59)}
    assert (counts(one), one["n"], one["expected"]) == ((129, 51, 80), 260, 260)
    four = found(*sorted(CHERRY.glob("*.json")))["systems"]
    assert counts(four["reviews_gpt3.5"]["sets"]["vicuna"]) == (16, 58, 6)
    assert counts(four["reviews_gpt3.5"]["sets"]["koala"]) == (32, 110, 38)
