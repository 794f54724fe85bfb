"""What every process of a stage does first, before the libraries that it bears on are loaded."""

from __future__ import annotations

import logging
import os
import sys
import warnings

os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
# Sequences that grow leave holes in a GPU's memory that nothing larger fits into.
os.environ.setdefault("PYTORCH_CUDA_ALLOC_CONF", "expandable_segments:True")
warnings.filterwarnings("ignore")
sys.modules.setdefault("kernels", None)  # type: ignore[arg-type] # by which libraries run code that the hub sends
logging.getLogger("bitsandbytes").setLevel(logging.ERROR)  # it warns of that


def quiet(threads: int) -> None:
    """Fix the number of CPU threads, and keep libraries from writing over the progress display."""
    logging.disable(logging.WARNING)  # alpaca-eval sets the root logger to INFO as it loads
    warnings.filterwarnings("ignore")
    os.environ["OMP_NUM_THREADS"] = str(threads)  # for a torch that is loaded later
    if (torch := sys.modules.get("torch")) is not None:
        torch.set_num_threads(threads)
