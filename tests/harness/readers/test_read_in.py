"""The stage: files to examples, unions of prompts, scores from files, and what is counted."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from humpback.core.expression import Artifact
from humpback.core.tables import EXAMPLES, REJECTED, UNREADABLE, Example, Rejected, Unreadable, read
from humpback.core.work import Work, new_log
from humpback.readers.unusable import UnusableFile
from humpback.spec.data import Examples
from humpback.spec.files import Distinct, File, InstructionSet, OpenAssistant, PromptSet, Scored
from humpback.stages.read import read_in
from tests.conftest import MACHINE
from tests.shared_data import SHARED, needs_shared


@dataclass
class Bench:
    """Files, and the artifacts that were made of them."""

    folder: Path
    paths: dict[str, Path] = field(default_factory=dict)
    made: dict[str, Path] = field(default_factory=dict)

    def file(self, path: Path) -> File:
        found = File(path.name, hashlib.sha256(path.read_bytes()).hexdigest())
        self.paths[found.sha256] = path
        return found

    def shared(self, name: str) -> File:
        return self.file(SHARED / name)

    def lines(self, name: str, *rows: object) -> File:
        path = self.folder / f"{len(self.paths)}-in" / name
        path.parent.mkdir()
        path.write_text("".join(f"{row if isinstance(row, str) else json.dumps(row)}\n" for row in rows))
        return self.file(path)

    def make(self, node: Examples) -> tuple[dict[str, int], list[Example]]:
        """The counts and the examples; an input must have been made before."""

        def opened(artifact: Artifact) -> Path:
            return self.made[artifact.fingerprint]

        out = self.folder / node.fingerprint
        out.mkdir(exist_ok=True)
        machine = replace(MACHINE, files=tuple((sha256, str(path)) for sha256, path in self.paths.items()))
        counts = read_in(node, Work(opened, out, machine, new_log(out, lambda *_: None)))  # type: ignore[arg-type]
        self.made[node.fingerprint] = out
        assert counts["in"] == counts["kept"] + counts["rejected"] + counts["unreadable"]
        assert len(list(read(out / REJECTED, Rejected))) == counts["rejected"]
        assert len(list(read(out / UNREADABLE, Unreadable))) == counts["unreadable"]
        rows = list(read(out / EXAMPLES, Example))
        assert len({row.id for row in rows}) == len(rows) == counts["kept"]
        return counts, rows

    def rejected(self, node: Examples) -> list[Rejected]:
        return list(read(self.made[node.fingerprint] / REJECTED, Rejected))

    def unreadable(self, node: Examples) -> list[Unreadable]:
        return list(read(self.made[node.fingerprint] / UNREADABLE, Unreadable))


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def pair(i: int) -> dict[str, str]:
    return {"instruction": f"question {i}", "input": "", "output": f"answer {i}"}


def test_files_of_one_name_keep_their_ids_apart(bench: Bench) -> None:
    files = (bench.lines("train.jsonl", pair(0), "{broken", pair(1)), bench.lines("train.jsonl", pair(2)))
    node = InstructionSet(files)
    counts, rows = bench.make(node)
    assert [row.id for row in rows] == ["train/0", "train/2", "train-2/0"]
    assert {key: counts[key] for key in ("in", "unreadable", "Alpaca rows")} == {
        "in": 4, "unreadable": 1, "Alpaca rows": 3
    }  # fmt: skip
    (bad,) = bench.unreadable(node)
    assert (bad.file, bad.place, bad.raw) == ("train.jsonl", "line 2", "{broken")


def test_n_rows_are_drawn_by_seed_and_the_others_kept_aside(bench: Bench) -> None:
    node = InstructionSet((bench.lines("a.jsonl", *map(pair, range(50))),), n=20)
    counts, rows = bench.make(node)
    assert (counts["kept"], counts["rejected"]) == (20, 30)
    assert {one.reason for one in bench.rejected(node)} == {"not drawn"}
    assert [row.id for row in rows] != [row.id for row in bench.make(replace(node, draw=1))[1]]
    assert [row.id for row in rows] == [row.id for row in bench.make(node)[1]]
    with pytest.raises(ValueError, match="n is 51, and there are 50 rows"):
        bench.make(replace(node, n=51))


def test_a_union_keeps_the_first_of_equal_prompts_and_each_parts_source(bench: Bench) -> None:
    a = PromptSet((bench.lines("a.jsonl", {"id": 1, "prompt": "Hi, you"}, {"id": 2, "prompt": "Other"}),))
    b = PromptSet((bench.lines("b.jsonl", {"id": 1, "prompt": "hi you!"}, {"id": 2, "prompt": "New"}),))
    bench.make(a)
    bench.make(b)
    node = Distinct((a, b))
    _, rows = bench.make(node)
    assert [(row.id, row.source) for row in rows] == [("1/a/1", "a"), ("1/a/2", "a"), ("2/b/2", "b")]
    assert [(one.id, one.reason) for one in bench.rejected(node)] == [("2/b/1", "the same prompt as 1/a/1")]
    without = PromptSet(b.files, without=a)
    assert [row.instruction for row in bench.make(without)[1]] == ["New"]
    assert bench.rejected(without)[0].reason == f"equals a prompt of {a.name}"
    with pytest.raises(ValueError, match="n is 2, and there are 1 rows"):
        bench.make(replace(without, n=2))


@needs_shared
def test_humpbacks_1066_public_prompts(bench: Bench) -> None:
    parts = tuple(
        PromptSet((bench.shared(name),)) for name in ("alpaca_eval/reference_text_davinci_003.json", "lima/test.jsonl")
    )
    for part in parts:
        bench.make(part)
    counts, rows = bench.make(Distinct(parts))
    assert (counts["in"], counts["kept"], counts["rejected"]) == (1_105, 1_066, 39)
    assert Counter(row.source for row in rows)["test"] == 300 - 39
    assert bench.make(PromptSet(parts[1].files, without=parts[0]))[0]["kept"] == 261


@needs_shared
def test_the_four_test_sets_of_alpagasus_together(bench: Bench) -> None:
    names = ("vicuna", "koala", "wizardlm", "sinstruct")
    counts, _ = bench.make(
        PromptSet(tuple(bench.shared(f"alpagasus/test_sets/{name}_test_set.jsonl") for name in names))
    )
    assert counts == {
        "in": 730,
        "kept": 730,
        "rejected": 0,
        "unreadable": 0,
        "without output": 478,
        "Vicuna prompts rows": 80,
        "Koala prompts rows": 180,
        "WizardLM prompts rows": 218,
        "Self-Instruct rows": 252,
    }


@needs_shared
def test_open_assistant_through_the_stage(bench: Bench) -> None:
    counts, rows = bench.make(OpenAssistant((bench.shared("oasst1/validation-en.jsonl"),), n=100))
    assert (counts["of rank 0"], counts["kept"], len(rows)) == (186, 100, 100)
    assert {row.known["file"] for row in rows} == {"validation-en.jsonl"}


@needs_shared
def test_alpaca_with_the_known_scores_of_chatgpt(bench: Bench) -> None:
    """52,002 rows, of which 28 have an empty output; 1,972 are scored, and 1,249 of those at 4.5 or better."""
    alpaca = InstructionSet((bench.shared("alpaca/alpaca_data.json"),))
    counts, _ = bench.make(alpaca)
    assert (counts["kept"], counts["without output"]) == (52_002, 28)
    labels = bench.shared("alpagasus/known_labels.csv")
    counts, rows = bench.make(Scored(alpaca, labels, "chatgpt_accuracy_score_known"))
    assert (counts["kept"], counts["unparsed"]) == (52_002, 52_002 - 1_972)
    lines = bench.paths[labels.sha256].read_text().splitlines()[1:]
    wanted = [i for i, line in enumerate(lines) if line.split(",")[4] and float(line.split(",")[4]) >= 4.5]
    assert [i for i, row in enumerate(rows) if row.score is not None and row.score >= 4.5] == wanted
    assert len(wanted) == 1_249
    assert rows[7].score == 3.5


def scored(bench: Bench, name: str, *lines: object, column: str = "score", n: int = 4) -> Scored:
    examples = InstructionSet((bench.lines("a.jsonl", *map(pair, range(n))),))
    bench.make(examples)
    return Scored(examples, bench.lines(name, *lines), column)


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        ("s.csv", ["a_idx,score", "0,4.5", "1,", '2,"bad, cell"', "3,5"]),
        ("s.jsonl", [{"score": 4.5}, {"score": None}, {"score": "bad, cell"}, {"score": "5"}]),
        ("s.json", [[{"idx": 1, "score": 4.5}, {"idx": 2}, {"idx": 3, "score": "bad, cell"}, {"idx": 4, "score": 5}]]),
    ],
)
def test_scores_are_matched_in_order_and_what_is_none_is_kept_aside(
    bench: Bench, name: str, lines: list[object]
) -> None:
    node = scored(bench, name, *lines)
    counts, rows = bench.make(node)
    assert [(row.id, row.score) for row in rows] == [("a/0", 4.5), ("a/1", None), ("a/3", 5.0)]
    assert (counts["in"], counts["unparsed"], counts["unreadable"]) == (4, 1, 1)
    (bad,) = bench.unreadable(node)
    assert f"a/2: {name}, " in bad.reason
    assert "column score is 'bad, cell'; it takes a number" in bad.reason


@pytest.mark.parametrize("cell", ["nan", "inf", "1e999", "4.5.", "five", "4,5"])
def test_what_is_no_finite_number_is_no_score(bench: Bench, cell: str) -> None:
    counts, _ = bench.make(scored(bench, "s.csv", "score", "1", f'"{cell}"', n=2))
    assert (counts["kept"], counts["unreadable"]) == (1, 1)


@pytest.mark.parametrize(
    ("lines", "error", "message"),
    [
        (["score", "1", "2", "3"], ValueError, "s.csv has 3 rows and .* has 4"),
        (["score", "1", "2", "3", "4", "5"], ValueError, "s.csv has 5 rows and .* has 4"),
        (["other,more", "1,1"], UnusableFile, "no column 'score'; there are 'other', 'more'"),
        (["a_idx,score", "0,1", "2,1"], UnusableFile, "line 3: column a_idx is '2' in row 1"),
        (["a_idx,score", "7,1"], UnusableFile, "column a_idx is '7' in row 0"),
        (["id,score", "1,1", "3,1"], UnusableFile, "column id is '3' in row 1"),
        (["score,score", "1,1"], UnusableFile, "two columns have one name"),
        (["score"], UnusableFile, "no row with a column"),
    ],
)
def test_scores_that_cannot_be_matched_are_an_error(
    bench: Bench, lines: list[object], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        bench.make(scored(bench, "s.csv", *lines))


def test_an_id_that_is_a_name_is_no_count_and_a_short_row_has_no_score(bench: Bench) -> None:
    node = scored(bench, "s.csv", "id,score", "x9,1", "x3,2", "x4", "x5,3")
    _, rows = bench.make(node)
    assert [row.score for row in rows] == [1.0, 2.0, 3.0]
    assert "1 cells under 2 columns" in bench.unreadable(node)[0].reason
