"""How this machine stands, whatever is to be made on it: Python and packages, devices, store and data, servers."""

from __future__ import annotations

import asyncio
import platform
from collections.abc import Callable, Iterator
from dataclasses import replace
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from threading import Thread

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from humpback.core.machine import Endpoint, Machine
from humpback.core.store import Store, StoreError
from humpback.core.text import one_line
from humpback.costs.hours import accelerator
from humpback.costs.show import in_bytes
from humpback.runs.build import source_checkout
from humpback.runs.devices import find_devices, memory_here
from humpback.runs.needs import Finding, free_bytes, missing_gpus, serving, unwritable

_NAME = "humpback-harness"
EXTRAS = {
    "tracking": "mirroring to Weights & Biases",
    "diversity": "verbs and nouns of instructions",
    "judges": "alpaca-eval's annotators by name",
    "annotate": "the pages of humpback annotate and humpback view",
    "benchmarks": "NLP benchmarks",
    "sweeps": "humpback sweep",
    "ray": "stages on a cluster",
    "gguf": "bases in GGUF files",
    "qlora": "adapters over a base in four bits",
    "liger": "faster training on a GPU",
    "docs": "the documentation as a site",
    "dev": "the tests",
}
"""What each extra of pyproject.toml brings."""
_SECONDS = 5.0
"""Longest time that a server is waited for."""
_SHOWN = 6
"""Names that are shown of a list."""


def findings(machine: Machine) -> Iterator[Finding]:
    """Everything that is found without asking a server, in the order in which it is read."""
    wanted, here = metadata.metadata(_NAME)["Requires-Python"], platform.python_version()
    fits = Requirement(f"python{wanted}").specifier.contains(here, prereleases=True)
    yield Finding("Python", "ok" if fits else "lacks", here, "" if fits else f"install one that is {wanted}")
    yield from _packages()
    yield from _devices(machine)
    yield from _folders(machine)
    yield from serving(machine)
    yield from _ray(machine)


def _asked(package: str, extra: str = "") -> Iterator[Requirement]:
    """What an installed package asks for; with an extra, what that adds."""
    for one in map(Requirement, metadata.requires(package) or ()):
        plain = one.marker is None or one.marker.evaluate({"extra": ""})
        if plain != bool(extra) and (plain or (one.marker and one.marker.evaluate({"extra": extra}))):
            yield one


def _wrong(one: Requirement) -> Iterator[str]:
    """What is not as it is asked for, of a package and of the extras that are asked of it."""
    try:
        version = metadata.version(one.name)
    except metadata.PackageNotFoundError:
        yield one.name
        return
    if not one.specifier.contains(version, prereleases=True):
        yield f"{one.name} {version}, not {one.specifier}"
    for extra in one.extras:
        for inner in _asked(one.name, extra):
            yield from _wrong(inner)


def _packages() -> Iterator[Finding]:
    extras = metadata.metadata(_NAME).get_all("Provides-Extra") or []
    wrong = {extra: [told for one in _asked(_NAME, extra) for told in _wrong(one)] for extra in ("", *extras)}
    differing = [f"{name} {here} (pinned {pin})" for name, here, pin in _unlike_pins()]
    if core := wrong.pop(""):
        yield Finding("packages", "lacks", f"missing or out of range: {_some(core)}", f"pip install {_install()}")
    elif differing:
        text = f"{len(differing)} in other versions than the tests ran with: {_some(differing)}"
        yield Finding("packages", "note", text, f"pip install {_install()} brings those")
    else:
        yield Finding("packages", "ok", "the versions that the tests ran with" if source_checkout() else "all in range")
    if whole := [extra for extra, names in wrong.items() if not names]:
        yield Finding("extras", "ok", f"installed: {', '.join(whole)}")
    for extra, names in wrong.items():
        if names:
            brings = f" ({EXTRAS[extra]})" if extra in EXTRAS else ""
            yield Finding("extras", "note", f"no {extra}{brings}: {_some(names)}", f"pip install {_install(extra)}")


def _unlike_pins() -> Iterator[tuple[str, str, str]]:
    """(name, version here, pinned) of installed packages that a checkout's constraints.txt has in another version."""
    root = source_checkout()
    lines = (root / "constraints.txt").read_text(encoding="utf-8").splitlines() if root else []
    pins = {canonicalize_name(name): pin for name, mark, pin in (line.partition("==") for line in lines) if mark}
    for name, pin in pins.items():
        try:
            here = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
        # +cpu and the like tell how it was built.
        if Version(here).public != Version(pin).public:
            yield name, here, pin


def _install(extra: str = "") -> str:
    named = f"[{extra}]" if extra else ""
    return f"-c constraints.txt -e '.{named}'" if source_checkout() else f"'{_NAME}{named}'"


def _devices(machine: Machine) -> Iterator[Finding]:
    named = accelerator(machine.accelerator, machine) if machine.accelerator else None
    found = find_devices(precision=machine.precision, threads=machine.threads)
    memory = in_bytes(memory_here())
    if found.cpu is None:
        yield Finding("torch", "lacks", found.problem, f"pip install {_install()}")
    else:
        rate = f"{found.cpu.flops / 1e9:,.0f} GFLOP/s in float32 on {machine.threads} of its threads"
        yield Finding("CPU", "ok", f"{memory} of memory, {machine.workers} stages at a time; {rate}")
    for n, gpu in enumerate(found.gpus):
        rate = f"{gpu.flops / 1e12:,.0f} TFLOP/s in {gpu.precision}" if gpu.flops else "not measured: no room on it"
        share = f" ({gpu.flops / named.flops:.0%} of {machine.accelerator}'s peak)" if named and gpu.flops else ""
        taken = gpu.free < 0.9 * gpu.memory
        text = f"{gpu.name}: {in_bytes(gpu.free)} of {in_bytes(gpu.memory)} free; {rate}{share}"
        remedy = "another program has the rest: see nvidia-smi" if taken else ""
        yield Finding(f"GPU {n}", "note" if taken else "ok", text, remedy)
    if machine.executor == "ray":
        return  # what nodes have, their row says
    if machine.device == "cuda" and found.cpu:
        yield from missing_gpus(machine, found)
    elif found.gpus:
        yield Finding("GPUs", "note", "stages run on the CPU", 'device = "cuda" in the machine file takes the GPUs')


