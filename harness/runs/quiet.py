"""What every process that makes a stage does first, before the libraries that it bears on are loaded."""

from __future__ import annotations

import logging
import os
import sys
import warnings

_ENVIRONMENT = {
    "TOKENIZERS_PARALLELISM": "false",
    "TQDM_DISABLE": "1",
    "TRANSFORMERS_VERBOSITY": "error",
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    # Sequences that grow leave holes in a GPU's memory that nothing larger fits into.
    "PYTORCH_CUDA_ALLOC_CONF": "expandable_segments:True",
}
"""What the user has set stays."""

_LAUNCHERS = (
    *("ACCELERATE_", "PMI_", "OMPI_COMM_WORLD_", "MV2_COMM_WORLD_", "PET_", "TORCHELASTIC_"),
    *("RANK", "WORLD_SIZE", "LOCAL_RANK", "LOCAL_WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT"),
)
"""Beginnings of what accelerate, mpirun and torchrun tell the programs that they start."""


def forget_launchers() -> None:
    """Take from this process what another launcher has left in the environment: transformers would train in the
    precision that it names, or wait for processes that nobody starts. How a stage is made says its machine."""
    for name in [name for name in os.environ if name.startswith(_LAUNCHERS)]:
        del os.environ[name]


def quiet(threads: int | None = None) -> None:
    """Keep libraries from writing over the progress display and from running code that the hub sends, and fix the
    number of CPU threads."""
    for name, value in _ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    sys.modules.setdefault("kernels", None)  # type: ignore[arg-type] # by which libraries run code that the hub sends
    logging.disable(logging.WARNING)
    logging.getLogger("bitsandbytes").setLevel(logging.CRITICAL)  # it warns of kernels
    warnings.filterwarnings("ignore")
    if threads is not None:
        os.environ["OMP_NUM_THREADS"] = str(threads)  # for a torch that is loaded later
        if (torch := sys.modules.get("torch")) is not None:
            torch.set_num_threads(threads)
