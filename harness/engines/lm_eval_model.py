"""Our models as lm-eval asks them: with the model's own way of being spoken to, and with what it cuts counted."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from typing import Any
from unittest.mock import patch

from lm_eval.models.huggingface import HFLM  # type: ignore[import-untyped]

from harness.benchmarks import Benchmarked
from harness.engines.loading import tokenizer_in
from harness.engines.local import folder_of, load_model
from harness.export.chat import chat_template
from harness.models import Finetuned, FolderModel, GgufModel, HubModel
from harness.stages import Work
from harness.templates import Model


class CountingLM(HFLM):  # type: ignore[misc]
    """lm-eval's transformers model, which cuts a prompt that is too long with a warning: here it is counted."""

    cut = 0
    """Requests of which the start was cut off, because they are longer than the model's context."""

    def _loglikelihood_tokens(self, requests: Any, disable_tqdm: bool = False, override_bs: int | None = None) -> Any:
        self.cut += sum(len(context) + len(after) > self.max_length + 1 for _, context, after in requests)
        return super()._loglikelihood_tokens(requests, disable_tqdm=True, override_bs=override_bs)

    def tok_batch_encode(
        self,
        strings: list[str],
        padding_side: str = "left",
        left_truncate_len: int | None = None,
        truncation: bool = False,
    ) -> Any:
        ids, mask = super().tok_batch_encode(strings, padding_side, None, truncation)
        if left_truncate_len:
            self.cut += int((mask.sum(dim=1) > left_truncate_len).sum())
            ids, mask = ids[:, -left_truncate_len:], mask[:, -left_truncate_len:]
        return ids, mask


def loaded(node: Benchmarked, work: Work) -> tuple[Any, dict[str, Any]]:
    """The model as lm-eval takes it, and how it is spoken to."""
    whole = node.model.base if isinstance(node.model, Finetuned) and node.model.recipe.adapter else node.model
    tokenizer = tokenizer_in(folder_of(whole, work.open, work.machine))
    how: dict[str, Any] = {"used": node.chat_template}
    if node.chat_template:
        how["from"] = _speak(node.model, tokenizer)
        how["sha256"] = sha256(tokenizer.chat_template.encode()).hexdigest()
    model = load_model(node.model, work.open, work.machine).eval()
    with quiet():
        lm = CountingLM(pretrained=model, tokenizer=tokenizer, backend="causal", batch_size=work.machine.micro_batch)
    return lm, how


def _speak(model: Model, tokenizer: Any) -> str:
    """Give the tokenizer the chat template: a published model's own if it has one, else the model's template."""
    if isinstance(model, HubModel | FolderModel | GgufModel) and isinstance(tokenizer.chat_template, str):
        return "the tokenizer"
    first = tokenizer("a")["input_ids"][:1]
    begins = tokenizer.bos_token_id is not None and first == [tokenizer.bos_token_id]
    tokenizer.chat_template = chat_template(model.template, begins_with_bos=begins)
    return "the model's template"


@contextmanager
def quiet() -> Iterator[None]:
    """lm-eval's remarks are on record in another form (shots that a task fixes, prompts that were cut), and so is the
    commit."""
    log = logging.getLogger("lm_eval")
    before = log.level
    log.setLevel(logging.ERROR)
    try:
        # It asks git for the commit of the folder that the user is in, and git complains where there is none.
        with patch("lm_eval.evaluator.get_git_commit_hash", lambda: None):
            yield
    finally:
        log.setLevel(before)
