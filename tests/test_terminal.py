"""What reaches a terminal: nothing that acts on it, help that fits it, and a log that tells where a run is.

Tried: the names of files, experiments, artifacts' fields and columns with ESC, CSI (U+009B), newlines, carriage
returns, direction marks, tags, halves of characters (file names that are no UTF-8), brackets, 250 characters, and
rich's own "[red]" and ":smile:".
"""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import typer
from rich.table import Table

from humpback.cli import terminal
from humpback.cli.main import complete
from humpback.cli.terminal import Terminal
from humpback.core.expression import Artifact
from humpback.core.schedule import Share
from humpback.core.text import printable
from humpback.experiments.setups.base import Setup
from humpback.runs.build import Outcome
from humpback.runs.progress import _Log
from humpback.spec.data import Tagged
from tests.commands import humpback

ROOT = Path(__file__).parent.parent
HOSTILE = "a\x1b[2J\x9b31m\u202egnp\U000e0041\r[red]:smile:\x07"
SHOWN = "a\\u001b[2J\\u009b31m\\u202egnp\\udb40\\udc41\\u000d[red]:smile:\\u0007"


def test_every_character_that_acts_on_a_terminal_is_shown_as_its_escape_and_json_stays_what_it_was() -> None:
    assert printable(HOSTILE) == SHOWN
    kept = "naïve 日本語\u3000🙂 👩\u200d🔬 نمی\u200cخواهم\u00a0|\tx\n"
    assert printable(kept) == kept
    for code in range(sys.maxunicode + 1):
        if unicodedata.category(chr(code)) in ("Cc", "Cs", "Zl", "Zp") and chr(code) not in "\t\n":
            assert printable(chr(code)) != chr(code), hex(code)
    everything = "".join(map(chr, range(0x3100))) + "\ud800 \U000e0041\\"
    assert json.loads(printable(json.dumps(everything, ensure_ascii=False))) == everything


def test_rich_shows_texts_as_they_are(capsys: pytest.CaptureFixture[str]) -> None:
    table = Table()
    table.add_column(HOSTILE)
    table.add_row(HOSTILE)
    console = Terminal(width=200)
    console.print(table)
    console.print(HOSTILE, "[/x]", style="red")
    shown = capsys.readouterr().out
    assert shown.count(SHOWN) == 3
    assert "[/x]" in shown
    assert printable(shown) == shown


def test_only_one_module_makes_a_console() -> None:
    for path in [*(ROOT / "harness").rglob("*.py"), *(ROOT / "analysis").rglob("*.py")]:
        made = [node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Call)]
        names = {node.func.id for node in made if isinstance(node.func, ast.Name)}
        assert "Console" not in names or path == Path(terminal.__file__).resolve(), path


@pytest.mark.parametrize(
    "words",
    [
        ("show", HOSTILE),
        ("plan", f"{HOSTILE}\n"),
        ("plan", "humpback/headline", "--setup", f"x\n{HOSTILE}"),
        ("plan", "humpback/headline", "--machine", f"{HOSTILE}\n.toml"),
        ("data", "read", f"{HOSTILE}\n.json"),
        ("compare", f"{HOSTILE}\n.json"),
        ("plan", "humpback/headline", f"--{HOSTILE}"),
    ],
)
def test_a_name_that_is_wrong_reaches_the_terminal_as_text(words: tuple[str, ...], tmp_path: Path) -> None:
    done = humpback(*words, cwd=tmp_path, columns=80)
    assert done.returncode != 0
    assert "[red]:smile:" in done.stderr
    assert printable(done.stderr) == done.stderr
    assert "Traceback" not in done.stderr
    assert done.stderr.startswith("Usage") or len(done.stderr.splitlines()) == 1


def test_no_bars_of_other_packages_stand_between_our_lines(tmp_path: Path) -> None:
    code = (
        "import sys; sys.argv = ['humpback', '--version']\n"
        "from humpback.cli.__main__ import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "from transformers.utils.logging import tqdm\n"
        "list(tqdm(range(3), desc='Loading weights'))"
    )
    bare = {key: value for key, value in os.environ.items() if key != "HF_HUB_DISABLE_PROGRESS_BARS"}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=bare, cwd=tmp_path
    )
    assert (done.stderr, done.stdout.count("\n")) == ("", 1)


@pytest.mark.parametrize("name", [b"\xff\x1b[2J -x\n[a].json", "é".encode() * 120 + b".json", b"-n [0-9].json"])
def test_a_file_of_any_name_is_read(name: bytes, tmp_path: Path) -> None:
    Path(os.fsdecode(bytes(tmp_path) + b"/" + name)).write_text('[{"instruction": "Say hello.", "output": "Hello."}]')
    for words in (("stats", "--json"), ("stats",), ("read", "--store", "store", "--json")):
        done = humpback("data", *words, f"./{os.fsdecode(name)}", cwd=tmp_path, columns=80)
        assert done.returncode == 0, done.stderr
        assert printable(done.stdout) == done.stdout
        if "--json" in words:
            assert any(counts.get("examples", counts.get("kept")) == 1 for counts in dicts(json.loads(done.stdout)))
    for path in (tmp_path / "store").rglob("*"):
        assert str(path).isprintable()


