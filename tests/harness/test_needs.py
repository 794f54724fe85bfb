"""What a run would lack here: refused before its first stage where no run can do without, and else said."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from humpback.core.expression import Artifact
from humpback.core.machine import Endpoint, Machine, Server
from humpback.core.plan import plan
from humpback.core.store import Store, StoreError
from humpback.experiments.humpback.algorithm import seed_model
from humpback.experiments.setups.base import Setup
from humpback.experiments.setups.papers import LLAMA_7B
from humpback.runs import needs as module
from humpback.runs.devices import Device, Devices
from humpback.runs.executor import Progress, execute
from humpback.runs.needs import Finding, needs, serving
from humpback.spec.benchmarks import Benchmarked, MicroFacts
from humpback.spec.curation import ModelRater, Rated
from humpback.spec.data import MicroSeed, Segments, Tagged
from humpback.spec.files import ClueWeb22, File, InstructionSet, Source
from humpback.spec.micro_world import World
from humpback.spec.models import Finetuned, HubModel, ServedModel
from humpback.spec.recipe import Lora, QLora
from humpback.spec.sources import SOURCES
from tests.conftest import MACHINE

GPU = replace(MACHINE, device="cuda", workers=1, precision="bfloat16")
SEED = MicroSeed(World(), 12)
DATA = Tagged(SEED, "Be brief.")
SEVEN = Finetuned(LLAMA_7B.base, SEED, LLAMA_7B.sft)

See = Callable[..., None]


@pytest.fixture
def see(monkeypatch: pytest.MonkeyPatch) -> See:
    """GPUs of so many bytes are what torch sees."""

    def seen(*memory: float, problem: str = "", known: bool = True) -> None:
        gpus = tuple(Device("H100", one, one) for one in memory)
        monkeypatch.setattr(module, "find_devices", lambda: Devices("2.13.0", None, gpus, problem, known))

    return seen


def on(machine: Machine, store: Path, *targets: Artifact) -> dict[str, Finding]:
    found = needs(plan(Store(store), list(targets)), Store(store), machine)
    by_name = {one.about: one for one in found}
    assert len(by_name) == len(found)
    assert all(one.status == "lacks" and one.remedy for one in found)
    return by_name


def test_cuda_without_a_gpu_is_refused_before_the_first_stage_and_leaves_nothing(
    tiny: Setup, tmp_path: Path, see: See, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    see(problem="Torch not compiled with CUDA enabled")
    store, started = Store(tmp_path / "store"), []
    with pytest.raises(StoreError) as refused:
        execute(plan(store, [tiny.base, DATA]), store, GPU, Progress(started=started.append))
    assert str(refused.value) == (
        'the machine\'s device is "cuda", and torch 2.13.0 sees no GPU (Torch not compiled with CUDA enabled); install '
        'the torch that fits the driver (nvidia-smi shows that), or name a machine file with device = "cpu" by '
        "--machine"
    )
    assert not started
    assert not store.root.exists()


def test_stages_without_a_model_need_no_gpu(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "find_devices", lambda: pytest.fail("torch was asked"))
    assert on(GPU, tmp_path, DATA) == {}
    assert on(replace(GPU, device="cpu"), tmp_path, SEVEN).keys() <= {"memory", "disk"}


def test_a_driver_that_does_not_answer_is_said_and_not_taken_for_none(tiny: Setup, tmp_path: Path, see: See) -> None:
    see(problem="torch did not say within 120 s what it sees", known=False)
    assert not on(GPU, tmp_path, tiny.base)["GPUs"].stops


def test_more_workers_than_gpus(tiny: Setup, tmp_path: Path, see: See, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0,1")
    see(8e10, 8e10)
    assert "GPUs" not in on(replace(GPU, workers=2), tmp_path, tiny.base)
    found = on(replace(GPU, workers=8), tmp_path, tiny.base)["GPUs"]
    assert found.stops
    assert "has 8 workers" in found.text
    assert "torch sees 2; CUDA_VISIBLE_DEVICES is '0,1'" in found.text
    assert "workers = 2" in found.remedy


def test_a_model_that_does_not_fit_surely_or_by_the_model_of_costs(
    tmp_path: Path, see: See, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=1e15))
    see(8e10)
    surely = on(GPU, tmp_path, SEVEN)["memory"]
    assert surely.stops
    assert "of llama-7b needs 108 GB for weights, gradients and optimizer state, and the GPU has 80 GB" in surely.text
    see(8e10, 1.15e11)
    assert on(replace(GPU, workers=2), tmp_path, SEVEN) == {}  # the two share it out
    see(4e10, 1.15e11)  # as if both were as the smaller one
    found = on(replace(GPU, workers=2), tmp_path, SEVEN)["memory"]
    assert found.stops
    assert "and its 2 GPUs have 80 GB" in found.text
    see(1.15e11)
    likely = on(GPU, tmp_path, SEVEN)["memory"]
    assert not likely.stops
    assert "plans with 90% of a GPU" in likely.text
    see(1.41e11)
    assert on(GPU, tmp_path, SEVEN) == {}
    see(8e10)
    adapter = replace(SEVEN, recipe=replace(SEVEN.recipe, adapter=Lora(rank=8)))
    assert on(GPU, tmp_path, adapter) == {}


def test_the_memory_of_a_computer_without_a_gpu(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=1e15))
    monkeypatch.setattr(module, "memory_here", lambda: 1.6e10)
    assert "this machine has 16 GB" in on(MACHINE, tmp_path, SEVEN)["memory"].text
    monkeypatch.setattr(module, "memory_here", lambda: 1.28e11)
    assert on(MACHINE, tmp_path, SEVEN) == {}


def test_a_disk_that_models_fill_is_refused_and_one_that_tables_may_fill_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "memory_here", lambda: 1e12)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=2e10))
    found = on(MACHINE, tmp_path, SEVEN)["disk"]
    assert found.stops
    assert found.text == f"models take 27 GB, and the store {tmp_path} has 20 GB free"
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=10))
    assert not on(MACHINE, tmp_path, DATA)["disk"].stops
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=1e6))
    assert on(MACHINE, tmp_path, DATA) == {}


def test_what_may_be_lacking_is_said_before_the_first_stage_and_the_run_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=10))
    store, heard = Store(tmp_path), []
    progress = Progress(started=lambda one: heard.append("started"), lacking=heard.append)
    assert not execute(plan(store, [DATA]), store, MACHINE, progress).failures
    assert heard[0].endswith("make fewer experiments or seeds at a time")
    assert heard[1:] == ["started", "started"]
    assert on(MACHINE, tmp_path, DATA) == {}  # there is nothing left to do


def test_a_store_that_cannot_be_written_is_named_and_not_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for place in (tmp_path / "file", tmp_path / "file" / "store", Path("/proc/none/store")):
        found = on(MACHINE, place, DATA)["store"]
        assert found.stops
        assert found.text.startswith(f"the store {place} cannot be written: ")
        assert found == on(MACHINE, place, DATA)["store"], "doctor tells what several setups lack once"
        assert found.remedy == "give a folder that can be, with --store"
    assert on(MACHINE, tmp_path / "a" / "b", DATA) == {}
    assert [one.name for one in tmp_path.iterdir()] == ["file"]


def test_public_files_that_are_not_here_are_named_together(tmp_path: Path) -> None:
    names = ("alpaca", "dolly", "lima")
    sets = [InstructionSet((Source(name, SOURCES[name].revision),)) for name in names]
    machine = replace(MACHINE, data=str(tmp_path / "data"))
    row = SOURCES["alpaca"]
    assert row.sha256
    (tmp_path / "data" / "alpaca").mkdir(parents=True)
    (tmp_path / "data" / "alpaca" / row.filename).write_text("[]")
    found = on(machine, tmp_path / "store", *sets)["public files"]
    assert found.stops
    assert found.text.startswith(f"2 public files are not in {tmp_path}/data: dolly, lima (")
    assert found.remedy.startswith(f"humpback data pull dolly lima --data {tmp_path}/data (with --from DIR")
    assert "public files" not in on(machine, tmp_path / "store", sets[0])
    own = InstructionSet((File("mine.json", "0" * 64),))
    assert "public files" not in on(machine, tmp_path / "store", own)


def test_pages_that_have_to_be_licensed(tmp_path: Path) -> None:
    found = on(MACHINE, tmp_path, Segments(ClueWeb22()))["web pages"]
    assert found.stops
    assert "--pages" in found.remedy


def test_an_endpoint_that_is_not_given_is_said_once_for_all_that_ask_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rated = Rated(SEED, ModelRater(ServedModel("org/big"), LLAMA_7B.filtering.rater.scoring))  # type: ignore[union-attr]
    monkeypatch.setenv("OPENAI_API_KEY", " ")
    found = on(MACHINE, tmp_path, rated)["endpoint"]
    assert not found.stops
    assert found.text == "a server is asked for org/big, and none is given: OPENAI_API_KEY is not set"
    near = replace(MACHINE, endpoint=Endpoint(address="http://127.0.0.1:8000/v1"))
    assert on(near, tmp_path, rated) == {}
    other = replace(MACHINE, endpoint=Endpoint(key_variable="MY_KEY"))
    assert "MY_KEY is not set" in on(other, tmp_path, rated)["endpoint"].text
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    assert on(MACHINE, tmp_path, rated) == {}


def test_an_extra_that_a_stage_needs(tiny: Setup, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "find_spec", lambda name: None if name == "lm_eval" else name)
    found = on(MACHINE, tmp_path, Benchmarked(tiny.base, (MicroFacts(World()),)))["packages"]
    assert "benchmarked takes the package lm_eval" in found.text
    assert found.remedy == "pip install 'humpback-harness[benchmarks]'"
    assert on(MACHINE, tmp_path, tiny.base) == {}


def test_a_base_in_four_bits_takes_its_package(tiny: Setup, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "find_spec", lambda name: None if name == "bitsandbytes" else name)
    for adapter in (Lora(), QLora()):
        model = seed_model(replace(tiny, sft=replace(tiny.sft, adapter=adapter)))
        found = on(MACHINE, tmp_path, model)
        assert ("packages" in found) is isinstance(adapter, QLora)
    assert found["packages"].text == "qlora takes the package bitsandbytes, which is not installed"
    assert found["packages"].remedy == "pip install 'humpback-harness[qlora]'"


def test_a_base_of_unknown_shape_is_no_reason_to_refuse(tmp_path: Path, see: See) -> None:
    see(1e9)
    assert on(GPU, tmp_path, replace(SEVEN, base=HubModel("nobody/nothing", "0" * 40))) == {}


def test_a_server_whose_program_is_not_there(tmp_path: Path) -> None:
    found = on(replace(MACHINE, server=Server(python=str(tmp_path / "python"))), tmp_path, DATA)["server"]
    assert found.stops
    assert f"python names {tmp_path}/python, which is no program on this machine" in found.text


def test_a_server_s_python_without_its_module_is_found_before_the_first_stage(tmp_path: Path) -> None:
    """Whatever lies in our own environment: the server starts in another."""
    python = tmp_path / "python"
    python.write_text(f'#!/bin/sh\nexec {sys.executable} -S "$@"\n')
    python.chmod(0o755)
    machine = replace(MACHINE, server=Server(python=str(python)))
    found = on(machine, tmp_path, DATA)["server"]
    assert found.stops
    assert f"{python} has no module vllm (AssertionError: there is none)" in found.text
    assert found.remedy.startswith(f"{python} -m pip install vllm")
    python.write_text("#!/bin/sh\necho vllm is 0.32.0\n")
    assert "server" not in on(machine, tmp_path, DATA)
    (told,) = serving(machine)
    assert (told.status, told.text) == ("ok", f"models write through vLLM 0.32.0, by {python}")
