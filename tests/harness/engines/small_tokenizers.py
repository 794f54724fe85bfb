"""Tokenizers of every kind, trained on a few lines, and chat templates in the style of published ones."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from transformers import GPTSw3Tokenizer, PreTrainedTokenizerFast

from tests.harness.engines.small_models import LINES

_SIGNS = "".join(map(chr, range(33, 127)))
TEXTS = [*LINES, "Answer in the style of an AI Assistant.", *_SIGNS, f"x{_SIGNS}", " ".join(_SIGNS), "\n"] * 2


def wrapped(made: Tokenizer, *, adds: str, **special: str) -> PreTrainedTokenizerFast:
    """adds: what it puts around a text, such as "<s> $A </s>"."""
    pieces = [(one, made.token_to_id(one)) for one in adds.split() if one != "$A"]
    made.post_processor = processors.TemplateProcessing(single=adds, special_tokens=pieces)
    return PreTrainedTokenizerFast(tokenizer_object=made, clean_up_tokenization_spaces=False, **special)


@cache
def byte_bpe(adds: str = "<s> $A") -> PreTrainedTokenizerFast:
    made = Tokenizer(models.BPE())
    made.pre_tokenizer, made.decoder = pre_tokenizers.ByteLevel(add_prefix_space=False), decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=600,
        special_tokens=["<s>", "</s>", "<pad>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    made.train_from_iterator(TEXTS, trainer)
    return wrapped(made, adds=adds, bos_token="<s>", eos_token="</s>", pad_token="<pad>")


@cache
def metaspace_bpe(adds: str = "<s> $A", scheme: str = "") -> PreTrainedTokenizerFast:
    """As Llama's: SentencePiece's BPE with bytes to fall back on. Its vocabulary holds the control tokens, and merges
    that lead to them, as converted ones do."""
    made = Tokenizer(models.BPE(unk_token="<unk>", fuse_unk=True, byte_fallback=True))
    made.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="never")
    special = ["<unk>", "<s>", "</s>", *(f"<0x{i:02X}>" for i in range(256))]
    made.train_from_iterator(
        ["▁" + one.replace(" ", "▁") for one in TEXTS],
        trainers.BpeTrainer(vocab_size=800, special_tokens=special, show_progress=False),
    )
    told = json.loads(made.to_str())
    told["added_tokens"] = [one for one in told["added_tokens"] if not one["content"].startswith("<0x")]
    vocabulary = told["model"]["vocab"]
    vocabulary |= {piece: len(vocabulary) + i for i, piece in enumerate(("</", "s>")) if piece not in vocabulary}
    told["model"]["merges"] += [["<", "/"], ["s", ">"], ["</", "s>"], ["<", "s>"]]
    made = Tokenizer.from_str(json.dumps(told))
    if scheme:
        made.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme=scheme, split=False)
    else:
        made.pre_tokenizer = None  # type: ignore[assignment]
        made.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    made.decoder = decoders.Sequence(
        [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)]
    )
    return wrapped(made, adds=adds, bos_token="<s>", eos_token="</s>", unk_token="<unk>")


@cache
def unigram(adds: str = "$A </s>") -> PreTrainedTokenizerFast:
    """As T5's, whose control tokens are words of its vocabulary."""
    made = Tokenizer(models.Unigram())
    made.pre_tokenizer, made.decoder = pre_tokenizers.Metaspace(), decoders.Metaspace()
    trainer = trainers.UnigramTrainer(
        vocab_size=500, special_tokens=["<pad>", "</s>", "<unk>", "<s>"], unk_token="<unk>", show_progress=False
    )
    made.train_from_iterator(TEXTS, trainer)
    return wrapped(made, adds=adds, bos_token="<s>", eos_token="</s>", unk_token="<unk>", pad_token="<pad>")


@cache
def wordpiece(adds: str = "[CLS] $A [SEP]") -> PreTrainedTokenizerFast:
    """As BERT's, split at spaces alone, so that "[SEP]" in a text is a word of its vocabulary."""
    made = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    made.pre_tokenizer, made.decoder = pre_tokenizers.WhitespaceSplit(), decoders.WordPiece(cleanup=False)
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]
    made.train_from_iterator(
        TEXTS, trainers.WordPieceTrainer(vocab_size=900, special_tokens=special, show_progress=False)
    )
    named = {"pad_token": "[PAD]", "unk_token": "[UNK]", "bos_token": "[CLS]", "eos_token": "[SEP]"}
    return wrapped(made, adds=adds, **named)


def slow(place: Path) -> Any:
    """SentencePiece itself, by way of Python."""
    import sentencepiece

    prefix = place / "spiece"
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(TEXTS),
        model_prefix=str(prefix),
        vocab_size=420,
        model_type="bpe",
        byte_fallback=True,
        character_coverage=1.0,
        minloglevel=2,
    )
    named = {"bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>", "pad_token": "<pad>"}
    return GPTSw3Tokenizer(f"{prefix}.model", **named)