def _folders(machine: Machine) -> Iterator[Finding]:
    from humpback.inputs.pull import status

    store = Store(Path(machine.store))
    yield unwritable(store) or Finding("store", "ok", f"{store.root}: {in_bytes(free_bytes(store))} free")
    there = status(Path(machine.data))
    wrong = [f"{one.file.name} ({one.problem})" for one in there if one.problem]
    here = sum(one.path is not None for one in there)
    text = f"{machine.data}: {here} of {len(there)} public files" + (
        f"; not as published: {_some(wrong)}" if wrong else ""
    )
    yield Finding("data", "lacks" if wrong else "ok", text, "humpback data pull NAME replaces it" if wrong else "")


def _ray(machine: Machine) -> Iterator[Finding]:
    """Whether the machine's cluster answers, and what each of its nodes lacks."""
    if not find_spec("ray"):
        used = machine.executor == "ray"
        yield Finding("Ray", "lacks" if used else "ok", "not installed", f"pip install {_install('ray')}" * used)
        return
    version = metadata.version("ray")
    if machine.executor != "ray":
        yield Finding("Ray", "ok", f"{version}; not used: stages run on this machine")
        return
    from humpback.runs.ray_cluster import connected, look_around  # which loads Ray

    try:
        with connected(machine) as nodes:
            lacking, gpu = look_around(nodes, machine)
    except StoreError as error:
        text, _, remedy = str(error).rpartition("; ")
        yield Finding("Ray", "lacks", text, remedy)
        return
    cpus, gpus = (sum(getattr(node, name) for node in nodes) for name in ("cpus", "gpus"))
    each = f" of {in_bytes(gpu)} or more" if gpu else ""
    memory = in_bytes(sum(node.memory for node in nodes))
    has = f"{len(nodes)} nodes with {cpus:g} CPUs, {gpus:g} GPUs{each} and {memory}"
    yield Finding("Ray", "ok", f"{version}; at {machine.ray_address} {has}")
    yield from (replace(one, about="Ray") for one in lacking)


def ask_all(questions: dict[str, Callable[[], Finding]]) -> Iterator[Finding]:
    """What came of questions to servers, by what they are about, all asked at once; one that is not answered in time is
    left behind."""
    answers: dict[str, Finding] = {}

    def ask(about: str, question: Callable[[], Finding]) -> None:
        try:
            answers[about] = question()
        except Exception as error:  # whatever it is, it is what there is to say of this server
            answers[about] = Finding(about, "lacks", one_line(str(error) or type(error).__name__, 300))

    threads = [Thread(target=ask, args=pair, daemon=True) for pair in questions.items()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(4 * _SECONDS)
    for about in questions:
        yield answers.get(about) or Finding(about, "note", f"no answer within {4 * _SECONDS:.0f} s")


def hub() -> Finding:
    """Whether the Hugging Face hub can be reached. That it cannot is no fault: what is in its cache can be used."""
    import requests
    from huggingface_hub import constants, get_token

    token = "a token is set" if get_token() else "no token (models behind a licence need one: hf auth login)"
    where = f"cache {constants.HF_HUB_CACHE}"
    if constants.HF_HUB_OFFLINE:
        return Finding("hub", "note", f"off-line by HF_HUB_OFFLINE: models have to be here; {where}")
    try:
        requests.head(constants.ENDPOINT, timeout=_SECONDS, allow_redirects=False)
    except requests.RequestException as error:
        why = f"{constants.ENDPOINT} is not reached ({type(error).__name__})"
        return Finding("hub", "note", f"{why}; {where}", "models have to be here already: hf download brings them")
    return Finding("hub", "ok", f"{constants.ENDPOINT} answers; {token}; {where}")


def endpoint(at: Endpoint, key: str) -> Finding:
    """Whether the server of the machine file answers; `key` is what is in its variable, and is not shown."""
    from humpback.engines.endpoint.answer_body import RequestRefused, Retry
    from humpback.engines.endpoint.http import Http

    named = f"key in {at.key_variable}" if key else f"no key: {at.key_variable} is not set"
    if not key and at.address == Endpoint().address:
        remedy = f"for served raters, systems and judges set {at.key_variable}, or address under [endpoint]"
        return Finding("endpoint", "note", f"none given ({named})", remedy)

    async def models() -> tuple[str, ...]:
        async with Http(replace(at, timeout=min(at.timeout, _SECONDS))) as http:
            return await http.models()

    try:
        served = asyncio.run(models())
    except (Retry, RequestRefused) as error:
        remedy = "start it, or correct address under [endpoint] of the machine file"
        return Finding("endpoint", "lacks", f"{at.address} does not answer: {error} ({named})", remedy)
    if not served:
        text = f"{at.address} answers and lists no models ({named})"
        return Finding("endpoint", "note", text, "is the address right (it usually ends in /v1)?")
    return Finding("endpoint", "ok", f"{at.address} answers, {named}; it has {_some(list(served))}")


def _some(names: list[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more
