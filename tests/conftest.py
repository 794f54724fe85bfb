"""A tiny setup, small enough that the whole loop runs in seconds, and stores made from it."""

from __future__ import annotations

import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from humpback.core.expression import Artifact
from humpback.core.machine import Machine
from humpback.core.plan import plan
from humpback.core.store import Store
from humpback.experiments.setups.base import AtLeast, Setup
from humpback.experiments.setups.micro import MICRO
from humpback.runs.build import build_artifact
from humpback.spec.curation import ExpectedScore
from humpback.spec.data import MicroPages, Sampling
from humpback.spec.models import Pretrained
from humpback.spec.prompts import MICRO_RATING
from humpback.spec.recipe import Llama, Steps
from tests.real_model import smollm2, smollm2_base, smollm2_folder  # noqa: F401 - fixtures for every test

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A shell starts what runs in its background deaf to Ctrl-C, and so would be what the tests start and interrupt.
    signal.signal(signal.SIGINT, signal.default_int_handler)


def tiny_setup() -> Setup:
    """Micro with everything smaller: its answers are poor and its counts are right."""
    base, pages = MICRO.base, MICRO.segments.pages
    assert isinstance(base, Pretrained)
    assert isinstance(pages, MicroPages)
    prompts = replace(MICRO.prompts, n=28)
    recipe = replace(MICRO.sft, duration=Steps(12), batch=8)
    return replace(
        MICRO,
        name="tiny",
        decontaminated=False,
        pretrainings=(),
        base=replace(
            base,
            shipped="",
            texts=replace(base.texts, n=2_000),
            shape=Llama(layers=2, width=32, heads=2, feed_forward=64),
            updates=200,
            batch=32,
        ),
        seed_data=replace(MICRO.seed_data, n=24),
        segments=replace(MICRO.segments, pages=replace(pages, n=10)),
        backward=recipe,
        sft=recipe,
        scoring=ExpectedScore(MICRO_RATING),
        augmentation=Sampling(max_new_tokens=24),
        answering=Sampling(max_new_tokens=16),
        prompts=prompts,
        reference=replace(MICRO.reference, prompts=prompts),
        selection=AtLeast(2.4085),
        oracle=replace(MICRO.oracle, noise=3.0),
    )


MACHINE = Machine(workers=2, threads=1, tracking="off")
SOURCE = {"commit": None, "diff": None, "changed": [], "argv": ["test"]}


@pytest.fixture(scope="session")
def tiny() -> Setup:
    return tiny_setup()


@pytest.fixture(scope="session")
def shared_store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """A store for the whole session: nodes are made once and never spoiled."""
    store = Store(tmp_path_factory.mktemp("store"))
    store.prepare()
    return store


@pytest.fixture(scope="session")
def made(shared_store: Store) -> Callable[[Artifact], Path]:
    """Makes an artifact, and what it needs, in this process; returns its folder."""
    from humpback.runs.quiet import quiet

    quiet(1)

    def make_all(target: Artifact) -> Path:
        for step in plan(shared_store, [target]).to_do:
            build_artifact(step.artifact, shared_store, MACHINE, SOURCE, lambda done, total, unit: None)
        return shared_store.open(target)

    return make_all


@pytest.fixture
def no_hub(monkeypatch: pytest.MonkeyPatch) -> None:
    """The hub is out of reach, and to ask it is a fault."""
    import datasets

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("the hub was asked")

    monkeypatch.setattr("requests.head", refuse)
    monkeypatch.setattr(datasets.config, "HF_HUB_OFFLINE", True)
