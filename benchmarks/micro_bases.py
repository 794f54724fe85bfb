"""Makes the micro bases that come with the project, each from its recipe, and lays them into harness/micro/bases.

Run as `python benchmarks/micro_bases.py [NAME...]`, such as llama-3x128-seed0; it goes on where it was stopped. Prints
the digests for `_SHIPPED` of experiments/setups/micro.py. bases/made.json says on which processor they were made.
"""

from __future__ import annotations

import argparse
import json
import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import machine_facts

import humpback
from humpback.core.machine import load_machine
from humpback.core.store import Store
from humpback.experiments.setups.micro import MICRO
from humpback.inputs.locate import digest, model_files
from humpback.spec.models import Pretrained

BASES = Path(__file__).parent.parent / "harness" / "micro" / "bases"


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("names", nargs="*")
    options.add_argument("--machine", type=Path)
    chosen = options.parse_args()
    machine = load_machine(chosen.machine)
    for one in (*MICRO.pretrainings, *(base for size in MICRO.bases for base in size.pretrainings)):
        assert isinstance(one, Pretrained)
        if chosen.names and one.slug not in chosen.names:
            continue
        recipe = replace(one, shipped="")
        humpback.run(recipe, machine=machine)
        folder = humpback.load(recipe, machine)
        found = digest(model_files(folder))
        target = BASES / f"{recipe.slug}-{found[:12]}"
        for old in BASES.glob(f"{recipe.slug}-*"):
            shutil.rmtree(old)
        target.mkdir(parents=True)
        for name in model_files(folder):
            shutil.copyfile(folder / name, target / name)
        counts = Store(Path(machine.store)).record(recipe).counts
        _note(recipe.slug, counts, found)
        print(f'    "{recipe.slug}": "{found}",', flush=True)


def _note(name: str, counts: Mapping[str, int], found: str) -> None:
    path = BASES / "made.json"
    known = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    known[name] = {
        "sha256": found,
        "tokens": counts["tokens"],
        "parameters": counts["parameters"],
        "updates": counts["updates"],
        **machine_facts.facts(),
    }
    path.write_text(json.dumps(known, indent=1, sort_keys=True) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
