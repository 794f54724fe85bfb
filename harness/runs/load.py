"""From a finished artifact's folder back to its expression, and from a model's name or folder to a model.

A record holds the whole expression, so a model that lies in a store is benchmarked or asked as the very artifact that
an experiment holds, and results are shared with it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from humpback.core.expression import Artifact
from humpback.core.store import RECORD, StoreError, read_record
from humpback.inputs.file_index import FileIndex
from humpback.inputs.locate import digest, model_files
from humpback.spec.models import FolderModel
from humpback.spec.template import Model
from humpback.spec.vocabulary import rebuilder, values


@dataclass(frozen=True)
class ResolvedModel:
    """A model, and where it lies here."""

    model: Model
    files: tuple[tuple[str, str], ...] = ()
    """(SHA-256, folder), for `Machine.files`."""
    store: Path | None = None
    """The store that holds it, if one does."""


def resolve_model(name: str) -> ResolvedModel:
    """The model that a command names: an artifact's folder, any transformers folder, or a hub name OWNER/NAME[@COMMIT].

    Raises:
        StoreError: when the folder is no model, or an artifact whose record is another version's.
        FieldError: when there is no such folder and the hub does not answer.
    """
    folder = Path(name).resolve()
    if (folder / RECORD).is_file():
        artifact = load_expression(folder)
        if not isinstance(artifact, Model):
            raise StoreError(f"{folder}: holds {type(artifact).__name__.lower()}, and a model is asked for")
        store = folder.parent.parent
        if store / artifact.name == folder:
            return ResolvedModel(artifact, store=store)
        sha256 = digest(model_files(folder))
        return ResolvedModel(FolderModel(folder.name, sha256, artifact.template), ((sha256, str(folder)),))
    found = FileIndex()
    model = found.model("MODEL", name)
    if not isinstance(model, Model):
        raise StoreError(f"{name}: no model")
    return ResolvedModel(model, found.places)


def load_expression(folder: Path) -> Artifact:
    """The expression of the finished artifact in `folder`.

    Raises:
        StoreError: when there is no record, or its expression means something else in this version of the harness.
        Damaged: when the record is not as it was written.
    """
    if not (folder / RECORD).is_file():
        raise StoreError(f"{folder}: no {RECORD} in it, so it is no finished artifact")
    record = read_record(folder / RECORD)
    table, known = record.expression, values()
    if strange := sorted({one["class"] for one in table.values()} - known.keys()):
        raise StoreError(
            f"{folder}: its record names the class {strange[0]}, which is not known here: it is another version's, or "
            "one of your own, which only the commands that take --experiments know"
        )
    try:
        found = rebuilder(table)({"artifact": record.fingerprint})
    except (KeyError, TypeError) as error:
        raise StoreError(f"{folder}: its record does not fit this version of the harness ({error})") from error
    assert isinstance(found, Artifact)
    if found.fingerprint != record.fingerprint:
        raise StoreError(f"{folder}: made by a version of the harness in which the same words meant another thing")
    return found
