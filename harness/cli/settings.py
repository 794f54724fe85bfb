"""`--set PATH=VALUE`, the table [set] of a TOML file, and `--grid PATH=V1,V2,...`: as the experiments take them."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from typer import Option

from humpback.core.expression import FieldError
from humpback.core.toml_file import read_toml
from humpback.spec.models import HubModel
from humpback.spec.template import Model
from humpback.spec.typed_text import split

if TYPE_CHECKING:
    from humpback.experiments.settings import Given
    from humpback.inputs.file_index import Places

SetValues = Annotated[
    list[str] | None,
    Option("--set", metavar="PATH=VALUE", help="Set a field of the setup, such as sft.learning_rate=2e-4."),
]
GridValues = Annotated[
    list[str] | None,
    Option("--grid", metavar="PATH=V1,V2,...", help="Make arms of the values of a field; of several, of each pair."),
]
ArmNames = Annotated[
    list[str] | None, Option("--arm", metavar="ARM", help="Only this arm in the grid; else all that it changes.")
]


def from_options(words: Sequence[str] | None) -> list[Given]:
    """What each --set says.

    Raises:
        FieldError: for one that is no PATH=VALUE.
    """
    from humpback.experiments.settings import Given

    return [Given(path, value, f"--set {word}") for word in words or () for path, value in (_split("--set", word),)]


def axes(words: Sequence[str] | None) -> tuple[tuple[Given, ...], ...]:
    """The values of each --grid.

    Raises:
        FieldError: for one that is no PATH=V1,V2, has one value, or a path that another has.
    """
    from humpback.experiments.settings import Given

    found: dict[str, tuple[Given, ...]] = {}
    for word in words or ():
        path, values = _split("--grid", word)
        parts = split(values)
        if "" in parts or len(parts) < 2:
            raise FieldError(f"--grid {word}: takes PATH=V1,V2,..., two values or more; one is set with --set")
        if path in found:
            raise FieldError(f"--grid {word}: {path} has a grid already; give all of its values in one")
        found[path] = tuple(Given(path, part, f"--grid {word}") for part in parts)
    return tuple(found.values())


def _split(option: str, word: str) -> tuple[str, str]:
    path, equals, value = word.partition("=")
    if not equals or not path.strip() or not value.strip():
        example = "sft.learning_rate=2e-4" if option == "--set" else "sft.learning_rate=1e-4,2e-4"
        raise FieldError(
            f"{option} {word!r}: takes PATH={'VALUE' if option == '--set' else 'V1,V2,...'}, such as {example}"
        )
    return path.strip(), value.strip()


def from_file(path: Path | None) -> list[Given]:
    """What the table [set] of a TOML file says; nothing where there is none.

    Raises:
        FieldError: when it is no table, or holds no value.
        FileNotFoundError: when there is no such file.
    """
    if path is None:
        return []
    from humpback.experiments.settings import Given
    from humpback.inputs.user_fields import SET

    table = read_toml(path).get(SET, {})
    if not isinstance(table, dict):
        raise FieldError(f'{path}: {SET} is {table!r}; it takes a table [{SET}] with lines such as "sft.longest" = 512')
    found: list[Given] = []

    def walk(inner: dict[str, Any], above: str) -> None:
        for name, value in inner.items():
            at = f"{above}{name}"
            if isinstance(value, dict):
                walk(value, f"{at}.")
            else:
                found.append(Given(at, value, f"{path}, [{SET}] {at}", quoted=True))

    walk(table, "")
    return found


def given(words: Sequence[str] | None, path: Path | None) -> list[Given]:
    """The settings of the file, with those of the command in their place. Raises as `from_options` and `from_file`."""
    said = from_options(words)
    return [one for one in from_file(path) if one.path not in {other.path for other in said}] + said


def hold_only_settings(path: Path, setup: str) -> None:
    """Nothing where the TOML file holds the table [set] alone.

    Raises:
        FieldError: where it names data, which go with the setup `files`.
    """
    from humpback.inputs.user_fields import SET

    others = [name for name in read_toml(path) if name != SET]
    if others:
        raise FieldError(
            f"--files {path}: {others[0]} goes with --setup files; the setup here is {setup!r}, with which the file "
            f"holds a table [{SET}] alone"
        )


class ModelReader:
    """From what somebody calls a model to the model, and where it lies here."""

    def __init__(self) -> None:
        self._seen: dict[str, Model] = {}
        self._places: dict[str, str] = {}

    @property
    def places(self) -> Places:
        """For `Machine.files`."""
        return tuple(self._places.items())

    def __call__(self, name: str) -> Model:
        """A model's folder, a GGUF file, a hub name, or the name of a base that a setup has.

        Raises:
            FieldError: when there is none.
            StoreError: when what is there cannot be used.
        """
        if name not in self._seen:
            self._seen[name] = self._read(name)
        return self._seen[name]

    def _read(self, name: str) -> Model:
        known = _bases()
        there = Path(name).exists()
        if name in known and not there:
            return known[name]
        if "/" not in name and not there:
            near = difflib.get_close_matches(name, known, n=2)
            hint = f"did you mean {' or '.join(near)}? There are" if near else "those are"
            raise FieldError(
                f"{name!r} is no folder or .gguf file here, no hub name OWNER/NAME, and no base of a setup; {hint} "
                f"{', '.join(known)}"
            )
        from humpback.inputs.file_index import FileIndex

        index = FileIndex()
        model = index.model("base", name)
        self._places |= index.paths
        return model


@cache
def _bases() -> dict[str, Model]:
    from humpback.experiments.setups import SETUPS

    models = [model for one in SETUPS.values() for model in (one.base, *(base.model for base in one.bases))]
    return {model.slug: model for model in models if isinstance(model, HubModel)}
