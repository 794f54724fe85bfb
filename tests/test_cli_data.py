"""The data commands as a user types them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.commands import humpback
from tests.experiments.own_files import page
from tests.shared_data import SHARED, needs_shared


@pytest.fixture
def here(tmp_path: Path) -> Path:
    rows = [{"instruction": f"Write {i} lines of Python.", "input": "", "output": "x = 1\n" * i} for i in range(1, 9)]
    (tmp_path / "set.json").write_text(json.dumps(rows))
    scores = [4.5, 3, 5, None, 4, 4.5, 2, 4.5]
    (tmp_path / "scores.jsonl").write_text("".join(json.dumps({"score": one}) + "\n" for one in scores))
    (tmp_path / "page.html").write_text(page(1))
    return tmp_path


def test_list_shows_licences_and_what_is_here(here: Path) -> None:
    done = humpback("data", "list", cwd=here)
    assert done.returncode == 0
    assert "alpaca\n" in done.stdout
    assert "CC BY-NC 4.0" in done.stdout
    rows = json.loads(humpback("data", "list", "--json", cwd=here).stdout)
    assert {row["name"] for row in rows} >= {"oasst1", "lima", "alpaca-eval"}
    assert not any(row["here"] for row in rows)


def test_read_makes_an_artifact_and_counts(here: Path) -> None:
    done = humpback("data", "read", "set.json", "--json", cwd=here)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    (counts,) = found["counts"].values()
    assert (counts["in"], counts["kept"], counts["unreadable"]) == (8, 8, 0)
    assert (here / found["artifact"] / "examples.parquet").is_file()
    shown = humpback("show", found["artifact"], cwd=here)
    assert "Write 1 lines of Python." in shown.stdout


def test_what_stands_beside_is_said_and_a_file_without_use_is_an_error(here: Path) -> None:
    row = {"prompt": "q", "response": "a", "system": "Be brief.", "my_score": 3}
    (here / "own.jsonl").write_text(json.dumps(row) + "\n")
    done = humpback("data", "read", "own.jsonl", cwd=here)
    assert "with a system sentence 1, left aside: my_score 1" in done.stdout
    (here / "none.jsonl").write_text(json.dumps({**row, "tools": [{"name": "f"}]}) + "\n")
    done = humpback("data", "read", "none.jsonl", cwd=here)
    assert done.returncode == 1
    assert "none.jsonl: none of its 1 records can be used; the commonest reason (1 times): field tools" in done.stderr


def test_segments_in_another_language(here: Path) -> None:
    things = ("Deckel", "Boden", "Griff", "Kessel", "Hammer", "Nagel", "Topf", "Keller", "Tisch", "Löffel")
    told = "muss an einem luftigen Ort trocknen, und danach öle ich ihn mit einem Liter Leinöl ein"
    words = " ".join(f"Der {one} Nummer {i} {told[: 40 + 4 * i]} für {one * 2}{i}." for i, one in enumerate(things))
    (here / "fass.html").write_text(f"<h2>Das Fass</h2><p>{words}</p>")
    done = humpback("data", "segment", "page.html", "fass.html", "--language", "de-AT", cwd=here)
    assert "in 3, kept 1, rejected 2" in done.stdout
    done = humpback("data", "segment", "page.html", "--language", "fr", cwd=here)
    assert "none of its 2 sections can be used; the commonest reason (2 times): in another language" in done.stderr


def test_stats_prints_table_1_of_files_and_artifacts(here: Path) -> None:
    artifact = json.loads(humpback("data", "read", "set.json", "--json", cwd=here).stdout)["artifact"]
    done = humpback("data", "stats", "set.json", artifact, "--json", cwd=here)
    assert done.returncode == 0, done.stderr
    one, other = json.loads(done.stdout).values()
    assert one["whole"]["examples"] == other["whole"]["examples"] == 8
    assert one["whole"]["output"]["mean"] == pytest.approx(6 * 4.5)
    assert "set" in humpback("data", "stats", "set.json", cwd=here).stdout


def test_filter_keeps_what_reaches_the_threshold_with_its_control(here: Path) -> None:
    words = ("data", "filter", "set.json", "--scores", "scores.jsonl", "--column", "score", "--figure", "figure")
    done = humpback(*words, cwd=here)
    assert done.returncode == 0, done.stderr
    kept, control = (
        json.loads((here / line.split()[-1] / "record.json").read_text())["counts"]
        for line in done.stdout.splitlines()
        if line.startswith(("kept ", "control "))
    )
    assert (kept["in"], kept["kept"], kept["unparsed"]) == (8, 4, 1)
    assert control["kept"] == 4
    assert "Python" in done.stdout
    assert (here / "figure" / "scores.svg").is_file()
    subset = humpback(*words[:7], "--n", "2", cwd=here)
    assert subset.returncode == 0, subset.stderr
    assert "/2-of-" in subset.stdout
    too_many = humpback(*words[:7], "--n", "5", cwd=here)
    assert too_many.returncode == 1
    assert "5 rows wanted of the 4 of selected/" in too_many.stderr
    assert "Traceback" not in too_many.stderr


def test_segment_writes_segments_and_says_what_was_rejected(here: Path) -> None:
    (here / "empty.html").touch()
    done = humpback("data", "segment", "page.html", "empty.html", "--out", "out", cwd=here)
    assert done.returncode == 0, done.stderr
    assert "wrote 2 segments to out" in done.stdout
    assert "in 2, kept 1, rejected 0, unreadable 1" in done.stdout
    assert list((here / "out" / "data").glob("*.parquet"))


def test_export_writes_what_others_load(here: Path) -> None:
    artifact = json.loads(humpback("data", "read", "set.json", "--json", cwd=here).stdout)["artifact"]
    done = humpback("data", "export", artifact, "--as", "messages", "--out", "out", cwd=here)
    assert done.returncode == 0, done.stderr
    (line, *_) = (here / "out" / "data" / "train.jsonl").read_text().splitlines()
    assert json.loads(line)["messages"][0] == {"role": "user", "content": "Write 1 lines of Python."}
    again = humpback("data", "export", artifact, "--as", "messages", "--out", "out", cwd=here)
    assert again.returncode == 1
    assert "Traceback" not in again.stderr


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("read", "nothing.json"), "there is no file nothing.json"),
        (("read", "alpacca"), "did you mean the public set alpaca"),
        (("read", "alpaca"), "humpback data pull alpaca"),
        (("pull", "alpacca"), "the closest: alpaca"),
        (("pull", "alpaca", "--from", "."), "alpaca"),
        (("stats", "lima"), "humpback data pull lima"),
        (("stats", "none.json"), "none.json: there is no such file"),
        (("segment", "page.html", "--language", "french"), "--language is 'french'; did you mean fr?"),
        (("export", "set.json", "--out", "o"), "set.json"),
    ],
)
def test_what_is_missing_is_named_in_one_line_with_what_to_do(words: tuple[str, ...], says: str, here: Path) -> None:
    done = humpback("data", *words, cwd=here)
    assert done.returncode != 0
    assert says in done.stderr
    assert "Traceback" not in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


@needs_shared
def test_pull_from_a_mirror_says_the_licence_aloud(tmp_path: Path) -> None:
    done = humpback("data", "pull", "lima-test", "vicuna-80", "--from", str(SHARED), cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "NOT FOR COMMERCIAL USE" in done.stdout
    assert "80 rows" in done.stdout
    read = humpback("data", "read", "vicuna-80", "--prompts", "--json", cwd=tmp_path)
    (counts,) = json.loads(read.stdout)["counts"].values()
    assert counts["kept"] == 80


@needs_shared
def test_the_known_claude_rows_are_filtered_by_score(tmp_path: Path) -> None:
    """Of 52,002 rows, those whose ChatGPT score is known and at least 4.5."""
    done = humpback(
        *("data", "filter", str(SHARED / "alpaca" / "alpaca_data.json"), "--column", "chatgpt_accuracy_score_known"),
        *("--scores", str(SHARED / "alpagasus" / "known_labels.csv")),
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    (kept,) = (line.split()[-1] for line in done.stdout.splitlines() if line.startswith("kept  "))
    counts = json.loads((tmp_path / kept / "record.json").read_text())["counts"]
    import csv

    with (SHARED / "alpagasus" / "known_labels.csv").open() as table:
        known = [row["chatgpt_accuracy_score_known"] for row in csv.DictReader(table)]
    assert counts["in"] == 52_002
    assert counts["kept"] == sum(one != "" and float(one) >= 4.5 for one in known) > 0
    assert counts["unparsed"] == sum(one == "" for one in known)
    assert "718" in done.stdout


def test_show_reads_anybody_s_file(here: Path) -> None:
    of_set, of_page = humpback("show", "set.json", cwd=here), humpback("show", "page.html", "--rows", "1", cwd=here)
    assert "Alpaca layout" in of_set.stdout
    assert "Write 3 lines of Python." in of_set.stdout
    assert "web pages, as segments" in of_page.stdout
    assert "page.html#0" in of_page.stdout
    (here / "odd.bin").write_bytes(b"\x00\x01\x02")
    odd = humpback("show", "odd.bin", cwd=here)
    assert odd.returncode == 1
    assert "Traceback" not in odd.stderr
    pages_as_seed = humpback("data", "read", "page.html", cwd=here)
    assert "a web page; name it among the pages" in pages_as_seed.stderr
