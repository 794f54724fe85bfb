"""Where files and models lie on this machine: the user's own, found by checksum, and public ones that were pulled.

Files are verified each time a stage reads one, because nothing else stands between a changed file and a result that
claims to come from the old one. A model's weights are hashed once, by the stage that puts them on record.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

from humpback.core.machine import Machine
from humpback.core.payload import checksum
from humpback.core.store import RECORD, StoreError
from humpback.inputs.model_folder import check_model_files
from humpback.spec.files import File, Source
from humpback.spec.models import FolderModel, HubModel

_MODEL_FILES = ("*.safetensors", "*.json", "*.model", "*.txt", "*.jinja")


def resolve_file(given: File | Source, machine: Machine) -> Path:
    """The path of a file, verified.

    Raises:
        StoreError: when it is not there or not what it was, saying how to get it.
    """
    if isinstance(given, Source):
        from humpback.inputs.pull import resolve_source

        return resolve_source(given, Path(machine.data))
    path = _place(given.name, given.sha256, machine, Path.is_file)
    found = checksum(path)
    if found != given.sha256:
        raise StoreError(
            f"{path}: checksum {found[:16]}, not {given.sha256[:16]}; it was changed since this was planned"
        )
    return path


def model_folder(model: HubModel | FolderModel, machine: Machine) -> Path:
    """The folder of a published model's configuration, tokenizer and weights.

    Raises:
        StoreError: when it is not on this machine, saying how to get it there.
    """
    if isinstance(model, FolderModel):
        return _place(f"the model {model.label}", model.sha256, machine, Path.is_dir)
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import LocalEntryNotFoundError

    try:
        return Path(snapshot_download(model.repository, revision=model.revision, local_files_only=True))
    except LocalEntryNotFoundError as error:
        raise StoreError(
            f"{model.repository} at {model.revision[:12]} is not in the hub's cache on this machine; "
            f"bring it with `hf download {model.repository} --revision {model.revision}`"
        ) from error


def model_files(folder: Path, *, reward: bool = False) -> dict[str, str]:
    """SHA-256 by name of the files that make up a model; the record of a stage that made it is none of them.

    Raises:
        StoreError: when they are none that can be used, naming the file and what would do.
    """
    check_model_files(folder, reward=reward)
    names = {path.name for pattern in _MODEL_FILES for path in folder.glob(pattern) if path.is_file()}
    return {name: checksum(folder / name) for name in sorted(names - {RECORD})}


def digest(files: dict[str, str]) -> str:
    """One SHA-256 over the names and checksums of a model's files."""
    return hashlib.sha256("\n".join(f"{name} {files[name]}" for name in sorted(files)).encode()).hexdigest()


def _place(what: str, sha256: str, machine: Machine, is_there: Callable[[Path], bool]) -> Path:
    path = next((Path(where) for known, where in machine.files if known == sha256), None)
    if path is not None and is_there(path):
        return path
    at = f" at {path}" if path else ""
    raise StoreError(
        f"{what} ({sha256[:16]}) is not on this machine{at}; name it in the setup file, or as an option of the command"
    )
