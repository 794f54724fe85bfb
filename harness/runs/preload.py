"""Loaded once into the process that workers are forked from, where the packages are there to load."""

from __future__ import annotations

import contextlib
import importlib
import logging
import os
import sys
import warnings

os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
# Sequences that grow leave holes in a GPU's memory that nothing larger fits into.
os.environ.setdefault("PYTORCH_CUDA_ALLOC_CONF", "expandable_segments:True")
warnings.filterwarnings("ignore")
sys.modules.setdefault("kernels", None)  # type: ignore[arg-type] # by which libraries run code that the hub sends
logging.getLogger("bitsandbytes").setLevel(logging.ERROR)  # it warns of that
try:
    import torch
    import transformers
    from transformers import LlamaForCausalLM, Trainer
except ImportError:  # a machine that runs only stages without models; those that need torch say so themselves
    torch = None  # type: ignore[assignment]
    transformers = None  # type: ignore[assignment]

with contextlib.suppress(ImportError):
    importlib.import_module("alpaca_eval.annotators")  # sets the root logger to INFO; `quiet` sets it back

__all__ = ["LlamaForCausalLM", "Trainer", "quiet"]


def quiet(threads: int) -> None:
    """Fix the number of CPU threads, and keep libraries from writing over the progress display."""
    logging.getLogger().setLevel(logging.ERROR)
    warnings.filterwarnings("ignore")
    if torch is not None:
        torch.set_num_threads(threads)
        transformers.utils.logging.set_verbosity_error()
        transformers.utils.logging.disable_progress_bar()
