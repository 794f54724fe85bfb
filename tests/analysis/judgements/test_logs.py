"""`humpback compare` on logs of samples: genuine files of inspect 0.3.285 and lm-eval 0.4.13, and what can be amiss.

The logs under `logs/` are of scripted models on sums ("What is 3 + 3?"), made by the programs themselves.
"""

from __future__ import annotations

import json
import math
import shutil
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from scipy.stats import binomtest, ttest_1samp

from humpback.analysis.judgements.formats.items import NoJudgements
from humpback.analysis.judgements.logs import inspect_ai
from humpback.analysis.judgements.logs.items import Sample, SystemLog, TaskLog
from humpback.analysis.judgements.logs.paired import Difference, Pair, compare_systems
from humpback.analysis.judgements.logs.reading import is_log, read_systems
from humpback.core.expression import FieldError
from tests.commands import invoke, succeed

LOGS = Path(__file__).parent / "logs"
STRONG, WEAK = LOGS / "inspect" / "strong", LOGS / "inspect" / "weak"
ONE, TWO = LOGS / "lm_eval" / "one", LOGS / "lm_eval" / "two"


def found(*words: object) -> dict[str, Any]:
    result: dict[str, Any] = json.loads(succeed("compare", *words, "--json").stdout)
    return result


def rows(told: dict[str, Any]) -> dict[tuple[str, str], dict[str, Any]]:
    return {(row["task"], row["metric"]): row for pair in told["pairs"] for row in pair["differences"]}


def log(scores: dict[str, tuple[float, ...]], **more: Any) -> TaskLog:
    samples = more.pop("samples", {name: Sample(f"question {name}", "target") for name in scores})
    return TaskLog(more.pop("model", "m"), "t", "made", "f", samples, {"acc": scores}, **more)


def compared(first: TaskLog, second: TaskLog) -> Pair:
    (pair,) = compare_systems([SystemLog("a", {"t": first}), SystemLog("b", {"t": second})])
    return pair


def difference(first: TaskLog, second: TaskLog) -> Difference:
    (row,) = compared(first, second).differences
    return row


def test_inspect_logs_of_two_models_have_paired_differences_by_each_scorer() -> None:
    told = found(STRONG, WEAK)
    of = rows(told)
    assert {metric for _, metric in of} == {"match", "graded", "parts/length", "parts/right"}
    match = of["sums", "match"]
    assert (match["n"], match["first_mean"], match["second_mean"]) == (
        30,
        pytest.approx(27 / 30),
        pytest.approx(17 / 30),
    )
    assert (match["only_first"], match["only_second"], match["test"]) == (13, 3, "McNemar")
    assert match["p"] == pytest.approx(binomtest(13, 16).pvalue)
    graded = of["sums", "graded"]
    assert (graded["test"], graded["only_first"]) == ("t", None), "P is half a point, so it is not binary"
    tests = sorted(row["p"] for row in of.values())
    assert min(row["adjusted"] for row in of.values()) == pytest.approx(4 * tests[0])
    assert any("'N' (no answer): taken as 0" in note for note in told["systems"]["scripted/weak"]["sums"]["notes"])


def test_a_log_as_json_reads_as_its_zip_does(tmp_path: Path) -> None:
    with inspect_ai.Members(STRONG / "sums.eval") as members:
        whole = json.loads(members.read("header.json"))
        names = [name for name in members.names if name.startswith("samples/")]
        whole["samples"] = [json.loads(members.read(name)) for name in names]
    (tmp_path / "sums.json").write_text(json.dumps(whole), encoding="utf-8")
    one, other = inspect_ai.read_log(STRONG / "sums.eval"), inspect_ai.read_log(tmp_path / "sums.json")
    assert (one.scores, one.samples, one.version) == (other.scores, other.samples, other.version)
    assert len(one.samples) == 30


def test_only_the_named_metric_is_tested_and_corrected_for() -> None:
    (row,) = rows(found(STRONG, WEAK, "--metric", "match")).values()
    assert row["adjusted"] == row["p"]
    with pytest.raises(FieldError, match="--metric acc: no log has it; there are match, graded"):
        raise invoke("compare", STRONG, WEAK, "--metric", "acc").exception or AssertionError


def test_lm_eval_samples_have_a_row_for_each_filter_and_their_results_name_the_run() -> None:
    told = found(ONE, TWO)
    of = rows(told)
    assert set(of) == {
        ("pick", "acc"),
        ("pick", "acc_norm"),
        ("sums", "exact_match (strict-match)"),
        ("sums", "exact_match (flexible-extract)"),
    }
    acc = of["pick", "acc"]
    results = json.loads(next(ONE.glob("results_*.json")).read_text(encoding="utf-8"))
    assert acc["first_mean"] == pytest.approx(results["results"]["pick"]["acc,none"])
    assert acc["p"] == pytest.approx(binomtest(acc["only_first"], acc["only_first"] + acc["only_second"]).pvalue)
    assert of["sums", "exact_match (strict-match)"]["cannot_be_told"] == "every outcome is the same"
    assert told["systems"]["one"]["pick"]["version"] == "2.0"
    assert rows(found(*ONE.glob("results_*"), *TWO.glob("results_*"))) == of, "results name the samples beside them"
    assert "pick  acc" in succeed("compare", ONE, TWO).stdout


