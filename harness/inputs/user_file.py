"""Reading what somebody points at, a TOML file or options, into the setup `files`.

    seed_data = ["oasst/2023-04-12_oasst_ready.trees.jsonl.gz"]   # files, or names that `humpback data list` shows
    pages = ["crawl/*.warc.gz"]     # or texts = [...]: ready outputs in the place of their segments
    prompts = ["prompts.jsonl"]
    base = "tiny"             # or a folder, a .gguf file, or a hub name
    judge = "base"            # or a folder, a .gguf file, or a hub name
    held_out = [...]          # pairs that people wrote and nothing is trained on: files, or those of seed_data again
    rating = {...}            # the prompt of self-curation in a file: `harness/inputs/prompt_file.py`
    template = "own"          # how the base is spoken to: or "plain", or a .jinja file; judge_template likewise
    [set]                     # fields of the setup by their paths, as --set takes them; for any setup

Paths are relative to the TOML file, so it means the same on every machine that has the files beside it. What it comes
to holds checksums in place of paths; where the files lie goes to `Machine.files`.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from humpback.core.expression import FieldError
from humpback.core.toml_file import read_toml
from humpback.inputs import prompt_file
from humpback.inputs.counts import with_counts
from humpback.inputs.file_index import FileIndex, Files, Places
from humpback.spec.curation import HeldOut, Without
from humpback.spec.data import Examples
from humpback.spec.files import PromptSet, Texts, WebPages
from humpback.spec.languages import language_code
from humpback.spec.user_data import Base, UserData

RECIPE = ("lora_rank", "lora_alpha", "learning_rate", "dropout", "longest", "max_new_tokens")
"""Of training and answering; what is left out is `experiments/setups/files.py`'s."""
SET = "set"
"""The table of settings, which are none of the user's data."""
NEEDED = ("seed_data", "prompts", "base", "judge")
EITHER = ("pages", "texts")
_PATHS, _NAMES = "a list of paths or names in quotes", "a list of names of modules in quotes"
_TEXT, _NUMBER = "a text in quotes", "a number"
_TABLE = f"a table of {', '.join(prompt_file.FIELDS)}"
TAKES = {
    **dict.fromkeys(("seed_data", *EITHER, "prompts", "held_out"), _PATHS),
    "lora_targets": _NAMES,
    **dict.fromkeys(("base", "template", "judge", "judge_template", "reference", "language", "turns"), _TEXT),
    **dict.fromkeys(
        ("seed_n", "pages_n", "texts_n", "prompts_n", "held_out_n", "segments_at_least", "at_least", "best"), _NUMBER
    ),
    **dict.fromkeys(RECIPE, _NUMBER),
    "rating": _TABLE,
}
"""What each field takes, for people."""


@dataclass(frozen=True)
class UserSetup:
    """What somebody points at, and where its files lie on this machine."""

    data: UserData
    files: Places
    notes: tuple[str, ...] = ()
    """What is to be said aloud."""


