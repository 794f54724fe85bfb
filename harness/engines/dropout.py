"""Every dropout of an architecture, set before its modules are built and seen to be applied afterwards.

Architectures name theirs in two dozen ways (`attention_dropout`, `attn_pdrop`, `hidden_dropout`, MPT's inside
`attn_config`), carry values of their own (0.1 in GPT-2 and OPT), and some accept a field that nothing reads.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import torch
from huggingface_hub.errors import StrictDataclassFieldValidationError
from torch.overrides import TorchFunctionMode
from transformers import PretrainedConfig, PreTrainedModel

from humpback.core.errors import HumpbackError

_OTHER_HEADS = ("classifier", "summary", "encoder")
"""Of modules that a causal language model does not have."""
_WHOLE_LAYERS = ("layerdrop", "path")
"""Leave out layers, not activations: never used here."""


class DropoutError(HumpbackError, ValueError):
    """An architecture cannot take the dropout that a recipe asks for."""


def set_dropout(config: PretrainedConfig, value: float) -> None:
    """Give every dropout of the text model this probability, those inside nested configurations too.

    Raises:
        DropoutError: naming the field, where transformers does not admit the value (MPT's takes whole numbers).
    """
    _set(config.get_text_config(decoder=True), value)


def _set(config: PretrainedConfig, value: float) -> None:
    for name, found in list(vars(config).items()):
        if isinstance(found, PretrainedConfig):
            _set(found, value)
        elif "drop" in name and isinstance(found, float | int) and not isinstance(found, bool):
            if any(part in name for part in _OTHER_HEADS):
                continue
            wanted = 0.0 if any(part in name for part in _WHOLE_LAYERS) else value
            try:
                setattr(config, name, int(wanted) if isinstance(found, int) and wanted == 0 else wanted)
            except StrictDataclassFieldValidationError as error:
                raise DropoutError(
                    f"Sft.dropout is {value:g}, which transformers does not admit as {type(config).__name__}.{name} "
                    f"({error.__cause__}); it can only take 0"
                ) from error


def check_dropout(model: PreTrainedModel, value: float) -> None:
    """See by one pass in training mode over eight tokens that this dropout is applied and no other.

    Raises:
        DropoutError: naming the architecture, when it applies another, or none where one above 0 is asked for.
    """
    kind = type(model).__name__
    model.train()
    with torch.no_grad(), _Dropouts() as applied:
        model(input_ids=torch.arange(8, device=model.device)[None])
    other = sorted(applied.probabilities - {value, 0.0})
    if other:
        raise DropoutError(
            f"Sft.dropout is {value:g}, but {kind} applies {', '.join(f'{p:g}' for p in other)} of its own"
        )
    if value and value not in applied.probabilities:
        raise DropoutError(f"Sft.dropout is {value:g}, but {kind} has no dropout in transformers; it can only take 0")


class _Dropouts(TorchFunctionMode):
    """The probabilities with which functions drop activations while this is active."""

    def __init__(self) -> None:
        super().__init__()
        self.probabilities: set[float] = set()

    def __torch_function__(
        self, func: Callable[..., Any], types: Iterable[type], args: Any = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        named = kwargs or {}
        name = getattr(func, "__name__", "")
        if name == "scaled_dot_product_attention":
            self.probabilities.add(float(named.get("dropout_p", args[4] if len(args) > 4 else 0.0)))
        elif name.startswith("dropout") and named.get("training", args[2] if len(args) > 2 else True):
            self.probabilities.add(float(named.get("p", args[1] if len(args) > 1 else 0.5)))
        return func(*args, **named)
