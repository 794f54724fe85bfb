"""A tokenizer cuts text as its tokenizer.json says, whatever its folder calls its class and the model.

Tried: the class names of GPT-2, Llama, Qwen 2, Cohere, CodeGen and none, with the model types of fifteen families, over
byte-level BPE with lone digits and with Llama 3's rules, SentencePiece's BPE, Unigram and WordPiece.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tokenizers import Regex, Tokenizer, pre_tokenizers
from transformers import PreTrainedTokenizerFast

from humpback.cli.data_stats import _counter
from humpback.engines.chat.encoding import Encoding
from humpback.engines.loading import read_tokenizer
from tests.harness.engines.small_tokenizers import FAST

TEXT = "In 1984  it rained 12,345 times\n\n\tdidn't it? e\u0301"
LONE_DIGITS = [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
THREE_DIGITS = [
    pre_tokenizers.Split(Regex(r"[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"), "isolated"),
    pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
]


def with_rules(rules: list[pre_tokenizers.PreTokenizer]) -> Tokenizer:
    made = Tokenizer.from_str(FAST["byte-level BPE"]().backend_tokenizer.to_str())
    made.pre_tokenizer = pre_tokenizers.Sequence(rules)  # type: ignore[assignment]
    return made


TOKENIZERS = {
    "lone digits": with_rules(LONE_DIGITS),
    "three digits": with_rules(THREE_DIGITS),
    **{name: FAST[name]().backend_tokenizer for name in ("SentencePiece BPE", "Unigram", "WordPiece")},
}


@pytest.mark.parametrize("name", TOKENIZERS)
@pytest.mark.parametrize(
    ("kind", "called"),
    [
        ("llama", "GPT2Tokenizer"),
        ("llama", "LlamaTokenizer"),
        ("qwen2", "PreTrainedTokenizerFast"),
        ("qwen2", "LlamaTokenizerFast"),
        ("qwen3", "Qwen2Tokenizer"),
        ("gpt2", None),
        ("cohere", "CohereTokenizerFast"),
    ],
)
def test_text_is_cut_by_the_file_s_rules(name: str, kind: str, called: str | None, tmp_path: Path) -> None:
    told = TOKENIZERS[name]
    ends = {"eos_token": "[SEP]" if name == "WordPiece" else "</s>"}
    unknown = {"unk_token": one} if (one := getattr(told.model, "unk_token", None)) else {}
    PreTrainedTokenizerFast(tokenizer_object=told, **ends, **unknown).save_pretrained(tmp_path)
    path = tmp_path / "tokenizer_config.json"
    words = json.loads(path.read_text()) | {"tokenizer_class": called}
    path.write_text(json.dumps({key: one for key, one in words.items() if one is not None}))
    (tmp_path / "config.json").write_text(json.dumps({"model_type": kind, "vocab_size": 2_000}))
    right = told.encode(TEXT, add_special_tokens=False).ids
    read = read_tokenizer(tmp_path)
    assert read(TEXT, add_special_tokens=False)["input_ids"] == right
    encoding = Encoding(read)
    assert encoding.encode(TEXT) == right
    assert encoding.decode(right) == told.decode(right)
    assert _counter(str(tmp_path))([TEXT]) == [len(right)]
    read.save_pretrained(tmp_path / "again")
    (tmp_path / "again" / "config.json").write_bytes((tmp_path / "config.json").read_bytes())
    assert read_tokenizer(tmp_path / "again")(TEXT, add_special_tokens=False)["input_ids"] == right
