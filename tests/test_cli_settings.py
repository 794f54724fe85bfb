"""`--set`, `[set]` and `--grid` as somebody types them, and what a run leaves of them."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest

from humpback.analysis.report.page import build_report
from humpback.cli.display import run_and_report
from humpback.core.errors import HumpbackError
from humpback.core.expression import Artifact
from humpback.core.machine import Machine
from humpback.core.store import Store
from humpback.experiments.catalogue import Declared, Experiment
from humpback.experiments.grids import Ablation
from humpback.experiments.humpback.algorithm import M0, arm, seed_model
from humpback.experiments.settings import Given, settings
from humpback.experiments.setups.base import Setup
from humpback.spec.claims import Arm
from humpback.tracking.runs import results_run
from tests.commands import succeed
from tests.conftest import MACHINE


def seed_model_alone() -> Experiment:
    module = ModuleType("alone", "Is the seed model there? It is.")

    def yields(setup: Setup, seed: int) -> Iterator[Arm]:
        yield arm(setup, "M0", seed_model(setup), M0)

    module.SHOWS, module.experiment = "the seed model", yields  # type: ignore[attr-defined]
    return Experiment("tests/alone", module)


@pytest.fixture
def results(made: Callable[[Artifact], Path], shared_store: Store, tmp_path: Path) -> Callable[[Declared], Path]:
    def run(declared: Declared) -> Path:
        for target in declared.targets:
            made(target)
        machine: Machine = replace(MACHINE, store=str(shared_store.root))
        assert run_and_report([(declared, "humpback run tests/alone")], machine, tmp_path, as_json=False)
        return tmp_path / declared.setup.name / declared.experiment.name

    return run


def test_a_run_says_what_was_set_wherever_it_is_looked_at(
    tiny: Setup, results: Callable[[Declared], Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    setting = Given("sft.learning_rate", "3e-3", "--set sft.learning_rate=3e-3")
    folder = results(settings(tiny, [setting]).on(seed_model_alone(), [0]))
    assert folder == tmp_path / "tiny+sft.learning_rate=0.003" / "tests/alone"
    was = tiny.sft.learning_rate
    for name in ("arms.json", "made.json"):
        held = json.loads((folder / name).read_text())
        assert held["set"] == {"sft.learning_rate": 0.003}, name
        assert held["instead_of"] == {"sft.learning_rate": was}, name
    line = f"sft.learning_rate = 0.003, where the setup has {was:g}"
    assert f"set: {line}" in capsys.readouterr().out.replace("\n", " ")
    assert f"Set: {line}" in (folder / "table.md").read_text()
    assert "The papers' numbers are of their own settings" in (folder / "table.tex").read_text()
    (row, *_) = csv.DictReader((folder / "rows.csv").open())
    assert row["paper"] == ""
    assert results_run("tests/alone", "tiny", folder).config["set"] == {"sft.learning_rate": 0.003}
    page = build_report(folder.parents[1].name, folder.parents[1], []).html
    assert f"sft.learning_rate = 0.003 (the setup has {was})" in page


def test_a_grid_is_a_table_a_curve_intervals_and_holm(
    tiny: Setup, results: Callable[[Declared], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A base of the tiny world has read a third of the prompts, of which no verdict would be drawn.
    monkeypatch.setattr("humpback.analysis.experiment.contamination.LARGEST_SHARE", 1.0)
    axis = tuple(Given("sft.learning_rate", text, "--grid") for text in ("1e-4", "1e-3", "1e-2"))
    declared = Ablation(seed_model_alone(), settings(tiny, []), (axis,)).on([0, 1, 2])
    folder = results(declared)
    assert folder == tmp_path / "tiny" / "tests/alone-by-sft.learning_rate"
    rows = [row for row in csv.DictReader((folder / "rows.csv").open()) if row["seed"] == "all"]
    assert [row["arm"] for row in rows] == [f"M0, sft.learning_rate = {rate}" for rate in ("0.0001", "0.001", "0.01")]
    assert len({row["win_rate"] for row in rows}) > 1, "the rate has an effect"
    assert all(float(row["low"]) < float(row["high"]) for row in rows)
    lines = list(csv.DictReader((folder / "comparisons.csv").open()))
    assert [line["second"] for line in lines] == ["M0, sft.learning_rate = 0.0001"] * 2
    assert all(float(line["difference_low"]) < float(line["difference_high"]) for line in lines)
    assert all(float(line["p_holm"]) >= float(line["p"]) for line in lines), "corrected together"
    held = json.loads((folder / "arms.json").read_text())
    assert held["grid"]["M0, sft.learning_rate = 0.01"] == {"sft.learning_rate": 0.01}
    svg = (folder / "grid.svg").read_text()
    assert all(word in svg for word in ("sft.learning_rate", "0.0001", "0.01", "M0"))
    page = build_report("tiny", folder.parents[1], []).html
    assert "What does sft.learning_rate do?" in page
    assert "Win rate against reference by setting" in page


def test_a_table_of_a_file_and_the_command_on_top_of_it(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text('[set]\nsft.longest = 99\n"sft.dropout" = 0.2\nsft.adapter = "Lora(8)"\n')
    told = succeed("plan", "humpback/headline", "--files", file, "--set", "sft.longest=77", "--store", tmp_path / "s")
    assert "sft.longest = 77, where" in told.output
    assert "sft.dropout = 0.2, where the setup has 0" in told.output
    assert "sft.adapter = Lora(rank=8), where the setup has none" in told.output


def test_the_command_of_results_has_the_settings() -> None:
    from humpback.cli.run import SetupOptions

    options = SetupOptions(settings=["sft.adapter=Lora(8)"], grids=["sft.longest=64,128"], arms=["M0"])
    (declared,), _ = options.experiments(["humpback/headline"], MACHINE)
    said = "--set 'sft.adapter=Lora(8)' --grid sft.longest=64,128 --arm M0 --seeds 0"
    assert options.command(declared) == f"humpback run humpback/headline --setup micro {said}"


def test_the_command_of_results_names_files_without_their_folders(tmp_path: Path) -> None:
    from humpback.cli.run import SetupOptions

    for name in ("base.gguf", "other.gguf", "third.gguf", "judge.yaml", "seed.json", "pages.warc.gz"):
        (tmp_path / name).touch()
    (declared,), _ = SetupOptions().experiments(["humpback/headline"], MACHINE)
    options = SetupOptions(
        setup="files",
        base=str(tmp_path / "base.gguf"),
        judge=str(tmp_path / "judge.yaml"),
        seed_data=[str(tmp_path / "seed.json")],
        pages=[str(tmp_path / "pages.warc.gz")],
        settings=[f"base={tmp_path / 'other.gguf'}", "sft.longest=64"],
        grids=[f"base={tmp_path / 'third.gguf'},qwen3-1.7b"],
    )
    said = options.command(declared)
    assert str(tmp_path) not in said
    for words in (
        *("--base base.gguf", "--judge judge.yaml", "--seed-data seed.json", "--pages pages.warc.gz"),
        *("--set base=other.gguf", "--set sft.longest=64", "--grid base=third.gguf,qwen3-1.7b"),
    ):
        assert words in said


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('set = "x"\n', r"set is 'x'; it takes a table \[set\]"),
        (
            '[set]\nsft.longest = "99"\n',
            r"mine.toml, \[set\] sft.longest: '99' is none of what it takes: a whole number",
        ),
        ("[set]\nsft.longst = 99\n", r"\[set\] sft.longst: sft \(Sft\) has no 'longst'; did you mean sft.longest"),
        ('base = "tiny"\n[set]\nsft.longest = 99\n', "base goes with --setup files; the setup here is 'micro'"),
    ],
)
def test_a_wrong_table_is_named_by_file_and_field(text: str, says: str, tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(text)
    with pytest.raises(HumpbackError, match=says):
        succeed("plan", "humpback/headline", "--files", file)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--set", "sft.longest"), "--set 'sft.longest': takes PATH=VALUE, such as"),
        (("--set", "=3"), "--set '=3': takes PATH=VALUE"),
        (("--set", "sft.longest="), "takes PATH=VALUE"),
        (("--set", "sft.longest=3", "--set", "sft.longest=4"), "sft.longest is set twice"),
        (("--set", "base=qwen9"), "'qwen9' is no folder or .gguf file here.*llama-7b, "),
        (("--set", "base=llama7b"), "did you mean llama-7b"),
        (("--grid", "sft.longest=64"), "two values or more; one is set with --set"),
        (("--grid", "sft.longest=64,"), "two values or more"),
        (("--grid", "sft.longest=64,x"), "--grid sft.longest=64,x: 'x' is none of what it takes: a whole number"),
        (("--grid", "sft.longest=64,99", "--grid", "sft.longest=1,2"), "sft.longest has a grid already"),
        (("--arm", "M0"), "--arm M0: goes with --grid"),
    ],
)
def test_wrong_settings_are_one_line(words: tuple[str, ...], says: str) -> None:
    with pytest.raises(HumpbackError, match=says):
        succeed("plan", "humpback/headline", *words)


def test_what_a_setting_does_not_reach_is_left_out_and_named(tmp_path: Path) -> None:
    told = succeed(
        "plan", "humpback/headline", "alpagasus/coding", "--set", "sft.longest=99", "--store", tmp_path / "s"
    )
    assert "left out: alpagasus/coding: --set sft.longest=99 changes nothing in alpagasus/coding" in told.output
