"""The fields of somebody's setup file, and what each of them names: files, models, a judge, raters and prompts."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from humpback.core.errors import HumpbackError
from humpback.core.expression import FieldError
from humpback.core.machine import Machine
from humpback.core.toml_file import read_toml
from humpback.inputs.file_index import FileIndex, Files, Places
from humpback.inputs.model_folder import CONFIG
from humpback.inputs.prompt_file import Kind, named_prompt, prompt_fields
from humpback.spec.files import File, Source
from humpback.spec.models import Reward, ServedModel
from humpback.spec.outcomes import AlpacaEvalJudge, Unjudged
from humpback.spec.prompts import PairPrompt, PromptFile
from humpback.spec.user_data import Base

RECIPE = ("lora_rank", "lora_alpha", "learning_rate", "dropout", "longest", "max_new_tokens")
"""Of training and answering; what is left out is `experiments/setups/files.py`'s."""
SET = "set"
"""The table of settings, which are none of the user's data."""
NEEDED = ("prompts", "base", "judge")
LOOP, EITHER = "seed_data", ("pages", "texts")
"""Humpback's data, without which there has to be a set to filter."""
SERVED = "served:"
"""What stands before the name of a model behind the machine's endpoint."""
CONFIGURATION = "configs.yaml"
"""An annotator's file in a folder of its own."""
_PATHS, _NAMES = "a list of paths or names in quotes", "a list of names of modules in quotes"
_TEXT, _NUMBER = "a text in quotes", "a number"
TAKES = {
    **dict.fromkeys((LOOP, *EITHER, "prompts", "filter", "held_out"), _PATHS),
    "lora_targets": _NAMES,
    **dict.fromkeys(("base", "template", "judge", "judge_template", "judge_model", "rater", "rater_template"), _TEXT),
    **dict.fromkeys(("another_rater", "rater_reads", "reference", "language", "turns"), _TEXT),
    **dict.fromkeys(("filter_scores", "filter_column"), _TEXT),
    **dict.fromkeys(("seed_n", "pages_n", "texts_n", "prompts_n", "filter_n", "held_out_n"), _NUMBER),
    **dict.fromkeys(("segments_at_least", "at_least", "best", "filter_at_least", "filter_best", *RECIPE), _NUMBER),
    **dict.fromkeys(("rating", "rater_prompt"), f"a table of {', '.join(prompt_fields(PromptFile))}"),
    "judge_prompt": f"a table of {', '.join(prompt_fields(PairPrompt))}",
}
"""What each field takes, for people."""
ReadAnnotator = Callable[[str, str | None], tuple[AlpacaEvalJudge, Places]]
"""From an annotator's name or path, and the model that its server is asked for, to the judge and where it lies."""


def no_annotators(name: str, model: str | None) -> tuple[AlpacaEvalJudge, Places]:
    """Where none are known."""
    raise FieldError(f"{name!r} is an annotator, which is not looked for here")


def chosen(path: Path | None, options: Mapping[str, Any]) -> dict[str, tuple[Any, Path]]:
    """By field its value and the folder that paths in it are relative to; options in the place of the file's."""
    found: dict[str, Any] = {}
    if path is not None:
        found = read_toml(path)
        found.pop(SET, None)
        for key, value in found.items():
            _check(path, key, value)
    named = {key: (value, Path()) for key, value in options.items() if value not in (None, [], ())}
    replaced = EITHER if any(key in named for key in EITHER) else ()
    folder = path.parent if path else Path()
    return {key: (value, folder) for key, value in found.items() if key not in replaced} | named


def _check(path: Path, key: str, value: Any) -> None:
    if key not in TAKES:
        close = difflib.get_close_matches(key, TAKES, n=1)
        hint = f"did you mean {close[0]}? " if close else ""
        if key in (one.name for one in fields(Machine)):
            hint = f"{key} belongs into the machine file (--machine). "
        raise FieldError(f"{path}: no field {key!r}; {hint}There are {', '.join(TAKES)}, and a table [{SET}]")
    takes = TAKES[key]
    if takes in (_PATHS, _NAMES):
        fits = isinstance(value, list) and bool(value) and all(isinstance(one, str) for one in value)
    elif takes.startswith("a table"):
        fits = isinstance(value, dict)
    elif takes == _TEXT:
        fits = isinstance(value, str)
    else:
        fits = isinstance(value, int | float) and not isinstance(value, bool)
    if not fits:
        raise FieldError(f"{path}: {key} is {value!r}; it takes {takes}")


