"""`humpback annotate` as a user types it: what it says, serves, and leaves behind."""

from __future__ import annotations

import csv
import json
import re
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from humpback.annotation.ballot import Ballot
from humpback.annotation.items import Item, join, load_systems, screening_items
from humpback.cli import annotate as cli_annotate
from humpback.core.expression import FieldError
from humpback.core.store import StoreError
from tests.commands import invoke


@pytest.fixture
def here(tmp_path: Path) -> Path:
    for name, n in (("one", 4), ("two", 3), ("three", 5)):
        rows = [
            {"instruction": f"Prompt {i}?", "output": f"{name} says {i}" if i else "", "generator": name}
            for i in range(n)
        ]
        (tmp_path / f"{name}.json").write_text(json.dumps(rows))
    known = [{"prompt": f"Known {i}?", "better": "right", "worse": "wrong"} for i in range(2)]
    (tmp_path / "known.jsonl").write_text("".join(json.dumps(one) + "\n" for one in known))
    return tmp_path


@contextmanager
def running(folder: Path, *words: str) -> Iterator[tuple[subprocess.Popen[str], list[str]]]:
    """The command up to its address, and what it said until then; interrupted at the end."""
    command = [sys.executable, "-m", "humpback.cli", "annotate", *words, "--port", "0"]
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    lines: list[str] = []
    assert process.stdout is not None
    try:
        for line in process.stdout:
            lines.append(line.rstrip("\n"))
            if line.startswith("http"):
                break
        yield process, lines
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(20)


def test_it_says_what_is_lost_serves_and_sums_up(here: Path) -> None:
    words = ("one.json", "two.json", "--against", "three.json", "--screening", "known.jsonl")
    with running(here, *words) as (process, lines):
        said = "\n".join(lines)
        assert "one against two: 3 prompts, 1 unmatched" in said
        assert "one against three: 4 prompts, 1 unmatched" in said
        assert "unmatched: one one/3: two does not answer this prompt: 'Prompt 3?'" in said
        assert "unmatched: three three/4: one does not answer this prompt" in said
        assert "two: 1 empty answers; they are shown as such" in said
        assert "9 items, 2 of them for screening; votes go to votes.sqlite" in said
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+/", lines[-1])
        for _ in range(200):
            try:
                page = urllib.request.urlopen(lines[-1]).read().decode()
                break
            except urllib.error.URLError:
                continue
        assert "Which answer is better?" in page
        process.send_signal(signal.SIGINT)
        assert process.stdout is not None
        assert "0 votes in votes.sqlite; humpback compare votes.sqlite reads them" in process.stdout.read()
    assert process.returncode == 0
    with (here / "votes-unmatched.csv").open(newline="") as file:
        assert [(row["system"], row["id"]) for row in csv.DictReader(file)] == [("one", "one/3"), ("three", "three/4")]
    assert sorted(path.name for path in here.glob("votes*")) == ["votes-unmatched.csv", "votes.sqlite"]


def test_off_loopback_the_address_has_a_key_of_its_own_each_time(here: Path) -> None:
    keys = []
    for _ in range(2):
        with running(here, "one.json", "two.json", "--host", "0.0.0.0") as (_, lines):
            found = re.search(r"http://[^/]+:(\d+)/\?key=([\w-]{32,})$", lines[-1])
            assert found, lines
            keys.append(found[2])
            with pytest.raises(urllib.error.HTTPError, match="403"):
                urllib.request.urlopen(f"http://127.0.0.1:{found[1]}/")
    assert keys[0] != keys[1]


def voted(folder: Path, plan: dict[str, list[int | None]]) -> Path:
    """Votes of several people; each list is of items in their order: 0 the first system, 1 the second, None neither."""
    one, two = load_systems([folder / "one.json", folder / "three.json"])
    known, items = screening_items(folder / "known.jsonl"), join(one, two).items
    order: list[Item] = [*known, *items]
    box = Ballot(folder / "votes.sqlite", order, seed=0)
    for name, wanted in plan.items():
        key = box.enter(name, name)
        while shown := box.place(key).showing:
            choice = wanted[order.index(shown.item)]
            sides = {"first": (1, 2), "second": (2, 1)}[shown.shown_first]
            box.cast(key, shown.token, None if choice is None else sides[choice], "")  # type: ignore[arg-type]
    return box.path


def test_the_summary_has_screening_and_agreement(here: Path) -> None:
    path = voted(here, {"Anna": [0, 0, 0, 0, 1, 1], "Ben": [0, None, 0, 0, 1, None]})
    lines = cli_annotate.summary(path)
    assert lines[0] == "Anna: 4 votes, screening 100 % of 2"
    assert lines[1] == "Ben: 4 votes, screening 75 % of 2, not passed"
    assert lines[2].startswith("agreement between annotators: 4 items, 2 raters, raw 0.750")
    assert lines[3].startswith("12 votes in")


def test_what_cannot_be_is_said_in_a_line(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(here)
    (here / "other.json").write_text(json.dumps([{"instruction": "Else?", "output": "x"}]))

    def fails(*words: str) -> BaseException | None:
        return invoke("annotate", *words).exception

    import socket

    with socket.create_server(("127.0.0.1", 0)) as held:
        taken = fails("one.json", "two.json", "--port", str(held.getsockname()[1]))
    assert isinstance(taken, StoreError)
    assert "give another with --port" in str(taken)
    nowhere = fails("one.json", "two.json", "--host", "no.such.host.invalid")
    assert isinstance(nowhere, StoreError)
    assert "no.such.host.invalid" in str(nowhere)
    nothing = fails("one.json", "other.json")
    assert isinstance(nothing, FieldError)
    assert "shares no prompt" in str(nothing)
    assert "--n is 9; 3 prompts" in str(fails("one.json", "two.json", "--n", "9"))
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    missing = fails("one.json", "two.json")
    assert isinstance(missing, StoreError)
    assert "humpback-harness[annotate]" in str(missing)
