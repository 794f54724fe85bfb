"""Pairs from Open Assistant's conversations, selected step by step, each step counted.

Every message is a candidate reply but the openings that somebody answered: those come along with their answers. So a
set's candidates are its answers and its unanswered openings, and each is kept, or rejected with the first step that it
fails.
"""

from __future__ import annotations

import random
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from humpback.core.same_prompt import fold
from humpback.core.tables import Example, Rejected, Unreadable, to_json
from humpback.readers.messages import Message, conversations, origin_of
from humpback.readers.records import FileRecord
from humpback.readers.row_content import with_earlier_turns
from humpback.spec.files import FirstTurn, OpenAssistant
from humpback.spec.languages import primary

DEEPEST = 200
"""Turns above a reply; it keeps a chain of messages that goes on for ever from taking time without end."""


@dataclass(frozen=True)
class SelectedPairs:
    """What became of the messages."""

    kept: list[Example]
    """In the order of their ids, so that the order of files and lines does not matter."""
    rejected: list[Rejected]
    unreadable: list[Unreadable]
    counts: dict[str, int]
    """Messages left after each step, and `in` = `kept` + `rejected` + `unreadable`."""


def select_pairs(
    files: Iterable[Iterator[FileRecord | Unreadable]], rules: OpenAssistant, left_out: Collection[str] = ()
) -> SelectedPairs:
    """The pairs that `rules` asks for. `left_out` has the prompts of `rules.without`, folded.

    With `n`, so many of them: sorted by id, then `random.Random("open-assistant/DRAW").sample`.

    Raises:
        ValueError: when fewer than `n` are left.
    """
    found = conversations(files)
    standing = found.standing()
    answered = {message.parent for message in found.messages.values()}
    rejected = list(found.rejected)
    first = isinstance(rules.turns, FirstTurn)
    steps = ["first replies" if first else "replies", "in their roles", f"of rank {rules.rank}", "not deleted"]
    steps += [f"in {rules.language or 'any language'}", *(["other prompts"] if rules.without else [])]
    passed = dict.fromkeys(steps, 0)
    pairs: list[tuple[Message, list[Message]]] = []
    candidates = 0
    for message in sorted(found.messages.values(), key=lambda one: one.id):
        if message.parent is None and message.id in answered:
            continue
        candidates += 1
        reason, above = standing[message.id], []
        if not reason:
            above = found.above(message, 1 if first else DEEPEST)
            for step, reason in zip(steps, _failures(message, above, rules, left_out), strict=False):
                if reason:
                    break
                passed[step] += 1
        if reason:
            rejected.append(_rejected(message, above, reason))
        else:
            pairs.append((message, above))
    drawn = {message.id for message, _ in pairs}
    if rules.n is not None:
        if rules.n > len(pairs):
            raise ValueError(
                f"{rules.name}: n is {rules.n}, and {len(pairs)} pairs are left after the selection "
                f"({', '.join(f'{name} {n}' for name, n in passed.items())}); ask for fewer, or give more files"
            )
        drawn = set(random.Random(f"open-assistant/{rules.draw}").sample(sorted(drawn), rules.n))
    kept = [_example(message, above) for message, above in pairs if message.id in drawn]
    rejected += [_rejected(message, above, "not drawn") for message, above in pairs if message.id not in drawn]
    counts = {
        "records": found.records,
        "trees": found.trees,
        "messages": len(found.messages),
        "conversations": sum(message.parent is None for message in found.messages.values()),
        **passed,
        "in": candidates + len(found.rejected) + len(found.unreadable),
        "kept": len(kept),
        "rejected": len(rejected),
        "unreadable": len(found.unreadable),
    }
    return SelectedPairs(kept, rejected, found.unreadable, counts)


def _failures(message: Message, above: list[Message], rules: OpenAssistant, left_out: Collection[str]) -> Iterator[str]:
    """For each step in turn why the message fails it, empty where it passes. Later steps rely on earlier ones."""
    if above and above[0].parent is not None:
        yield "a later turn" if isinstance(rules.turns, FirstTurn) else f"deeper than {DEEPEST} turns"
    else:
        yield "" if above else "an opening that nobody answered"
    path = [*above, message]
    odd = next((i for i, one in enumerate(path) if one.role != ("prompter", "assistant")[i % 2]), None)
    if message.role == "prompter" and odd is None:
        yield "a prompter's turn: it is the prompt of its answers"
    else:
        yield "" if odd is None else f"turn {odd + 1} is a {path[odd].role}'s, where it takes the other role's"
    # Guanaco follows the best answer at each step, so the ranks of the answers above count too.
    rank = next((one.rank for one in path[1::2] if one.rank != rules.rank), rules.rank)
    yield "" if rank == rules.rank else "without a rank" if rank is None else f"of rank {rank}, not {rules.rank}"
    gone = next((one for one in path if one.deleted), None)
    yield "" if gone is None else "deleted" if gone is message else f"message {gone.id} above it is deleted"
    other = next((one for one in path if not _speaks(one, rules.language)), None)
    yield "" if other is None else f"in {other.language or 'an unknown language'}, not {rules.language}"
    asked = next((one for one in path[::2] if left_out and fold(one.text) in left_out), None)
    yield f"equals a prompt of {rules.without.name}" if asked and rules.without else ""


def _speaks(message: Message, language: str | None) -> bool:
    """Whether a message is in the language; its region is not looked at where none is asked for."""
    return language in (None, message.language, primary(message.language))


def _rejected(message: Message, above: list[Message], reason: str) -> Rejected:
    text = f"{above[-1].text}\n{message.text}" if above else message.text
    return Rejected(message.id, reason, text, origin=origin_of(message))


def _example(message: Message, above: list[Message]) -> Example:
    *earlier, prompt = above
    said = tuple(("user" if one.role == "prompter" else "assistant", one.text) for one in earlier)
    known = {"file": message.file, "place": message.place, "prompt": prompt.id, "tree": above[0].id}
    known |= {"lang": message.language}
    return Example(
        message.id,
        instruction=with_earlier_turns(said, prompt.text),
        output=message.text,
        source="oasst",
        origin=to_json({**known, "rank": message.rank, "turn": len(above) // 2}),
    )