FAST = {
    "byte-level BPE": byte_bpe,
    "byte-level BPE that appends an end": lambda: byte_bpe("<s> $A </s>"),
    "SentencePiece BPE": metaspace_bpe,
    "SentencePiece BPE that appends an end": lambda: metaspace_bpe("<s> $A </s>"),
    "SentencePiece BPE with a space before the first piece": lambda: metaspace_bpe(scheme="first"),
    "Unigram": unigram,
    "WordPiece": wordpiece,
}
_PLAIN = "{{ '<|im_start|>' + m['role'] + '\n' + m['content'] + '<|im_end|>\n' }}"
_OPENS = "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
_ALTERNATE = (
    "{% if (m['role'] == 'user') != (loop.index0 % 2 == 0) %}"
    "{{ raise_exception('Conversation roles must alternate user/assistant') }}{% endif %}"
)
CHATS = {
    "ChatML": f"{{% for m in messages %}}{_PLAIN}{{% endfor %}}{_OPENS}",
    "a system message of its own": "{% if messages[0]['role'] != 'system' %}<|im_start|>system\nYou help.<|im_end|>\n"
    f"{{% endif %}}{{% for m in messages %}}{_PLAIN}{{% endfor %}}{_OPENS}",
    "Llama 2": "{% if messages[0]['role'] == 'system' %}{% set rest = messages[1:] %}"
    "{% set s = messages[0]['content'] %}{% else %}{% set rest = messages %}{% set s = false %}{% endif %}"
    "{% for m in rest %}"
    + _ALTERNATE
    + "{% set c = '<<SYS>>\n' + s + '\n<</SYS>>\n\n' + m['content'] if loop.first and s else m['content'] %}"
    "{% if m['role'] == 'user' %}{{ bos_token + '[INST] ' + c.strip() + ' [/INST]' }}"
    "{% else %}{{ ' ' + c.strip() + ' ' + eos_token }}{% endif %}{% endfor %}",
    "Llama 3": "{% for m in messages %}{% set c = '<|head|>' + m['role'] + '<|end_head|>\n\n' + m['content'] | trim "
    "+ '<|eot_id|>' %}{% if loop.first %}{% set c = bos_token + c %}{% endif %}{{ c }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|head|>assistant<|end_head|>\n\n' }}{% endif %}",
    "Gemma": "{{ bos_token }}{% if messages[0]['role'] == 'system' %}{{ raise_exception('System role not supported') }}"
    "{% endif %}{% for m in messages %}" + _ALTERNATE + "{% set r = 'model' if m['role'] == 'assistant' else 'user' %}"
    "{{ '<start_of_turn>' + r + '\n' + m['content'] | trim + '<end_of_turn>\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<start_of_turn>model\n' }}{% endif %}",
    "Phi-3": "{% for m in messages %}{{ '<|' + m['role'] + '|>\n' + m['content'] + '<|end|>\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|assistant|>\n' }}{% else %}{{ eos_token }}{% endif %}",
    "Zephyr": "{% for m in messages %}\n{{ '<|' + m['role'] + '|>\n' + m['content'] + eos_token }}\n"
    "{% if loop.last and add_generation_prompt %}\n{{ '<|assistant|>' }}\n{% endif %}{% endfor %}",
    "Mistral": "{{ bos_token }}{% for m in messages %}" + _ALTERNATE + "{% if m['role'] == 'user' %}"
    "{{ '[INST] ' + m['content'] + ' [/INST]' }}{% elif m['role'] == 'assistant' %}{{ m['content'] + eos_token }}"
    "{% else %}{{ raise_exception('Only user and assistant roles are supported!') }}{% endif %}{% endfor %}",
    "leaves a system message out": "{% for m in messages %}{% if m['role'] == 'user' %}<|user|>{{ m['content'] }}"
    "<|assistant|>{% elif m['role'] == 'assistant' %}{{ m['content'] }}{{ eos_token }}{% endif %}{% endfor %}",
    "puts thinking before an answer": "{% for m in messages %}<|im_start|>{{ m['role'] }}\n"
    "{% if m['role'] == 'assistant' %}<think>\n\n</think>\n\n{% endif %}"
    f"{{{{ m['content'] }}}}<|im_end|>\n{{% endfor %}}{_OPENS}",
}
NO_SYSTEM = ("Gemma", "Mistral", "leaves a system message out")
MARKS = [
    *("<|im_start|>", "<|im_end|>", "<|head|>", "<|end_head|>", "<|eot_id|>", "<start_of_turn>", "<end_of_turn>"),
    *("<|user|>", "<|assistant|>", "<|end|>"),
]


def with_marks(name: str, *, special: bool = True) -> PreTrainedTokenizerFast:
    """The tokenizer with every template's marks added to it."""
    made = PreTrainedTokenizerFast(
        tokenizer_object=Tokenizer.from_str(FAST[name]().backend_tokenizer.to_str()),
        **FAST[name]().special_tokens_map,
    )
    made.add_tokens([AddedToken(one, normalized=False, special=special) for one in MARKS], special_tokens=special)
    return made
