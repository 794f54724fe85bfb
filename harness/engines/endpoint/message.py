"""What a server's reply says: its text, apart from what the model thought on the way, and how it ended.

Servers agree on where a reply stands and on little else. A message's content is a text, a list of parts, or nothing at
all; thinking stands in fields of its own (`reasoning_content`, `reasoning`), in parts of its own, or at the head of the
text between marks of the model's maker, whose opening one may have been the end of the prompt. What is none of the
known forms is not a text, and is never made one.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

Ended = Literal["stop", "length", "filter", "refusal", ""]
"""By itself; cut at a limit; withheld by a filter; the model declined in a field of its own; not said."""

_LENGTH = re.compile(r"length|max.?(?:\w+.)?tokens|token.?limit|context.?window|truncat", re.IGNORECASE)
_FILTER = re.compile(
    r"filter|safety|sensitive|guardrail|moderat|recitation|blocklist|prohibited|spii|refus", re.IGNORECASE
)
_FAILED = re.compile(r"error|abort|cancel|time.?out|fail|malformed|insufficient.?system.?resource", re.IGNORECASE)
"""Words in reasons to finish, which every server spells in its own way. Those of the last kind are the server's
failure, not the end of an answer."""
_THINKING = ("reasoning_content", "reasoning", "thinking", "reasoning_details", "thinking_blocks")
_THINKING_PARTS = ("thinking", "reasoning", "redacted_thinking", "thought", "reasoning_text", "reasoning_content")
_TEXT_PARTS = ("text", "output_text", "")
_TOOL_PARTS = ("tool_use", "tool_call", "function_call", "function")

_TAG = r"<(?P<slash>/?)(?P<tag>(?:[a-z]+:)?(?:think|thinking|thought|thoughts|reasoning))\s*>"
_PAIRS = (
    (r"\[THINK\]", r"\[/THINK\]"),
    (r"◁think▷", r"◁/think▷"),
    (r"<\|begin_of_thought\|>", r"<\|end_of_thought\|>"),
    (r"<\|START_THINKING\|>", r"<\|END_THINKING\|>"),
    (r"<\|channel>\s*thought", r"<channel\|>"),
)
"""Opening and closing marks of thinking, beside tags."""
_MARK = re.compile("|".join([_TAG, *(rf"(?P<o{i}>{a})|(?P<c{i}>{b})" for i, (a, b) in enumerate(_PAIRS))]), re.I)
_AROUND = (
    (r"<answer>", r"</answer>"),
    (r"<\|begin_of_solution\|>", r"<\|end_of_solution\|>"),
    (r"<\|START_RESPONSE\|>", r"<\|END_RESPONSE\|>"),
)
"""Marks around the whole answer that follows thinking."""
_FINAL = re.compile(r"(?:<\|start\|>assistant)?<\|channel\|>final[^<]*(?:<\|constrain\|>[^<]*)?<\|message\|>")
_HARMONY = re.compile(r"\s*(?:<\|start\|>assistant)?<\|channel\|>")
_HARMONY_ENDS = re.compile(r"<\|(?:return|end|call)\|>")
_HARMONY_MIDWAY = re.compile(r"<\|end\|>\s*<\|start\|>assistant<\|channel\|>final")
"""Where the prompt had opened a channel."""
_HARMONY_BARE = re.compile(r"\s*(?:analysis(.*?)|(.*?[.!?\"')\]\n]))assistantfinal(.*)", re.DOTALL)
"""gpt-oss's channels where the server has dropped the marks and left the words, with or without the first one."""
_FIRST = re.compile(r"[<\[◁]")
"""What every mark begins with: most texts have none, and are looked at no further."""
_FENCE = re.compile(r"^\s*(?:```|~~~)", re.MULTILINE)
_QUOTES = "`'\"\u2018\u2019\u201c\u201d"
_MOST_BLOCKS = 50
"""Of thinking in one text; what would follow is text."""


class NotText(ValueError):
    """A reply holds what is no text. The message says what was found."""


@dataclass(frozen=True)
class ReplyMessage:
    """A reply as it is understood."""

    text: str
    """What was said: the arguments where a function or tool was called, or else the text without the thinking."""
    content: str
    """The same, but for a call that nobody had offered: the text alone."""
    thinking: str
    """What was thought on the way, as far as the server shows it."""
    ended: Ended


