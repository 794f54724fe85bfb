"""Whether a folder holds a model that can be used, told from its JSON files and the headers of its weights.

Nothing of the model is loaded, so this is done while planning. What only transformers can tell is told when the base
is put on record (`harness/engines/loading.py`), still before anything expensive starts.
"""

from __future__ import annotations

import json
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from humpback.core.store import StoreError

CONFIG, ADAPTER = "config.json", "adapter_config.json"
WEIGHTS, INDEX = "model.safetensors", "model.safetensors.index.json"
_PICKLES = (".bin", ".pt", ".pth", ".pkl", ".pickle", ".ckpt")
_SENTENCEPIECE = ("tokenizer.model", "spiece.model", "sentencepiece.bpe.model")
"""Vocabularies that need that package where there is no tokenizer.json."""
_PLAIN_TOKENIZERS = ("tokenizer.json", "vocab.json", "vocab.txt", "tekken.json")
_PACKED = ("I8", "U8", "I16", "I32", "F8_E4M3", "F8_E5M2", "F8_E8M0", "F4")
"""Types of quantised weights."""
_POINTER = b"version https://git-lfs"
_AGAIN = "bring the file again (git lfs pull, or hf download)"


def model_root(folder: Path) -> Path:
    """Where the files lie: the folder itself, or in the hub's cache layout (refs/, snapshots/COMMIT/) its snapshot."""
    snapshots, main = folder / "snapshots", folder / "refs" / "main"
    if (folder / CONFIG).exists() or not snapshots.is_dir():
        return folder
    commits = sorted(one for one in snapshots.iterdir() if one.is_dir())
    named = [snapshots / main.read_text(encoding="utf-8").strip()] if main.is_file() else commits
    if len(named) == 1 and named[0] in commits:
        return named[0]
    if len(commits) == 1:
        return commits[0]
    raise StoreError(f"{folder}: holds {len(commits)} snapshots and no refs/main; give one of {snapshots}/*")


def is_reward_model(config: dict[str, Any]) -> bool:
    """Whether a configuration says that the model gives texts numbers, and does not write."""
    return any(
        "SequenceClassification" in str(one) or "Reward" in str(one) for one in config.get("architectures") or ()
    )


def check_model_files(folder: Path, *, reward: bool = False) -> None:
    """Nothing, where the folder holds a model for causal language modelling as safetensors, with its tokenizer; or, if
    that is asked for, a reward model.

    Raises:
        StoreError: naming the file, what was found and what would do.
    """
    try:
        for path in sorted(folder.iterdir()):
            if path.is_symlink() and not path.exists():
                raise StoreError(f"{path}: a link to {path.readlink()}, where there is nothing; {_AGAIN}")
        files = weights(folder)
        _config(folder, reward)
        _tokenizer(folder)
        if (folder / INDEX).is_file() and files[0].name != WEIGHTS:
            _indexed(folder)
        for path in files:
            tensors(path)
    except OSError as error:
        raise StoreError(f"{error.filename or folder}: {error.strerror}; make it readable, or {_AGAIN}") from error


def weights(folder: Path) -> tuple[Path, ...]:
    """The files of weights that transformers would load.

    Raises:
        StoreError: when there is no model in the folder, or more than one.
    """
    single, index, adapter = folder / WEIGHTS, folder / INDEX, folder / ADAPTER
    others = sorted(path for path in folder.glob("*.safetensors") if not path.name.startswith(("adapter", WEIGHTS)))
    if not (folder / CONFIG).exists() or not (single.exists() or index.exists() or others):
        raise StoreError(_no_model(folder, adapter))
    if adapter.exists() or (folder / "adapter_model.safetensors").exists():
        raise StoreError(
            f"{adapter}: an adapter beside a whole model, which transformers would put into it; move "
            "adapter_config.json and adapter_model.safetensors out of it, or merge them (peft's merge_and_unload)"
        )
    if single.exists() and not index.exists():
        return (single,)
    if index.exists():
        found = sorted(set(_weight_map(index).values()))
        if single.exists() and found != [WEIGHTS]:
            raise StoreError(f"{folder}: holds two models' weights, {WEIGHTS} and those of {INDEX}; move one set away")
        missing = [name for name in found if not (folder / name).exists()]
        if missing:
            more = f" (nor are {len(missing) - 1} more)" if missing[1:] else ""
            raise StoreError(f"{folder / missing[0]}: {INDEX} names it and it is not there{more}; {_AGAIN}")
        return tuple(folder / name for name in found)
    if len(others) == 1:
        raise StoreError(f"{others[0]}: weights are looked for as {WEIGHTS}; rename it")
    if any("-of-" in path.name for path in others):
        raise StoreError(f"{index}: not there, so which of {len(others)} shards holds what is not known; {_AGAIN}")
    names = ", ".join(path.name for path in others)
    raise StoreError(f"{folder}: holds several files of weights ({names}); name the model's {WEIGHTS}")


