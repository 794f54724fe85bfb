"""The tokenizer of a GGUF file, made to cut texts as the model's own does.

What transformers (5.23) leaves out: the rules that split text before merging for families outside its table (SmolLM2's
digits stand alone), Qwen's composed characters, whole words that go before merges, the start token that llama.cpp adds
without a flag, SentencePiece's space before every text or none. What it adds: entries that are not in the file.
"""

from __future__ import annotations

import json
import unicodedata
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer, decoders, normalizers, pre_tokenizers, processors
from transformers import PreTrainedTokenizerBase, PreTrainedTokenizerFast

from humpback.core.store import StoreError
from humpback.inputs.gguf_file import Header

PLAIN = ("gpt-2", "phi-2")
"""GPT-2's rules, which transformers takes for whatever it does not know."""
LONE_DIGITS = ("smollm", "starcoder", "refact")
"""Each digit by itself, then GPT-2's rules (llama.cpp, src/llama-vocab.cpp)."""
WHOLE_WORDS = ("llama3", "llama-v3", "llama-bpe", "falcon3", "falcon-h1", "pixtral", "midm-2.0", "lfm2", "tekken")
"""A word that is in the vocabulary is taken without merging, and a text begins with the start token (ibid.)."""
COMPOSED = ("qwen2",)
"""Characters are composed first (NFC), as Qwen's own tokenizer does."""
_UNKNOWN, _CONTROL, _USERS = 2, 3, 4
_REMEDY = "give the folder of the model's safetensors, with its tokenizer.json"
_ROUND_TRIP = (
    "It rained, didn't it? 1,234.5 EUR  (two spaces)\n\n\tif x == 10:\n        return [1, 2]\r\n",
    "Größe, naïve, Ελλάδα, Россия, 日本語のテキスト, مرحبا, हिन्दी, 👩‍🔬 e\u0301 \u00a0x",
)


def repair_tokenizer(tokenizer: PreTrainedTokenizerBase, found: Header, path: Path) -> PreTrainedTokenizerFast:
    """The tokenizer with what transformers leaves out or adds put right.

    Raises:
        StoreError: when the rules that split its text are not known: it would be given other tokens than it learned.
    """
    from transformers.integrations.gguf.gguf_tokenizer_mapping import GGUF_PRE_TOKENIZER_SPLITS

    backend: Any = tokenizer.backend_tokenizer  # type: ignore[attr-defined]
    kind, rules = found.values.get("tokenizer.ggml.model"), found.values.get("tokenizer.ggml.pre")
    begins = found.values.get("tokenizer.ggml.add_bos_token")
    if kind == "gpt2":
        rules = rules or ("gpt-2" if found.architecture == "gpt2" else None)
        if rules in LONE_DIGITS:
            backend.pre_tokenizer = pre_tokenizers.Sequence(
                [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
            )
        elif rules not in PLAIN and rules not in GGUF_PRE_TOKENIZER_SPLITS:
            raise StoreError(
                f"{path}: its tokenizer splits text by rules called {rules!r}, which are not known here; {_REMEDY}"
            )
        if rules in COMPOSED:
            backend.normalizer = normalizers.NFC()
        if rules in WHOLE_WORDS:
            backend.model.ignore_merges = True
            begins = True if begins is None else begins
    elif kind == "llama":
        spaced = found.values.get("tokenizer.ggml.add_space_prefix", True)
        begins = True if begins is None else begins
        marks = normalizers.Replace(" ", "▁")
        backend.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), marks]) if spaced else marks
        backend.pre_tokenizer = None
        back = [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()]
        backend.decoder = decoders.Sequence([*back, *([decoders.Strip(" ", 1, 0)] if spaced else [])])
    else:
        raise StoreError(f"{path}: a tokenizer of the kind {kind!r}, and gpt2 and llama are known; {_REMEDY}")
    return _build(tokenizer, backend, found, begins, path)


def _build(
    tokenizer: PreTrainedTokenizerBase, backend: Any, found: Header, begins: bool | None, path: Path
) -> PreTrainedTokenizerFast:
    """A tokenizer of no family's class: those put their own rules back when they are read again, and add entries."""
    values = found.values
    state = json.loads(backend.to_str())
    state["added_tokens"] = _uncut_entries(state["model"]["vocab"], path)
    alone = Tokenizer.from_str(json.dumps(state))
    named = {"bos": "bos", "eos": "eos", "unk": "unknown", "pad": "padding"}
    ids = {kind: values.get(f"tokenizer.ggml.{key}_token_id") for kind, key in named.items()}
    special = {f"{kind}_token": alone.id_to_token(i) for kind, i in ids.items() if i is not None}
    first = special.get("bos_token") if begins else None
    last = special.get("eos_token") if values.get("tokenizer.ggml.add_eos_token") else None
    around = [token for token in (first, last) if token]
    alone.post_processor = processors.TemplateProcessing(
        single=[*([first] if first else []), "$A", *([last] if last else [])],
        special_tokens=[(token, alone.token_to_id(token)) for token in around],
    )
    made = PreTrainedTokenizerFast(
        tokenizer_object=alone,
        model_max_length=found.number("context_length"),
        clean_up_tokenization_spaces=False,
        **special,
    )
    made.chat_template = tokenizer.chat_template
    return made


def _uncut_entries(vocabulary: dict[str, int], path: Path) -> list[dict[str, Any]]:
    """The entries of the file that are never cut: control tokens, spelled as the file has them, and the user's."""
    from transformers.integrations.gguf.reader import read_gguf_metadata

    keys = ("tokenizer.ggml.tokens", "tokenizer.ggml.token_type")
    values, _ = read_gguf_metadata(str(path), keys)
    tokens, kinds = (values.get(key, []) for key in keys)
    spelled = {i: one for one, i in vocabulary.items()}
    entries = []
    for i, (token, kind) in enumerate(zip(tokens, kinds, strict=False)):
        if kind == _CONTROL and token not in vocabulary:  # spelled in bytes, as DeepSeek's with their wide bars
            vocabulary[token] = vocabulary.pop(spelled[i])
        if kind in (_UNKNOWN, _CONTROL) or (kind == _USERS and token in vocabulary):
            flags = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False}
            entries.append({"id": i, "content": token, "special": kind != _USERS, **flags})
    return entries


def check_tokenizer(tokenizer: PreTrainedTokenizerBase, rows: int, path: Path) -> None:
    """Hold the tokenizer against the model's embedding of that many rows, and texts against themselves.

    Raises:
        StoreError: when it has more entries, names no end, or does not give a text back.
    """
    if len(tokenizer) > rows:
        raise StoreError(f"{path}: its tokenizer has {len(tokenizer):,} entries and its embedding {rows:,} rows")
    if tokenizer.eos_token_id is None:
        raise StoreError(f"{path}: it names no end token (tokenizer.ggml.eos_token_id), so no answer would end")
    composed = isinstance(tokenizer.backend_tokenizer.normalizer, normalizers.NFC)  # type: ignore[attr-defined]
    for text in _ROUND_TRIP:
        back = tokenizer.decode(
            tokenizer(text, add_special_tokens=False)["input_ids"], clean_up_tokenization_spaces=False
        )
        if back != (unicodedata.normalize("NFC", text) if composed else text):
            raise StoreError(
                f"{path}: its tokenizer as transformers builds it gives {back!r} back for {text!r}; {_REMEDY}"
            )