def understand(choice: dict[str, Any]) -> ReplyMessage:
    """The message of one of a reply's `choices`. Halves of surrogate pairs, which JSON can spell and no file can hold,
    become question marks.

    Raises:
        NotText: when its content is neither a text, nor parts of known types, nor nothing.
    """
    parts: dict[str, list[str]] = defaultdict(list)
    for kind, said in _parts(choice):
        parts[kind].append(said)
    inner, text = without_thinking("".join(parts["text"]))
    thinking = "\n".join([*parts["thinking"], inner]).strip()
    content, text, ended = text, "".join(parts["call"][:1]) or text, _ended(choice)
    refusal = next(filter(str.strip, parts["refusal"]), "")
    if refusal and not text.strip():
        content = text = refusal
        ended = "filter" if ended == "filter" else "refusal"
    return ReplyMessage(_whole(text), _whole(content), _whole(thinking), ended)


def without_thinking(text: str) -> tuple[str, str]:
    """(thinking, the rest) of a text. Thinking begins at the text's beginning or at a line's, outside of fenced code,
    and ends at the mark that belongs to it; without one, all that follows is thinking. Where a closing mark has no
    opening one, the prompt had ended in it, and everything up to it is thinking. Marks within a line that are paired,
    or in quotes, are text."""
    midway = _HARMONY_MIDWAY.search(text)
    if _HARMONY.match(text) or (midway and not _is_fenced(text, midway.start())):
        if final := next(iter(reversed([*_FINAL.finditer(text)])), None):
            return text[: final.start()].strip(), _HARMONY_ENDS.split(text[final.end() :], maxsplit=1)[0].strip()
        # Some servers leave the marks of the thinking alone.
        ends = text.rfind("<|end|>") + len("<|end|>") if "<|end|>" in text else len(text)
        return text[:ends].strip(), text[ends:].strip()
    if (bare := _HARMONY_BARE.fullmatch(text)) and not _is_fenced(text, bare.start(3)):
        return (bare[1] or bare[2] or "").strip(), bare[3].strip()
    if not _FIRST.search(text):
        return "", text
    thoughts, rest = [], text
    if (end := _unopened(text)) is not None:
        thoughts.append(_MARK.sub(lambda mark: mark[0] if _sign(mark)[0] else "", text[: end.start()]))
        rest = text[end.end() :].lstrip()
    for _ in range(_MOST_BLOCKS):
        if (begin := _opening(rest)) is None:
            break
        close = _closing(rest, begin)
        thoughts.append(rest[begin.end() : close.start() if close else len(rest)])
        before, after = rest[: begin.start()], rest[close.end() :] if close else ""
        rest = before + after if before.strip() else after.lstrip()
    if thoughts:
        rest = _unwrapped(rest)
    return "\n".join(one.strip() for one in thoughts).strip(), rest


def _is_fenced(text: str, at: int) -> bool:
    """Whether a place is within fenced code."""
    return len(_FENCE.findall(text, 0, at)) % 2 == 1


def begins_with_thinking(text: str) -> bool:
    """Whether a text begins with a mark of thinking, or holds the end of one that the prompt had begun."""
    if not _FIRST.search(text):
        return False
    found = _opening(text)
    beginning = found is not None and not text[: found.start()].strip()
    return beginning or bool(_HARMONY.match(text)) or _unopened(text) is not None


def _sign(mark: re.Match[str]) -> tuple[bool, str]:
    """Whether a mark opens, and its kind."""
    if mark["tag"]:
        return not mark["slash"], mark["tag"].lower()
    group = str(mark.lastgroup)
    return group[0] == "o", group[1:]


def _opening(text: str) -> re.Match[str] | None:
    """Where thinking begins: at a line's beginning, outside of fenced code."""
    fences, counted = 0, 0
    for mark in _MARK.finditer(text):
        line = text.rfind("\n", 0, mark.start()) + 1
        if _sign(mark)[0] and not text[line : mark.start()].strip():
            fences, counted = fences + len(_FENCE.findall(text, counted, line)), line
            if fences % 2 == 0:
                return mark
    return None


def _closing(text: str, begin: re.Match[str]) -> re.Match[str] | None:
    """Where thinking ends. Pairs of marks that it quotes are passed over; the last is taken where it quotes an opening
    mark alone."""
    last, depth = None, 1
    for mark in _MARK.finditer(text, begin.end()):
        opens, kind = _sign(mark)
        if kind != _sign(begin)[1]:
            continue
        depth += 1 if opens else -1
        last = last if opens else mark
        if depth == 0:
            break
    return last


