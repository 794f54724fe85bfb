"""A real base's answers before and after finetuning on seed data, side by side as Markdown.

    .venv/bin/python benchmarks/real_model.py my.toml --machine machine.toml --store artifacts > answers.md

M_0 of the setup `files` (experiments/humpback/algorithm.py) and the base answer the same prompts; what is made already
is not made again. docs/real-model.md holds what this printed of SmolLM2-135M-Instruct.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from machine_facts import facts

from humpback.cli.terminal import Terminal
from humpback.core.machine import load_machine
from humpback.core.tables import EXAMPLES, Example, read
from humpback.experiments.humpback.algorithm import arm, seed_model
from humpback.experiments.setups.files import files
from humpback.inputs.user_file import load_user_setup
from humpback.runs.build_one import build_here


def quoted(text: str) -> str:
    """The text as a Markdown block of its own, whatever is in it."""
    fence = "````" if "```" in text else "```"
    return f"{fence}text\n{text}\n{fence}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", type=Path)
    parser.add_argument("--machine", type=Path)
    parser.add_argument("--store", default="artifacts")
    given = parser.parse_args()
    machine = load_machine(given.machine, store=given.store)
    loaded = load_user_setup(given.files, {}, Path(machine.data))
    machine = replace(machine, files=loaded.files)
    setup = files(loaded.data).at(0)
    model, console = seed_model(setup), Terminal(stderr=True)
    started = time.perf_counter()
    answers = {}
    for name, responses in (("before", setup.reference), ("after", arm(setup, "after", model).judged.answers)):
        answers[name] = list(read(build_here(responses, machine, console) / EXAMPLES, Example))
    seconds = time.perf_counter() - started
    record = json.loads((build_here(model, machine, console) / "record.json").read_text(encoding="utf-8"))
    print(f"{seconds:.0f} s for what was missing of it, on {json.dumps(facts())}\n")
    print(f"finetuned: {record['seconds']:.0f} s; counts {json.dumps(record['counts'])}\n")
    for number, (before, after) in enumerate(zip(answers["before"], answers["after"], strict=True), start=1):
        print(f"## {number}\n\n{quoted(before.instruction)}\n\nbefore\n\n{quoted(before.output)}\n\nafter\n")
        print(f"{quoted(after.output)}\n")


if __name__ == "__main__":
    main()
