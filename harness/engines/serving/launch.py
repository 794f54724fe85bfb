"""The words that start an inference server on a model's folder, and the environment that it starts in."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from shutil import which

from humpback.core.machine import Machine, Server
from humpback.core.store import StoreError

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


def check_server(machine: Machine) -> None:
    """Nothing where the program that starts the machine's server is there.

    Raises:
        StoreError: naming it where it is not.
    """
    server = machine.server
    if server is None:
        return
    field, program = ("python", server.python) if server.python else ("command", server.command[0])
    if which(program) is None:
        raise StoreError(
            f"[server] of the machine file: {field} names {program}, which is no program on this machine; give the "
            "path of one that can be run"
        )


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
    return [*words, *server.arguments]


def launch_environment(machine: Machine) -> dict[str, str]:
    """Ours, in which the GPUs are the stage's, such that a server looks for nothing outside this machine and takes as
    many cores as the stage may; what the user has set stays."""
    wanted = {"HF_HUB_OFFLINE": "1", "VLLM_NO_USAGE_STATS": "1", "DO_NOT_TRACK": "1"}
    if machine.device == "cpu":
        wanted |= {"OMP_NUM_THREADS": str(machine.threads), "VLLM_CPU_OMP_THREADS_BIND": "nobind"}
    return {**wanted, **os.environ}
