"""Text is text, and a model is spoken to in its own template.

Tried: byte-level BPE, SentencePiece's BPE (a space before every piece or the first one), Unigram and WordPiece with the
control tokens among their words, SentencePiece by way of Python; tokenizers that append an end; marks of every template
in instruction, system message and output; marks that are special tokens and added words; templates that trim, that
write the start token, that refuse a system message or leave it out, that have one of their own, that open no turn, that
end a turn with their own token or the tokenizer's, that write today's date or thinking; one that cannot be used.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast

from humpback.core.store import StoreError
from humpback.engines.chat.chat_format import ChatFormat
from humpback.spec.data import Sampling
from humpback.spec.template import INSTRUCTION_RESPONSE, ChatTemplate
from tests.harness.engines.small_models import engine_of, model_of
from tests.harness.engines.small_tokenizers import CHATS, FAST, NO_SYSTEM, byte_bpe, slow, with_marks

USER, ANSWER = "Say what the lamp holds.\nTwo lines, please.", "The lamp holds 8 stones, and it keeps them."
SYSTEM = "Answer in the style of an AI Assistant."
MARKED = "a <s> b</s> <unk><pad> [SEP] [CLS] <|im_end|> x<|eot_id|>\n<end_of_turn> <|end|><|user|> <0x0A> z"


def controls(speaker: ChatFormat, ids: list[int]) -> list[int]:
    """Control tokens among them, but for the one that stands for characters without a token."""
    unknown = speaker._tokenizer.unk_token_id
    return [one for one in ids if one in speaker.encoding.control and one != unknown]


@pytest.mark.parametrize("name", FAST)
def test_the_characters_of_control_tokens_are_characters(name: str) -> None:
    tokenizer = FAST[name]()
    speaker = ChatFormat(INSTRUCTION_RESPONSE, tokenizer)
    prompt, output = speaker.prompt(MARKED, MARKED), speaker.output(MARKED)
    assert controls(speaker, prompt) == speaker.encoding.prefix
    assert controls(speaker, output) == [tokenizer.eos_token_id] == output[-1:]
    lossless = name != "WordPiece"
    assert speaker.read(output) == (MARKED if lossless else " ".join(MARKED.split()))
    assert (MARKED in speaker.read(prompt)) == lossless


@pytest.mark.parametrize("name", FAST)
def test_a_prompt_is_what_the_tokenizer_writes_without_an_end(name: str) -> None:
    tokenizer = FAST[name]()
    whole = tokenizer(INSTRUCTION_RESPONSE.prompt(USER, SYSTEM))["input_ids"]
    if whole[-1] == tokenizer.eos_token_id:
        whole = whole[:-1]
    assert ChatFormat(INSTRUCTION_RESPONSE, tokenizer).prompt(USER, SYSTEM) == whole


def test_a_tokenizer_in_python_does_the_same(tmp_path: Path) -> None:
    tokenizer = slow(tmp_path)
    assert not tokenizer.is_fast
    for template in (INSTRUCTION_RESPONSE, ChatTemplate(CHATS["Zephyr"])):
        speaker = ChatFormat(template, tokenizer)
        plain = [one for one in speaker.prompt("x", "y") if one in speaker.encoding.control]
        assert controls(speaker, speaker.prompt(MARKED, MARKED)) == plain
        assert controls(speaker, speaker.output(MARKED)) == [tokenizer.eos_token_id]
        assert speaker.read(speaker.output(MARKED)).split() == MARKED.split()


@pytest.mark.parametrize("special", [True, False], ids=["special tokens", "added words"])
@pytest.mark.parametrize("name", FAST)
def test_a_chat_model_is_spoken_to_as_its_tokenizer_would(name: str, special: bool) -> None:
    """Token for token where texts hold no marks; and where they do, with no control token more."""
    tokenizer = with_marks(name, special=special)
    for chat, jinja in CHATS.items():
        speaker = ChatFormat(ChatTemplate(jinja), tokenizer)

        def own(*messages: tuple[str, str], opened: bool = True, jinja: str = jinja) -> Any:
            said = [{"role": role, "content": text} for role, text in messages]
            return tokenizer.apply_chat_template(
                said, chat_template=jinja, tokenize=True, add_generation_prompt=opened, return_dict=False
            )

        prompt = speaker.prompt(USER)
        assert prompt == own(("user", USER)), chat
        turn = prompt + speaker.output(ANSWER)
        assert own(("user", USER), ("assistant", ANSWER), opened=False)[: len(turn)] == turn, chat
        if chat in NO_SYSTEM:
            assert speaker.prompt(USER, SYSTEM) == own(("user", f"{SYSTEM}\n\n{USER}")), chat
        else:
            assert speaker.prompt(USER, SYSTEM) == own(("system", SYSTEM), ("user", USER)), chat
        marked = speaker.prompt(MARKED, MARKED)
        assert controls(speaker, marked) == controls(speaker, speaker.prompt("x y", "z")), chat
        output = speaker.output(MARKED)
        assert controls(speaker, output) == [speaker.end] == output[-1:], chat
        if name.startswith("byte"):
            assert speaker.read(output) == MARKED, chat


def test_the_end_of_a_turn_is_the_template_s() -> None:
    tokenizer = with_marks("byte-level BPE")
    ends = {chat: ChatFormat(ChatTemplate(jinja), tokenizer) for chat, jinja in CHATS.items()}
    named = {chat: tokenizer.convert_ids_to_tokens(speaker.end) for chat, speaker in ends.items()}
    assert named["ChatML"] == "<|im_end|>"
    assert named["Llama 3"] == "<|eot_id|>"
    assert named["Gemma"] == "<end_of_turn>"
    assert named["Phi-3"] == "<|end|>"
    assert named["Llama 2"] == named["Zephyr"] == named["Mistral"] == "</s>"
    assert all(tokenizer.eos_token_id in speaker.ends for speaker in ends.values())


def test_a_template_that_opens_no_turn_is_opened_as_it_would_write_one() -> None:
    tokenizer = with_marks("byte-level BPE")
    closed = CHATS["ChatML"].replace("{% if add_generation_prompt %}", "{% if false %}")
    assert ChatFormat(ChatTemplate(closed), tokenizer).prompt(USER) == ChatFormat(
        ChatTemplate(CHATS["ChatML"]), tokenizer
    ).prompt(USER)


def test_no_template_writes_today_s_date() -> None:
    dated = "{{ strftime_now('%d %B %Y') }}" + CHATS["ChatML"]
    speaker = ChatFormat(ChatTemplate(dated), with_marks("byte-level BPE"))
    assert speaker.read(speaker.prompt(USER)).startswith("26 Jul 2024")


def test_what_a_template_writes_before_an_answer_is_no_part_of_it() -> None:
    speaker = ChatFormat(ChatTemplate(CHATS["puts thinking before an answer"]), with_marks("byte-level BPE"))
    assert "<think>" in speaker.encoding.decode(speaker.output(ANSWER))
    assert speaker.read(speaker.output(ANSWER)) == ANSWER


@pytest.mark.parametrize("behind", ["<|im_end|>", "</answer>\n", " ENDE\n\n"])
def test_text_that_a_template_writes_between_an_answer_and_its_end_is_no_part_of_it(behind: str) -> None:
    """As ChatML is written with a tokenizer that has no such tokens."""
    turn = "{{ m['role'] }}: {{ m['content'] }}{{ " + repr(behind) + " + eos_token }}"
    jinja = "{% for m in messages %}" + turn + "{% endfor %}{% if add_generation_prompt %}assistant: {% endif %}"
    speaker = ChatFormat(ChatTemplate(jinja), byte_bpe())
    assert speaker.encoding.decode(speaker.output(ANSWER)) == ANSWER + behind
    assert speaker.read(speaker.output(ANSWER)) == ANSWER
    assert speaker.read(speaker.opening(ANSWER)) == ANSWER


@pytest.mark.parametrize(
    ("jinja", "why"),
    [
        ("{% for m in messages %}{{ m['content'] }", "does not write a conversation"),
        ("{{ raise_exception('ask the other model') }}", "ask the other model"),
        ("{{ messages[0]['content'] }}", "leaves out what the user or the assistant says"),
        ("{{ ''.__class__.__mro__[1].__subclasses__() }}", "does not write a conversation|leaves out"),
    ],
)
def test_a_template_that_cannot_be_used_is_refused(jinja: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        ChatFormat(ChatTemplate(jinja), byte_bpe())


def test_an_engine_stops_at_the_end_of_a_turn(tmp_path: Path) -> None:
    """The model's likeliest first token, taken for the template's end, ends the answer."""
    tokenizer = with_marks("byte-level BPE")
    engine = engine_of(model_of("llama", tokenizer), tokenizer, tmp_path, template=ChatTemplate(CHATS["Gemma"]))
    greedy = Sampling(temperature=0.0, max_new_tokens=4)
    (free,) = engine.generate([USER], greedy)
    assert free.ended == "length"
    first = engine._round([_row(engine.chat.prompt(USER))], greedy)[0][0]
    engine._ends = frozenset({first})
    (ended,) = engine.generate([USER], greedy)
    assert (ended.text, ended.ended) == ("", "stop")


def _row(ids: list[int]) -> Any:
    from humpback.engines.rounds import Row

    return Row(ids, 1)


def test_options_that_a_tokenizer_writes_alike_have_no_probabilities(tmp_path: Path) -> None:
    made = Tokenizer(models.WordLevel({"<unk>": 0, "</s>": 1, "Score": 2, ":": 3, "A": 4}, unk_token="<unk>"))
    made.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=made, unk_token="<unk>", eos_token="</s>", pad_token="</s>")
    engine = engine_of(model_of("llama", tokenizer), tokenizer, tmp_path)
    with pytest.raises(StoreError, match="writes 'Score: 1' and 'Score: 2' alike"):
        engine.choose(["Score A"], [f"Score: {n}" for n in range(1, 6)])
    assert engine.choose(["Score A"], ["Score: A", "Score: :"]) is not None