def tensors(path: Path) -> set[str]:
    """The names of the tensors in a safetensors file.

    Raises:
        StoreError: when the file is cut, a pointer, of another kind, or its weights are quantised.
    """
    from safetensors import SafetensorError, safe_open

    _no_pointer(path)
    try:
        with safe_open(path, "np") as file:
            types = {name: file.get_slice(name).get_dtype() for name in list(file.keys())}
    except SafetensorError as error:
        raise StoreError(f"{path}: no whole safetensors file ({error}); {_AGAIN}") from error
    packed = next((name for name, kind in types.items() if name.endswith("weight") and kind in _PACKED), None)
    if packed:
        raise StoreError(f"{path}: {packed} is quantised ({types[packed]}); {_UNQUANTISED}")
    return set(types)


def _no_pointer(path: Path) -> None:
    with path.open("rb") as file:
        if file.read(len(_POINTER)) == _POINTER:
            raise StoreError(f"{path}: a Git LFS pointer and not the file; {_AGAIN}")


_UNQUANTISED = "give the folder of the model before quantisation"


def _no_model(folder: Path, adapter: Path) -> str:
    if not folder.is_dir():
        return f"{folder}: no folder"
    if adapter.exists():
        base = json_object(adapter).get("base_model_name_or_path")
        return (
            f"{folder}: an adapter without its model, {base}; merge the two with peft "
            "(AutoPeftModelForCausalLM.from_pretrained(...).merge_and_unload().save_pretrained(...)), save the "
            "tokenizer beside it, and give that folder"
        )
    names = sorted(path.name for path in folder.iterdir() if path.is_file())
    inner = sorted(path.parent.name for path in folder.glob(f"*/{CONFIG}"))
    packed = [name for name in names if name.endswith(".gguf")]
    pickled = [name for name in names if name.endswith(_PICKLES)]
    if packed:
        return f"{folder}: holds {packed[0]}; give that file itself, {folder / packed[0]}"
    if CONFIG in names and pickled:
        return (
            f"{folder}: its weights are pickled ({', '.join(pickled[:3])}), and a pickle runs code where it is loaded; "
            "convert pickled weights with save_pretrained(...), which writes safetensors"
        )
    if inner and CONFIG not in names:
        return f"{folder}: no {CONFIG} in it; {', '.join(inner)} in it hold models: give one of them"
    told = ", ".join(names[:8]) or "nothing"
    return f"{folder}: a model folder has {CONFIG}, a tokenizer and *.safetensors; found {told}"


def _config(folder: Path, reward: bool) -> None:
    path = folder / CONFIG
    config = json_object(path)
    kind = config.get("model_type")
    if not isinstance(kind, str):
        raise StoreError(f"{path}: names no model_type; it has to be transformers' configuration of the model")
    quantised = config.get("quantization_config")
    if quantised is not None:
        method = quantised.get("quant_method", "unnamed") if isinstance(quantised, dict) else quantised
        raise StoreError(
            f"{path}: the model is quantised ({method}), and is neither trained nor loaded here; {_UNQUANTISED}"
        )
    for name in ("quantize_config.json", "quant_config.json", "hf_quant_config.json"):
        if (folder / name).exists():
            raise StoreError(f"{folder / name}: the model is quantised; {_UNQUANTISED}")
    if config.get("is_encoder_decoder"):
        raise StoreError(
            f"{path}: {kind} has an encoder and a decoder, and only decoders are trained here; give another model"
        )
    architecture = next(iter(config.get("architectures") or ()), "")
    seen = [name.removesuffix("_config") for name in ("vision_config", "audio_config") if config.get(name)]
    if seen:
        raise StoreError(
            f"{path}: {architecture or kind} has a part for {' and '.join(seen)}, which would be trained and adapted "
            "with the rest; give a model of text alone, or save its text part (language_model and lm_head) by itself"
        )
    if reward:
        _reward(path, kind, architecture, config)
        return
    plain = architecture.endswith("ForCausalLM") or architecture == "GPT2LMHeadModel"
    if "auto_map" in config or not plain or "type_vocab_size" in config:
        _known(path, kind, architecture, config)


