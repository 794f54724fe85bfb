"""AlpaGasus's experiments on somebody's files: the folder that tests of raters and judges of one's own share."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

from humpback.cli.run import read_annotator
from humpback.experiments.setups.base import Filtering, Setup
from humpback.experiments.setups.files import files
from humpback.inputs.user_file import UserSetup, load_user_setup
from tests.harness.engines.small_models import LINES

ALPACA = [{"instruction": f"Say {i}.", "input": "of stones" * (i % 2), "output": LINES[i]} for i in range(24)]
HEAD = 'filter = ["alpaca.json"]\nprompts = ["prompts.jsonl"]\nbase = "base"\n'


def loaded(folder: Path, text: str) -> UserSetup:
    (folder / "my.toml").write_text(HEAD + text)
    return load_user_setup(folder / "my.toml", {}, Path("data"), read_annotator=read_annotator)


def setup_of(folder: Path, text: str) -> Setup:
    return files(loaded(folder, text).data)


def filtering_of(folder: Path, text: str) -> Filtering:
    found = setup_of(folder, text).filtering
    assert found is not None
    return found


def table(folder: Path, name: str, text: str, **fields: str) -> str:
    (folder / f"{name}.txt").write_text(text)
    fields = {"file": f"{name}.txt", "sha256": sha256(text.encode()).hexdigest(), **fields}
    return f"[{name}]\n" + "".join(f'{key} = "{value}"\n' for key, value in fields.items())


PAIR = "Q: {q}\nA: {output_1}\nB: {output_2}\nBetter:"