@dataclass
class UserFields:
    """The fields, and what they name."""

    where: str
    """For messages: the TOML file."""
    fields: dict[str, tuple[Any, Path]]
    """By field its value and the folder that paths in it are relative to."""
    index: FileIndex
    data: Path
    read_annotator: ReadAnnotator

    def value(self, key: str) -> Any:
        return self.fields[key][0] if key in self.fields else None

    def files(self, key: str) -> Files:
        return self.index.files(key, *self.fields[key])

    def prompt(self, key: str, kind: type[Kind]) -> Kind | None:
        if key not in self.fields:
            return None
        return named_prompt(f"{self.where}: {key}", *self.fields[key], self.index, self.data, kind)

    def choice(self, key: str, options: tuple[str, ...]) -> Any:
        value = self.value(key)
        if value is not None and value not in options:
            raise FieldError(f"{self.where}: {key} is {value!r}; it is {' or '.join(options)}")
        return value

    def model(self, key: str, itself: str) -> Base | None:
        """A model that writes; None for the one that is called `itself`."""
        found = self._scorer(key, itself, rewards=False)
        assert not isinstance(found, Reward)
        return found

    def rater(self, key: str) -> Base | ServedModel | Reward | None:
        """Who rates; None for the base, and where nobody is named."""
        name = self.value(key)
        if name is None:
            return None
        if name == "base" and key == "another_rater":
            raise FieldError(
                f"{self.where}: another_rater is 'base', which rates where no rater is named; name another"
            )
        if not name.startswith(SERVED):
            return self._scorer(key, "base")
        if not (served := name.removeprefix(SERVED).strip()):
            raise FieldError(
                f'{self.where}: {key} is {name!r}; it takes the name that the server knows: "{SERVED}NAME"'
            )
        self._without(key, "is behind a server, which has a template of its own", "template")
        return ServedModel(served)

    def scores(self) -> tuple[File | Source, str] | None:
        """The file with the scores of `filter`, a row for each of its rows, and their column. Without a file of its own
        it is the set's."""
        column = self.value("filter_column")
        if column is None:
            if "filter_scores" in self.fields:
                raise FieldError(f"{self.where}: filter_scores is given without filter_column; name the scores' column")
            return None
        if "filter" not in self.fields:
            raise FieldError(f"{self.where}: filter_column is given without filter, whose scores these are")
        for other in ("rater", "rater_template"):
            if other in self.fields:
                raise FieldError(
                    f"{self.where}: filter_column and {other} are both given; a set is filtered by the scores that it "
                    "has, or rated anew (another_rater is compared with either)"
                )
        key = "filter_scores" if (own := "filter_scores" in self.fields) else "filter"
        value, folder = self.fields[key]
        found = self.index.files(key, [value] if own else value, folder)
        if len(found) > 1:
            hint = (
                "put them into one, a row for each row of the set" if own else "name that of the scores: filter_scores"
            )
            raise FieldError(f"{self.where}: filter_column is given, and {key} has {len(found)} files; {hint}")
        return found[0], column

    def judge(self) -> Base | AlpacaEvalJudge | Reward | Unjudged | None:
        """Who judges; None for the base."""
        name, folder = self.fields["judge"]
        if name == "none":
            return Unjudged()
        if name.startswith(SERVED):
            raise FieldError(
                f"{self.where}: judge is {name!r}, which says not how it is asked; name an annotator, and the model as "
                f'judge_model: judge = "alpaca_eval_gpt4", judge_model = "{name.removeprefix(SERVED)}"'
            )
        path = folder / name
        own = path.suffix.lower() in (".yaml", ".yml") or (path / CONFIGURATION).is_file()
        if own or not (path.exists() or "/" in name or name in ("base", "")):
            self._without("judge", "is an annotator, whose prompt is its own", "template", "prompt")
            try:
                judge, places = self.read_annotator(str(path) if own else name, self.value("judge_model"))
            except FieldError as error:
                raise FieldError(f"{self.where}: judge is {name!r}: {error}") from error
            self.index.paths.update(places)
            return judge
        found = self._scorer("judge", "base")
        self._without("judge", "is a model on this machine, and an annotator is asked of a server", "model")
        if isinstance(found, Reward):
            self._without("judge", "is a reward model, which is not asked for a verdict", "prompt")
        return found

    def _without(self, key: str, why: str, *others: str) -> None:
        for other in (f"{key}_{one}" for one in others):
            if other in self.fields:
                raise FieldError(f"{self.where}: {other} is given, and {key} = {self.value(key)!r} {why}; leave it out")

    def _scorer(self, key: str, itself: str, *, rewards: bool = True) -> Base | Reward | None:
        name, folder = self.fields[key]
        said = "template" if key == "base" else f"{key}_template"
        template, beside = self.fields.get(said, (None, None))
        if name == itself:
            if template is None:
                return None
            raise FieldError(f"{self.where}: {said} is given, and {key} = {itself!r} has its own; leave it out")
        path = folder / name
        if path.is_dir() and not any((path / one).exists() for one in (CONFIG, "snapshots")) and rewards:
            there = ", ".join(sorted(one.name for one in path.iterdir())[:8]) or "nothing"
            raise FieldError(
                f"{self.where}: {key} is {name!r}, a folder without the config.json of a model"
                f"{f' or the {CONFIGURATION} of an annotator' if key == 'judge' else ''}; found {there}"
            )
        try:
            return self.index.scorer(key, name, folder, template=template, template_folder=beside, rewards=rewards)
        except HumpbackError as error:
            raise type(error)(f"{self.where}: {error}") from error
