"""Models and tokenizers into memory, by transformers: never code that comes with it, never a weight made up.

transformers warns of weights that it had to draw at random and goes on; here that is an error with their names.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer
from transformers import (
    AutoConfig,
    AutoModelForCausalLM,
    AutoModelForSequenceClassification,
    AutoTokenizer,
    PreTrainedTokenizerBase,
    PreTrainedTokenizerFast,
)

from humpback.core.machine import Machine
from humpback.core.store import StoreError
from humpback.core.text import one_line
from humpback.core.work import Work
from humpback.engines.chat.chat_format import ChatFormat
from humpback.engines.dropout import DropoutError, set_dropout
from humpback.inputs.locate import model_folder
from humpback.inputs.model_folder import CONFIG
from humpback.spec.models import Finetuned, FolderModel, FolderRewardModel, HubModel, HubRewardModel
from humpback.spec.template import INSTRUCTION_RESPONSE, ChatTemplate, Model, Template

TOKENIZER = "tokenizer.json"
_BUFFERS = ("inv_freq", "masked_bias", "attn.bias", "attention.bias", "position_ids")
"""Endings of what older files hold beside the weights, and transformers computes."""
_UNUSABLE = (OSError, ValueError, ImportError, KeyError, TypeError, AttributeError, RuntimeError, AssertionError)
"""What transformers raises where a folder is not as it should be."""


def folder_of(model: Model, work: Work) -> Path:
    """Where a model's files lie: in its artifact, or for a published model, where it was found."""
    artifact = work.open(model)
    return model_folder(model, work.machine) if isinstance(model, (HubModel, FolderModel)) else artifact


def load_tokenizer(model: Model, work: Work) -> PreTrainedTokenizerBase:
    """The tokenizer of a finished model."""
    return read_tokenizer(folder_of(model, work))


def load_model(
    model: Model,
    work: Work,
    *,
    train: bool = False,
    frozen: bool = False,
    dropout: float | None = None,
    device: str | None = None,
) -> Any:
    """The model's weights on the machine's device, or another; adapters are merged into their base. A model that is not
    to be trained is laid over all GPUs that the stage has.

    Training keeps float32 weights and lets the Trainer's autocast choose the precision; weights that are `frozen` below
    an adapter are kept in bfloat16 on a GPU of that precision, which is how bases are published. Given a dropout, every
    dropout of the architecture is built with it. The process computes with the machine's threads from then on.
    """
    machine = work.machine
    torch.set_num_threads(machine.threads)
    spread = machine.device == "cuda" and not train and torch.cuda.device_count() > 1
    if isinstance(model, Finetuned) and model.recipe.adapter:
        from peft import PeftModel

        base = load_model(model.base, work, train=train, frozen=frozen, dropout=dropout, device=device)
        loaded: Any = PeftModel.from_pretrained(base, work.open(model)).merge_and_unload()
    else:
        dtype = weights_dtype(machine, train=train, frozen=frozen)
        reward = isinstance(model, (HubRewardModel, FolderRewardModel))
        where = "auto" if spread else None
        loaded = read_weights(folder_of(model, work), dtype, device=where, dropout=dropout, reward=reward)
    return loaded if spread else loaded.to(device or machine.device)


def weights_dtype(machine: Machine, *, train: bool = False, frozen: bool = False) -> torch.dtype:
    """The type that weights are held in."""
    if train and not (frozen and machine.device == "cuda" and machine.precision == "bfloat16"):
        return torch.float32
    dtype: torch.dtype = getattr(torch, machine.precision)
    return dtype


def read_tokenizer(folder: Path) -> PreTrainedTokenizerBase:
    """The folder's tokenizer, which cuts text as its tokenizer.json says. A padding token outside the model's embedding
    gives way to the end token: padding is never attended to.

    Raises:
        StoreError: when it cannot be read, or needs code that comes with it.
    """
    try:
        tokenizer: PreTrainedTokenizerBase = AutoTokenizer.from_pretrained(folder, trust_remote_code=False)
        if (folder / TOKENIZER).is_file():
            keep_rules(tokenizer, folder / TOKENIZER)
        if isinstance(tokenizer.pad_token_id, int) and (folder / CONFIG).is_file():
            rows = _rows(AutoConfig.from_pretrained(folder, trust_remote_code=False))
            if rows is not None and tokenizer.pad_token_id >= rows:
                tokenizer.pad_token = tokenizer.eos_token
    except Exception as error:
        # The exceptions of the package tokenizers have no class of their own.
        if not isinstance(error, _UNUSABLE) and type(error) is not Exception:
            raise
        raise StoreError(
            f"{folder}: its tokenizer cannot be read ({_words(error)}); bring the files again, or put the "
            "tokenizer.json there that transformers writes with save_pretrained"
        ) from error
    return tokenizer


