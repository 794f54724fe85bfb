"""The two sides of a contest as a command names them, made into one expression: files or artifacts, joined on the
prompt."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from humpback.core.expression import FieldError
from humpback.core.payload import checksum
from humpback.core.store import RECORD, verified_record
from humpback.core.tables import EXAMPLES, Example, read
from humpback.inputs.file_index import named_files
from humpback.judging.self_judging import answered_by, generators_of
from humpback.spec.files import File, PromptSet
from humpback.spec.outcomes import Matched


@dataclass(frozen=True)
class Side:
    """One system's answers."""

    examples: PromptSet
    places: tuple[tuple[str, str], ...]
    """(SHA-256, path) of its files."""
    folder: Path | None
    """Of the artifact, where it is one."""

    def generators(self, folder: Path) -> set[str]:
        """Who wrote the answers, as far as that is known; `folder` is the set's in the store."""
        known = answered_by(self.folder) if self.folder else set()
        return known | generators_of(read(folder / EXAMPLES, Example))


def find_side(name: str) -> Side:
    """An artifact's folder, a file, or the name of a public file.

    Raises:
        FieldError: when it is none of these.
        Damaged: when the artifact is not as it was published.
    """
    folder = Path(name)
    if folder.is_dir() and (folder / RECORD).exists():
        table = folder / EXAMPLES
        if EXAMPLES not in verified_record(folder).payload:
            raise FieldError(f"{name}: no {EXAMPLES} in it, so it holds no answers; give a folder of `responses/`")
        sha256 = checksum(table)
        # The folder's name says what it is; every artifact's table is called the same.
        file = File(f"{folder.resolve().name}.parquet", sha256)
        return Side(PromptSet((file,)), ((sha256, str(table.resolve())),), folder)
    files, places = named_files([name])
    if len(files) != 1:
        raise FieldError(f"{name}: {len(files)} files; a side is one file of answers, or the folder of an artifact")
    return Side(PromptSet(files), places, None)


def join_sides(a: Side, b: Side) -> tuple[Matched, Matched]:
    """Both sides on the prompts that they share, under the ids and in the order of the first."""
    theirs = Matched(b.examples, to=a.examples)
    return Matched(a.examples, to=theirs), theirs
