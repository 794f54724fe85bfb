"""Loaded once into the process that workers are forked from, where the packages are there to load.

Not where there are GPUs: a process that has looked for any, as these packages do, leaves none to those forked from it.
"""

from __future__ import annotations

from humpback.runs.quiet import quiet

quiet()
try:
    import transformers
    from transformers import LlamaForCausalLM, Trainer
except ImportError:  # a machine that runs only stages without models; those that need torch say so themselves
    pass
else:
    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()

__all__ = ["LlamaForCausalLM", "Trainer"]
