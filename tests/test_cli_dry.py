"""`humpback run --dry`: where each stage would run and what starts its processes, and nothing is run."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from torch.distributed.run import parse_args

from humpback.runs import needs, placements
from humpback.runs.devices import Device, Devices
from tests.commands import invoke, succeed

NODE = (
    'device = "cuda"\nprecision = "bfloat16"\nworkers = 8\naccelerator = "A100-80G"\nmicro_batch = 4\nstore = "there"\n'
)


@pytest.fixture
def node(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine file of eight GPUs, and torch sees them."""
    seen = Devices("2.13.0", None, tuple(Device("A100", 80e9, 80e9) for _ in range(8)))
    for module in (needs, placements):
        monkeypatch.setattr(module, "find_devices", lambda: seen)
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "machine.toml"
    path.write_text(NODE)
    return path


def test_every_stage_of_llama_7b_is_placed_on_a_node_of_eight(node: Path) -> None:
    words = ("run", "humpback/headline", "--setup", "llama-7b", "--machine", node, "--dry")
    done = succeed(*words)
    lines = done.stdout.splitlines()
    trained = [line for line in lines if line.startswith("finetuned/")]
    assert len(trained) >= 4
    layout = "2 processes, fsdp2, 4 rows at once in each, packed, gradient checkpointing"
    assert all("  2 of 8 GPUs  " in line and line.endswith(f"  {layout}") for line in trained), trained
    (command,) = {line.strip() for line in lines if "torchrun" in line}
    name, *rest = command.split()
    read = parse_args(rest)
    assert (name, read.nproc_per_node, read.training_script) == ("torchrun", "2", "humpback.runs.rank")
    assert any("1 of 8 GPUs" in line for line in lines if line.startswith("rated/"))
    assert any("1 of 8 workers" in line for line in lines if line.startswith("tagged/"))
    assert "its 8 GPUs" not in done.stderr
    assert not (node.parent / "there").exists()
    told = json.loads(succeed(*words, "--json").stdout)
    assert {one["units"] for one in told} == {1, 2}
    assert all(one["units"] <= one["of"] for one in told)


def test_stages_that_the_machine_cannot_hold_are_said_where_its_gpus_are_not_seen(
    node: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(needs, "find_devices", lambda: Devices("2.13.0", None))
    done = succeed("run", "humpback/headline", "--setup", "llama-65b", "--machine", node, "--dry")
    assert "of llama-65b needs 1.04 TB for weights, gradients and optimizer state, and its 8 GPUs have 640 GB" in (
        done.stderr
    )
    done = succeed("run", "humpback/headline", "--setup", "llama-7b", "--machine", node, "--dry")
    assert "its 8 GPUs" not in done.stderr


def test_more_processes_than_the_machine_has_workers_are_an_error(node: Path) -> None:
    node.write_text(NODE + "processes = 16\n")
    done = invoke("run", "humpback/headline", "--setup", "llama-7b", "--machine", node, "--dry")
    assert "Machine.processes is 16 and workers is 8" in str(done.exception)


def test_on_a_cluster_a_stage_may_take_more_than_a_node_has(node: Path) -> None:
    node.write_text(NODE.replace("workers = 8", 'workers = 32\nprocesses = 8\nexecutor = "ray"'))
    done = succeed("run", "humpback/headline", "--setup", "llama-65b", "--machine", node, "--dry")
    lines = [" ".join(line.split()) for line in done.stdout.splitlines()]
    trained = [line for line in lines if line.startswith("finetuned/")]
    assert len(trained) >= 4
    assert all(" 16 of 32 GPUs 16 processes, fsdp2, " in line for line in trained), trained
    assert all(line.endswith(", started by Ray Train") for line in trained)
    rated = [line for line in lines if line.startswith(("rated/", "backtranslated/"))]
    assert rated
    assert all(" 8 of 32 GPUs 2 processes, a share of the prompts each, on 4 units, started" in one for one in rated)
    assert "torchrun" not in done.stdout


def test_on_a_cpu_every_stage_is_a_process_of_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    done = succeed("run", "humpback/headline", "--dry")
    lines = [line for line in done.stdout.splitlines() if line.startswith(("finetuned/", "pretrained/", "judged/"))]
    assert lines
    assert all(line.endswith("a process of the run") for line in lines)
    assert "JOB" not in done.stdout
