"""Open Assistant's messages, from flat files and nested trees alike, as one table by id.

A reply may stand before its prompt, or in another file, so all messages of a set are in memory before any is selected:
about 1 kB each, 160 MB for the whole of OASST1.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from humpback.core.tables import Rejected, Unreadable, to_json
from humpback.readers.json_values import kind
from humpback.readers.records import Record, as_json, unreadable


@dataclass(frozen=True)
class Message:
    """One message of a conversation."""

    id: str
    parent: str | None
    """None opens a conversation."""
    text: str
    role: str
    """"prompter" or "assistant"."""
    language: str
    """Empty where it is not said."""
    rank: int | None
    """0 is the reply that people ranked best; None where it was not ranked."""
    deleted: bool
    file: str
    place: str


@dataclass
class Conversations:
    """All messages of a set, and what of the files is none."""

    messages: dict[str, Message] = field(default_factory=dict)
    rejected: list[Rejected] = field(default_factory=list)
    """Messages whose id was taken."""
    unreadable: list[Unreadable] = field(default_factory=list)
    records: int = 0
    """Lines, elements and rows of the files, unreadable ones too."""
    trees: int = 0
    """Those of them that are nested trees."""

    def standing(self) -> dict[str, str]:
        """For each message why it cannot be placed: a parent that is missing, or that is its own descendant; else
        empty."""
        known: dict[str, str] = {}
        for start in self.messages:
            path: list[str] = []
            on_path: set[str] = set()
            at = start
            while True:
                if at in known:
                    reason = known[at]
                    break
                if at in on_path:
                    reason = "cycle: its conversation goes round in a circle"
                    break
                path.append(at)
                on_path.add(at)
                parent = self.messages[at].parent
                if parent is None:
                    reason = ""
                    break
                if parent not in self.messages:
                    reason = f"orphan: its conversation goes up to {parent!r}, which is in none of the files"
                    break
                at = parent
            known.update(dict.fromkeys(path, reason))
        return known

    def above(self, message: Message, at_most: int) -> list[Message]:
        """What was said before a message in good standing, from the opening down, or the last `at_most` of it."""
        path: list[Message] = []
        at = message
        while at.parent is not None and len(path) < at_most:
            at = self.messages[at.parent]
            path.append(at)
        return path[::-1]


def conversations(files: Iterable[Iterator[Record | Unreadable]]) -> Conversations:
    """The messages of several files, each flat or nested. Nothing is raised for what is in a record."""
    found = Conversations()
    for records in files:
        for record in records:
            found.records += 1
            if isinstance(record, Unreadable):
                found.unreadable.append(record)
            elif isinstance(record.value.get("prompt"), dict):
                found.trees += 1
                _add_tree(found, record)
            else:
                _add(found, record, record.value, None)
    return found


_UNKNOWN = "an unreadable message"


def _add_tree(found: Conversations, record: Record) -> None:
    """A tree's messages, in the order in which they are written. A loop: conversations nest as deep as people talk."""
    left: list[tuple[Any, str | None, str]] = [(record.value["prompt"], None, "prompt")]
    while left:
        value, parent, where = left.pop()
        inner = Record(record.file, f"{record.place}, {where}", record.row, value if isinstance(value, dict) else {})
        if not isinstance(value, dict):
            reason = f"field {where} is {kind(value)}; it takes a message"
            found.unreadable.append(Unreadable(inner.file, inner.place, reason, as_json(value)))
            continue
        _add(found, inner, value, parent if parent is not None else "", nested=True)
        own = value.get("message_id")
        # Replies of a message that cannot be read are orphans; they must not be taken for openings.
        below = own if isinstance(own, str) and own else _UNKNOWN
        replies = value.get("replies")
        if replies is None:
            continue
        if not isinstance(replies, list):
            reason = f"field {where}.replies is {kind(replies)}; it takes a list of messages"
            found.unreadable.append(Unreadable(inner.file, inner.place, reason, as_json(replies)))
            continue
        left += [(one, below, f"{where}.replies[{i}]") for i, one in reversed(list(enumerate(replies)))]


def _add(found: Conversations, record: Record, value: dict[str, Any], parent: str | None, nested: bool = False) -> None:
    """Take one message in. `parent` is the message around it in a tree, empty for the opening."""
    own = {name: one for name, one in value.items() if name != "replies"}
    try:
        message = _message(own, record, parent, nested)
    except ValueError as error:
        found.unreadable.append(unreadable(Record(record.file, record.place, record.row, own), str(error)))
        return
    first = found.messages.setdefault(message.id, message)
    if first is not message:
        reason = f"duplicate id: message {message.id} stands already in {first.file}, {first.place}"
        id = f"{message.id}@{record.file}, {record.place}"
        found.rejected.append(Rejected(id, reason, message.text, origin=origin_of(message)))


def _message(value: dict[str, Any], record: Record, around: str | None, nested: bool) -> Message:
    for name in ("message_id", "text", "role"):
        if not isinstance(value.get(name), str) or not value[name]:
            what = kind(value[name]) if name in value else "missing"
            raise ValueError(f"field {name} is {what}; a message of Open Assistant has text there")
    if value["role"] not in ("prompter", "assistant"):
        raise ValueError(f"field role is {value['role'][:40]!r}; it takes prompter or assistant")
    stated = value.get("parent_id")
    if stated is not None and not isinstance(stated, str):
        raise ValueError(f"field parent_id is {kind(stated)}; it takes the parent's message_id, or null")
    if nested and around and stated and stated != around and around != _UNKNOWN:
        raise ValueError(f"field parent_id is {stated!r}, but the message stands under {around!r}")
    parent = (around or None) if nested else (stated or None)
    deleted = value.get("deleted")
    if deleted is not None and not isinstance(deleted, bool):
        raise ValueError(f"field deleted is {kind(deleted)}; it takes true or false")
    language = value.get("lang")
    if language is not None and not isinstance(language, str):
        raise ValueError(f"field lang is {kind(language)}; it takes a language's code, such as en")
    return Message(
        id=value["message_id"],
        parent=parent,
        text=value["text"],
        role=value["role"],
        language=language or "",
        rank=_rank(value.get("rank")),
        deleted=bool(deleted),
        file=record.file,
        place=record.place,
    )


def _rank(value: Any) -> int | None:
    # Tables made with pandas hold ranks as 0.0 and missing ones as NaN.
    if value is None or value != value:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value != int(value):
        raise ValueError(f"field rank is {kind(value)}; it takes a whole number from 0, or null")
    return int(value)


def origin_of(message: Message) -> str:
    """What is known of a message, as `origin`."""
    known: dict[str, Any] = {"file": message.file, "place": message.place, "role": message.role}
    known |= {"parent": message.parent, "lang": message.language, "rank": message.rank}
    return to_json({name: value for name, value in known.items() if value not in (None, "")})
