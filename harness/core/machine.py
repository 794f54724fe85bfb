"""Where and how stages run. Recorded with every result, never part of its identity.

A machine file is TOML with the fields of `Machine`; what it leaves out is taken from this computer.
"""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from humpback.core.expression import FieldError, Value
from humpback.core.toml_file import known_fields, read_toml, value_of


@dataclass(frozen=True)
class Endpoint(Value):
    """An OpenAI-compatible server: where it is, how hard to press it, what it charges. Of a machine file, the table
    `[endpoint]`. Prices are the user's to give, in any one currency: a table of ours would be wrong within months."""

    address: str = "https://api.openai.com/v1"
    """Address of the server, up to what stands before `/chat/completions`."""
    key_variable: str = "OPENAI_API_KEY"
    """Environment variable of the key. The key itself is nowhere but in the request's header."""
    concurrency: int = 8
    """Number of calls in flight at once."""
    timeout: float = 120.0
    """Longest time of one attempt in seconds, from sending to the last byte."""
    attempts: int = 8
    """How often one call is tried before it fails: while the server is busy, errs, hangs or cuts the connection."""
    pause: float = 1.0
    """Seconds before the second attempt; each further wait is twice as long, less a random part."""
    longest_wait: float = 300.0
    """Longest wait before another attempt in seconds, also where Retry-After asks for more: the call then fails, and
    can be asked again by another run."""
    price_in: float = 0.0
    """Price of a million prompt tokens."""
    price_out: float = 0.0
    """Price of a million completion tokens."""
    max_cost: float | None = None
    """Most that one run may spend, in the currency of the prices."""
    max_tokens: int | None = None
    """Most prompt and completion tokens together that one run may use."""
    max_calls: int | None = None
    """Most calls that one run may make."""
    send: tuple[tuple[str, str], ...] = ()
    """Fields that are sent with every request, such as `send = {reasoning_effort = "low"}`: names with values as
    JSON."""
    drop: tuple[str, ...] = ()
    """Fields that are left out of every request, such as `drop = ["temperature"]`."""

    def __post_init__(self) -> None:
        super().__post_init__()
        try:
            parts = urlsplit(self.address)
            _ = parts.port
        except ValueError as error:
            raise FieldError(f"Endpoint.address is no address: {error}") from error
        if parts.username or parts.password or parts.query or parts.fragment:
            # Not shown: a secret in it would be put on the screen and into logs.
            raise FieldError(
                "Endpoint.address holds a user name, password or query; the key goes into key_variable's variable"
            )
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise FieldError(f"Endpoint.address is {self.address!r}; it takes http(s)://HOST[:PORT]/PATH")
        for name, least in (("concurrency", 1), ("attempts", 1), ("pause", 0), ("price_in", 0), ("price_out", 0)):
            if getattr(self, name) < least:
                raise FieldError(f"Endpoint.{name} is {getattr(self, name)}; it takes {least} or more")
        for name in ("timeout", "longest_wait", "max_cost", "max_tokens", "max_calls"):
            value = getattr(self, name)
            if value is not None and value <= 0:
                raise FieldError(f"Endpoint.{name} is {value}; it takes more than 0")
        if self.max_cost is not None and not (self.price_in or self.price_out):
            raise FieldError(
                f"Endpoint.max_cost is {self.max_cost:g}, and nothing has a price; give price_in and price_out, or "
                "limit max_tokens"
            )


