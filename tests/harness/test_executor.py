"""What runs beside what."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

from humpback.core.expression import Artifact
from humpback.core.plan import plan
from humpback.core.store import Store
from humpback.experiments.setups.base import Setup
from humpback.runs.build import Outcome
from humpback.runs.executor import Progress, execute
from humpback.spec.data import Tagged
from humpback.spec.models import Pretrained
from tests.conftest import MACHINE


def test_pretraining_on_a_cpu_has_its_cores_to_itself_and_other_stages_share_them(tiny: Setup, tmp_path: Path) -> None:
    assert isinstance(tiny.base, Pretrained)
    bases = [replace(tiny.base, updates=2, seed=seed) for seed in range(2)]
    others = [Tagged(replace(tiny.seed_data, draw=draw), "Be brief.") for draw in range(4)]
    running: dict[str, Artifact] = {}
    together = []

    def started(artifact: Artifact) -> None:
        running[artifact.fingerprint] = artifact
        together.append([type(one).__name__ for one in running.values()])

    def ended(artifact: Artifact, outcome: Outcome) -> None:
        del running[artifact.fingerprint]

    store = Store(tmp_path)
    machine = replace(MACHINE, workers=2)
    result = execute(plan(store, [*bases, *others]), store, machine, Progress(started=started, ended=ended))
    assert not result.failures
    assert together.count(["Pretrained"]) == 2
    assert not [names for names in together if "Pretrained" in names and len(names) > 1]
    assert any(len(names) == 2 for names in together)


def test_no_library_runs_code_that_the_hub_sends(tmp_path: Path) -> None:
    (tmp_path / "kernels.py").write_text("raise SystemExit('it was loaded')", encoding="utf-8")
    asked = (
        "from humpback.runs.quiet import quiet\nquiet()\n"
        "import importlib.util\n"
        "assert importlib.util.find_spec('kernels') is None\n"
        "from transformers.utils import is_kernels_available\n"
        "assert not is_kernels_available()\n"
    )
    path = os.pathsep.join([str(tmp_path), *sys.path])
    done = subprocess.run(
        [sys.executable, "-c", asked],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": path},
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_a_stage_is_forked_from_nothing_that_has_looked_for_gpus_and_finds_all_loaded_on_a_cpu() -> None:
    for device, loaded in (("cpu", 1), ("cuda", 0)):
        words = [sys.executable, "-m", "tests.harness.forked", device]
        done = subprocess.run(words, capture_output=True, text=True, check=True)
        assert json.loads(done.stdout) == dict.fromkeys(("torch", "transformers", "humpback.cli.main"), loaded)


def test_a_process_of_several_is_told_its_gpus_before_a_library_looks_for_them() -> None:
    """torch itself looks for none as it loads; transformers, accelerate and peft do."""
    asked = "import humpback.runs.rank, sys; print(sorted({'transformers', 'accelerate', 'peft'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
