"""Supervised finetuning: full or by adapters, with the loss on output tokens only."""

from __future__ import annotations

from collections.abc import Iterable

from transformers import PreTrainedTokenizerBase

from harness.engines.decoding import plain
from harness.engines.local import end_of, load_model, load_tokenizer
from harness.models import Finetuned
from harness.rows import EXAMPLES, Example, read
from harness.stages import Counts, Work
from harness.stages.training import IGNORED, Sequence, schedule_of, train
from harness.templates import Template


def finetune(node: Finetuned, work: Work) -> Counts:
    """Train the base model on the examples and save it (or, with an adapter, the adapter alone).

    An example with an empty output teaches to end at once; Alpaca has 28 and the papers trained on them.

    Raises:
        ValueError: when no example has an output.
    """
    tokenizer = load_tokenizer(node, work.open, work.machine)
    rows = list(read(work.open(node.examples) / EXAMPLES, Example))
    empty = sum(not row.output.strip() for row in rows)
    if empty == len(rows):
        raise ValueError(f"{node.examples.name}: none of its {len(rows)} examples has an output to learn from")
    sequences, cut = encode(rows, tokenizer, node.template, node.recipe.longest)
    model = load_model(node.base, work.open, work.machine, train=True)
    plain(model)
    model.config.attention_dropout = node.recipe.dropout
    if node.recipe.adapter:
        from peft import LoraConfig, get_peft_model

        adapter = node.recipe.adapter
        model = get_peft_model(
            model,
            LoraConfig(
                r=adapter.rank,
                lora_alpha=int(adapter.alpha),
                lora_dropout=node.recipe.dropout,
                target_modules=list(adapter.targets),
                task_type="CAUSAL_LM",
            ),
        )
    updates, batch = node.recipe.updates_for(len(rows)), node.recipe.batch_for(len(rows))
    train(
        model,
        tokenizer,
        sequences,
        schedule=schedule_of(node.recipe.learning_rate, node.recipe.schedule, updates),
        batch=batch,
        weight_decay=node.recipe.weight_decay,
        seed=node.recipe.seed,
        work=work,
    )
    model.save_pretrained(work.out)
    tokenizer.save_pretrained(work.out)
    return {
        "in": len(rows),
        "cut": cut,
        "empty_outputs": empty,
        "updates": updates,
        "batch": batch,
        "target_tokens": sum(label != IGNORED for one in sequences for label in one.labels),
    }


def encode(
    rows: Iterable[Example], tokenizer: PreTrainedTokenizerBase, template: Template, longest: int
) -> tuple[list[Sequence], int]:
    """Rows as sequences whose prompt carries no loss and whose output, with the end of sequence, does.

    Prompt and output are encoded apart, so the prompt's tokens are the very ones that generation starts from. Returns
    the sequences and how many were cut at `longest` tokens.
    """
    sequences, cut = [], 0
    for row in rows:
        prompt = tokenizer(template.prompt(row.instruction, row.system))["input_ids"]
        target = [*tokenizer(row.output, add_special_tokens=False)["input_ids"], end_of(tokenizer)]
        ids, labels = prompt + target, [IGNORED] * len(prompt) + target
        cut += len(ids) > longest
        sequences.append(Sequence(ids[:longest], labels[:longest]))
    return sequences, cut
