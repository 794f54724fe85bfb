"""`humpback doctor`: this machine and what setups would lack on it, with nothing asked outside of this machine."""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from importlib import metadata
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import huggingface_hub
import pytest
import requests
import torch
from huggingface_hub import constants
from packaging.requirements import Requirement

from humpback.core.expression import FieldError
from humpback.core.machine import Endpoint, Machine
from humpback.runs import devices, environment
from humpback.runs.devices import Device, Devices, find_devices
from humpback.runs.needs import Finding
from tests.commands import invoke, succeed

ROOT = Path(__file__).parent.parent
SECRET = "sk-not-to-be-shown"


@pytest.fixture(autouse=True)
def quiet(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A machine without GPUs whose hub cannot be reached."""
    monkeypatch.setattr(environment, "find_devices", lambda **how: Devices("2.13.0", Device("CPU", flops=5e10)))

    def unreachable(*words: Any, **how: Any) -> None:
        assert how["timeout"] <= 5
        raise requests.ConnectTimeout

    monkeypatch.setattr(requests, "head", unreachable)
    for name in ("OPENAI_API_KEY", "WANDB_API_KEY", "WANDB_MODE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)


def found(about: str, *words: object) -> list[dict[str, Any]]:
    rows = json.loads(succeed("doctor", "--json", "--setup", "micro", *words).stdout)["machine"]
    return [row for row in rows if row["about"] == about]


def of(findings: Any, about: str) -> list[Finding]:
    return [one for one in findings if one.about == about]


def test_it_says_how_this_machine_stands_runs_nothing_and_succeeds(tmp_path: Path) -> None:
    said = succeed("doctor", "--setup", "micro", "--store", tmp_path / "store").stdout
    for about in ("Python", "packages", "extras", "CPU", "store", "data", "hub", "endpoint", "W&B", "Ray"):
        assert f"\n {about} " in said
    assert "50 GFLOP/s in float32 on 1 of its threads" in said
    assert "nothing is lacking" in said
    assert list(tmp_path.iterdir()) == []


def test_a_setup_with_its_remedies_and_what_several_setups_lack_once(tmp_path: Path) -> None:
    said = succeed("doctor", "--setup", "smollm-135m").stdout
    for about in ("web pages", "public files", "endpoint", "model ", "models"):
        assert f"\n {about}" in said
    assert "-> humpback data pull alpaca " in said
    assert "hf download HuggingFaceTB/SmolLM2-135M" in said
    assert SECRET not in said
    rows = json.loads(succeed("doctor", "--setup", "smollm-135m", "--json").stdout)["setups"]["smollm-135m"]
    assert {row["status"] for row in rows} == {"lacks"}
    assert [row["about"] for row in rows if row["stops"]] == ["web pages", "public files"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('devise = "cuda"', "devise"),
        ('device = "tpu"', "Machine.device is 'tpu'"),
        ('accelerator = "B300"', "no accelerator 'B300'"),
        ("workers = 0", "Machine.workers is 0"),
    ],
)
def test_a_wrong_machine_file_ends_it(text: str, says: str, tmp_path: Path) -> None:
    (tmp_path / "m.toml").write_text(text)
    done = invoke("doctor", "--setup", "micro", "--machine", tmp_path / "m.toml")
    assert isinstance(done.exception, FieldError)
    assert done.exception.exit_code == 2
    assert says in str(done.exception)


def test_a_setup_that_there_is_not_and_that_of_ones_own_files() -> None:
    assert "did you mean micro?" in str(invoke("doctor", "--setup", "mikro").exception)
    assert "humpback plan EXPERIMENT --setup files" in str(invoke("doctor", "--setup", "files").exception)


def test_a_store_that_cannot_be_written_is_said_and_no_failure(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    (row,) = found("store", "--store", tmp_path / "file" / "store")
    assert row["status"] == "lacks"
    assert row["remedy"] == "give a folder that can be, with --store"


def test_packages_that_are_missing_out_of_range_or_not_those_pinned(monkeypatch: pytest.MonkeyPatch) -> None:
    real = metadata.version
    here = {"numpy": "1.0", "optuna": None, "torch": real("torch").split("+")[0] + "+cu128"}

    def version(name: str) -> str:
        if name in here and here[name] is None:
            raise metadata.PackageNotFoundError(name)
        return here.get(name) or real(name)

    monkeypatch.setattr(metadata, "version", version)
    told = [str(one) for one in environment._packages()]
    assert "missing or out of range: numpy 1.0, not >=2.0" in told[0]
    assert any(one.startswith("no sweeps (humpback sweep): optuna; pip install") for one in told)
    here["numpy"] = "2.0.9"
    (packages,) = of(environment._packages(), "packages")
    assert packages.status == "note"
    assert "1 in other versions than the tests ran with: numpy 2.0.9 (pinned" in packages.text
    # An extra of a package that is asked with one: lm-eval's own, two floors down.
    here.update(numpy=real("numpy"), langdetect=None)
    assert "no benchmarks (NLP benchmarks): langdetect" in " ".join(str(one) for one in environment._packages())


def test_an_installed_wheel_has_no_pins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environment, "source_checkout", lambda: None)
    assert list(environment._unlike_pins()) == []
    assert environment._install("gguf") == "'humpback-harness[gguf]'"


def test_each_extra_is_said_to_bring_something() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert environment.EXTRAS.keys() == project["optional-dependencies"].keys()
    assert list(environment._wrong(Requirement("numpy>=999"))) == [f"numpy {metadata.version('numpy')}, not >=999"]


def test_gpus_with_their_memory_and_rate_beside_what_the_machine_file_names(monkeypatch: pytest.MonkeyPatch) -> None:
    gpus = (
        Device("NVIDIA H100", 8e10, 7.9e10, 4.945e14, "bfloat16"),
        Device("NVIDIA H100", 8e10, 1e9, 0.0, "bfloat16"),
    )
    seen = Devices("2.13.0", Device("CPU", flops=5e10), gpus)
    monkeypatch.setattr(environment, "find_devices", lambda **how: seen)
    told = list(environment._devices(Machine(device="cuda", precision="bfloat16", accelerator="H100", workers=2)))
    assert [one.status for one in told] == ["ok", "ok", "note"]
    assert told[1].text == "NVIDIA H100: 79 GB of 80 GB free; 494 TFLOP/s in bfloat16 (50% of H100's peak)"
    assert "1 GB of 80 GB free; not measured" in told[2].text
    assert "nvidia-smi" in told[2].remedy
    assert "stages run on the CPU" in list(environment._devices(Machine()))[-1].text
    (few,) = of(environment._devices(Machine(device="cuda", workers=3)), "GPUs")
    assert "has 3 workers" in few.text


def test_torch_is_asked_in_a_process_of_its_own() -> None:
    here = find_devices(precision="float32", threads=1)
    assert here.torch == torch.__version__
    assert here.cpu
    assert here.cpu.flops > 1e6
    assert len(here.gpus) == torch.cuda.device_count()
    assert bool(here.problem) == (not here.gpus)


def test_a_torch_that_hangs_or_cannot_be_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    answers: list[Any] = [subprocess.TimeoutExpired("python", 1), SimpleNamespace(stdout="", stderr="no torch\n")]

    def run(*words: Any, timeout: float, **how: Any) -> Any:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr(devices.subprocess, "run", run)
    find_devices.cache_clear()
    assert not find_devices().known
    find_devices.cache_clear()
    assert find_devices().problem == "torch cannot be loaded (no torch)"
    find_devices.cache_clear()


def test_the_hub_off_line_and_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    assert environment.hub().status == "note"
    monkeypatch.setattr(huggingface_hub, "get_token", lambda: SECRET)
    monkeypatch.setattr(requests, "head", lambda *words, **how: None)
    told = environment.hub()
    assert told.status == "ok"
    assert "a token is set" in told.text
    assert SECRET not in str(told)
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    assert "HF_HUB_OFFLINE" in environment.hub().text


def test_a_server_that_hangs_is_left_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    import time

    monkeypatch.setattr(environment, "_SECONDS", 0.02)

    def fails() -> Finding:
        raise OSError("line one\nline two")

    slow, wrong = environment.ask_all({"hub": lambda: time.sleep(5), "W&B": fails})  # type: ignore[dict-item,return-value]
    assert (slow.about, slow.status, slow.text) == ("hub", "note", "no answer within 0 s")
    assert (wrong.about, wrong.status) == ("W&B", "lacks")
    assert "\n" not in wrong.text


def test_where_runs_are_mirrored_to(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "off.toml").write_text('tracking = "off"')
    assert found("W&B", "--machine", tmp_path / "off.toml")[0]["text"].startswith("off")
    assert found("W&B")[0]["text"].startswith("offline")
    monkeypatch.setenv("WANDB_MODE", "disabled")
    assert found("W&B")[0]["text"].startswith("off:")
    monkeypatch.delenv("WANDB_MODE")
    monkeypatch.setattr("humpback.tracking.available", lambda: False)
    assert "humpback-harness[tracking]" in found("W&B")[0]["remedy"]


def test_an_address_where_nothing_listens() -> None:
    told = dict(environment_of(Endpoint(address="http://127.0.0.1:9/v1")))
    assert told["status"] == "lacks"
    assert "http://127.0.0.1:9/v1 does not answer: no connection (no key: OPENAI_API_KEY is not set)" in told["text"]
    assert "address under [endpoint]" in told["remedy"]


def environment_of(at: Endpoint, key: str = "") -> dict[str, Any]:
    (one,) = environment.ask_all({"endpoint": lambda: environment.endpoint(at, key)})
    return vars(one)


SERVER = """
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        status, body = sys.argv[1:]
        if self.path != "/v1/models" or not self.headers["Authorization"]:
            status = "404"
        self.send_response(int(status)); self.end_headers()
        self.wfile.write(body.replace("KEY", self.headers["Authorization"] or "").encode())
    def log_message(self, *words): pass
server = HTTPServer(("127.0.0.1", 0), Handler)
print(server.server_port, flush=True)
server.serve_forever()
"""


@pytest.mark.parametrize(
    ("status", "body", "how", "says"),
    [
        ("200", '{"data": [{"id": "llama"}, {"id": "judge"}]}', "ok", "answers, key in MY_KEY; it has llama, judge"),
        ("200", '{"data": "KEY"}', "note", "answers and lists no models"),
        ("200", "<html>", "note", "answers and lists no models"),
        ("404", "{}", "note", "answers and lists no models"),
        ("401", '{"error": {"message": "KEY is wrong"}}', "lacks", "answered 401: Bearer [key] is wrong"),
        ("503", "loading KEY", "lacks", "answered 503: loading Bearer [key]"),
        ("307", "", "lacks", "it sends calls on to"),
    ],
)
def test_what_an_endpoint_answers(status: str, body: str, how: str, says: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_KEY", SECRET)
    with subprocess.Popen([sys.executable, "-c", SERVER, status, body], stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout
            at = Endpoint(address=f"http://127.0.0.1:{server.stdout.readline().strip()}/v1", key_variable="MY_KEY")
            told = environment_of(at, SECRET)
        finally:
            server.kill()
    assert told["status"] == how, told
    assert says in told["text"]
    assert SECRET not in str(told)


def test_plan_says_what_a_run_here_would_lack_and_still_plans(tmp_path: Path) -> None:
    done = succeed("plan", "humpback/headline", "--setup", "smollm-135m", "--store", tmp_path / "store")
    assert "a run here would be refused: ClueWeb22 has to be licensed" in done.stderr
    assert "lacking here: a server is asked for" in done.stderr
    assert "refused" not in done.stdout
    assert not (tmp_path / "store").exists()


def test_run_is_refused_with_everything_that_is_lacking(tmp_path: Path) -> None:
    done = invoke("run", "humpback/headline", "--setup", "smollm-135m", "--store", tmp_path / "store")
    assert done.exception
    assert [str(one).split(" ")[0] for one in done.exception.args] == ["ClueWeb22", "2"]
    assert not (tmp_path / "store").exists()