@dataclass(frozen=True)
class Server(Value):
    """An inference server that the harness starts, from an environment of its own, for each stage in which a model on
    this machine writes, rates or judges. Of a machine file, the table `[server]`."""

    engine: str = "vllm"
    """Name under which records tell what wrote."""
    python: str = ""
    """Python of the environment that vLLM is installed in."""
    arguments: tuple[str, ...] = ()
    """Further arguments of vLLM, such as `["--gpu-memory-utilization", "0.8"]`."""
    command: tuple[str, ...] = ()
    """Words that start another server which speaks OpenAI's protocol on 127.0.0.1: {model} in them is the folder of the
    model, {name} what calls will name it, {port} where it has to listen."""
    start_within: float = 1_800.0
    """Longest time in seconds from its start until it says that it is healthy."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if bool(self.python) == bool(self.command):
            raise FieldError(
                "Server takes either python, that of the environment with vLLM, or the command of another server; "
                f"{'both are' if self.python else 'neither is'} given"
            )
        if self.python and self.engine != "vllm":
            raise FieldError(f"Server.python starts vLLM, and engine is {self.engine!r}; start it by command")
        if self.command and self.engine == "vllm":
            raise FieldError('Server.command starts another server than vLLM; name it, such as engine = "sglang"')
        if self.command and self.arguments:
            raise FieldError("Server.arguments are vLLM's; those of another server belong into its command")
        for part in ("{model}", "{port}") if self.command else ():
            if not any(part in word for word in self.command):
                raise FieldError(f"Server.command has no {part} in it, so the server would not be told")
        if self.start_within <= 0:
            raise FieldError(f"Server.start_within is {self.start_within:g}; it takes more than 0")


ADDRESS = re.compile(r"(?![\w+]+://)\S+:\d+")
"""HOST:PORT of a Ray cluster."""


@dataclass(frozen=True)
class Machine(Value):
    """A computer as the stages see it."""

    device: Literal["cpu", "cuda"] = "cpu"
    precision: Literal["float32", "bfloat16"] = "float32"
    """Precision of the engine's weights and of autocast in training; adapters and optimizer state stay float32."""
    accelerator: str = ""
    """Name of its GPU, as `harness/costs/hours.py` lists them, for what a plan costs; empty where that is not said.
    Stages do not read it."""
    workers: int = 1
    """Number of stages at a time, each with a GPU of its own where there are GPUs. A stage that takes several leaves
    less room for others."""
    processes: int = 1
    """Processes that a finetuning is launched for, each on a worker of its own; more where one GPU does not hold it.
    A stage in which a model writes, rates or judges has as many, each with the whole model and a share of the
    prompts."""
    threads: int = 1
    """CPU threads of a stage. Sums come out in another order with another number, so it stays fixed in a run."""
    micro_batch: int = 32
    """Examples in memory at once while training; accumulation makes up the recipe's global batch."""
    generation_batch: int = 256
    """Sequences generated or scored at once; calls in flight where a server is started."""
    executor: Literal["local", "ray"] = "local"
    """Whether stages run on this machine or on the nodes of a Ray cluster. There, as many run at a time as its CPUs and
    GPUs hold, and a pretraining on CPUs takes those of a node, at most workers times threads."""
    ray_address: str = "auto"
    """HOST:PORT of the Ray cluster; auto for the one that this machine is a node of."""
    tracking: Literal["wandb", "off"] = "wandb"
    """Mirror metrics to Weights & Biases (offline unless WANDB_API_KEY is set; WANDB_MODE is obeyed), or not."""
    store: str = "artifacts"
    """Folder of the artifacts."""
    data: str = "data"
    """Folder of the public files that `humpback data pull` brings."""
    files: tuple[tuple[str, str], ...] = ()
    """(SHA-256, path) of the user's own files and models, which expressions name by checksum."""
    endpoint: Endpoint = Endpoint()
    """The server that is asked where a stage needs one."""
    server: Server | None = None
    """What models on this machine write, rate and judge with; transformers where there is none."""

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("workers", "processes", "threads", "micro_batch", "generation_batch"):
            if getattr(self, name) < 1:
                raise FieldError(f"Machine.{name} is {getattr(self, name)}; it takes 1 or more")
        for name in ("store", "data"):
            folder = getattr(self, name)
            if not folder.strip() or "\0" in folder:
                raise FieldError(f"Machine.{name} is {folder!r}; it takes the path of a folder")
            # No shell has done so in a file, nor behind "--store=".
            object.__setattr__(self, name, os.path.expanduser(folder))
        if self.ray_address != "auto" and self.executor != "ray":
            raise FieldError(
                f'Machine.ray_address is {self.ray_address!r} and executor is {self.executor!r}; it goes with "ray"'
            )
        if self.ray_address != "auto" and not ADDRESS.fullmatch(self.ray_address):
            raise FieldError(
                f"Machine.ray_address is {self.ray_address!r}; it takes HOST:PORT of the cluster's first node, or auto "
                "(a client's ray://... is none: run on a node)"
            )
        if self.processes > self.workers:
            raise FieldError(
                f"Machine.processes is {self.processes} and workers is {self.workers}; each process takes a worker of "
                f"its own: set workers = {self.processes} or more"
            )


def this_machine() -> dict[str, Any]:
    """The fields that can be seen from here without loading torch: GPUs if the driver shows any, else CPU cores."""
    gpus = len([name for name in os.listdir("/dev") if name.startswith("nvidia") and name[6:].isdigit()])
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1)
    if gpus:
        return {"device": "cuda", "precision": "bfloat16", "workers": gpus, "threads": max(1, cores // gpus)}
    return {"workers": cores, "threads": 1}


def load_machine(path: Path | None, **overrides: Any) -> Machine:
    """The machine of a TOML file (or none), with `overrides` on top.

    Raises:
        FieldError: naming file, field and the closest valid name.
        FileNotFoundError: when the file is not there.
    """
    given = read_toml(path) if path is not None else {}
    _known(given, Machine, "a machine", path)
    try:
        if isinstance(given.get("endpoint"), dict):
            _known(given["endpoint"], Endpoint, "an endpoint", path)
            at = given["endpoint"]
            if isinstance(at.get("send"), dict):
                at["send"] = fields_as_json(at["send"])
            if isinstance(at.get("drop"), list):
                at["drop"] = tuple(at["drop"])
            given["endpoint"] = Endpoint(**at)
        if isinstance(given.get("server"), dict):
            given["server"] = value_of(Server, given["server"], "[server]")
        return Machine(**{**this_machine(), **given, **overrides})
    except FieldError as error:
        raise FieldError(f"{path}: {error}" if path else str(error)) from error


def fields_as_json(given: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    """(name, value as JSON) of the fields of a table, in alphabetical order.

    Raises:
        FieldError: for a value that JSON does not have, such as a date.
    """
    found = []
    for name, value in sorted(given.items()):
        try:
            found.append((name, json.dumps(value, sort_keys=True, allow_nan=False)))
        except (TypeError, ValueError) as error:
            raise FieldError(f"Endpoint.send.{name} is {value!r}, which JSON does not have: {error}") from error
    return tuple(found)


def _known(given: dict[str, Any], kind: type[Machine] | type[Endpoint], what: str, path: Path | None) -> None:
    known_fields(given, [field.name for field in fields(kind)], str(path), what)
