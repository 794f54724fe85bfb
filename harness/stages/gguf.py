"""A GGUF file as a base: unpacked once into a folder of safetensors, configuration and tokenizer, like any model's.

transformers unpacks weights and vocabulary. What it leaves out of the tokenizer (5.23) is done here: the rules that
split text before merging for families outside its table (SmolLM2's digits stand alone), whole words that go before
merges, the start token that llama.cpp adds without a flag, a SentencePiece vocabulary without a space before the text.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, GenerationConfig, PreTrainedTokenizerBase
from transformers.utils.quantization_config import GgufConfig

from harness.files import File
from harness.gguf_file import Header, header
from harness.located import located
from harness.models import GgufModel
from harness.stages import Counts, Work
from harness.store import StoreError

_F32, _F16 = 0, 1
_PLAIN = ("gpt-2", "phi-2", "mpt", "olmo", "jais", "trillion")
"""GPT-2's rules, which transformers takes for whatever it does not know."""
_LONE_DIGITS = ("smollm", "starcoder", "refact", "command-r", "codeshell", "exaone", "minerva-7b")
"""Each digit by itself, then GPT-2's rules (llama.cpp, src/llama-vocab.cpp)."""
_WHOLE_WORDS = ("llama3", "llama-v3", "llama-bpe", "falcon3", "falcon-h1", "pixtral", "midm-2.0", "lfm2", "tekken")
"""A word that is in the vocabulary is taken without merging, and a text begins with the start token (ibid.)."""
_ROUND_TRIP = (
    "It rained, didn't it? 1,234.5 EUR  (two spaces)\n\n\tif x == 10:\n        return [1, 2]\r\n",
    "Größe, naïve, Ελλάδα, Россия, 日本語のテキスト, مرحبا, हिन्दी, 👩‍🔬 e\u0301 \u00a0x",
)


def unpacked(node: GgufModel, work: Work) -> Counts:
    """Weights, configuration and tokenizer of the file, as `from_pretrained` reads them.

    Weights are written in the file's own precision where it holds numbers, in bfloat16 where it holds blocks.

    Raises:
        StoreError: when the file is not there, is damaged, or holds what cannot be used, in one line.
    """
    path = located(File(node.label, node.sha256), work.machine)
    found = header(path)
    with tempfile.TemporaryDirectory() as alone:  # transformers would read other files of the file's own folder too
        (Path(alone) / "model.gguf").symlink_to(path.resolve())
        try:
            tokenizer = AutoTokenizer.from_pretrained(alone, gguf_file="model.gguf", trust_remote_code=False)
            loaded = AutoModelForCausalLM.from_pretrained(
                alone,
                gguf_file="model.gguf",
                dtype=_precision(found),
                quantization_config=GgufConfig(dequantize=True),
                trust_remote_code=False,
            )
        except (ValueError, KeyError, OSError, RuntimeError, NotImplementedError, AttributeError) as error:
            raise StoreError(
                f"{path}: transformers cannot load its architecture {found.architecture!r} "
                f"({' '.join(str(error).split())[:200]}); give the folder of the model's safetensors"
            ) from error
    mend(tokenizer, found, path)
    _checked(tokenizer, loaded, path)
    fresh = _fresh(loaded)
    fresh.generation_config = GenerationConfig(
        bos_token_id=tokenizer.bos_token_id, eos_token_id=tokenizer.eos_token_id, pad_token_id=tokenizer.pad_token_id
    )
    fresh.save_pretrained(work.out)
    tokenizer.save_pretrained(work.out)
    n = len(found.types)
    return {"in": n, "kept": n, "bytes": sum(one.stat().st_size for one in work.out.iterdir())}


def mend(tokenizer: PreTrainedTokenizerBase, found: Header, path: Path) -> None:
    """Make the tokenizer cut texts as llama.cpp does where transformers leaves something out.

    Raises:
        StoreError: when the rules that split its text are not known: it would be given other tokens than it learned.
    """
    from tokenizers import decoders, pre_tokenizers
    from transformers.integrations.gguf.gguf_tokenizer_mapping import GGUF_PRE_TOKENIZER_SPLITS

    backend: Any = tokenizer.backend_tokenizer  # type: ignore[attr-defined]
    kind, rules = found.values.get("tokenizer.ggml.model"), found.values.get("tokenizer.ggml.pre")
    begins = found.values.get("tokenizer.ggml.add_bos_token")
    if kind == "gpt2":
        rules = rules or ("gpt-2" if found.architecture == "gpt2" else None)
        if rules in _LONE_DIGITS:
            backend.pre_tokenizer = pre_tokenizers.Sequence(
                [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
            )
        elif rules not in _PLAIN and rules not in GGUF_PRE_TOKENIZER_SPLITS:
            raise StoreError(
                f"{path}: its tokenizer splits text by rules called {rules!r}, which are not known here; "
                "give the folder of the model's safetensors, with its tokenizer.json"
            )
        if rules in _WHOLE_WORDS:
            backend.model.ignore_merges = True
            begins = True if begins is None else begins
    elif kind == "llama" and found.values.get("tokenizer.ggml.add_space_prefix") is False:
        backend.pre_tokenizer = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="never", split=False)
        backend.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()])
    if begins is not None and tokenizer.bos_token_id is not None:
        tokenizer.add_bos_token = bool(begins)  # type: ignore[attr-defined]
        tokenizer.update_post_processor()  # type: ignore[attr-defined]
    context = found.number("context_length")
    if context:
        tokenizer.model_max_length = context


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


def _checked(tokenizer: PreTrainedTokenizerBase, loaded: Any, path: Path) -> None:
    rows = loaded.get_input_embeddings().weight.shape[0]
    if len(tokenizer) > rows:
        raise StoreError(f"{path}: its tokenizer has {len(tokenizer):,} entries and its embedding {rows:,} rows")
    if tokenizer.eos_token_id is None:
        raise StoreError(f"{path}: it names no end token (tokenizer.ggml.eos_token_id), so no answer would end")
    for text in _ROUND_TRIP:
        back = tokenizer.decode(
            tokenizer(text, add_special_tokens=False)["input_ids"], clean_up_tokenization_spaces=False
        )
        if back != text:
            raise StoreError(
                f"{path}: its tokenizer as transformers builds it gives {back!r} back for {text!r}; "
                "give the folder of the model's safetensors, with its tokenizer.json"
            )
