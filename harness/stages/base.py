"""Published base models: found, checked, and their checksums put on record. The weights stay where they are.

Only safetensors are loaded, and no code that comes with a model is run.
"""

from __future__ import annotations

import json
from pathlib import Path

from humpback.core.store import StoreError
from humpback.core.work import Counts, Work
from humpback.engines.loading import check_folder
from humpback.inputs.locate import digest, model_files, model_folder
from humpback.spec.models import FolderModel, FolderRewardModel, HubModel, HubRewardModel, ServedModel

MODEL = "model.json"


def find_base(node: HubModel | FolderModel, work: Work) -> Counts:
    """Download (hub) or find (folder) the model and list its files with their checksums.

    Raises:
        StoreError: when it is not there, cannot be used, or is not the model that was planned.
    """
    try:
        folder = model_folder(node, work.machine)
    except StoreError:
        if isinstance(node, FolderModel):
            raise
        folder = download(node)
    reward = isinstance(node, (HubRewardModel, FolderRewardModel))
    files = model_files(folder, reward=reward)
    if isinstance(node, FolderModel) and digest(files) != node.sha256:
        raise StoreError(f"{folder}: the model was changed since this was planned; plan again")
    check_folder(folder, node.speaks, reward=reward)
    text = json.dumps({"name": node.slug, "files": files}, indent=1, sort_keys=True)
    (work.out / MODEL).write_text(text + "\n", encoding="utf-8")
    return {"in": len(files), "kept": len(files), "bytes": sum((folder / name).stat().st_size for name in files)}


def name_served_model(node: ServedModel, work: Work) -> Counts:
    """Nothing but the name: the model is the server's, and what it says that it is stands beside each answer."""
    (work.out / MODEL).write_text(json.dumps({"name": node.served_as}) + "\n", encoding="utf-8")
    return {"in": 1, "kept": 1}


def download(node: HubModel) -> Path:
    """The model's snapshot in the hub's cache: configuration, tokenizer and safetensors alone.

    Raises:
        StoreError: when it is neither cached nor to be had.
    """
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError

    patterns = ["*.json", "*.safetensors", "*.model", "*.txt", "*.jinja"]
    try:
        return Path(snapshot_download(node.repository, revision=node.revision, allow_patterns=patterns))
    except (HfHubHTTPError, OSError) as error:
        raise StoreError(
            f"{node.repository} at {node.revision[:12]} is not in the hub's cache and cannot be downloaded "
            f"({type(error).__name__}); on a machine without internet give a folder that holds the model as base"
        ) from error
