"""Somebody's files, for the setup `files`."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from humpback.spec.files import File, InstructionSet, PromptSet, WebPages

NOUNS = ("kettle", "lid", "spout", "stove", "handle", "water", "steam", "kitchen", "chalk", "cup", "table", "spoon")
VERBS = ("warms", "holds", "needs", "cleans", "leaves", "moves", "closes", "opens", "finds", "keeps", "makes", "covers")


def prose(rng: random.Random, sentences: int) -> str:
    """English of a sort, no two sentences alike."""
    said = []
    for _ in range(sentences):
        one, two, three, four = rng.sample(NOUNS, 4)
        said.append(f"The {one} {rng.choice(VERBS)} the {two} when the {three} and {four} are {rng.randint(2, 99)}.")
    return " ".join(said)


def page(i: int) -> str:
    rng = random.Random(i)
    sections = "".join(
        f"<h2>How to boil water {i}-{j}</h2><p>{prose(rng, 6)}</p><p>{prose(rng, 6)}</p>" for j in range(2)
    )
    return f"<html><head><title>Kettles</title></head><body><h1>Kettles</h1>{sections}</body></html>"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Somebody's files, and the TOML file beside them."""
    (tmp_path / "pages").mkdir()
    for i in range(3):
        (tmp_path / "pages" / f"{i}.html").write_text(page(i))
    pairs = [{"instruction": f"How do I boil {i} eggs?", "output": f"Boil them for {i} minutes."} for i in range(12)]
    (tmp_path / "pairs.json").write_text(json.dumps(pairs))
    (tmp_path / "prompts.jsonl").write_text("".join(json.dumps({"prompt": f"Boil {i} cups."}) + "\n" for i in range(4)))
    (tmp_path / "my.toml").write_text(
        'seed_data = ["pairs.json"]\npages = ["pages"]\nprompts = ["prompts.jsonl"]\nbase = "tiny"\njudge = "base"\n'
    )
    return tmp_path


def no_files() -> tuple[InstructionSet, WebPages, PromptSet]:
    given = (File("x", "0" * 64),)
    return InstructionSet(given), WebPages(given), PromptSet(given)
