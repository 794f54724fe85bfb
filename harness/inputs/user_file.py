"""Reading what somebody points at, a TOML file or options, into the setup `files`.

    seed_data = ["oasst/2023-04-12_oasst_ready.trees.jsonl.gz"]   # files, or names that `humpback data list` shows
    pages = ["crawl/*.warc.gz"]     # or texts = [...]: ready outputs in the place of their segments
    prompts = ["prompts.jsonl"]
    base = "tiny"             # or a folder, a .gguf file, or a hub name
    judge = "base"            # or a folder, a .gguf file, or a hub name
    template = "own"          # how the base is spoken to: or "plain", or a .jinja file; judge_template likewise

Paths are relative to the TOML file, so it means the same on every machine that has the files beside it. What it comes
to holds checksums in place of paths; where the files lie goes to `Machine.files`.
"""

from __future__ import annotations

import difflib
import glob
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from humpback.core.expression import FieldError
from humpback.core.payload import checksum
from humpback.core.text import printable
from humpback.inputs import own_template
from humpback.inputs.counts import with_counts
from humpback.inputs.gguf_file import header, is_gguf
from humpback.inputs.locate import digest, model_files
from humpback.inputs.model_folder import model_root
from humpback.spec.data import Examples
from humpback.spec.files import (
    File,
    PromptSet,
    Source,
    Texts,
    WebPages,
)
from humpback.spec.languages import language_code
from humpback.spec.models import FolderModel, GgufModel, HubModel
from humpback.spec.template import ChatTemplate, Template
from humpback.spec.user_data import Base, Given

RECIPE = ("lora_rank", "lora_alpha", "learning_rate", "dropout", "longest", "max_new_tokens")
"""Of training and answering; what is left out is `experiments/setups/files.py`'s."""
LISTS = ("seed_data", "pages", "texts", "prompts")
TEXTS = ("base", "template", "judge", "judge_template", "reference", "language", "turns")
NUMBERS = ("seed_n", "pages_n", "texts_n", "prompts_n", "segments_at_least", "at_least", "best", *RECIPE)
NEEDED = ("seed_data", "prompts", "base", "judge")
EITHER = ("pages", "texts")


@dataclass
class Located:
    """What was given, and where its files lie on this machine."""

    given: Given
    files: tuple[tuple[str, str], ...]
    """(SHA-256, path)."""
    notes: tuple[str, ...] = ()
    """What is to be said aloud."""


@dataclass
class _Found:
    """Files seen so far, with their checksums."""

    folder: Path
    data: Path
    files: dict[str, str] = field(default_factory=dict)

    def all(self, key: str, patterns: Sequence[str]) -> tuple[File | Source, ...]:
        """The files of one key, in order: a path, a pattern, a folder, or the name of a public source."""
        from humpback.spec.sources import SOURCES, source

        names = tuple(SOURCES)
        found: list[File | Source] = []
        for pattern in patterns:
            literal = self.folder / pattern  # whose name may hold brackets
            paths = [literal] if literal.exists() else sorted(map(Path, glob.glob(str(literal), recursive=True)))
            if not paths and pattern in names:
                found.append(source(pattern))
                continue
            inside = [one for path in paths for one in (sorted(path.rglob("*")) if path.is_dir() else [path])]
            files = [one for one in inside if one.is_file() and not one.name.startswith(".")]
            if not files:
                near = difflib.get_close_matches(pattern, names, n=2)
                hint = f"; did you mean the public set {' or '.join(near)}?" if near else ""
                raise FieldError(f"{key}: there is no file {literal}{hint}")
            found += [self.one(path) for path in files]
        return tuple(found)

    def one(self, path: Path) -> File:
        sha256 = checksum(path)
        self.files[sha256] = str(path.resolve())
        return File(printable(path.name).replace("\n", " "), sha256)

    def path(self, given: File | Source) -> Path:
        if isinstance(given, File):
            return Path(self.files[given.sha256])
        from humpback.inputs.pull import pulled

        return pulled(given, self.data)

    def model(self, key: str, name: str, template: str | None = None, beside: Path | None = None) -> Base:
        """A folder, a GGUF file, or a hub name with or without "@revision"; spoken to in its own chat template where it
        has one, or in the one that is named, whose file lies in `beside`."""
        said = "judge_template" if key == "judge" else "template"

        def spoken(own: str | None) -> Template | ChatTemplate:
            return own_template.chosen(said, template, own, beside or self.folder)

        folder = self.folder / name
        if is_gguf(folder):
            own = header(folder).values.get("tokenizer.chat_template")
            file = self.one(folder)
            return GgufModel(file.name, file.sha256, spoken(own if isinstance(own, str) and own else None))
        if folder.is_dir():
            root = model_root(folder)
            sha256 = digest(model_files(root))
            self.files[sha256] = str(root.resolve())
            return FolderModel(folder.resolve().name, sha256, spoken(own_template.in_folder(root)))
        if name.startswith((".", "/", "~")) or name.count("/") != 1:
            raise FieldError(f"{key} is {name!r}; there is no such folder or .gguf file, and a hub name is OWNER/NAME")
        hub, _, revision = name.partition("@")
        commit = revision if len(revision) == 40 else _commit(hub, revision or "main")
        return HubModel(hub, commit, spoken(own_template.on_hub(hub, commit)))


