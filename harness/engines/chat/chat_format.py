"""A template and a tokenizer: how a model is spoken to, in tokens.

Train, write, rate and judge all take their tokens from here, so what a model is asked with is what it was trained on.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from jinja2 import TemplateError
from transformers import PreTrainedTokenizerBase

from humpback.core.store import StoreError
from humpback.engines.chat.encoding import Encoding, unused_character
from humpback.spec.template import ChatTemplate, Template

_USER, _WORD, _SYSTEM = "QxUserQx", "QxAnswerQx", "QxSystemQx"
HIDER = unused_character("")
"""For texts that are not at hand yet."""
_THAT_DAY = "{%- macro strftime_now(format) -%}26 Jul 2024{%- endmacro -%}"
"""Some templates write today's date, and a result must not follow from it: this is the one Llama's falls back on."""

_ANOTHER = "give another, a .jinja file, or plain"


class ChatFormat:
    """Prompts and outputs as a model reads and writes them.

    Raises:
        ValueError: naming what is amiss, when a chat template cannot be used or no token ends an answer.
    """

    def __init__(self, template: Template | ChatTemplate, tokenizer: PreTrainedTokenizerBase) -> None:
        self._template, self._tokenizer = template, tokenizer
        self._system = isinstance(template, Template)
        self._opens = self._leads = self._closes = self._trails = ""
        self._trims = False
        if isinstance(template, ChatTemplate):
            self.encoding = Encoding(tokenizer, self._render([_user(_USER), _assistant(_WORD)]))
            self._probe()
        else:
            self.encoding = Encoding(tokenizer)
        self.end = self._end_of_turn()
        """The id that ends an output."""
        own = {self.end, tokenizer.eos_token_id}
        self.ends = frozenset(one for one in own if isinstance(one, int))
        """All that end one: the template's end of turn and the tokenizer's end of sequence."""
        self._opening = self._opening_text()

    def prompt(self, instruction: str, system: str = "") -> list[int]:
        """Tokens up to where the output begins."""
        if isinstance(self._template, Template):
            return self.encoding.prefix + self.encoding.encode(self._template.prompt(instruction, system))
        if system and not self._system:
            instruction, system = f"{system}\n\n{instruction}", ""
        hider = unused_character(instruction, system, self._template.jinja)
        asked = [_user(self.encoding.hide(instruction, hider))]
        if system:
            asked = [{"role": "system", "content": self.encoding.hide(system, hider)}, *asked]
        return self.encoding.encode_template(self._render(asked, open_=True) + self._opens, hider)

    def conversation(self, instruction: str, output: str) -> list[int]:
        """Tokens of a prompt and its output together, with all that the template writes after them."""
        if isinstance(self._template, Template):
            return self.prompt(instruction) + self.output(output)
        hider = unused_character(instruction, output, self._template.jinja)
        turns = [_user(self.encoding.hide(instruction, hider)), _assistant(self.encoding.hide(output, hider))]
        return self.encoding.encode_template(self._render(turns), hider)

    def output(self, text: str) -> list[int]:
        """Tokens of an output after a prompt, with the end of its turn."""
        tokens = self._after_prompt(text, self._closes)
        return tokens if tokens[-1:] == [self.end] else [*tokens, self.end]

    def opening(self, text: str) -> list[int]:
        """Tokens of an output's beginning after a prompt."""
        return self._after_prompt(text, "")

    def openings(self, options: Sequence[str]) -> list[list[int]]:
        """Tokens of the beginnings that an output is to be told by.

        Raises:
            StoreError: when the tokenizer writes two of them alike, so that they have one probability.
        """
        found = [self.opening(option) for option in options]
        for at, ids in enumerate(found):
            if (first := found.index(ids)) < at:
                both = f"{options[first]!r} and {options[at]!r}"
                raise StoreError(
                    f"the tokenizer of {self._tokenizer.name_or_path} writes {both} alike, so no probability tells one "
                    "from the other; take another base, or other words"
                )
        return found

    def read(self, ids: list[int]) -> str:
        """The text of an output's tokens, without what the template puts around it, stripped."""
        return self.trim(self.encoding.decode(ids))

    def trim(self, text: str) -> str:
        """An output's text without what the template puts before and behind it, stripped."""
        return text.strip().removeprefix(self._leads.strip()).removesuffix(self._trails.strip()).strip()

    def _after_prompt(self, text: str, closes: str) -> list[int]:
        """As the tokenizer writes it after a prompt, where the prompt's tokens are the beginning of both together (a
        SentencePiece tokenizer puts a space before a text that stands alone); else as it writes it after a mark."""
        hider = unused_character(text)
        opening = self._opening.replace(HIDER, hider)
        output = self._leads + self.encoding.hide(text.strip() if self._trims else text, hider) + closes
        for before in (opening, self.encoding.control[self.end]):
            head = self.encoding.encode_template(before, hider)
            both = self.encoding.encode_template(before + output, hider)
            if both[: len(head)] == head:
                return both[len(head) :]
        return self.encoding.encode_template(output, hider)

    def render(self, messages: list[dict[str, str]], *, open_: bool) -> str:
        """A conversation as a chat template writes it, with control tokens' characters in it kept apart by `HIDER`, for
        `Encoding.written`. Where it is not to be opened for an answer, its last message is to be gone on with."""
        turns = [{**one, "content": self.encoding.hide(one["content"], HIDER)} for one in messages]
        if not self._system and turns[0]["role"] == "system" and len(turns) > 1:
            turns = [{**turns[1], "content": f"{turns[0]['content']}\n\n{turns[1]['content']}"}, *turns[2:]]
        return self._render(turns, open_=open_, go_on=not open_) + (self._opens if open_ else "")

    @property
    def between(self) -> list[str]:
        """What the template writes around the texts of a system sentence and two turns: before the first, between, and
        after the last."""
        if isinstance(self._template, Template):
            written = self._template.prompt(_USER, _SYSTEM) + _WORD
        else:
            turns = [{"role": "system", "content": _SYSTEM}] if self._system else []
            written = self._render([*turns, _user(_USER), _assistant(_WORD), _user(_USER)], open_=True) + self._opens
        return re.split(f"{_SYSTEM}|{_USER}|{_WORD}", written)

    def _opening_text(self) -> str:
        """What stands before an output, with any instruction."""
        if isinstance(self._template, Template):
            return self.encoding.hide(self._template.prompt(_USER), HIDER)
        return self._render([_user(_USER)], open_=True) + self._opens

    def _render(self, messages: list[dict[str, str]], *, open_: bool = False, go_on: bool = False) -> str:
        assert isinstance(self._template, ChatTemplate)
        try:
            found: Any = self._tokenizer.apply_chat_template(
                messages,
                chat_template=_THAT_DAY + self._template.jinja,
                tokenize=False,
                add_generation_prompt=open_,
                continue_final_message=go_on,
            )
        except (TemplateError, TypeError, ValueError) as error:
            roles = ", ".join(one["role"] for one in messages)
            raise ValueError(
                f"the chat template does not write a conversation of {roles}: {error}; {_ANOTHER}"
            ) from error
        return str(found)

    def _probe(self) -> None:
        """Find out what the template does around an answer and with a system message."""
        asked, answered = [_user(_USER)], [_user(_USER), _assistant(_WORD)]
        closed, opened, whole = self._render(asked), self._render(asked, open_=True), self._render(answered)
        if _USER not in opened or _WORD not in whole:
            raise ValueError(f"the chat template leaves out what the user or the assistant says; {_ANOTHER}")
        before, _, after = whole.rpartition(_WORD)
        lead = before.removeprefix(opened) if before.startswith(opened) else ""
        if closed == opened and lead.strip():
            self._opens = lead  # a template that opens no turn when asked to
        else:
            self._leads = lead
        self.encoding.shown = {i for i, mark in self.encoding.control.items() if mark in self._leads}
        end = self.encoding.find_mark(after)
        self._closes, self._trails = (after[: end.end()], after[: end.start()]) if end else ("", "")
        self._trims = f" {_WORD}\n" not in self._render([_user(_USER), _assistant(f" {_WORD}\n")])
        try:
            self._system = _SYSTEM in self._render([{"role": "system", "content": _SYSTEM}, *asked], open_=True)
        except ValueError:
            self._system = False

    def _end_of_turn(self) -> int:
        end = self.encoding.find_mark(self._closes)
        if end:
            found: int = next(i for i, text in self.encoding.control.items() if text == end.group())
            return found
        eos = self._tokenizer.eos_token_id
        if not isinstance(eos, int):
            raise ValueError(f"the tokenizer of {self._tokenizer.name_or_path} has no single end-of-sequence token")
        return int(eos)


def _user(text: str) -> dict[str, str]:
    return {"role": "user", "content": text}


def _assistant(text: str) -> dict[str, str]:
    return {"role": "assistant", "content": text}
