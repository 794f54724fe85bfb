"""Pretraining of the micro base: a byte-level BPE and a small Llama, both from nothing.

The micro world needs it, and `tiny`, which tries the loop on somebody's files where no published weights are at hand.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast, set_seed

import humpback.micro
from humpback.core.store import StoreError
from humpback.core.work import Counts, Work
from humpback.engines.chat.encoding import Encoding
from humpback.inputs.locate import digest, model_files
from humpback.spec.models import Pretrained
from humpback.spec.recipe import Llama
from humpback.stages.batches import TokenSequence
from humpback.stages.rows import read_examples
from humpback.stages.training import learning_rates, train

BASES = Path(humpback.micro.__file__).parent / "bases"
"""The models that come with the project."""
END, PAD = "<|end|>", "<|pad|>"


def pretrain(node: Pretrained, work: Work) -> Counts:
    """Train tokenizer and model on the texts; the loss is on every token, the end-of-sequence token included. What is
    longer than the context is cut at the end, and counted. The weights are written in bfloat16. A model that comes
    with the project is copied.

    Raises:
        StoreError: when it does not, or is not what the recipe gave.
    """
    if node.shipped:
        return _copy_shipped(node, work)
    torch.set_num_threads(1)  # so that the bytes do not hang on how many cores there are
    texts = [
        (node.speaks.prompt(row.instruction, row.system) if row.instruction else "") + row.output
        for row in read_examples(node.texts, work)
    ]
    tokenizer = byte_level_bpe(texts, node.shape)
    encoding = Encoding(tokenizer)
    encoded = [[*encoding.encode(text), tokenizer.eos_token_id] for text in texts]
    longest = node.shape.context
    sequences = [TokenSequence(ids[:longest], ids[:longest]) for ids in encoded]
    set_seed(node.seed)
    model = LlamaForCausalLM(
        LlamaConfig(
            vocab_size=len(tokenizer),
            hidden_size=node.shape.width,
            intermediate_size=node.shape.feed_forward,
            num_hidden_layers=node.shape.layers,
            num_attention_heads=node.shape.heads,
            max_position_embeddings=node.shape.context,
            initializer_range=node.shape.initializer_range,
            tie_word_embeddings=True,
            bos_token_id=None,
            eos_token_id=tokenizer.eos_token_id,
            pad_token_id=tokenizer.pad_token_id,
        )
    )
    train(
        model,
        tokenizer,
        sequences,
        rates=learning_rates(node.learning_rate, node.schedule, node.updates),
        batch=node.batch,
        weight_decay=0.1,
        beta2=node.beta2,
        seed=node.seed,
        work=work,
        in_order=node.in_order,
    )
    model.to(torch.bfloat16).save_pretrained(work.out)
    tokenizer.save_pretrained(work.out)
    return {
        "in": len(texts),
        "cut": sum(len(ids) > longest for ids in encoded),
        "tokens": sum(len(one.ids) for one in sequences),
        "parameters": sum(p.numel() for p in model.parameters()),
        "updates": node.updates,
    }


def _copy_shipped(node: Pretrained, work: Work) -> Counts:
    folder = BASES / f"{node.slug}-{node.shipped[:12]}"
    if not folder.is_dir():
        raise StoreError(f"{folder}: no such folder; --pretrain trains the model here")
    files = model_files(folder)
    if digest(files) != node.shipped:
        raise StoreError(f"{folder}: not the model that the setup names; install again, or train it with --pretrain")
    for name in files:
        shutil.copyfile(folder / name, work.out / name)
    return {"in": len(files), "kept": len(files)}


def byte_level_bpe(texts: list[str], shape: Llama) -> PreTrainedTokenizerFast:
    """A byte-level BPE of at most `shape.vocabulary` entries: any text can be encoded and comes back unchanged."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=shape.vocabulary,
        special_tokens=[PAD, END],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token=PAD, eos_token=END, clean_up_tokenization_spaces=False
    )