def load_user_setup(
    path: Path | None, options: Mapping[str, Any], data: Path, *, rating: Path | None = None
) -> UserSetup:
    """The TOML file's fields with the options on top of them (their paths relative to the current folder). `rating` is
    a TOML file of the fields of `rating`.

    Raises:
        FieldError: naming file and field, what was found and what would do.
        FileNotFoundError: when the TOML file is not there.
    """
    where, fields, index = str(path) if path else "setup files", _chosen(path, options), FileIndex()
    either = [key for key in EITHER if key in fields]
    missing = [key for key in NEEDED if key not in fields]
    missing[1:1] = [] if either else ["pages (or texts)"]
    if missing:
        raise FieldError(
            f"{where}: {', '.join(missing)} missing; give --files FILE.toml with {', '.join(NEEDED)} and pages or "
            'texts, or each as an option. base = "tiny" and judge = "base" need no other files'
        )
    if len(either) > 1:
        raise FieldError(f"{where}: pages and texts are both there; texts stand for segments of pages, so give one")

    def value(key: str) -> Any:
        return fields[key][0] if key in fields else None

    def files(key: str) -> Files:
        return index.files(key, *fields[key])

    def model(key: str, said: str, itself: str) -> Base | None:
        name, folder = fields[key]
        template, beside = fields.get(said, (None, None))
        if name != itself:
            return index.model(key, name, folder, template=template, template_folder=beside)
        if template is not None:
            raise FieldError(f"{where}: {said} is given, and {key} = {itself!r} has its own; leave it out")
        return None

    from humpback.readers.sets import set_of

    turns, language = value("turns") or "first", language_code(value("language") or "en", f"{where}: language")
    if turns not in ("first", "every"):
        raise FieldError(f"turns is {turns!r}; it is first (Humpback's choice) or every (Guanaco's)")
    seed, targets = files("seed_data"), value("lora_targets")
    said = (str(rating), read_toml(rating), rating.parent) if rating else None
    if not said and "rating" in fields:
        said = (f"{where}: rating", *fields["rating"])
    seed_n, every_turn = value("seed_n"), turns == "every"

    def pairs(files: Files, n: int | None) -> Examples:
        return set_of(files, index.path_of(files[0], data), n, language=language, every_turn=every_turn)

    seed_data, held_out = pairs(seed, seed_n), None
    if "held_out" in fields:
        held_out = HeldOut(pairs(files("held_out"), None), value("held_out_n"))
        seed_data = Without(pairs(seed, None), held_out, seed_n)
    elif "held_out_n" in fields:
        raise FieldError(f"{where}: held_out_n is given without held_out; name the files (those of seed_data will do)")
    given = UserData(
        seed_data,
        (WebPages if either == ["pages"] else Texts)(files(either[0]), n=value(f"{either[0]}_n")),
        PromptSet(files("prompts"), n=value("prompts_n")),
        base=model("base", "template", "tiny"),
        judge=model("judge", "judge_template", "base"),
        held_out=held_out,
        rating=prompt_file.named_prompt(*said, index, data) if said else None,
        language=language,
        lora_targets=None if targets is None else tuple(targets),
        **{key: value(key) for key in ("reference", "at_least", "best", *RECIPE) if key in fields},
    )
    counted, notes = with_counts(
        given, where, lambda file: index.path_of(file, data), at_least=value("segments_at_least")
    )
    return UserSetup(counted, index.places, notes)


def _chosen(path: Path | None, options: Mapping[str, Any]) -> dict[str, tuple[Any, Path]]:
    """By field its value and the folder that paths in it are relative to; options in the place of the file's."""
    fields: dict[str, Any] = {}
    if path is not None:
        fields = read_toml(path)
        fields.pop(SET, None)
        for key, value in fields.items():
            _check(path, key, value)
    named = {key: (value, Path()) for key, value in options.items() if value not in (None, [], ())}
    replaced = EITHER if any(key in named for key in EITHER) else ()
    folder = path.parent if path else Path()
    return {key: (value, folder) for key, value in fields.items() if key not in replaced} | named


def _check(path: Path, key: str, value: Any) -> None:
    if key not in TAKES:
        close = difflib.get_close_matches(key, TAKES, n=1)
        hint = f"did you mean {close[0]}? " if close else ""
        raise FieldError(f"{path}: no field {key!r}; {hint}There are {', '.join(TAKES)}, and a table [{SET}]")
    takes = TAKES[key]
    if takes in (_PATHS, _NAMES):
        fits = isinstance(value, list) and bool(value) and all(isinstance(one, str) for one in value)
    elif takes == _TABLE:
        fits = isinstance(value, dict)
    elif takes == _TEXT:
        fits = isinstance(value, str)
    else:
        fits = isinstance(value, int | float) and not isinstance(value, bool)
    if not fits:
        raise FieldError(f"{path}: {key} is {value!r}; it takes {takes}")
