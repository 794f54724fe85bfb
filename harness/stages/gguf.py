"""A GGUF file as a base: unpacked once into a folder of safetensors, configuration and tokenizer, like any model's.

transformers unpacks weights and vocabulary. What it leaves out or mistakes (5.23) is done here and in
`harness/stages/gguf_tokenizer.py`; what a model could not be used right without is refused by its name.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import torch
from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer, GenerationConfig, PreTrainedConfig
from transformers.modeling_rope_utils import ROPE_INIT_FUNCTIONS
from transformers.utils.quantization_config import GgufConfig

from humpback.core.store import StoreError
from humpback.core.work import Counts, Work
from humpback.inputs.gguf_file import Header, header
from humpback.inputs.locate import resolve_file
from humpback.spec.files import File
from humpback.spec.models import GgufModel
from humpback.stages.gguf_tokenizer import check_tokenizer, repair_tokenizer

_F32, _F16 = 0, 1
ARCHITECTURES = ("llama", "qwen2", "qwen3", "gemma2", "gemma3", "gpt2", "starcoder2")
"""Those of which a file with known weights was seen to come out with the same logits."""
_LLAMA3_FACTORS = "rope_freqs.weight"
_FOLDER = "give the folder of the model's safetensors"


def unpack(node: GgufModel, work: Work) -> Counts:
    """Weights, configuration and tokenizer of the file, as `from_pretrained` reads them.

    Weights are written in the file's own precision where it holds numbers, in bfloat16 where it holds blocks.

    Raises:
        StoreError: when the file is not there, is damaged, or holds what cannot be used, in one line.
    """
    path = resolve_file(File(node.label, node.sha256), work.machine)
    found = header(path)
    if found.architecture not in ARCHITECTURES:
        raise StoreError(
            f"{path}: its architecture {found.architecture!r} is not unpacked, only {', '.join(ARCHITECTURES)}; "
            f"{_FOLDER}"
        )
    with tempfile.TemporaryDirectory() as alone:  # transformers would read other files of the file's own folder too
        (Path(alone) / "model.gguf").symlink_to(path.resolve())
        one: dict[str, Any] = {"gguf_file": "model.gguf", "trust_remote_code": False}
        try:
            tokenizer = AutoTokenizer.from_pretrained(alone, **one)
            config = AutoConfig.from_pretrained(alone, **one)
            _set_sizes(config, found, path)
            _set_positions(config, found, path)
            loaded = AutoModelForCausalLM.from_pretrained(
                alone,
                config=config,
                dtype=_precision(found),
                quantization_config=GgufConfig(dequantize=True),
                **one,
            )
        except StoreError:
            raise
        except (ValueError, KeyError, OSError, RuntimeError, NotImplementedError, AttributeError) as error:
            raise StoreError(
                f"{path}: transformers cannot load its architecture {found.architecture!r} "
                f"({' '.join(str(error).split())[:200]}); {_FOLDER}"
            ) from error
    held, used = sum(n for name, n in found.elements.items() if name != _LLAMA3_FACTORS), loaded.num_parameters()
    if held != used:
        raise StoreError(f"{path}: it holds {held:,} weights and the model takes {used:,}; {_FOLDER}")
    tokenizer = repair_tokenizer(tokenizer, found, path)
    check_tokenizer(tokenizer, loaded.get_input_embeddings().weight.shape[0], path)
    fresh = _fresh(loaded)
    fresh.generation_config = GenerationConfig(
        bos_token_id=tokenizer.bos_token_id, eos_token_id=tokenizer.eos_token_id, pad_token_id=tokenizer.pad_token_id
    )
    fresh.save_pretrained(work.out)
    tokenizer.save_pretrained(work.out)
    n = len(found.types)
    return {"in": n, "kept": n, "bytes": sum(one.stat().st_size for one in work.out.iterdir())}


def _set_sizes(config: PreTrainedConfig, found: Header, path: Path) -> None:
    """Sizes of the file that transformers leaves at its own default, and the ends, which are the tokenizer's."""
    if found.architecture == "gpt2":
        config.n_positions = found.number("context_length")
    width = found.number("attention.key_length")
    if width and hasattr(config, "head_dim"):
        config.head_dim = width
    if found.architecture in ("gemma2", "gemma3"):  # llama.cpp, src/models/gemma2.cpp, gemma3.cpp
        if (found.architecture, config.num_hidden_layers) in (("gemma2", 46), ("gemma3", 62)):
            raise StoreError(f"{path}: the 27B of {found.architecture} scales its attention otherwise; {_FOLDER}")
        config.query_pre_attn_scalar = config.head_dim
    for kind, key in (("bos", "bos"), ("eos", "eos"), ("pad", "padding")):
        setattr(config, f"{kind}_token_id", found.values.get(f"tokenizer.ggml.{key}_token_id"))


def _set_positions(config: PreTrainedConfig, found: Header, path: Path) -> None:
    """Rotary positions as the file has them: their base, and Llama 3's scaling, which stands in a tensor. Any other
    scaling is refused: every answer would be a little wrong."""
    rope = getattr(config, "rope_parameters", None)
    if not rope:
        return
    rope = rope.get("full_attention", rope)
    rope["rope_theta"] = found.values.get(f"{found.architecture}.rope.freq_base", rope["rope_theta"])
    scaling = found.values.get(f"{found.architecture}.rope.scaling.type", "none")
    others = [name for name in found.types if name.startswith("rope_") and name != _LLAMA3_FACTORS]
    if scaling == "linear":
        rope |= {"rope_type": "linear", "factor": found.values[f"{found.architecture}.rope.scaling.factor"]}
    elif scaling != "none" or others:
        raise StoreError(f"{path}: positions scaled by {', '.join([scaling, *others])} are not unpacked; {_FOLDER}")
    if _LLAMA3_FACTORS in found.types:
        from gguf import GGUFReader

        tensor = next(one for one in GGUFReader(path).tensors if one.name == _LLAMA3_FACTORS)
        factors = torch.from_numpy(tensor.data.copy()).float()
        plain = rope["rope_theta"] ** (-torch.arange(0, config.head_dim, 2).float() / config.head_dim)
        rope |= {
            "rope_type": "llama3",
            "factor": round(float(factors.max()), 3),
            "low_freq_factor": 1.0,
            "high_freq_factor": 4.0,
            "original_max_position_embeddings": 8_192,
        }
        if not torch.allclose(ROPE_INIT_FUNCTIONS["llama3"](config, "cpu")[0], plain / factors, rtol=1e-3):
            raise StoreError(f"{path}: positions scaled by {_LLAMA3_FACTORS} in another way than Llama 3's; {_FOLDER}")


def _precision(found: Header) -> torch.dtype:
    """The type of the file's matrices where it holds them as numbers: norms are float32 everywhere."""
    kinds = {kind for name, kind in found.types.items() if name.endswith(".weight") and "norm" not in name}
    return {frozenset({_F32}): torch.float32, frozenset({_F16}): torch.float16}.get(frozenset(kinds), torch.bfloat16)


def _fresh(loaded: Any) -> Any:
    """The same model without a trace of how it was packed, every weight accounted for."""
    state = loaded.state_dict()
    config = loaded.config
    if hasattr(config, "quantization_config"):
        del config.quantization_config
    with torch.device("meta"):
        fresh = AutoModelForCausalLM.from_config(config, dtype=loaded.dtype, trust_remote_code=False)
    fresh.load_state_dict(state, strict=True, assign=True)
    fresh.tie_weights()
    return fresh
