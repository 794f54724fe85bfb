"""The commands as a user types them, wrong input included."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from humpback.core.store import Store
from humpback.runs.build import build_artifact
from humpback.spec.data import MicroSeed, Tagged
from humpback.spec.micro_world import World
from humpback.spec.prompts import S_A
from tests.commands import humpback
from tests.conftest import MACHINE, SOURCE


def test_list_names_every_experiment_and_setup() -> None:
    done = humpback("list")
    assert done.returncode == 0
    assert "humpback/headline" in done.stdout
    assert "micro" in done.stdout
    (row,) = [row for row in json.loads(humpback("list", "--json").stdout) if row["name"] == "humpback/headline"]
    assert row["claim"].startswith("Does the whole loop work?")


@pytest.mark.parametrize("words", [("--help",), ("list",), ("plan", "humpback/headline", "--steps")])
def test_what_runs_nothing_starts_without_what_runs_things(words: tuple[str, ...], tmp_path: Path) -> None:
    """Half a second for help and list, one for a plan; numpy alone would take a fifth of that."""
    command = [sys.executable, "-X", "importtime", "-m", "humpback.cli", *words]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=tmp_path)
    packages = {line.rpartition("|")[2].strip().split(".")[0] for line in done.stderr.splitlines()}
    assert "humpback" in packages
    heavy = {"torch", "transformers", "numpy", "scipy", "pandas", "pyarrow", "matplotlib", "asyncio", "huggingface_hub"}
    assert packages & heavy == set()


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("plan", "humpback/headlin"), "no experiment 'humpback/headlin'; did you mean humpback/headline?"),
        (("run", "headline"), "did you mean alpagasus/headline or humpback/headline?"),
        (("plan", "humpback/headline", "--setup", "mikro"), "no setup 'mikro'; did you mean micro?"),
        (
            ("plan", "humpback/headline", "--seeds", "0,x"),
            "--seeds '0,x': 'x' is no whole number from 0; give distinct whole numbers from 0, such as 0,1,2",
        ),
        (
            ("plan", "humpback/headline", "--seeds", "1,1"),
            "--seeds '1,1': seed 1 is given twice; give distinct whole numbers from 0, such as 0,1,2",
        ),
        (
            ("plan", "humpback/headline", "--seeds", "0,4294967296"),
            "--seeds '0,4294967296': 4294967296 is above 4294967295, the largest that a training takes; give distinct",
        ),
        (("plan", "humpback/headline", "--setpu", "micro"), "--setup"),
        (("plann",), "plan"),
        (("plan", "humpback/headline", "--machine", "nowhere.toml"), "nowhere.toml"),
        (("show", "nowhere"), "nowhere: there is nothing"),
    ],
)
def test_wrong_words_are_named_with_the_closest_right_ones(words: tuple[str, ...], says: str, tmp_path: Path) -> None:
    done = humpback(*words, cwd=tmp_path)
    assert done.returncode != 0
    assert says in done.stderr
    assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_plan_touches_nothing_and_counts(tmp_path: Path) -> None:
    done = humpback("plan", "humpback/headline", "--seeds", "0,1", cwd=tmp_path)
    assert done.returncode == 0
    assert "0 done" in done.stdout
    assert "12 finetuned" in done.stdout
    assert "2 pretrained" in done.stdout
    assert list(tmp_path.iterdir()) == []
    assert "--steps lists every step" in done.stdout
    assert "missing " not in done.stdout
    assert "missing  pretrained/" in humpback("plan", "humpback/headline", "--steps", cwd=tmp_path).stdout
    found = json.loads(humpback("plan", "humpback/headline", "--json", cwd=tmp_path).stdout)
    assert {row["state"] for row in found["steps"]} == {"missing"}
    assert found["cost"]["unit"] == "CPU hours"
    assert found["cost"]["hours"] > 0
    assert list(tmp_path.iterdir()) == []


def test_several_experiments_share_their_stages_in_one_plan(tmp_path: Path) -> None:
    def stages(*names: str) -> set[str]:
        done = humpback("plan", *names, "--json", "--store", str(tmp_path / "none"))
        assert done.returncode == 0, done.stderr
        return {step["artifact"] for step in json.loads(done.stdout)["steps"]}

    one, two = stages("humpback/headline"), stages("humpback/iterations")
    both = stages("humpback/headline", "humpback/iterations", "humpback/headline")
    assert both == one | two
    assert len(both) < len(one) + len(two)
    assert both < stages("all")


def test_what_a_setup_has_nothing_for_is_left_out_of_all_and_named(tmp_path: Path) -> None:
    for name in ("seed.jsonl", "page.html"):
        (tmp_path / name).write_text('{"instruction": "Say hello.", "output": "Hello."}\n')
    given = ("--seed-data", "seed.jsonl", "--pages", "page.html", "--prompts", "seed.jsonl")
    files = ("--setup", "files", *given, "--base", "tiny", "--judge", "base")
    done = humpback("plan", "all", *files, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "left out: alpagasus/headline: the setup 'files' has no instruction set to filter" in done.stderr
    none = humpback("run", "alpagasus/headline", "alpagasus/data_size", *files, cwd=tmp_path)
    assert (none.returncode, none.stderr.count("left out: ")) == (2, 2)
    assert "humpback: the setup 'files' has nothing for any of these experiments" in none.stderr
    alone = humpback("plan", "alpagasus/headline", *files, cwd=tmp_path)
    assert alone.returncode == 2
    assert "has no instruction set to filter" in alone.stderr


def test_a_plan_at_the_papers_scale_says_what_it_costs_and_what_is_not_known(tmp_path: Path) -> None:
    (tmp_path / "machine.toml").write_text("[endpoint]\nprice_in = 30.0\nprice_out = 60.0\n")
    words = ("plan", "humpback/data_scaling", "--setup", "llama-7b", "--machine", "machine.toml")
    done = humpback(*words, "--accelerator", "H100", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "cost on H100 at " in done.stdout
    assert " GPU hours, " in done.stdout
    assert "before clueweb22 is there" in done.stdout
    assert "; cost 1," in done.stdout
    wrong = humpback(*words, "--accelerator", "H10", cwd=tmp_path)
    assert wrong.returncode == 2
    assert "did you mean H100?" in wrong.stderr


def test_a_damaged_store_stops_a_run_and_is_named(tmp_path: Path) -> None:
    """A micro artifact with a changed byte: plan and run both name the file, say what to do, and fail."""
    from humpback.experiments.setups.micro import MICRO

    store = Store(tmp_path / "artifacts")
    store.prepare()
    seed = MICRO.at(0).seed_data
    build_artifact(seed, store, MACHINE, SOURCE, lambda *_: None)
    path = store.folder(seed) / "examples.parquet"
    data = bytearray(path.read_bytes())
    data[40] ^= 1
    path.write_bytes(data)
    for command in ("plan", "run"):
        done = humpback(command, "humpback/headline", "--store", str(store.root), cwd=tmp_path)
        assert done.returncode == 1
        assert "examples.parquet: checksum" in done.stdout + done.stderr
        assert "move" in done.stdout + done.stderr
        assert "Traceback" not in done.stderr
    assert sorted(p.name for p in store.root.iterdir() if not p.name.startswith(".")) == ["microseed"]


def test_a_store_that_cannot_be_written_is_said_before_any_work(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = humpback("run", "humpback/headline", "--store", str(tmp_path / "file" / "store"), cwd=tmp_path)
    assert done.returncode == 1
    assert "cannot be written" in done.stderr
    assert "--store" in done.stderr


def test_show_reads_like_something_for_people(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.prepare()
    seed = MicroSeed(World(), n=6)
    for node in (seed, Tagged(seed, S_A)):
        build_artifact(node, store, MACHINE, SOURCE, lambda *_: None)
    done = humpback("show", str(store.folder(Tagged(seed, S_A))), "--rows", "2")
    assert done.returncode == 0
    assert "examples.parquet: 6 rows" in done.stdout
    assert done.stdout.count("instruction: ") == 2
    assert f"system: {S_A}" in done.stdout
    assert seed.name in done.stdout
    table = json.loads(humpback("show", str(store.folder(seed)), "--json").stdout)
    assert table["record"]["counts"]["kept"] == 6
    assert len(table["tables"]["examples.parquet"]["first"]) == 3


def test_show_of_a_damaged_record_names_it(tmp_path: Path) -> None:
    (tmp_path / "record.json").write_text("{")
    done = humpback("show", str(tmp_path))
    assert done.returncode == 1
    assert "record.json: not a record" in done.stderr