def _known(path: Path, kind: str, architecture: str, config: dict[str, Any]) -> None:
    """Nothing, where transformers' own classes load it as a causal language model."""
    from transformers.models.auto.configuration_auto import CONFIG_MAPPING_NAMES
    from transformers.models.auto.modeling_auto import (
        MODEL_FOR_CAUSAL_LM_MAPPING_NAMES,
        MODEL_FOR_MASKED_LM_MAPPING_NAMES,
    )

    if kind not in CONFIG_MAPPING_NAMES:
        code = ", ".join(sorted(path.name for path in path.parent.glob("*.py"))) or "code of its own"
        raise StoreError(
            f"{path}: {kind!r} is no model of this transformers, and the code that comes with a model ({code}) is "
            "never run; give a model of a family that transformers has, or a transformers that has it"
        )
    own = MODEL_FOR_CAUSAL_LM_MAPPING_NAMES.get(kind)
    if own is None:
        raise StoreError(f"{path}: {architecture or kind} does not write text by itself; give a causal language model")
    if kind in MODEL_FOR_MASKED_LM_MAPPING_NAMES and not config.get("is_decoder"):
        raise StoreError(f"{path}: {kind} is an encoder, which reads in both directions; give a causal language model")
    if "For" in architecture and architecture != own and not architecture.endswith(("ForCausalLM", "LMHeadModel")):
        raise StoreError(f"{path}: made as {architecture}, which is no causal language model; give one")


def _reward(path: Path, kind: str, architecture: str, config: dict[str, Any]) -> None:
    """Nothing, where transformers' own classes read one number off a text of prompt and answer with it."""
    from transformers.models.auto.modeling_auto import (
        MODEL_FOR_MASKED_LM_MAPPING_NAMES,
        MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING_NAMES,
    )

    own = MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING_NAMES.get(kind)
    if architecture != own:
        raise StoreError(
            f"{path}: made as {architecture}, which transformers does not have, and code that comes with a model is "
            f"never run; give a reward model of a class of its own{f', here {own}' if own else ''}"
        )
    if kind in MODEL_FOR_MASKED_LM_MAPPING_NAMES and not config.get("is_decoder"):
        raise StoreError(
            f"{path}: {kind} is an encoder; give a reward model that was made from a causal language model"
        )
    labels = len(config.get("id2label") or ()) or config.get("num_labels", 2)
    if labels != 1:
        raise StoreError(f"{path}: it gives a text {labels} numbers, and a reward is one; give a model with one label")


def _tokenizer(folder: Path) -> None:
    for path in (*folder.glob("tokenizer*"), *folder.glob("vocab*"), *folder.glob("special_tokens_map.json")):
        if path.suffix == ".json":
            json_object(path)
        else:
            _no_pointer(path)
    if any((folder / name).exists() for name in _PLAIN_TOKENIZERS):
        return
    name = next((name for name in _SENTENCEPIECE if (folder / name).exists()), None)
    if name and find_spec("sentencepiece") is None:
        raise StoreError(
            f"{folder / name}: reading it needs the package sentencepiece; pip install sentencepiece protobuf, "
            "or put the tokenizer.json that transformers writes (save_pretrained) beside it"
        )
    if not name:
        raise StoreError(f"{folder}: no tokenizer in it (tokenizer.json); save the model's beside its weights")


def _indexed(folder: Path) -> None:
    place = _weight_map(folder / INDEX)
    held = {name: tensors(folder / name) for name in set(place.values())}
    for tensor, name in place.items():
        if tensor not in held[name]:
            raise StoreError(f"{folder / name}: {INDEX} says that {tensor} is in it, and it is not; {_AGAIN}")


def _weight_map(index: Path) -> dict[str, str]:
    found = json_object(index).get("weight_map")
    if not isinstance(found, dict) or not found or not all(isinstance(one, str) for one in found.values()):
        raise StoreError(f"{index}: no weight_map in it; {_AGAIN}")
    return found


def json_object(path: Path) -> dict[str, Any]:
    """The object in a JSON file.

    Raises:
        StoreError: when it is a pointer, cut, or anything else than a JSON object.
    """
    if path.is_dir():
        raise StoreError(f"{path}: a folder where a file is looked for; {_AGAIN}")
    _no_pointer(path)
    try:
        found = json.loads(path.read_bytes().decode("utf-8"))
    except ValueError as error:
        raise StoreError(f"{path}: not JSON ({error}); {_AGAIN}") from error
    if not isinstance(found, dict):
        raise StoreError(f"{path}: a {type(found).__name__} where an object is expected; {_AGAIN}")
    return found
