"""Sets of instruction data as somebody has them: Open Assistant's conversations, or rows in any other layout. Which of
the two a file holds is told here and nowhere else."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from humpback.readers.instructions import Row, layout_of, prompts
from humpback.readers.open_assistant import select_pairs
from humpback.readers.records import FileRecord, records
from humpback.spec.files import EveryTurn, File, FirstTurn, InstructionSet, OpenAssistant, Source

ENGLISH = OpenAssistant(())


def is_open_assistant(path: Path, name: str = "") -> bool:
    """Whether most of a file's first records are Open Assistant's messages or trees.

    Raises:
        UnusableFile: when the file cannot be read.
    """
    head = [one.value for one in islice(records(path, name), 100) if isinstance(one, FileRecord)]
    theirs = sum(isinstance(one.get("prompt"), dict) or {"message_id", "text", "role"} <= set(one) for one in head)
    return theirs > len(head) / 2


def set_of(
    files: tuple[File | Source, ...],
    first: Path,
    n: int | None = None,
    *,
    language: str | None = "en",
    every_turn: bool = False,
    draw: int = 0,
) -> OpenAssistant | InstructionSet:
    """How files are read in, by what the first of them holds, which lies at `first`.

    Raises:
        UnusableFile: when the file cannot be read.
    """
    if is_open_assistant(first):
        return OpenAssistant(files, n, language, turns=EveryTurn() if every_turn else FirstTurn(), draw=draw)
    return InstructionSet(files, n, draw)


def read_set(path: Path) -> tuple[str, Iterator[Row]]:
    """What a file is, in words, and its rows: the English first turns of conversations, or those of any layout, where
    an output may be missing.

    Raises:
        UnusableFile: when it cannot be read, or no layout or more than one fits.
    """
    if is_open_assistant(path):
        found = select_pairs([records(path)], ENGLISH)
        return "Open Assistant's conversations, English first turns", iter((*found.kept, *found.unreadable))
    return f"{layout_of(path).value} layout", prompts(path)