def copy_of(folder: Path, to: Path) -> tuple[Path, Path]:
    """A run's copy, its samples of pick and its results."""
    shutil.copytree(folder, to)
    return next(to.glob("samples_pick*")), next(to.glob("results_*"))


def test_another_version_under_the_same_name_is_refused_and_other_shots_are_said(tmp_path: Path) -> None:
    _, results = copy_of(TWO, tmp_path / "two")
    value = json.loads(results.read_text(encoding="utf-8"))
    value["versions"]["pick"] = 3.0
    value["n-shot"]["sums"] = 5
    results.write_text(json.dumps(value), encoding="utf-8")
    told = found(ONE, tmp_path / "two")
    refused = rows(told)["pick", "acc"]
    assert refused["cannot_be_told"].startswith("version 2.0 of the task and version 3.0")
    assert (refused["n"], refused["difference"], refused["p"]) == (0, None, None)
    assert "sums: shots 0 and 5" in told["pairs"][0]["notes"]


def test_rows_that_cannot_be_used_and_missing_ones_are_counted_and_said(tmp_path: Path) -> None:
    samples, _ = copy_of(TWO, tmp_path / "two")
    lines = samples.read_text(encoding="utf-8").splitlines()
    value = json.loads(lines[3])
    lines[3] = json.dumps(value | {"doc_id": None})
    lines[4] = lines[5]
    samples.write_text("\n".join(lines[:-2]) + "\n" + lines[-2][:300], encoding="utf-8")
    told = found(ONE, tmp_path / "two")
    two = told["systems"]["two"]["pick"]
    reasons = [row["reason"] for row in two["unreadable"]]
    assert len(reasons) == 3
    assert any("doc_id is 'None'" in reason for reason in reasons)
    assert any("doc_id 5 stands already in line 5" in reason for reason in reasons)
    assert any(row["place"].startswith("line 23") for row in two["unreadable"]), "the line that is cut off"
    assert "20 of 24 samples that its run asked are there" in two["notes"]
    assert rows(told)["pick", "acc"]["n"] == 20
    assert "pick: 4 samples are in the first alone, 0 in the second alone: left out" in told["pairs"][0]["notes"]


def test_samples_without_their_filters_name_are_told_by_their_order(tmp_path: Path) -> None:
    shutil.copytree(TWO, tmp_path / "two")
    samples = next((tmp_path / "two").glob("samples_sums*"))
    kept = [json.loads(line) for line in samples.read_text(encoding="utf-8").splitlines()]
    samples.write_text(
        "".join(json.dumps({k: v for k, v in row.items() if k != "filter"}) + "\n" for row in kept), encoding="utf-8"
    )
    (system,) = read_systems([tmp_path / "two"])
    assert set(system.tasks["sums"].scores) == {"exact_match (filter 1)", "exact_match (filter 2)"}
    assert not system.tasks["sums"].unreadable


def test_repeats_of_a_sample_are_one_unit() -> None:
    """Asking each sample three times as often gives no smaller p."""
    once = {str(i): (float(i % 4 != 0),) for i in range(40)}, {str(i): (float(i % 2),) for i in range(40)}
    thrice = [{name: score * 3 for name, score in of.items()} for of in once]
    single, repeated = difference(log(once[0]), log(once[1])), difference(log(thrice[0]), log(thrice[1]))
    assert (single.test, repeated.test, repeated.repeats) == ("McNemar", "t", (3, 3))
    assert (single.n, repeated.n) == (40, 40)
    assert repeated.estimate == single.estimate
    margins = [a[0] - b[0] for a, b in zip(once[0].values(), once[1].values(), strict=True)]
    assert repeated.p == pytest.approx(ttest_1samp(margins, 0).pvalue)


def test_samples_are_matched_by_id_and_question_and_what_is_not_in_both_is_said() -> None:
    scores = {str(i): (float(i % 2),) for i in range(30)}
    samples = {str(i): Sample(f"question {i}", "target") for i in range(30)}
    moved = {str(i): Sample(f"question {(i + 1) % 30}", "target") for i in range(30)}
    pair = compared(
        log(scores, samples=samples), log({str(i): scores[str((i + 1) % 30)] for i in range(30)}, samples=moved)
    )
    (row,) = pair.differences
    assert (row.n, row.estimate.mean) == (30, 0), "each question with itself, though its id is another"
    assert pair.notes == ("t: 30 samples have the same question under another id: matched by it",)
    other = {**samples, "3": Sample("something else", "target"), "4": Sample("question 4", "another target")}
    pair = compared(log(scores, samples=samples), log(scores, samples=other))
    assert pair.differences[0].n == 28
    assert pair.notes == (
        "t: 1 ids stand for two different questions: left out",
        "t: 1 questions have two different targets: left out",
    )


