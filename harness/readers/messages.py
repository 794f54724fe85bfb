"""Open Assistant's messages, from flat files and nested trees alike, as one table by id.

A reply may stand before its prompt, or in another file, so all messages of a set are in memory before any is selected:
about 1 kB each, 160 MB for the whole of OASST1.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from humpback.core.tables import Rejected, Unreadable, to_json
from humpback.readers.json_values import json_kind
from humpback.readers.records import FileRecord, json_excerpt, unreadable


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
        for at in self.messages:
            path: set[str] = set()
            while at not in known:
                path.add(at)
                parent = self.messages[at].parent
                if parent is None:
                    known[at] = ""
                elif parent not in self.messages:
                    known[at] = f"orphan: its conversation goes up to {parent!r}, which is in none of the files"
                elif parent in path:
                    known[at] = "cycle: its conversation goes round in a circle"
                else:
                    at = parent
            known.update(dict.fromkeys(path, known[at]))
        return known

    def above(self, message: Message, at_most: int) -> list[Message]:
        """What was said before a message in good standing, from the opening down, or the last `at_most` of it."""
        path: list[Message] = []
        at = message
        while at.parent is not None and len(path) < at_most:
            at = self.messages[at.parent]
            path.append(at)
        return path[::-1]


def conversations(files: Iterable[Iterator[FileRecord | Unreadable]]) -> Conversations:
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
                _add(found, record, None)
    return found


_UNKNOWN = "an unreadable message"


def _add_tree(found: Conversations, record: FileRecord) -> None:
    """A tree's messages, in the order in which they are written. A loop: conversations nest as deep as people talk."""
    left: list[tuple[Any, str, str]] = [(record.value["prompt"], "", "prompt")]
    while left:
        value, around, where = left.pop()
        place = f"{record.place}, {where}"

        def refuse(reason: str, value: Any, place: str = place) -> None:
            found.unreadable.append(Unreadable(record.file, place, reason, json_excerpt(value)))

        if not isinstance(value, dict):
            refuse(f"field {where} is {json_kind(value)}; it takes a message", value)
            continue
        _add(found, FileRecord(record.file, place, record.row, value), around)
        replies = value.get("replies")
        if isinstance(replies, list):
            # Replies of a message that cannot be read are orphans; they must not be taken for openings.
            own = value.get("message_id")
            own = own if isinstance(own, str) and own else _UNKNOWN
            left += [(one, own, f"{where}.replies[{i}]") for i, one in reversed(list(enumerate(replies)))]
        elif replies is not None:
            refuse(f"field {where}.replies is {json_kind(replies)}; it takes a list of messages", replies)


def _add(found: Conversations, record: FileRecord, around: str | None) -> None:
    """Take one message in. `around` is the message around it in a tree, empty for the opening; None in a flat file."""
    own = {name: one for name, one in record.value.items() if name != "replies"}
    try:
        message = _message(own, record, around)
    except ValueError as error:
        found.unreadable.append(unreadable(FileRecord(record.file, record.place, record.row, own), str(error)))
        return
    first = found.messages.setdefault(message.id, message)
    if first is not message:
        reason = f"duplicate id: message {message.id} stands already in {first.file}, {first.place}"
        id = f"{message.id}@{record.file}, {record.place}"
        found.rejected.append(Rejected(id, reason, message.text, origin=origin_of(message)))


def _message(value: dict[str, Any], record: FileRecord, around: str | None) -> Message:
    for name in ("message_id", "text", "role"):
        if not isinstance(value.get(name), str) or not value[name]:
            what = json_kind(value[name]) if name in value else "missing"
            raise ValueError(f"field {name} is {what}; a message of Open Assistant has text there")
    if value["role"] not in ("prompter", "assistant"):
        raise ValueError(f"field role is {value['role'][:40]!r}; it takes prompter or assistant")
    for name, (type_, takes) in _OPTIONAL.items():
        if value.get(name) is not None and not isinstance(value[name], type_):
            raise ValueError(f"field {name} is {json_kind(value[name])}; it takes {takes}")
    stated = value.get("parent_id")
    if around and stated and stated != around and around != _UNKNOWN:
        raise ValueError(f"field parent_id is {stated!r}, but the message stands under {around!r}")
    return Message(
        id=value["message_id"],
        parent=(stated if around is None else around) or None,
        text=value["text"],
        role=value["role"],
        language=value.get("lang") or "",
        rank=_rank(value.get("rank")),
        deleted=bool(value.get("deleted")),
        file=record.file,
        place=record.place,
    )


_OPTIONAL = {
    "parent_id": (str, "the parent's message_id, or null"),
    "deleted": (bool, "true or false"),
    "lang": (str, "a language's code, such as en"),
}


def _rank(value: Any) -> int | None:
    # Tables made with pandas hold ranks as 0.0 and missing ones as NaN.
    if value is None or value != value:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value != int(value):
        raise ValueError(f"field rank is {json_kind(value)}; it takes a whole number from 0, or null")
    return int(value)


def origin_of(message: Message) -> str:
    """What is known of a message, as `origin`."""
    known: dict[str, Any] = {"file": message.file, "place": message.place, "role": message.role}
    known |= {"parent": message.parent, "lang": message.language, "rank": message.rank}
    return to_json({name: value for name, value in known.items() if value not in (None, "")})