def dicts(value: object) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
        for one in value.values():
            yield from dicts(one)


def commands(app: typer.Typer) -> dict[tuple[str, ...], str]:
    """Words of every command, and its summary whole."""
    found = {}

    def walk(one: object, words: tuple[str, ...]) -> None:
        for name, below in getattr(one, "commands", {}).items():
            text = " ".join((below.help or "").split())
            found[*words, name] = re.split(r"(?<=[.?]) ", text)[0]
            walk(below, (*words, name))

    walk(typer.main.get_command(app), ())
    return found


def test_every_summary_and_every_line_of_help_fits_eighty_columns(tmp_path: Path) -> None:
    summaries = commands(complete())
    assert ("data", "filter") in summaries
    for above in ((), ("data",)):
        shown = humpback(*above, "--help", cwd=tmp_path, columns=80).stdout
        assert max(map(len, shown.splitlines())) <= 80
        assert "..." not in shown.split("Commands:")[1]
        for words, summary in summaries.items():
            if words[:-1] == above:
                assert re.search(rf"^  {words[-1]} +{re.escape(summary)}$", shown, re.M), (words, summary)


@pytest.mark.parametrize("words", sorted(commands(complete())), ids=" ".join)
def test_the_help_of_each_command_fits(words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    from typer.testing import CliRunner

    monkeypatch.setenv("COLUMNS", "80")
    shown = CliRunner().invoke(complete(), [*words, "--help"]).stdout
    assert shown.startswith("Usage")
    assert [line for line in shown.splitlines() if len(line) > 80] == []


def test_the_version_is_said_with_the_commit(tmp_path: Path) -> None:
    done = humpback("--version", cwd=tmp_path, columns=80)
    assert re.fullmatch(r"humpback \d+\.\d+\.\d+(, commit [0-9a-f]{12}( and changes)?)?\n", done.stdout)


def test_the_time_left_is_that_of_the_stages_that_wait_for_one_another(
    tiny: Setup, capsys: pytest.CaptureFixture[str]
) -> None:
    chain: list[Artifact] = [tiny.seed_data, Tagged(tiny.seed_data, "a"), Tagged(tiny.seed_data, "b")]
    expected = {one.fingerprint: Share(1.0) for one in chain}
    log = _Log(Terminal(stderr=True), 8, expected, {one.fingerprint: one for one in chain})
    log.started(chain[0])
    log.failed(Tagged(tiny.seed_data, "c"), RuntimeError())
    assert capsys.readouterr().err == "0 of 3 failed     tagged/seed0; about 2.0 h left\n"


def test_a_log_tells_where_a_run_is(
    tiny: Setup, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A line a stage with how many have ended; what runs for long; and how long the rest takes."""
    clock = SimpleNamespace(now=0.0)
    monkeypatch.setattr("humpback.runs.progress.time", SimpleNamespace(monotonic=lambda: clock.now))
    stages: list[Artifact] = [Tagged(tiny.seed_data, name) for name in "abcd"]
    expected = {stages[2].fingerprint: Share(50 / 3_600), stages[3].fingerprint: Share(100 / 3_600)}
    waiting = {one.fingerprint: one for one in [tiny.seed_data, *stages]}
    log = _Log(Terminal(stderr=True), 1, expected, waiting)
    log.ended(tiny.seed_data, Outcome("found"))
    log.ended(stages[0], Outcome("stopped", reason="it is empty"))
    log.started(stages[1])
    log.advanced(stages[1], 0, 40, "updates")
    clock.now = 59.0
    log.look()
    clock.now = 90.0
    log.advanced(stages[1], 30, 40, "updates")
    log.look()
    log.ended(stages[1], Outcome("made", 120.0))
    log.started(stages[2])
    log.ended(stages[2], Outcome("made", 5_000.0))
    log.started(stages[3])
    log.failed(stages[3], RuntimeError())
    out, said = capsys.readouterr()
    assert out == ""
    assert said.splitlines() == [
        "1 of 5 found      microseed/seed0; at least 2 min left",
        "2 of 5 stopped    tagged/seed0: it is empty; at least 2 min left",
        "2 of 5     90.0 s tagged/seed0: 30 of 40 updates; about 3 min left",
        "3 of 5    120.0 s tagged/seed0; about 2 min left",
        "4 of 5   5000.0 s tagged/seed0; about 77 min left",
        "5 of 5 failed     tagged/seed0",
    ]


@pytest.mark.parametrize("closed", ["2>&-", ">&- 2>&-", "<&- >&- 2>&-"])
def test_a_stream_that_was_closed_takes_what_is_said_and_no_file_takes_its_number(closed: str, tmp_path: Path) -> None:
    (tmp_path / "pairs.json").write_text('[{"instruction": "Say so.", "output": "So."}]')
    words = f"'{sys.executable}' -m humpback.cli data read pairs.json {closed}"
    done = subprocess.run(["sh", "-c", words], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0
    assert list(tmp_path.glob("artifacts/instructionset/*/record.json"))
