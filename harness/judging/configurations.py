"""Annotator configurations: alpaca-eval's by name, anybody's own by the path of a file in the same form."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from humpback.core.expression import FieldError
from humpback.core.toml_file import known_fields

_TABLE, _NAME = "a table of names with values", "a text"
_TAKES: dict[str, tuple[type, str]] = {
    "prompt_template": (str, _NAME),
    "completions_kwargs": (dict, _TABLE),
    "fn_completion_parser": (str, _NAME),
    "completion_parser_kwargs": (dict, _TABLE),
    "completion_key": (str, _NAME),
    "batch_size": (int, "a whole number"),
}
"""Fields of an annotator that decide something here, with what they take."""
_LEFT_TO_ALPACA_EVAL = (
    *("fn_completions", "is_randomize_output_order", "random_seed_column", "processors_to_kwargs", "is_shuffle"),
    *("seed", "base_dir", "annotation_column", "completion_column", "is_add_default_processors", "pretty_name", "link"),
    *("packages_for_which_to_show_version", "prfx_to_completion_cols"),
)
"""The other fields that alpaca-eval knows, about its own way of running them."""
_PLACEHOLDERS = ("{instruction}", "{output_1}", "{output_2}")


@dataclass(frozen=True)
class Configuration:
    """One annotator."""

    name: str
    settings: dict[str, Any]
    """As its file has them."""
    template: str
    """The prompt, with placeholders."""


def shipped_names() -> tuple[str, ...]:
    """The configurations that alpaca-eval brings, in alphabetical order; none where it is not installed."""
    folder = shipped_folder()
    return tuple(sorted(path.parent.name for path in folder.glob("*/configs.yaml"))) if folder else ()


def own_file(name: str) -> Path | None:
    """The file of a configuration that is named by its path or its folder's; None for a name of alpaca-eval's."""
    path = Path(name)
    if path.suffix.lower() not in (".yaml", ".yml") and not path.is_dir():
        return None
    return path / "configs.yaml" if path.is_dir() and name not in shipped_names() else path if path.suffix else None


@cache
def configuration(name: str) -> Configuration:
    """What a configuration holds.

    Raises:
        FieldError: naming close matches, or saying why a configuration cannot be used here.
    """
    own, folder = own_file(name), shipped_folder()
    if own is None and folder is None:
        raise FieldError(
            f"the annotator {name!r} is no file of your own (PATH/configs.yaml), and alpaca-eval, whose annotators "
            "have names, is not installed: pip install 'humpback-harness[judges]', or (its files are enough, none of "
            "its code runs here) pip install --no-deps alpaca-eval"
        )
    if own is None and name not in (names := shipped_names()):
        near = get_close_matches(name, names, n=3) or get_close_matches(name.lower(), names, n=3, cutoff=0.3)
        hint = f"did you mean {' or '.join(near)}? " if near else ""
        raise FieldError(
            f"no annotator {name!r}; {hint}There are files of your own (PATH/configs.yaml), and alpaca-eval's "
            f"{', '.join(names)}"
        )
    path = own or Path(folder or ".") / name / "configs.yaml"
    found = _read(path)
    if len(found) != 1:
        raise FieldError(
            f"the annotator {name!r} is a pool of {len(found)} that alpaca-eval draws from by chance, so no two orders "
            "of a pair would have the same judge; name one that stands alone"
        )
    label, settings = next(iter(found.items()))
    if own:
        _check(f"{path}: {label}", settings)
    if settings.get("batch_size", 1) != 1:
        raise FieldError(
            f"the annotator {name!r} asks about {settings['batch_size']} pairs in one prompt, so a reply belongs to no "
            "single pair; name one that asks about one"
        )
    return Configuration(str(label) if own else name, settings, _template(settings, path))


def shipped_folder() -> Path | None:
    """Where alpaca-eval keeps its configurations, found without importing it; None where it is not installed."""
    spec = find_spec("alpaca_eval")
    return Path(spec.origin).parent / "evaluators_configs" if spec is not None and spec.origin else None


def _read(path: Path) -> dict[str, dict[str, Any]]:
    import yaml

    try:
        found = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise FieldError(f"{path}: {error.strerror or error}; a judge is a name, or such a file") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise FieldError(f"{path}: no YAML: {' '.join(str(error).split())}") from error
    if not isinstance(found, dict) or not all(
        isinstance(one, dict) and "prompt_template" in one for one in found.values()
    ):
        raise FieldError(
            f"{path}: no annotator in it; it takes NAME: with prompt_template, completions_kwargs, ... below"
        )
    return found


def _check(where: str, settings: dict[str, Any]) -> None:
    """Nothing where every field is one of an annotator's, with what it takes."""
    known_fields(map(str, settings), (*_TAKES, *_LEFT_TO_ALPACA_EVAL), where, "an annotator")
    for name, (kind, words) in _TAKES.items():
        value = settings.get(name)
        if value is not None and not isinstance(value, kind):
            raise FieldError(f"{where}, {name} is {value!r}; it takes {words}")


def _template(settings: dict[str, Any], path: Path) -> str:
    """The prompt: in a file beside the configuration, below the folder above it as alpaca-eval has it, or of
    alpaca-eval's own; or written where its path would stand."""
    wanted = str(settings["prompt_template"])
    text = wanted if all(one in wanted for one in _PLACEHOLDERS[1:]) else None
    if text is None:
        places = [base / wanted for base in (path.parent, path.parent.parent, shipped_folder()) if base]
        found = next((place for place in places if place.is_file()), None)
        if found is None:
            raise FieldError(f"{path}: its prompt_template {wanted!r} is in none of {', '.join(map(str, places))}")
        text = found.read_text(encoding="utf-8")
    missing = [one for one in _PLACEHOLDERS if one not in text]
    if missing:
        raise FieldError(f"{path}: its prompt has no {', '.join(missing)}, so the judge would not see that")
    return text
