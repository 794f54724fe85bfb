"""Text to tokens and back. Text is text: "</s>" or "<|im_end|>" in data, a prompt or an answer is characters.

A tokenizer takes such characters for its control tokens wherever they stand. Here it is asked through a twin in which
the control tokens have names that no text holds, so that only what a template writes becomes one. (transformers' own
`sanitize_control_tokens` marks them in chats only, and refuses the tokenizers whose vocabulary holds them as words.)
"""

from __future__ import annotations

import copy
import json
import re
import secrets
from typing import Any

from tokenizers import Tokenizer
from transformers import AddedToken, PreTrainedTokenizerBase

_HIDERS = range(0xF0000, 0xFFFFE)
"""A private-use plane: one of its characters keeps a control token's in a text apart while a template is written."""


class Encoding:
    """How one tokenizer's texts are written as tokens and read again.

    Raises:
        ValueError: naming the tokenizer, when it cannot be kept from turning text into control tokens.
    """

    def __init__(self, tokenizer: PreTrainedTokenizerBase, marks: str = "") -> None:
        """marks: text of a template. The added tokens in it are control tokens too, special or not."""
        self._tokenizer = tokenizer
        added = {i: (str(one.content), one.special) for i, one in tokenizer.added_tokens_decoder.items()}
        named = set(tokenizer.all_special_ids)
        self.control = {
            i: text
            for i, (text, special) in added.items()
            if special or i in named or (text in marks and not text.isspace())
        } | {i: str(tokenizer.convert_ids_to_tokens(i)) for i in named - set(added)}
        """The control tokens: characters by id."""
        self.shown: set[int] = set()
        """Control tokens that are read as their characters, such as a template's marks around thinking."""
        longest_first = sorted(self.control.values(), key=len, reverse=True)
        self._any = re.compile("|".join(map(re.escape, longest_first)) or "(?!)")
        nonce = secrets.token_hex(8)
        self._names = {text: f"{nonce}{i}{nonce}" for i, text in self.control.items()}
        fast = getattr(tokenizer, "is_fast", False)
        self._twin: Any = _fast_twin(tokenizer, self._names) if fast else _slow_twin(tokenizer, self._names)
        self.prefix = self._put_before()
        """What the tokenizer puts before every text, such as a beginning-of-sequence token."""
        unknown = getattr(tokenizer, "unk_token_id", None)
        leaks = [text for i, text in self.control.items() if i != unknown and i in self.encode(f"a {text} {text}a")]
        if leaks:
            raise ValueError(
                f"the tokenizer of {tokenizer.name_or_path} ({type(tokenizer).__name__}) turns the characters of "
                f"{', '.join(leaks)} into control tokens wherever they stand, so texts cannot be told from marks; "
                "give the model with a tokenizer.json"
            )

    def encode(self, text: str) -> list[int]:
        """The tokens of a text, and none beside them."""
        if isinstance(self._twin, Tokenizer):
            return list(self._twin.encode(text, add_special_tokens=False).ids)
        return list(self._twin(text, add_special_tokens=False)["input_ids"])

    def hide(self, text: str, hider: str) -> str:
        """The text with control tokens' characters kept apart, to be put into a template."""
        return self._any.sub(lambda found: hider.join(found.group()), text)

    def encode_template(self, text: str, hider: str) -> list[int]:
        """Tokens of what a template wrote: its marks are control tokens, what was hidden is text."""
        named = self._any.sub(lambda found: self._names[found.group()], text)
        return self.encode(named.replace(hider, ""))

    def split_marks(self, text: str) -> tuple[list[str], str]:
        """The control tokens in a template's text, and the text without them."""
        return self._any.findall(text), self._any.sub("", text)

    def find_mark(self, text: str) -> re.Match[str] | None:
        """Where the first control token of a template's text stands."""
        return self._any.search(text)

    def decode(self, ids: list[int]) -> str:
        """The text of tokens, exactly; control tokens are none of it."""
        text_ids = [one for one in ids if one not in self.control or one in self.shown]
        return str(self._tokenizer.decode(text_ids, skip_special_tokens=False, clean_up_tokenization_spaces=False))

    def _put_before(self) -> list[int]:
        """What it puts before a text stays. What it puts behind one, an end token mostly, is left off: no text that is
        to be continued ends."""
        bare: list[int] = list(self._tokenizer("a", add_special_tokens=False)["input_ids"])
        whole: list[int] = list(self._tokenizer("a")["input_ids"])
        for at in range(len(whole) - len(bare) + 1):
            if whole[at : at + len(bare)] == bare:
                return whole[:at]
        raise ValueError(
            f"the tokenizer of {self._tokenizer.name_or_path} ({type(self._tokenizer).__name__}) writes 'a' as {whole} "
            f"with its own additions and {bare} without: what it adds cannot be told from the text"
        )


def unused_character(*texts: str) -> str:
    """A character that none of the texts holds."""
    held = set().union(*texts)
    return next(chr(code) for code in _HIDERS if chr(code) not in held)


def _fast_twin(tokenizer: PreTrainedTokenizerBase, names: dict[str, str]) -> Tokenizer:
    """The same tokenizer with its control tokens renamed, also in its vocabulary: a Unigram model would find them there
    as words, and a BPE model merge them."""
    state = json.loads(tokenizer.backend_tokenizer.to_str())  # type: ignore[attr-defined]
    state["truncation"] = state["padding"] = None
    for one in state["added_tokens"]:
        one["content"] = names.get(one["content"], one["content"])
    model = state["model"]
    vocabulary = model["vocab"]
    if isinstance(vocabulary, dict):
        model["vocab"] = {names.get(text, text): i for text, i in vocabulary.items()}
    else:
        model["vocab"] = [[names.get(text, text), score] for text, score in vocabulary]
    if model.get("unk_token") in names:
        model["unk_token"] = names[model["unk_token"]]
    if "merges" in model:
        pairs = [one.split(" ", 1) if isinstance(one, str) else one for one in model["merges"]]
        model["merges"] = [pair for pair in pairs if not names.keys() & {*pair, "".join(pair)}]
    return Tokenizer.from_str(json.dumps(state))


def _slow_twin(tokenizer: PreTrainedTokenizerBase, names: dict[str, str]) -> Any:
    twin: Any = copy.deepcopy(tokenizer)
    renamed = {}
    for i, one in twin.added_tokens_decoder.items():
        flags = {"lstrip": one.lstrip, "rstrip": one.rstrip, "single_word": one.single_word}
        name = names.get(str(one.content), str(one.content))
        renamed[i] = AddedToken(name, **flags, normalized=one.normalized, special=one.special)
    twin._added_tokens_decoder = renamed
    twin._added_tokens_encoder = {one.content: i for i, one in renamed.items()}
    twin._special_tokens_map = dict.fromkeys(twin._special_tokens_map)
    twin._extra_special_tokens = []
    twin.tokens_trie = type(twin.tokens_trie)(list(twin._added_tokens_encoder))
    return twin
