"""`humpback init` as a user types it: what it finds, asks, writes, keeps, and refuses."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import tomllib
from pathlib import Path
from typing import Any

import pytest

from humpback.core.expression import FieldError
from humpback.core.machine import load_machine
from humpback.inputs.candidates import find_candidates
from tests.commands import invoke, succeed

PAGE = "<html><body><h1>Bread</h1><h2>Dough</h2><p>{}</p></body></html>"


@pytest.fixture
def own(tmp_path: Path) -> Path:
    folder = tmp_path / "own"
    (folder / "crawl").mkdir(parents=True)
    pairs = [{"instruction": f"Say {i}", "output": f"{i}, of course."} for i in range(20)]
    (folder / "pairs.json").write_text(json.dumps(pairs))
    (folder / "eval.jsonl").write_text("".join(json.dumps({"prompt": f"What is {i}?"}) + "\n" for i in range(9)))
    for i in range(2):
        (folder / f"crawl/p{i}.html").write_text(PAGE.format(f"Mix flour and water, part {i}. " * 40))
    return folder


@pytest.fixture
def planned(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """In the place of the plan: what it was asked for."""
    asked: list[Any] = []
    monkeypatch.setattr("humpback.cli.run.plan", lambda *words: asked.append(words))
    return asked


def setup(folder: Path) -> dict[str, Any]:
    return tomllib.loads((folder / "my.toml").read_text(encoding="utf-8"))


def test_it_finds_the_files_writes_both_and_shows_a_plan_that_can_be_run(own: Path) -> None:
    said = succeed("init", own, "--store", own / "store").output
    assert "crawl/*.html: web pages, HTML, 2 files" in said
    assert f"wrote {own}/my.toml" in said
    assert "0 done, 42 to do, 0 damaged" in said
    assert f"humpback run humpback/headline --setup files --files {own}/my.toml --machine {own}/machine.toml" in said
    assert setup(own) == {
        "seed_data": ["pairs.json"],
        "pages": ["crawl/*.html"],
        "prompts": ["eval.jsonl"],
        "base": "tiny",
        "judge": "base",
    }
    machine = load_machine(own / "machine.toml")
    assert machine == load_machine(None, store=str(own / "store"))
    assert not (own / "store").exists()


def test_a_file_that_is_there_is_kept_and_said_so_or_written_over_and_said_so(own: Path, planned: list[Any]) -> None:
    (own / "my.toml").write_text('base = "mine"\n')
    said = succeed("init", own).output
    assert f"kept {own}/my.toml, which is there already; --overwrite writes it anew" in said
    assert (own / "my.toml").read_text() == 'base = "mine"\n'
    assert f"wrote {own}/machine.toml" in said
    with pytest.raises(FieldError, match=r"my\.toml is there already, and --seed-data, --base would go"):
        succeed("init", own, "--base", "tiny", "--seed-data", "pairs.json")
    with pytest.raises(FieldError, match=r"machine\.toml is there already, and --base-url would go into it"):
        succeed("init", own, "--base-url", "http://localhost:1/v1")
    assert (own / "my.toml").read_text() == 'base = "mine"\n'
    said = succeed("init", own, "--overwrite", "--base-url", "http://localhost:1/v1").output
    assert f"wrote over {own}/my.toml" in said
    assert setup(own)["base"] == "tiny"
    assert load_machine(own / "machine.toml").endpoint.address == "http://localhost:1/v1"
    assert len(planned) == 2


def test_questions_are_asked_again_until_the_answer_can_be(own: Path, planned: list[Any]) -> None:
    (own / "my.toml").write_text("kept")
    words = ("y", "both", "humpback", "nowhere.json", "pairs.json, oasst1", "", "eval.jsonl", "org/model", "")
    done = invoke("init", own, "--ask", said="\n".join(words) + "\n")
    assert done.exit_code == 0, done.output
    assert "Write over it? [y/N]: y" in done.output
    assert "'both' is none of humpback, alpagasus" in done.output
    assert "there is no file" in done.output
    assert setup(own) == {
        "seed_data": ["pairs.json", "oasst1"],
        "pages": ["crawl/*.html"],
        "prompts": ["eval.jsonl"],
        "base": "org/model",
        "judge": "base",
    }
    done = invoke("init", own, "--ask", said="n\n\n")
    assert "kept" in done.output
    assert setup(own)["base"] == "org/model"


def test_a_set_without_pages_is_filtered(own: Path) -> None:
    for path in (own / "crawl").iterdir():
        path.unlink()
    said = succeed("init", own, "--store", own / "store").output
    assert setup(own) == {
        "filter": ["pairs.json"],
        "prompts": ["eval.jsonl"],
        "base": "tiny",
        "rater": "base",
        "judge": "base",
    }
    assert f"humpback run alpagasus/headline --setup files --files {own}/my.toml" in said
    assert "0 damaged" in said


def test_who_is_behind_a_server_is_asked_at_its_address(own: Path, planned: list[Any]) -> None:
    words = ("--filter", "pairs.json", "--rater", "served:gpt-x", "--judge", "alpaca_eval_gpt4", "--judge-model", "m")
    said = succeed("init", own, *words).output
    assert "server: https://api.openai.com/v1; --base-url names another" in said
    assert setup(own)["judge_model"] == "m"
    assert load_machine(own / "machine.toml").endpoint.address == "https://api.openai.com/v1"
    answers = "\n".join(("alpagasus", "", "", "", "", "alpaca_eval_gpt4", "-", "http://localhost:9/v1"))
    done = invoke("init", own, "--ask", "--overwrite", said=answers + "\n")
    assert done.exit_code == 0, done.output
    assert setup(own)["judge"] == "alpaca_eval_gpt4"
    assert "judge_model" not in setup(own)
    assert load_machine(own / "machine.toml").endpoint.address == "http://localhost:9/v1"
    succeed("init", own, "--overwrite", "--judge", "none")
    assert "endpoint" not in (own / "machine.toml").read_text()


def test_what_has_no_answer_names_the_option_and_what_brings_it(own: Path, planned: list[Any]) -> None:
    (own / "eval.jsonl").unlink()
    with pytest.raises(FieldError, match=r"prompts: .* give --prompts FILE, .* humpback data pull alpaca-eval"):
        succeed("init", own)
    assert not (own / "my.toml").exists()
    assert not (own / "machine.toml").exists()
    succeed("init", own, "--prompts", "alpaca-eval", "--texts", "pairs.json", "--judge", "x/y")
    assert setup(own)["prompts"] == ["alpaca-eval"]
    assert setup(own)["texts"] == ["pairs.json"]
    assert "pages" not in setup(own)
    with pytest.raises(FieldError, match="--pages and --texts"):
        succeed("init", own, "--overwrite", "--pages", "crawl", "--texts", "pairs.json")
    with pytest.raises(FieldError, match=r"seed_data: there is no file .*other\.json, and no public set of that name"):
        succeed("init", own, "--overwrite", "--seed-data", "other.json")
    with pytest.raises(FieldError, match="nowhere: there is no such folder"):
        succeed("init", "nowhere")


def test_files_are_told_by_what_is_in_them(tmp_path: Path) -> None:
    odd = 'od"d\\ [1] \u2028é.jsonl'
    (tmp_path / odd).write_text(json.dumps({"prompt": "Why?", "response": "So."}) + "\n")
    (tmp_path / "pages.jsonl").write_text(json.dumps({"url": "http://x", "html": PAGE.format("words " * 50)}) + "\n")
    (tmp_path / "broken.json").write_text("{")
    (tmp_path / "empty.jsonl").write_text("")
    (tmp_path / "notes.txt").write_text("no data")
    model = tmp_path / "models" / "mine"
    model.mkdir(parents=True)
    (model / "config.json").write_text("{}")
    (model / "model.safetensors").write_bytes(b"")
    (tmp_path / "base.gguf").write_bytes(b"GGUF")
    hidden = tmp_path / ".cache"
    hidden.mkdir()
    (hidden / "other.jsonl").write_text(json.dumps({"prompt": "x"}) + "\n")
    found = find_candidates(tmp_path)
    assert {one.name: one.kind for one in found.found} == {
        odd: "pairs",
        "pages.jsonl": "pages",
        "models/mine": "model",
        "base.gguf": "model",
    }
    told = "\n".join(found.aside)
    assert "broken.json" in told
    assert "empty.jsonl" in told
    assert "notes.txt" not in told


def test_a_name_that_toml_would_misread_is_written_so_that_it_is_found(own: Path, planned: list[Any]) -> None:
    odd = 'od"d\\ [1] é.json'
    (own / "pairs.json").rename(own / odd)
    succeed("init", own)
    assert setup(own)["seed_data"] == [odd]
    assert (own / setup(own)["seed_data"][0]).exists()


def test_what_no_file_can_name_is_set_aside_and_folders_are_printed_for_a_shell(
    own: Path, planned: list[Any], tmp_path: Path
) -> None:
    os.mkfifo(own / "live.jsonl")
    shutil.copy(own / "pairs.json", os.fsencode(own) + b"/more\xff.json")
    place = own.rename(tmp_path / "my own")
    said = succeed("init", place, "--store", "a b").output
    assert "not used: live.jsonl: neither a file nor a folder" in said
    assert "its name is no UTF-8, which no TOML file can hold; rename it" in said
    assert setup(place)["seed_data"] == ["pairs.json"]
    words = shlex.split(next(line for line in said.splitlines() if line.startswith("humpback run")))
    assert words[words.index("--files") + 1] == f"{place}/my.toml"
    assert said.rstrip().endswith("humpback view --store 'a b' shows it growing")
    assert planned