def keep_rules(tokenizer: PreTrainedTokenizerBase, file: Path) -> None:
    """Have a tokenizer cut text, and put it together, by the rules of its tokenizer.json.

    Which class transformers takes follows from the folder's words for it, and classes of many families (5.23: GPT-2's,
    Llama's, Qwen's, Gemma's, Cohere's) put their own rules in the place of the file's: SmolLM2's digits stood together,
    a DeepSeek model's words were cut as Qwen's. Start and end tokens stay as the class has them, since it is the one
    that heeds `add_bos_token` and `add_eos_token`.
    """
    backend: Any = getattr(tokenizer, "backend_tokenizer", None)
    if backend is None or type(tokenizer) is PreTrainedTokenizerFast:  # which reads the file as it is
        return
    told = Tokenizer.from_file(str(file))
    for part in ("normalizer", "pre_tokenizer", "model", "decoder"):
        setattr(backend, part, getattr(told, part))


def read_weights(
    folder: Path,
    dtype: torch.dtype,
    *,
    device: str | None = None,
    dropout: float | None = None,
    reward: bool = False,
) -> Any:
    """The folder's model, every weight from its files: a causal language model, or a reward model. On the device "meta"
    names and shapes alone are compared. Given a dropout, every dropout of the architecture is built with it.

    Raises:
        DropoutError: when its configuration does not admit this dropout.
        StoreError: when weights are missing, left over or of another shape than the configuration tells.
    """
    try:
        config = AutoConfig.from_pretrained(folder, trust_remote_code=False)
        text, rows = config.get_text_config(decoder=True), _rows(config)
        pad = getattr(text, "pad_token_id", None)
        if isinstance(pad, int) and rows is not None and not 0 <= pad < rows:
            text.pad_token_id = None  # an embedding cannot be built with it
        config._attn_implementation = None  # of the machine that saved it
        if dropout is not None:
            set_dropout(config, dropout)
        kind = AutoModelForSequenceClassification if reward else AutoModelForCausalLM
        model, found = kind.from_pretrained(
            folder,
            config=config,
            dtype=dtype,
            use_safetensors=True,
            trust_remote_code=False,
            output_loading_info=True,
            ignore_mismatched_sizes=True,  # told below, with the names
            **({"device_map": device} if device else {}),
        )
    except _UNUSABLE as error:
        if isinstance(error, (torch.OutOfMemoryError, DropoutError)) or "memory" in str(error):
            raise
        raise StoreError(
            f"{folder}: transformers cannot load it ({_words(error)}); bring the files again, or save the model anew"
        ) from error
    missing, shapes = sorted(found["missing_keys"]), sorted(str(one) for one in found["mismatched_keys"])
    extra = sorted(name for name in found["unexpected_keys"] if not name.endswith(_BUFFERS))
    for names, what in (
        (missing, "weights are missing and would be made up at random"),
        (shapes, "weights have another shape than config.json tells"),
        (extra, "weights have no place in the model that config.json describes"),
    ):
        if names:
            some = ", ".join(names[:3]) + (f" and {len(names) - 3:,} more" if len(names) > 3 else "")
            raise StoreError(f"{folder}: {len(names):,} {what} ({some}); bring weights and config.json of one model")
    return model


def check_folder(
    folder: Path, template: Template | ChatTemplate = INSTRUCTION_RESPONSE, *, reward: bool = False
) -> None:
    """See that tokenizer, configuration, weights and the template that it is spoken to in fit together.

    Raises:
        StoreError: naming the first thing that does not.
    """
    tokenizer = read_tokenizer(folder)
    rows = read_weights(folder, torch.float32, device="meta", reward=reward).get_input_embeddings().weight.shape[0]
    if tokenizer.eos_token_id is None:
        raise StoreError(
            f"{folder}: its tokenizer names no end token, so a model could not learn to stop; set eos_token in "
            "tokenizer_config.json"
        )
    made_of = getattr(getattr(tokenizer, "backend_tokenizer", None), "model", None)
    used = {tokenizer.eos_token, tokenizer.bos_token, getattr(made_of, "unk_token", tokenizer.unk_token)}
    special = {str(one) for one in tokenizer.added_tokens_decoder.values() if one.special}
    try:
        chat = ChatFormat(template, tokenizer)
    except ValueError as error:
        raise StoreError(f"{folder}: {_words(error)}") from error
    written = {mark for text in chat.between for mark in chat.encoding.split_marks(text)[0]}
    written |= set(tokenizer.convert_ids_to_tokens(chat.encoding.prefix))
    # Text never becomes one of them, and neither template nor tokenizer puts them around it.
    idle = (special | set(tokenizer.all_special_tokens)) - used - written
    beyond = {token: i for token, i in tokenizer.get_vocab().items() if i >= rows and token not in idle}
    if beyond:
        token, i = max(beyond.items(), key=lambda one: one[1])
        raise StoreError(
            f"{folder}: {len(beyond):,} tokens of its tokenizer have no row in the embedding of {rows:,}, such as "
            f"{token!r} ({i}); bring the tokenizer of this model, or resize the embedding (resize_token_embeddings)"
        )


def _rows(config: Any) -> int | None:
    found = getattr(config.get_text_config(decoder=True), "vocab_size", None)
    return found if isinstance(found, int) else None


def _words(error: BaseException) -> str:
    return one_line(str(error), 240) or type(error).__name__