def _unopened(text: str) -> re.Match[str] | None:
    """The closing mark of thinking that was begun before the text, if there is one: more are closed than opened,
    those in quotes not counted."""
    depth = 0
    for mark in _MARK.finditer(text):
        if text[max(0, mark.start() - 1) : mark.start()] in (*_QUOTES,) and text[mark.end() : mark.end() + 1] in (
            *_QUOTES,
        ):
            continue
        depth += 1 if _sign(mark)[0] else -1
        if depth < 0:
            return mark
    return None


def _unwrapped(text: str) -> str:
    """The answer without the marks around it, where they stand around all of it."""
    for begin, end in _AROUND:
        if found := re.fullmatch(rf"\s*{begin}(.*?)(?:{end})?\s*", text, re.DOTALL | re.IGNORECASE):
            return found[1].strip()
    return text


def _parts(choice: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """(kind, text) of all that a choice holds: text, thinking, the arguments of a call, a refusal."""
    message = choice.get("message")
    if message is None:
        message = {"content": choice.get("text")}
    if not isinstance(message, dict):
        raise NotText(f"a message that is {_shown(message)}")
    for name in _THINKING:
        if message.get(name):
            yield "thinking", _flat(message[name])
    tools = message.get("tool_calls")
    for call in [*(tools if isinstance(tools, list) else ()), {"function": message.get("function_call")}]:
        if isinstance(call, dict) and (arguments := _arguments(call.get("function"))):
            yield "call", arguments
    content = message.get("content")
    if isinstance(content, str | dict):
        content = [content]
    if not isinstance(content, list | None):
        raise NotText(f"content that is {_shown(content)}")
    for part in content or ():
        yield ("text", part) if isinstance(part, str) else _part(part)
    if isinstance(refusal := message.get("refusal"), str):
        yield "refusal", refusal


def _part(part: Any) -> tuple[str, str]:
    kind = part.get("type", "") if isinstance(part, dict) else None
    if kind in _THINKING_PARTS or (isinstance(part, dict) and part.get("thought") is True):
        return "thinking", _flat(part)
    if kind == "refusal" and isinstance(part.get("refusal"), str):
        return "refusal", part["refusal"]
    if kind in _TOOL_PARTS and (arguments := _arguments(part.get("function", part))):
        return "call", arguments
    if kind not in _TEXT_PARTS or "text" not in part:
        raise NotText(f"a part that is {_shown(part)}")
    text = part["text"].get("value") if isinstance(part["text"], dict) else part["text"]
    if not isinstance(text, str):
        raise NotText(f"a part of text that holds {_shown(text)}")
    return "text", text


def _arguments(function: Any) -> str:
    """What a function or tool was called with; "" where nothing was called."""
    if not isinstance(function, dict):
        return ""
    arguments = next((function[key] for key in ("arguments", "input") if key in function), None)
    if isinstance(arguments, dict | list):
        return json.dumps(arguments, ensure_ascii=False)
    return arguments if isinstance(arguments, str) else ""


def is_withheld(choice: dict[str, Any]) -> bool:
    """Whether a choice finished because a filter withheld it; some servers then send no message at all."""
    return _ended(choice) == "filter"


def failed(choice: dict[str, Any]) -> bool:
    """Whether a choice finished because the server failed."""
    return bool(_FAILED.search(_reason(choice)))


def _ended(choice: dict[str, Any]) -> Ended:
    reason = _reason(choice)
    if _FILTER.search(reason):
        return "filter"
    if _LENGTH.search(reason):
        return "length"
    return "stop" if reason else ""


def _reason(choice: dict[str, Any]) -> str:
    reason = choice.get("finish_reason")
    reason = reason.get("type") if isinstance(reason, dict) else reason
    return reason.strip() if isinstance(reason, str) else ""


def _flat(value: Any) -> str:
    """All the texts in a part or field of thinking, whatever its form."""
    if isinstance(value, str):
        return value
    if isinstance(value, dict):
        wanted = ("thinking", "reasoning", "text", "content", "summary", "reasoning_content", "reasoning_text")
        return "\n".join(said for key in wanted if key in value and (said := _flat(value[key])))
    return "\n".join(said for one in value if (said := _flat(one))) if isinstance(value, list) else ""


def _shown(value: Any) -> str:
    return f"{type(value).__name__} {json.dumps(value, ensure_ascii=True)[:80]}"


def _whole(text: str) -> str:
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
