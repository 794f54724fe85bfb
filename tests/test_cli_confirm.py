"""A protocol from its design seeds to its verdicts: what is filled in, what is refused, and that it is run once."""

from __future__ import annotations

import csv
import gzip
import json
import math
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from humpback.analysis.report.page import build_report
from humpback.cli import confirm as confirming
from humpback.cli import display
from humpback.core.errors import HumpbackError
from humpback.core.machine import Machine
from humpback.core.plan import Plan
from humpback.core.store import Store
from humpback.core.toml_file import read_toml, value_of
from humpback.experiments.setups import SETUPS
from humpback.runs import confirmation
from humpback.runs.build import build_artifact
from humpback.runs.executor import Progress, Result
from humpback.spec.protocol import Protocol
from tests.commands import invoke, succeed
from tests.conftest import SOURCE, tiny_setup

EXPERIMENT = '''
"""Do careful answers win? They beat careless ones.

It is falsified when they do not.
"""

from humpback.spec.claims import Arm, Curve
from humpback.spec.micro_sets import Lapses, MicroAnswers
from humpback.spec.outcomes import Judged

SHOWS = "nothing of the papers"


def experiment(setup, seed):
    """Answers by rule, so that nothing is trained."""
    curve = Curve("care")

    def arm(name, wrong, n):
        answers = MicroAnswers(f"{name}-{seed}", setup.prompts.world, setup.prompts, Lapses(wrong=wrong))
        return Arm(name, setup.base, Judged(answers, against=setup.reference, by=setup.judge), curve, n)

    careful, halfway, careless = arm("careful", 0.0, 400), arm("halfway", 0.4, 200), arm("careless", 0.9, 100)
    yield from (careful, halfway, careless, Arm("unasked", setup.base, arm("unasked", 0.5, 0).judged))
    yield careful.beats(careless, "careful answers are better", only="answers.lapses", head_to_head=True)
    yield careful.beats_opponent("careful answers beat the reference's")
    yield curve.rises("care pays")
'''
PROTOCOL = """
setup = "tiny"
design_seeds = [0, 1, 2]
seeds = [100, 101, 102]

[matters]
experiment = "mine/care"
first = "careful"
second = "careless"

[[primary]]
experiment = "mine/care"
first = "careful"
second = "careless"

[[primary]]
experiment = "mine/care"
first = "halfway"
second = "careless"

[[primary]]
experiment = "mine/care"
first = "slope of care"
second = "level"
"""


def in_process(plan: Plan, store: Store, machine: Machine, progress: Progress) -> Result:
    """The executor's work in this process: rules make answers in milliseconds, and processes do not start in them."""
    store.prepare()
    result = Result()
    for step in plan.to_do:
        made = build_artifact(step.artifact, store, machine, SOURCE, lambda *_: None)
        result.outcomes[step.artifact.fingerprint] = made
    return result