def named_files(names: Sequence[str], data: Path) -> tuple[tuple[File | Source, ...], tuple[tuple[str, str], ...]]:
    """Files as a command names them, and where they lie: (SHA-256, path).

    Raises:
        FieldError: when there is no such file and no public one of that name.
    """
    found = _Found(Path(), data)
    return found.all("files", names), tuple(found.files.items())


def load_given(path: Path | None, options: Mapping[str, Any], data: Path) -> Located:
    """The TOML file's fields with the options on top of them (their paths relative to the current folder).

    Raises:
        FieldError: naming file and field, what was found and what would do.
        FileNotFoundError: when the TOML file is not there.
    """
    fields: dict[str, Any] = {}
    if path is not None:
        try:
            fields = tomllib.loads(path.read_text(encoding="utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise FieldError(f"{path}: not TOML: {error}") from error
    where = str(path) if path else "setup files"
    _checked(where, fields)
    given = {key: value for key, value in options.items() if value not in (None, [], ())}
    beside, here = _Found(path.parent if path else Path(), data), _Found(Path(), data)
    if any(key in given for key in EITHER):
        fields = {key: value for key, value in fields.items() if key not in EITHER}
    either = [key for key in EITHER if key in fields or key in given]
    missing = [key for key in NEEDED if key not in fields and key not in given]
    missing[1:1] = [] if either else ["pages (or texts)"]
    if missing:
        raise FieldError(
            f"{where}: {', '.join(missing)} missing; give --files FILE.toml with {', '.join(NEEDED)} and pages or "
            'texts, or each as an option. base = "tiny" and judge = "base" need no other files'
        )

    if len(either) > 1:
        raise FieldError(f"{where}: pages and texts are both there; texts stand for segments of pages, so give one")

    def of(key: str) -> tuple[_Found, Any]:
        return (here, given[key]) if key in given else (beside, fields.get(key))

    def files(key: str) -> tuple[_Found, tuple[File | Source, ...]]:
        found, patterns = of(key)
        return found, found.all(key, patterns)

    def model(key: str, itself: str) -> Base | None:
        found, name = of(key)
        said = "judge_template" if key == "judge" else "template"
        place, template = of(said)
        if name != itself:
            return found.model(key, name, template, place.folder)
        if template is not None:
            raise FieldError(f"{where}: {said} is given, and {key} = {itself!r} has its own; leave it out")
        return None

    language = language_code(of("language")[1] or "en", f"{where}: language")
    seed_found, seed_files = files("seed_data")
    seed = _seed_data(seed_found, seed_files, of("seed_n")[1], language, of("turns")[1] or "first")
    rest = {key: of(key)[1] for key in ("reference", "at_least", "best", *RECIPE) if of(key)[1] is not None}
    targets = of("lora_targets")[1]
    pages_of = WebPages if either == ["pages"] else Texts
    result = Given(
        seed,
        pages_of(files(either[0])[1], n=of(f"{either[0]}_n")[1]),
        PromptSet(files("prompts")[1], n=of("prompts_n")[1]),
        base=model("base", "tiny"),
        judge=model("judge", "base"),
        language=language,
        lora_targets=None if targets is None else tuple(targets),
        **rest,
    )
    places = {**beside.files, **here.files}
    path_of = _Found(Path(), data, places).path
    counted, notes = with_counts(result, where, path_of, at_least=of("segments_at_least")[1])
    return Located(counted, tuple(places.items()), notes)


def _seed_data(
    found: _Found, files: tuple[File | Source, ...], n: int | None, language: str | None, turns: str
) -> Examples:
    from humpback.readers.sets import set_of

    if turns not in ("first", "every"):
        raise FieldError(f"turns is {turns!r}; it is first (Humpback's choice) or every (Guanaco's)")
    return set_of(files, found.path(files[0]), n, language=language, every_turn=turns == "every")


def _checked(where: str, fields: Mapping[str, Any]) -> None:
    known = (*LISTS, "lora_targets", *TEXTS, *NUMBERS)
    for key, value in fields.items():
        if key not in known:
            close = difflib.get_close_matches(key, known, n=1)
            hint = f"did you mean {close[0]}? " if close else ""
            raise FieldError(f"{where}: no field {key!r}; {hint}There are {', '.join(known)}")
        names = isinstance(value, list) and value and all(isinstance(one, str) for one in value)
        if key in LISTS and not names:
            raise FieldError(f"{where}: {key} is {value!r}; it takes a list of paths or names in quotes")
        if key == "lora_targets" and not names:
            raise FieldError(f"{where}: {key} is {value!r}; it takes a list of names of modules in quotes")
        if key in TEXTS and not isinstance(value, str):
            raise FieldError(f"{where}: {key} is {value!r}; it takes a text in quotes")
        if key in NUMBERS and (isinstance(value, bool) or not isinstance(value, int | float)):
            raise FieldError(f"{where}: {key} is {value!r}; it takes a number")


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
