"""Every setup by name. `files`, made of what somebody points at, is in `files.py`."""

from __future__ import annotations

from humpback.experiments.setups.base import Setup
from humpback.experiments.setups.micro import MICRO
from humpback.experiments.setups.papers import (
    ALPAGASUS_7B,
    ALPAGASUS_13B,
    LLAMA2_70B,
    LLAMA_7B,
    LLAMA_33B,
    LLAMA_65B,
    SMOLLM_135M,
)

SETUPS: dict[str, Setup] = {
    setup.name: setup
    for setup in (
        MICRO,
        SMOLLM_135M,
        LLAMA_7B,
        LLAMA_33B,
        LLAMA_65B,
        LLAMA2_70B,
        ALPAGASUS_7B,
        ALPAGASUS_13B,
    )
}
