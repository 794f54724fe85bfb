"""Our models as lm-eval asks them: with the model's own way of being spoken to, and with what it cuts counted."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from typing import Any
from unittest.mock import patch

import torch
from lm_eval.models.huggingface import HFLM  # type: ignore[import-untyped]
from transformers import LogitsProcessorList

from humpback.core.work import Work
from humpback.engines.chat.chat_format import HIDER, ChatFormat
from humpback.engines.chat.decoding import CheckedScores, check_scores, keep_ends_alone
from humpback.engines.chat.jinja import chat_template
from humpback.engines.loading import load_model, load_tokenizer
from humpback.spec.benchmarks import Benchmarked
from humpback.spec.template import ChatTemplate, Template


class CountingLM(HFLM):  # type: ignore[misc]
    """lm-eval's transformers model, which cuts a prompt that is too long with a warning: here it is counted."""

    cut = 0
    """Requests of which the start was cut off, because they are longer than the model's context."""
    chat: ChatFormat
    in_conversations = False
    """Whether it is asked in conversations."""

    def _loglikelihood_tokens(self, requests: Any, disable_tqdm: bool = False, override_bs: int | None = None) -> Any:
        self.cut += sum(len(context) + len(after) > self.max_length + 1 for _, context, after in requests)
        found = super()._loglikelihood_tokens(requests, disable_tqdm=True, override_bs=override_bs)
        if found:
            check_scores(torch.tensor([value for value, _ in found]))
        return found

    def _model_generate(self, context: Any, max_length: int, stop: list[str], **how: Any) -> Any:
        return super()._model_generate(
            context, max_length, stop, logits_processor=LogitsProcessorList([CheckedScores()]), **how
        )

    def tok_encode(
        self,
        string: str,
        add_special_tokens: bool | None = None,
        left_truncate_len: int | None = None,
        **_: Any,
    ) -> list[int]:
        """Text is text; of a conversation, the template's marks alone are control tokens."""
        if self.in_conversations:
            ids = self.chat.encoding.encode_template(string, HIDER)
        else:
            begins = [] if add_special_tokens is False else self.chat.encoding.prefix
            ids = begins + self.chat.encoding.encode(string)
        return ids[-left_truncate_len:] if left_truncate_len else ids

    def tok_batch_encode(
        self,
        strings: list[str],
        padding_side: str = "left",
        left_truncate_len: int | None = None,
        truncation: bool = False,
    ) -> Any:
        rows = [self.tok_encode(string) for string in strings]
        if left_truncate_len:
            self.cut += sum(len(row) > left_truncate_len for row in rows)
            rows = [row[-left_truncate_len:] for row in rows]
        padded = self.tokenizer.pad({"input_ids": rows}, padding_side=padding_side, return_tensors="pt")
        return padded["input_ids"], padded["attention_mask"]

    def _encode_pair(self, context: str, continuation: str) -> tuple[list[int], list[int]]:
        if self.in_conversations:
            continuation = self.chat.encoding.hide(continuation, HIDER)
        pair: tuple[list[int], list[int]] = super()._encode_pair(context, continuation)
        return pair

    def apply_chat_template(self, chat_history: list[dict[str, str]], add_generation_prompt: bool = True) -> str:
        """A system message goes where the template has a place for it, else before the first instruction."""
        return self.chat.render(chat_history, open_=add_generation_prompt)


def load_for_lm_eval(node: Benchmarked, work: Work) -> tuple[Any, dict[str, Any]]:
    """The model as lm-eval takes it, and how it is asked."""
    tokenizer, template = load_tokenizer(node.model, work), node.model.template
    how: dict[str, Any] = {"used": node.chat_template}
    if node.chat_template:
        how["from"] = "the model's template"
        if isinstance(template, Template):
            begins = ChatFormat(template, tokenizer).encoding.prefix
            template = ChatTemplate(chat_template(template, begins_with_bos=begins == [tokenizer.bos_token_id]))
        else:
            how["from"] = "its own chat template"
        how["sha256"] = sha256(template.jinja.encode()).hexdigest()
        tokenizer.chat_template = template.jinja
    chat, model = ChatFormat(template, tokenizer), load_model(node.model, work).eval()
    keep_ends_alone(model, chat)
    with silence_lm_eval():
        lm = CountingLM(pretrained=model, tokenizer=tokenizer, backend="causal", batch_size=work.machine.micro_batch)
    lm.chat, lm.in_conversations = chat, node.chat_template
    return lm, how


@contextmanager
def silence_lm_eval() -> Iterator[None]:
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
