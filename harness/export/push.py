"""Exports to the Hugging Face hub: a folder with its card, and nothing that no export wrote."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from humpback.core.store import StoreError
from humpback.core.text import one_line
from humpback.export.target import CARD, EXPORTED, MARK

Kind = Literal["dataset", "model"]


@dataclass(frozen=True)
class Pushed:
    """What lies on the hub now."""

    address: str
    kind: Kind
    files: tuple[str, ...]
    """Names from the folder on, in their order."""
    bytes: int


def push(folder: Path, name: str, *, public: bool = False) -> Pushed:
    """Send an export, `humpback data export`'s folder, to the hub as OWNER/NAME: a model where it has safetensors, else
    a dataset. A repository that is not there is made, private unless `public`; one that is there keeps who sees it.

    The token is the hub's own business (`HF_TOKEN`, or `hf auth login`), and `HF_ENDPOINT` names another hub.

    Raises:
        StoreError: when the folder is no export or has other files in it, the name is none, there is no token, or the
            hub refuses or does not answer.
    """
    from huggingface_hub import HfApi, errors, get_token
    from huggingface_hub.errors import HTTPError  # type: ignore[attr-defined] # of whichever client it talks by

    files = _files(folder)
    if not all(name.partition("/")):
        raise StoreError(f"{name!r} is no name on the hub; it takes OWNER/NAME")
    if get_token() is None:
        raise StoreError("the hub takes nothing without a token: set HF_TOKEN to one that may write, or hf auth login")
    kind: Kind = "model" if any(path.suffix == ".safetensors" for path in files) else "dataset"
    api = HfApi()
    try:
        made = api.create_repo(name, repo_type=kind, private=not public, exist_ok=True)
        api.upload_folder(repo_id=name, folder_path=folder, repo_type=kind, commit_message="An export of humpback's")
    except errors.HFValidationError as error:
        words = one_line(str(error), 200)
        raise StoreError(f"{name!r} is no name on the hub; it takes OWNER/NAME ({words})") from error
    except errors.HfHubHTTPError as error:
        said = one_line(error.server_message or str(error), 200)
        status = error.response.status_code
        remedy = "; the token has to be one that may write there" if status in (401, 403) else ""
        raise StoreError(f"{name}: the hub answered {status}: {said}{remedy}") from error
    except (HTTPError, errors.OfflineModeIsEnabled, OSError) as error:
        raise StoreError(f"{name}: the hub at {api.endpoint} was not reached: {one_line(str(error), 200)}") from error
    sizes = [path.stat().st_size for path in files]
    return Pushed(str(made), kind, tuple(path.relative_to(folder).as_posix() for path in files), sum(sizes))


def _files(folder: Path) -> list[Path]:
    card = folder / CARD
    if not card.is_file() or MARK not in card.read_text(encoding="utf-8"):
        raise StoreError(f"{folder} is no export: humpback data export ARTIFACT --out FOLDER writes one, with its card")
    found = sorted(path for path in folder.rglob("*") if not path.is_dir())
    for path in found:
        if path.is_symlink() or (path != card and path.suffix not in EXPORTED) or path.name.startswith("."):
            raise StoreError(f"{path} is not of the export; take it out, so that nothing else is sent")
    return found