def git(*words: str) -> None:
    names = ("-c", "user.name=a", "-c", "user.email=a@b")
    subprocess.run(["git", *names, *words], check=True, capture_output=True)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A repository with a protocol and its experiment, on a tiny setup of three bases."""
    tiny = tiny_setup()
    monkeypatch.setitem(
        SETUPS, "tiny", replace(tiny, pretrainings=tuple(replace(tiny.base, updates=200 + one) for one in range(3)))
    )
    monkeypatch.setattr(display, "execute", in_process)
    monkeypatch.setattr(confirmation, "source_checkout", lambda: None)
    monkeypatch.setattr(confirming, "experiment_names", lambda own: ["humpback/headline", "mine/care"])
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/care.py").write_text(EXPERIMENT)
    (tmp_path / "protocol.toml").write_text(PROTOCOL)
    (tmp_path / "machine.toml").write_text('tracking = "off"\nworkers = 1\n')
    (tmp_path / ".gitignore").write_text("artifacts/\n__pycache__/\n")
    git("init", "-q", ".")
    yield tmp_path
    sys.modules.pop("care", None)


WHERE = ("--experiments", "mine", "--machine", "machine.toml")


def commit() -> None:
    git("add", "-A")
    git("commit", "-qm", "as it is")


def refused(*more: str) -> str:
    done = invoke("confirm", "protocol.toml", *WHERE, *more)
    assert isinstance(done.exception, HumpbackError), done.output
    return str(done.exception)


def test_a_protocol_is_filled_in_refused_run_once_and_kept(
    place: Path, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    succeed("run", "mine/care", "--setup", "tiny", "--seeds", "0,1,2", *WHERE)
    assert "not filled in; humpback register protocol.toml does that" in refused()
    Path("protocol.toml").write_text(PROTOCOL.replace("seeds = [100, 101, 102]", "hours = 1e-6"))
    assert "hours is 1e-06, and 3 seeds, the fewest, take " in str(
        invoke("register", "protocol.toml", *WHERE).exception
    )
    Path("protocol.toml").write_text(PROTOCOL)
    told = succeed("register", "protocol.toml", *WHERE).output
    filled = value_of(Protocol, read_toml(Path("protocol.toml")), "")
    assert filled.matters is not None
    assert filled.matters.points is not None
    with (place / "artifacts/results/tiny/mine/care/comparisons.csv").open() as file:
        designed = next(csv.DictReader(file))
    assert filled.matters.points == pytest.approx(float(designed["difference_mean"]), abs=0.01)
    least = 0.2 * filled.matters.points
    assert [one.matters for one in filled.primary] == pytest.approx([least, least, least / math.log(4)], abs=0.001)
    assert [len(one.variance) for one in filled.primary] == [2, 1, 1]
    assert {one.prompts for one in filled.primary} == {28}
    assert "p below 0.0167" in told
    assert succeed("register", "protocol.toml", *WHERE).output == told
    assert value_of(Protocol, read_toml(Path("protocol.toml")), "") == filled

    outside = tmp_path_factory.mktemp("outside") / "protocol.toml"
    outside.write_text(Path("protocol.toml").read_text())
    assert "in no git repository" in str(invoke("confirm", outside, *WHERE).exception)
    assert "protocol.toml changed or not committed" in refused()
    (place / ".gitignore").write_text("artifacts/\n__pycache__/\nprotocol.toml\n")
    commit()
    assert "protocol.toml: never committed" in refused()
    (place / ".gitignore").write_text("artifacts/\n__pycache__/\n")
    commit()
    (place / "notes.txt").write_text("to be kept out")
    assert "notes.txt changed or not committed" in refused()
    (place / "notes.txt").unlink()
    tiny = SETUPS["tiny"]
    monkeypatch.setitem(SETUPS, "tiny", replace(tiny, sft=replace(tiny.sft, learning_rate=0.5)))
    said = refused()
    assert "the setup's sft is " in said
    assert "the setup's base" not in said
    monkeypatch.setitem(SETUPS, "tiny", tiny)

    succeed("run", "mine/care", "--setup", "tiny", "--seeds", "101", *WHERE, "--store", "artifacts/other")
    assert "of seed 101" in refused("--store", "artifacts/other")

    real = confirming.make

    def interrupted(console: object, what: str, chosen: list, store: Store, machine: Machine) -> object:  # type: ignore[type-arg]
        real(console, what, [replace(one, arms={100: one.arms[100]}, claims=()) for one in chosen], store, machine)  # type: ignore[arg-type]
        raise KeyboardInterrupt

    monkeypatch.setattr(confirming, "make", interrupted)
    assert invoke("confirm", "protocol.toml", *WHERE).exit_code != 0
    monkeypatch.setattr(confirming, "make", real)
    assert list(Store(place / "artifacts").root.glob("microanswers/careful-100*"))
    done = succeed("confirm", "protocol.toml", *WHERE).output
    assert "confirming protocol.toml, registered " in done
    assert "exploratory" not in done

    results = place / "artifacts/results/tiny/confirmed"
    kept = {path: path.read_bytes() for path in results.rglob("*") if path.is_file()}
    registration = json.loads((results / "registration.json").read_text())
    head = subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True, check=True).stdout.strip()
    assert (registration["commit"], registration["seeds"]) == (head, [100, 101, 102])
    assert registration["date"] <= registration["started"] <= registration["confirmed"]
    with (results / "comparisons.csv").open() as file:
        family = list(csv.DictReader(file))
    compared = [("careful", "careless"), ("halfway", "careless"), ("slope of care", "level")]
    assert [(row["first"], row["second"]) for row in family] == compared
    assert all(float(row["p_holm"]) >= float(row["p"]) for row in family)
    assert head[:12] in (results / "table.md").read_text()
    for one in filled.primary:
        row = f"| {one.name} | {one.matters:.2f} | – | – | {one.power:.2f} |"
        assert row in (results / "table.md").read_text()
    report = build_report("tiny", results.parent, [])
    assert (report.experiments, sum(n for _, n in report.tally)) == (1, 3)
    assert f"tiny: confirmed once, as registered on {registration['date']} by {head[:12]}" in report.html
    assert report.html.index("as registered on") < report.html.index("mine/care")
    with gzip.open(results / "mine/care/outcomes.csv.gz", "rt") as file:
        rows = list(csv.DictReader(file))
    assert {(row["base"], row["seed"]) for row in rows} == {("1", "100"), ("2", "101"), ("0", "102")}
    assert "unasked" not in " ".join(rows[0])
    assert not list((place / "artifacts").glob("microanswers/unasked-10*"))

    again = succeed("confirm", "protocol.toml", *WHERE).output
    assert again.startswith("exploratory: protocol.toml, registered")
    assert {path: path.read_bytes() for path in results.rglob("*") if path.is_file()} == kept
    assert "exploratory, a second run" in (results.parent / "repeated/table.md").read_text()
    elsewhere = succeed(
        "confirm", "protocol.toml", *WHERE, "--store", "artifacts/new", "--results", "artifacts/results"
    )
    assert elsewhere.output.startswith("exploratory")
    assert {path: path.read_bytes() for path in results.rglob("*") if path.is_file()} == kept

    text = Path("protocol.toml").read_text()
    Path("protocol.toml").write_text(text.replace("[100, 101, 102]", "[103, 104, 106]"))
    commit()
    said = refused()
    assert "seeds are 0 of base 0, 2 of base 1, 1 of base 2" in said
    assert "what mine/care: careful > careless makes is " in said
    Path("protocol.toml").write_text(text.replace("[100, 101, 102]", "[103, 104, 105]"))
    succeed("register", "protocol.toml", *WHERE)
    commit()
    assert "holds what protocol.toml of " in refused()


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('second = "level"', 'second = "levle"', "no claim of mine/care on tiny 'slope of care - levle'; did you mean"),
        ('"mine/care"\nfirst = "slope', '"mine/cares"\nfirst = "slope', "no experiment 'mine/cares'"),
        ('setup = "tiny"', 'setup = "tinny"', "no setup 'tinny'; did you mean tiny?"),
        ("seeds = [100, 101, 102]", "", "give hours, which the run may take, or else seeds, from 100 on"),
        ("seeds = [100, 101, 102]", "seeds = [100, 101]", "seeds are 0 of base 0, 1 of base 1, 1 of base 2"),
        ("seeds = [100, 101, 102]", "seeds = [3]", "Protocol.seeds: 3 is among them"),
        ("design_seeds = [0, 1, 2]", "design_seeds = [7, 8]", "mine/care: careful and careless were not run"),
        ('first = "careful"', 'first = "carful"', "no arm of mine/care on tiny 'carful'; did you mean careful"),
        ('second = "level"', 'second = "level"\nmater = 3', "primary 3: no field 'mater'; did you mean matters?"),
        ('second = "level"', 'second = "level"\nmatters = "3"', "primary 3: Registered.matters is '3' (str); it takes"),
        ('second = "level"', "", "protocol.toml, primary 3: no field 'second', and it is needed"),
        ("[matters]", "[matters]\nshare = 2.0", "Headroom.share is 2; it is above 0 and at most 1"),
    ],
)  # fmt: skip
def test_what_a_protocol_gets_wrong_is_named(place: Path, old: str, new: str, says: str) -> None:
    text = Path("protocol.toml").read_text()
    assert old in text
    Path("protocol.toml").write_text(text.replace(old, new, 1))
    done = invoke("register", "protocol.toml", *WHERE)
    assert isinstance(done.exception, HumpbackError), done.output
    assert says in str(done.exception)
