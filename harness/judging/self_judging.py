"""Who judges whom: a model may not judge its own answers unless that is asked for by its name.

What is known of who wrote a set: the `generator` of AlpacaEval's files, and the published model in the record of an
artifact of ours. Names are compared without maker, folder, date, packing and punctuation, because "gpt-4-0613",
"openai/gpt-4" and "gpt4" are one model to this rule, as are "Llama-3-8B.Q4_K_M.gguf" and "meta/llama-3-8b". It errs on
the side of asking: whoever means two models says so.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from humpback.core.store import RECORD, read_record
from humpback.core.tables import Example

_EXTENSION = re.compile(r"\.(gguf|ggml|safetensors|bin|pt|json|jsonl|csv|parquet)$")
_TAG = re.compile(r":(latest|free|beta|v?\d+(\.\d+)?|main)$")
_ENDING = re.compile(
    r"[-@_:.](?:\d{4}-\d{2}-\d{2}|\d{4,8}|preview|latest|turbo-preview|exp|hf|gguf|ggml|mlx|awq|gptq|exl2|onnx|"
    r"v\d+:\d+|i?q\d(?:_[0-9a-z]+)*|[bf]p?(?:8|16|32)|int[48]|w\dab?\d+|[48]bits?|bnb-[48]bit|\d{4}-\d{2})$"
)
"""A date, a channel, or how the weights are packed: none of it makes another model to this rule."""
_MAKER = re.compile(
    r"^(?:[a-z]{2,6}\.)?(?:anthropic|amazon|meta|mistral|cohere|ai21|deepseek|qwen|openai|google|microsoft|nvidia|xai)\."
)


def normal_name(name: str) -> str:
    """A model's name without maker, folder, date, packing, file extension and punctuation."""
    name = re.split(r"[/\\]", name.strip().lower().strip("/\\ "))[-1]
    name = _MAKER.sub("", name)
    while True:
        shorter = _TAG.sub("", _ENDING.sub("", _EXTENSION.sub("", name)))
        if shorter == name:
            break
        name = shorter
    return re.sub(r"[^a-z0-9]", "", name)


def same_model(model: str, generators: Iterable[str]) -> str | None:
    """The one among the generators that the model is, if any."""
    return next((one for one in generators if normal_name(one) and normal_name(one) == normal_name(model)), None)


def generators_of(rows: Iterable[Example]) -> set[str]:
    """The generators that a set's file names."""
    found = (row.known.get("generator") for row in rows)
    return {one for one in found if isinstance(one, str) and one.strip()}


def answered_by(folder: Path) -> set[str]:
    """The published model that wrote an artifact's answers; nothing where it is none, or one trained here.

    Raises:
        Damaged: when the record is not as it was written.
    """
    if not (folder / RECORD).is_file():
        return set()
    record = read_record(folder / RECORD)
    table = record.expression
    model = table[record.fingerprint]["fields"].get("model")
    fields = table[model["artifact"]]["fields"] if isinstance(model, dict) and "artifact" in model else {}
    return {value for name in ("repository", "label", "served_as") if isinstance(value := fields.get(name), str)}
