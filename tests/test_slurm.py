"""The batch script for Slurm, with stand-ins for Slurm's commands and Ray's."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

SCRIPT = Path(__file__).parent.parent / "docs" / "humpback.sbatch"

SBATCH = """#!/bin/bash
# Takes options and a script, as the real one; runs it at once on nodes that are not there.
while [[ $1 == -* ]]; do
case $1 in --nodes) export SLURM_NNODES=$2;; --gpus-per-node) export SLURM_GPUS_ON_NODE=$2;; esac
shift 2; done
export SLURM_JOB_ID=4321 SLURM_JOB_NODELIST="gpu[1-$SLURM_NNODES]" SLURM_CPUS_ON_NODE=16
exec bash "$@"
"""
SCONTROL = """#!/bin/bash
[ "$1 $2 $3" = "show hostnames gpu[1-$SLURM_NNODES]" ] && seq -f gpu%g "$SLURM_NNODES"
"""
SRUN = """#!/bin/bash
for word in "$@"; do echo "$word"; done > "$SAID/srun.said"
while [[ $1 == -* ]]; do shift; done
for n in $(seq "$SLURM_NNODES"); do NODE=gpu$n "$@" || exit; done
"""
RAY = """#!/usr/bin/env python3
import json, os, subprocess, sys
here = os.environ["NODE"]
open(os.environ["SAID"] + "/ray.said." + here, "w").write(json.dumps(sys.argv[1:]))
words = sys.argv[1:]
address = words[words.index("--address") + 1]
if address.split(":")[0] == here:
    sys.exit(subprocess.run(words[words.index("--") + 1:]).returncode)
"""
HUMPBACK = """#!/usr/bin/env python3
import json, os, sys
said = [os.environ["NODE"], os.environ["RAY_ADDRESS"], sys.argv[1:]]
open(os.environ["SAID"] + "/humpback.said", "a").write(json.dumps(said))
sys.exit(int(os.environ.get("ENDS", 0)))
"""


def submit(folder: Path, *options: str, ends: int = 0) -> int:
    """The script's exit code, sent with these options and a command of two odd words."""
    names = {"sbatch": SBATCH, "scontrol": SCONTROL, "srun": SRUN, "ray": RAY, "humpback": HUMPBACK}
    for name, text in names.items():
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)
    around = {**os.environ, "PATH": f"{folder}:{os.environ['PATH']}", "SAID": str(folder), "ENDS": str(ends)}
    words = ["sbatch", *options, str(SCRIPT), "run", "humpback/headline", "--set", "sft.batch=8 ", "--seeds", "0,1"]
    return subprocess.run(words, env=around, check=False).returncode


def test_each_node_is_started_and_the_command_runs_once_on_the_first(tmp_path: Path) -> None:
    assert submit(tmp_path, "--nodes", "2", "--gpus-per-node", "8") == 0
    started = [json.loads((tmp_path / f"ray.said.gpu{n}").read_text()) for n in (1, 2)]
    assert started[0] == started[1]
    assert started[0][: started[0].index("--")] == [
        *("symmetric-run", "--address", "gpu1:24321", "--min-nodes", "2"),
        *("--num-cpus", "16", "--num-gpus", "8"),
    ]
    words = ["run", "humpback/headline", "--set", "sft.batch=8 ", "--seeds", "0,1"]
    assert json.loads((tmp_path / "humpback.said").read_text()) == ["gpu1", "gpu1:24321", words]
    assert (tmp_path / "srun.said").read_text().splitlines()[:3] == ["--nodes=2", "--ntasks=2", "--cpus-per-task=16"]


def test_without_gpus_and_when_the_command_fails(tmp_path: Path) -> None:
    assert submit(tmp_path, "--nodes", "1", ends=3) == 3
    assert "--num-gpus" not in json.loads((tmp_path / "ray.said.gpu1").read_text())