def test_other_words_before_the_same_question_are_said() -> None:
    scores = {str(i): (float(i % 2),) for i in range(30)}
    first, second = (
        log(scores, samples={name: Sample(f"question {name}", "target", prompt) for name in scores}) for prompt in "pq"
    )
    assert "30 of 30 samples were put in other words" in compared(first, second).notes[0]


def test_few_samples_and_few_that_differ_tell_nothing() -> None:
    few = {str(i): (1.0,) for i in range(19)}
    row = difference(log(few), log(dict.fromkeys(list(few)[:10], (0.0,)) | dict.fromkeys(list(few)[10:], (1.0,))))
    assert row.told_apart is None
    assert "19 samples, and 20 are the fewest" in row.obstacle


@pytest.mark.parametrize(
    ("value", "score"),
    [("C", 1), ("I", 0), ("P", 0.5), ("N", 0), (True, 1), (0.25, 0.25), ("0.5", 0.5), ("yes", 1), (math.nan, None)],
)
def test_inspects_values_as_scores(value: Any, score: float | None) -> None:
    assert inspect_ai._points(value) == score


@pytest.mark.parametrize("value", ["B", "c", "excellent", "inf", [1], {"a": 1}])
def test_what_is_no_score_is_none(value: Any) -> None:
    with pytest.raises((ValueError, KeyError)):
        inspect_ai._points(value)


def test_a_scorers_words_are_counted_and_give_no_number(tmp_path: Path) -> None:
    header = {"version": 2, "status": "success", "eval": {"task": "t", "model": "m", "dataset": {"samples": 3}}}
    samples = [
        {"id": i, "epoch": 1, "input": f"q{i}", "target": "a", "scores": {"grade": {"value": value}}}
        for i, value in enumerate(("B", 1.0, math.nan))
    ]
    path = tmp_path / "t.json"
    path.write_text(json.dumps({**header, "samples": [*samples, samples[0], {"id": 9}]}), encoding="utf-8")
    read = inspect_ai.read_log(path)
    assert read.scores == {"grade": {"1": (1.0,)}}
    assert "1 values of grade are 'B': no score (C, P, I, N, yes, no, true, false, numbers are)" in read.notes
    assert "1 values of grade are unscored (NaN or null)" in read.notes
    assert [row.place for row in read.unreadable] == ["sample 3", "sample 4"]
    assert "field epoch is 'None'" in read.unreadable[1].reason


def test_damaged_files_are_refused_by_name(tmp_path: Path) -> None:
    whole = (STRONG / "sums.eval").read_bytes()
    cut = tmp_path / "cut.eval"
    cut.write_bytes(whole[:40_000])
    with pytest.raises(NoJudgements, match=r"cut\.eval: the zip is damaged or cut off"):
        read_systems([cut, WEAK])
    at = whole.index(b"PK\x03\x04", 100) + 200
    cut.write_bytes(whole[:at] + bytes(40) + whole[at + 40 :])
    with pytest.raises(NoJudgements, match=r"damaged or cut off \(member "):
        read_systems([cut, WEAK])
    with ZipFile(tmp_path / "other.eval", "w") as other:
        other.writestr("notes.txt", "no log")
    with pytest.raises(NoJudgements, match=r"a zip without header\.json"):
        read_systems([tmp_path / "other.eval"])
    lonely = shutil.copy(next(ONE.glob("results_*")), tmp_path)
    with pytest.raises(NoJudgements, match="--log_samples"):
        read_systems([Path(lonely)])


def test_two_logs_of_one_model_and_task_are_two_systems_where_they_are_named(tmp_path: Path) -> None:
    for name in ("before", "after"):
        shutil.copy(STRONG / "sums.eval", tmp_path / f"{name}.eval")
    with pytest.raises(NoJudgements, match="two logs of scripted/strong on sums"):
        read_systems([tmp_path])
    systems = read_systems([tmp_path / "before.eval", tmp_path / "after.eval"])
    assert [one.name for one in systems] == ["scripted/strong (before.eval)", "scripted/strong (after.eval)"]
    assert [one.name for one in read_systems([STRONG, WEAK])] == ["scripted/strong", "scripted/weak"]


def test_logs_are_not_mixed_with_judgements(tmp_path: Path) -> None:
    other = tmp_path / "a.json"
    other.write_text('[{"instruction": "q", "preference": 1}]', encoding="utf-8")
    assert not is_log(other)
    error = invoke("compare", STRONG, other).exception
    assert isinstance(error, FieldError)
    assert "a.json is no log of samples" in str(error)
