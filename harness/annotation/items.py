"""What is voted on: answers of two systems joined on their prompt, and screening items with known answers.

Ids decide only between prompts of the same text, because most files number their rows, and equal numbers in two files
need not be one prompt.
"""

from __future__ import annotations

import hashlib
import json
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import astuple, dataclass, replace
from pathlib import Path

from humpback.core.expression import FieldError
from humpback.core.same_prompt import fold, partners, prompt_keys
from humpback.core.tables import EXAMPLES, Example, Rejected, Unreadable, read
from humpback.readers.instructions import prompts
from humpback.readers.records import records
from humpback.readers.unusable import UnusableFile

KNOWN_BETTER, KNOWN_WORSE = "known better", "known worse"


@dataclass(frozen=True)
class Item:
    """One prompt with two answers."""

    id: str
    """Hash of names, prompt and answers, so that votes belong to exactly what was shown."""
    prompt: str
    """Id of the prompt in the first system's file."""
    instruction: str
    source: str
    first: str
    """Name of the system whose answer is `first_output`."""
    second: str
    first_output: str
    second_output: str
    screening: bool = False
    """The first answer is known to be better."""

    @property
    def row(self) -> tuple[str | bool, ...]:
        """For the database."""
        return astuple(self)


@dataclass(frozen=True)
class System:
    """A named set of answers."""

    name: str
    answers: tuple[Example, ...]
    aside: tuple[str, ...]
    """Rows of the file that could not be used, each with its place and the reason."""


@dataclass(frozen=True)
class Unmatched:
    """A row without a partner."""

    system: str
    """Whose row it is."""
    id: str
    reason: str
    instruction: str


@dataclass(frozen=True)
class SharedPrompts:
    """Two systems' answers to the same prompts. Rows of the first in = items + its unmatched; so for the second."""

    items: tuple[Item, ...]
    unmatched: tuple[Unmatched, ...]


def load_systems(paths: Sequence[Path]) -> list[System]:
    """The answers at each path: an artifact's folder, or a file in any known layout.

    A system is called by the file's `generator`, the artifact's folder, or the file's name, with the folder above it
    where two would have one name.

    Raises:
        FieldError: when two paths are the same file or cannot be told apart by name.
        UnusableFile: when nothing can be read at one of them.
    """
    places = [path.resolve() for path in paths]
    if same := next((path for path, place in zip(paths, places, strict=True) if places.count(place) > 1), None):
        raise FieldError(f"{same} is given twice; a system is not compared with itself")
    found = [_load(path) for path in paths]
    names = Counter(one.name for one in found)
    found = [
        replace(one, name=f"{path.resolve().parent.name}/{one.name}") if names[one.name] > 1 else one
        for one, path in zip(found, paths, strict=True)
    ]
    twice = [name for name, times in Counter(one.name for one in found).items() if times > 1]
    if twice:
        raise FieldError(f"two of the systems are called {twice[0]!r}; they are told apart by generator or file name")
    return found


def _load(path: Path) -> System:
    if path.is_dir():
        if not (path / EXAMPLES).is_file():
            raise UnusableFile(f"{path}: no {EXAMPLES} in it, so it is no artifact with answers")
        return System(path.resolve().name, tuple(read(path / EXAMPLES, Example)), ())
    if not path.is_file():
        raise FileNotFoundError(f"{path}: there is no such file or artifact")
    rows = list(prompts(path))
    answers = tuple(row for row in rows if isinstance(row, Example))
    aside = tuple(_aside(row) for row in rows if not isinstance(row, Example))
    generators = {row.known.get("generator") for row in answers}
    generator = generators.pop() if len(generators) == 1 else None
    return System(generator if isinstance(generator, str) else path.name.split(".")[0], answers, aside)


def _aside(row: Rejected | Unreadable) -> str:
    return f"{row.file}, {row.place}: {row.reason}" if isinstance(row, Unreadable) else f"{row.id}: {row.reason}"


