"""What somebody points at, as values: files and models named by their checksums, and where on this machine they lie."""

from __future__ import annotations

import difflib
import glob
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from humpback.core.expression import FieldError
from humpback.core.payload import checksum
from humpback.core.text import printable
from humpback.inputs import own_template
from humpback.inputs.gguf_file import header, is_gguf
from humpback.inputs.locate import digest, model_files
from humpback.inputs.model_folder import CONFIG, is_reward_model, json_object, model_root
from humpback.spec.files import File, Source
from humpback.spec.models import FolderModel, FolderRewardModel, GgufModel, HubModel, HubRewardModel, Reward
from humpback.spec.sources import SOURCES
from humpback.spec.template import ChatTemplate, Template
from humpback.spec.user_data import Base

Files = tuple[File | Source, ...]
Places = tuple[tuple[str, str], ...]
"""(SHA-256, path), for `Machine.files`."""


@dataclass
class FileIndex:
    """Files and model folders seen so far."""

    paths: dict[str, str] = field(default_factory=dict)
    """Absolute, by SHA-256."""

    @property
    def places(self) -> Places:
        """For `Machine.files`."""
        return tuple(self.paths.items())

    def files(self, key: str, patterns: Sequence[str], folder: Path) -> Files:
        """The files of one key, in order: a path below `folder`, a pattern, a folder, or the name of a public file.

        Raises:
            FieldError: when there is none.
        """
        found: list[File | Source] = []
        for pattern in patterns:
            literal = folder / pattern  # whose name may hold brackets
            paths = [literal] if literal.exists() else sorted(map(Path, glob.glob(str(literal), recursive=True)))
            if not paths and pattern in SOURCES:
                found.append(SOURCES[pattern].source)
                continue
            inside = [one for path in paths for one in (sorted(path.rglob("*")) if path.is_dir() else [path])]
            files = [one for one in inside if one.is_file() and not one.name.startswith(".")]
            if not files:
                near = difflib.get_close_matches(pattern, SOURCES, n=2)
                hint = f"; did you mean the public set {' or '.join(near)}?" if near else ""
                raise FieldError(f"{key}: there is no file {literal}{hint}")
            found += map(self.add, files)
        return tuple(found)

    def add(self, path: Path) -> File:
        """A file by its checksum."""
        sha256 = checksum(path)
        self.paths[sha256] = str(path.resolve())
        return File(printable(path.name).replace("\n", " "), sha256)

    def path_of(self, file: File | Source, data: Path) -> Path:
        """Where a file lies; a public one below `data`.

        Raises:
            StoreError: when a public one is not there.
        """
        if isinstance(file, File):
            return Path(self.paths[file.sha256])
        from humpback.inputs.pull import resolve_source

        return resolve_source(file, data)

    def model(
        self,
        key: str,
        name: str,
        folder: Path = Path(),
        *,
        template: str | None = None,
        template_folder: Path | None = None,
    ) -> Base:
        """A model's folder, a GGUF file, or a hub name with or without "@revision"; spoken to in its own chat template
        where it has one, or in the `template` that is named, whose file lies in `template_folder`.

        Raises:
            FieldError: when there is none, or no such template.
            StoreError: when what is there cannot be used, or does not write.
        """
        found = self.scorer(key, name, folder, template=template, template_folder=template_folder, rewards=False)
        assert not isinstance(found, Reward)
        return found

    def scorer(
        self,
        key: str,
        name: str,
        folder: Path = Path(),
        *,
        template: str | None = None,
        template_folder: Path | None = None,
        rewards: bool = True,
    ) -> Base | Reward:
        """As `model`, or a reward model where that is there and may be.

        Raises:
            FieldError: as `model`.
            StoreError: when what is there cannot be used.
        """
        said = f"{key}_template" if key in ("judge", "rater") else "template"
        path = folder / name

        def spoken(own: str | None) -> Template | ChatTemplate:
            return own_template.choose_template(said, template, own, template_folder or folder)

        if is_gguf(path):
            own = header(path).values.get("tokenizer.chat_template")
            file = self.add(path)
            return GgufModel(file.name, file.sha256, spoken(own if isinstance(own, str) and own else None))
        if path.is_dir():
            root = model_root(path)
            reward = rewards and (root / CONFIG).is_file() and is_reward_model(json_object(root / CONFIG))
            sha256 = digest(model_files(root, reward=reward))
            self.paths[sha256] = str(root.resolve())
            kind = FolderRewardModel if reward else FolderModel
            found = kind(path.resolve().name, sha256, spoken(own_template.template_in_folder(root)))
            return Reward(found) if isinstance(found, FolderRewardModel) else found
        if name.startswith((".", "/", "~")) or name.count("/") != 1:
            raise FieldError(f"{key} is {name!r}; there is no such folder or .gguf file, and a hub name is OWNER/NAME")
        hub, _, revision = name.partition("@")
        commit = revision if len(revision) == 40 else _commit(hub, revision or "main")
        template_there = spoken(own_template.template_on_hub(hub, commit))
        config = own_template.file_on_hub(hub, commit, CONFIG) if rewards else None
        if config and is_reward_model(json_object(config)):
            return Reward(HubRewardModel(hub, commit, template_there))
        return HubModel(hub, commit, template_there)


def named_files(names: Sequence[str]) -> tuple[Files, Places]:
    """Files as a command names them, and where they lie.

    Raises:
        FieldError: when there is no such file and no public one of that name.
    """
    index = FileIndex()
    return index.files("files", names, Path()), index.places


def _commit(name: str, revision: str) -> str:
    """The full commit that a branch or tag of a hub model stands for, from the hub or from its cache.

    Raises:
        FieldError: when neither knows.
    """
    from huggingface_hub import hf_hub_download
    from huggingface_hub.errors import HfHubHTTPError

    try:
        return Path(hf_hub_download(name, "config.json", revision=revision)).parent.name
    except (HfHubHTTPError, OSError) as error:
        raise FieldError(
            f"{name!r} is no folder here, the hub does not have it or does not answer, and its cache does not hold "
            f"{revision!r} ({type(error).__name__}); give NAME@COMMIT, or a folder that holds the model"
        ) from error
