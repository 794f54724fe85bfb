"""What is known of one public file: the row type of the table in `harness/spec/sources.py`.

A row says only what is known. Where the publisher's checksum or size is not, it is None, and the checksum of the first
download is written down and held ever after (`harness/inputs/pull.py`). A commit is never guessed: a file without a
known one names the branch, and says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from humpback.core.expression import Value
from humpback.spec.files import Source

MAIN = "main"
"""The branch that an address names where no commit is known."""

Reading = Literal["instructions", "open assistant", "prompts", "records", "text"]


@dataclass(frozen=True)
class PublicFile(Value):
    """A public file that `humpback data pull` brings."""

    name: str
    """What people and expressions call it."""
    what: str
    """What it is, in a line."""
    address: str
    """Where it is downloaded from, over HTTPS, with the revision in it."""
    revision: str
    """The commit that pins the address; `MAIN` where none is known."""
    licence: str
    """As its publisher states it."""
    read_as: Reading
    """Instructions with outputs, Open Assistant's conversations, prompts, records of another layout, or a text."""
    noncommercial: bool = False
    """Whether the licence forbids commercial use, which is said aloud when the file is pulled."""
    bytes: int | None = None
    """Size of the file as downloaded; None: not known before the first download."""
    sha256: str | None = None
    """64 hexadecimal digits over those bytes; None: not known, recorded at the first download."""
    rows: int | None = None
    """Records in it; None: not known, or not a file of records."""
    note: str = ""
    """What a user should know before using it."""

    @property
    def filename(self) -> str:
        """The name that it is published under."""
        return self.address.rsplit("/", 1)[-1]

    @property
    def pinned(self) -> bool:
        """Whether the address can only ever mean these bytes."""
        return self.revision != MAIN

    @property
    def checksum(self) -> str:
        """The checksum, or that there is none yet, for people."""
        return self.sha256 or "not known: recorded at the first download"

    @property
    def source(self) -> Source:
        """How an expression names it."""
        return Source(self.name, self.revision)


def github(repository: str, commit: str, path: str) -> str:
    """The address of a file in a GitHub repository at a commit."""
    return f"https://raw.githubusercontent.com/{repository}/{commit}/{path}"


def hub(dataset: str, revision: str, path: str) -> str:
    """The address of a file of a dataset on the Hugging Face hub at a revision."""
    return f"https://huggingface.co/datasets/{dataset}/resolve/{revision}/{path}"