def join(first: System, second: System) -> SharedPrompts:
    """Every prompt that both answer, in the first system's order, by the rule of `core/same_prompt.py`; rows of a text
    that stands more than once in a file have to have equal ids too."""
    unmatched: list[Unmatched] = []
    twice = {
        fold(text)
        for one in (first, second)
        for text, times in Counter(row.instruction.strip() for row in one.answers).items()
        if times > 1
    }
    ours, theirs = (_keyed(one, twice, unmatched) for one in (first, second))
    found = partners(prompt_keys(ours), prompt_keys(theirs)).all
    of_first, of_second = list(ours.values()), list(theirs.values())
    pairs = [(of_first[i], of_second[found[i]]) for i in sorted(found)]
    items = tuple(_item(a.id, a.instruction, a.source, first.name, second.name, a.output, b.output) for a, b in pairs)
    unmatched += _lacking(first, second, [row for i, row in enumerate(of_first) if i not in found])
    taken = {*found.values()}
    unmatched += _lacking(second, first, [row for j, row in enumerate(of_second) if j not in taken])
    return SharedPrompts(items, tuple(unmatched))


def _keyed(system: System, twice: set[str], unmatched: list[Unmatched]) -> dict[str, Example]:
    """Rows by what they are joined by: the text, with the id below it where the text stands more than once."""
    keyed: dict[str, Example] = {}
    for row in system.answers:
        text = row.instruction.strip()
        key = f"{text}\n{row.id.rsplit('/', 1)[-1]}" if fold(text) in twice else text
        if not text:
            unmatched.append(Unmatched(system.name, row.id, "the prompt is empty", ""))
        elif key in keyed:
            reason = f"duplicate prompt: {keyed[key].id} has the same text and id"
            unmatched.append(Unmatched(system.name, row.id, reason, text[:80]))
        else:
            keyed[key] = row
    return keyed


def _lacking(system: System, other: System, rows: Sequence[Example]) -> list[Unmatched]:
    there = Counter(fold(row.instruction.strip()) for row in other.answers) if rows else Counter()
    found = []
    for row in rows:
        text = row.instruction.strip()
        reason = f"{other.name} does not answer this prompt"
        if times := there[fold(text)]:
            reason = f"duplicate prompt: {other.name} has it {times} times, none with this id"
        found.append(Unmatched(system.name, row.id, reason, text[:80]))
    return found


def _item(prompt: str, instruction: str, source: str, first: str, second: str, a: str, b: str) -> Item:
    content = json.dumps([instruction, first, second, a, b]).encode()
    return Item(hashlib.sha256(content).hexdigest()[:32], prompt, instruction, source, first, second, a, b)


def sample_items(joined: Sequence[SharedPrompts], *, n: int | None, seed: int) -> tuple[Item, ...]:
    """The items of one system against each opponent; with `n`, of so many prompts, drawn uniformly without replacement
    among those that every opponent answered, so that opponents can be compared on the same prompts.

    Raises:
        FieldError: when there are not so many.
    """
    if n is None:
        return tuple(item for one in joined for item in one.items)
    shared = [item.prompt for item in joined[0].items]
    for one in joined[1:]:
        there = {item.prompt for item in one.items}
        shared = [prompt for prompt in shared if prompt in there]
    if not 0 < n <= len(shared):
        raise FieldError(f"--n is {n}; {len(shared)} prompts are answered by all systems")
    chosen = set(random.Random(seed).sample(shared, n))
    return tuple(item for one in joined for item in one.items if item.prompt in chosen)


def screening_items(path: Path) -> tuple[Item, ...]:
    """Items with known answers: records of prompt, better and worse. The paper has 10.

    Raises:
        UnusableFile: at the first record that cannot be used, since leaving it out would change the mark.
    """
    found: dict[str, Item] = {}
    for record in records(path):
        if isinstance(record, Unreadable):
            raise UnusableFile(f"{path}: {record.place}: {record.reason}")
        text = {}
        for name in ("prompt", "better", "worse"):
            value = record.value.get(name)
            if not isinstance(value, str) or not value.strip():
                raise UnusableFile(f"{path}: {record.place}: field {name} is {value!r:.60}; it takes text")
            text[name] = value
        if text["better"].strip() == text["worse"].strip():
            raise UnusableFile(f"{path}: {record.place}: better and worse are the same text")
        id, answers = f"screening/{record.row}", (text["better"], text["worse"])
        item = _item(id, text["prompt"], "screening", KNOWN_BETTER, KNOWN_WORSE, *answers)
        if item.id in found:
            raise UnusableFile(f"{path}: {record.place}: the same item as {found[item.id].prompt}")
        found[item.id] = replace(item, screening=True)
    return tuple(found.values())
