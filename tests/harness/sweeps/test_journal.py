"""A damaged journal of a sweep: the file, the line and what to do, in one message; a cut last line goes on.

Tried: glued lines, NUL bytes with and without an end of line, marks of a merge, text that is no UTF-8, JSON that is no
record, an empty line, records that do not fit each other, and the remedy.
"""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("optuna")

from humpback.core.store import StoreError
from humpback.spec.search import Choice, Space
from humpback.sweeps.study import Study

SPACE = Space("M1", (Choice("k", (4.0, 4.5)),))


@pytest.fixture
def lines(tmp_path: Path) -> list[bytes]:
    """The journal of a study with two trials waiting: the study, and each trial."""
    Study(tmp_path, SPACE, enumerated=True).prepare()
    found = (tmp_path / "journal.log").read_bytes().splitlines(keepends=True)
    assert len(found) >= 3
    return found


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        (lambda line: line[: len(line) // 2] + line, "two records in one line"),
        (lambda line: line[: len(line) // 2] + b"\n", "it is no whole JSON"),
        (lambda line: b"\x00" * 200 + b"\n", "it holds NUL bytes"),
        (lambda line: b"<<<<<<< HEAD\n" + line, "a mark that a merge left"),
        (lambda line: b"=======\n" + line, "a mark that a merge left"),
        (lambda line: line.replace(b'"worker_id":"', b'"worker_id":"\xff'), "it is no UTF-8"),
        (lambda line: b"5\n", "it has no op_code and worker_id"),
        (lambda line: b"{}\n", "it has no op_code and worker_id"),
        (lambda line: b"\n" + line, "it is empty"),
    ],
    ids=["glued", "cut", "NUL", "merge", "merge's middle", "not UTF-8", "a number", "no record", "empty"],
)
def test_a_bad_line_in_the_middle_is_named_with_the_remedy(bad, says: str, lines: list[bytes], tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    journal = tmp_path / "journal.log"
    journal.write_bytes(b"".join([lines[0], bad(lines[1]), *lines[2:]]))
    with pytest.raises(StoreError) as raised:
        Study(tmp_path, SPACE, enumerated=True)
    told = str(raised.value)
    assert told.startswith(f"{journal}: line 2 is no record of a sweep ({says})")
    assert "delete the line" in told
    assert "\n" not in told


def test_with_the_merge_s_marks_deleted_the_sweep_goes_on(lines: list[bytes], tmp_path: Path) -> None:
    (tmp_path / "journal.log").write_bytes(b"".join(lines))
    study = Study(tmp_path, SPACE, enumerated=True)
    study.prepare()
    assert len(study.trials()) == 2


@pytest.mark.parametrize("tail", [b'{"op_code": 5, "wor', b"\x00" * 300, b""], ids=["cut", "NUL", "whole"])
def test_what_a_dead_writer_left_behind_is_cut_off(tail: bytes, lines: list[bytes], tmp_path: Path) -> None:
    (tmp_path / "journal.log").write_bytes(b"".join(lines) + tail)
    study = Study(tmp_path, SPACE, enumerated=True)
    study.prepare()
    assert len(study.trials()) == 2
    assert study.ask(3) not in ("wait", "enough")


def test_records_that_do_not_fit_each_other_are_one_message(lines: list[bytes], tmp_path: Path) -> None:
    unknown = b'{"op_code":99,"worker_id":"of another version"}\n'
    (tmp_path / "journal.log").write_bytes(b"".join(lines) + unknown)
    with pytest.raises(StoreError, match=r"journal\.log: its records do not fit each other"):
        Study(tmp_path, SPACE, enumerated=True)
