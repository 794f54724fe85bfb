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
