"""The text of a prompt that stands in somebody's file: found by its checksum, and held to its placeholders."""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any, TypeVar

from humpback.core.expression import FieldError
from humpback.core.machine import Machine
from humpback.core.toml_file import known_fields
from humpback.inputs.file_index import FileIndex
from humpback.inputs.locate import resolve_file
from humpback.spec.files import File
from humpback.spec.prompts import PairPrompt, Prompt, PromptFile, PromptText

Kind = TypeVar("Kind", PromptFile, PairPrompt)
_MARKS = ("instruction", "output", "output_1", "output_2")
"""Fields that say what the file writes for them."""
_MARK = re.compile(r"\{\w[\w -]*\}|<\w[\w -]*>")
_REPLIES = ("first", "second")
_HEXADECIMAL = re.compile(r"[0-9a-fA-F]{64}")


def prompt_fields(kind: type[PromptFile] | type[PairPrompt]) -> tuple[str, ...]:
    """What a table that names a prompt takes, all in quotes."""
    return ("file", *(one.name for one in fields(kind) if one.name != "name"))


def load_prompt(prompt: Prompt | PromptFile | PairPrompt, machine: Machine) -> PromptText:
    """The text, ready to be filled.

    Raises:
        StoreError: when the file is not on this machine, or not what it was.
        FieldError: when it is no UTF-8, or lacks a placeholder.
    """
    if isinstance(prompt, Prompt):
        return PromptText(prompt.text)
    return read_prompt(resolve_file(File(prompt.name, prompt.sha256), machine), prompt)


def read_prompt(path: Path, prompt: PromptFile | PairPrompt) -> PromptText:
    """The file's text, with {instruction} and {output}, or {output_1} and {output_2}, in the place of its own
    placeholders.

    Raises:
        FieldError: when it is no UTF-8, or lacks a placeholder.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig").replace("\r\n", "\n").rstrip("\n")
    except UnicodeDecodeError as error:
        raise FieldError(
            f"{path}: no UTF-8 (byte {error.object[error.start]:#04x} at {error.start}); save it as UTF-8 and give the "
            "checksum of what you saved"
        ) from error
    marks = {name: getattr(prompt, name) for name in _MARKS if hasattr(prompt, name)}
    for field, mark in marks.items():
        if not mark.strip():
            raise FieldError(f"{path}: {field} is empty; it takes what the file writes where the {field} goes")
        if mark not in text:
            there = ", ".join(dict.fromkeys(_MARK.findall(text))) or "no placeholder"
            raise FieldError(
                f"{path}: no {mark} in it, where the {field} would go; there is {there}. Say which it is, such as "
                f'{field} = "{{its_name}}"'
            )
        if f"{{{field}}}" in text and f"{{{field}}}" not in marks.values():
            raise FieldError(f"{path}: has {{{field}}} too, which would be filled; {field} is {mark}")
    for (one, inner), (other, outer) in itertools.permutations(marks.items(), 2):
        if inner in outer:
            raise FieldError(f"{path}: {one} is {inner!r} and {other} {outer!r}; one is in the other")
    parts = re.split("|".join(f"({re.escape(mark)})" for mark in marks.values()), text)
    names = {mark: f"{{{field}}}" for field, mark in marks.items()}
    return PromptText("".join(names.get(part, part) for part in parts if part is not None))


def named_prompt(
    where: str, table: Mapping[str, Any], folder: Path, index: FileIndex, data: Path, kind: type[Kind]
) -> Kind:
    """The prompt that a table names: a file below `folder` or a public one, its checksum, its placeholders and, of a
    pairwise one, the two replies.

    Raises:
        FieldError: naming `where`, the field, what was found and what would do.
        StoreError: when a public file was not pulled.
    """
    known_fields(table, prompt_fields(kind), where, "prompt")
    for key, value in table.items():
        if not isinstance(value, str) or (key in _REPLIES and not value.strip()):
            raise FieldError(f"{where}: {key} is {value!r}; it takes a text in quotes")
    if "file" not in table:
        raise FieldError(f"{where}: file is missing; it takes a path, or the name of a public file")
    needed = [one.name for one in fields(kind) if one.default is MISSING and one.name in _REPLIES]
    for key in needed:
        if key not in table:
            raise FieldError(
                f"{where}: {key} is missing; it takes the reply that the prompt asks for where the output shown {key} "
                'is better, such as "A"'
            )
    found = index.files(f"{where}: file", [table["file"]], folder)
    if len(found) != 1:
        raise FieldError(f"{where}: file is {table['file']!r}, which are {len(found)} files; give one")
    path = index.path_of(found[0], data)
    file = index.add(path)
    told = table.get("sha256", "")
    if not _HEXADECIMAL.fullmatch(told):
        what = f"is {told!r}" if told else "is missing"
        raise FieldError(f"{where}: sha256 {what}; it takes 64 hexadecimal digits. Those of {path} are {file.sha256}")
    if told.lower() != file.sha256:
        raise FieldError(f"{where}: {path} has the SHA-256 {file.sha256}, and {told.lower()} is named: another text")
    prompt = kind(file.name, file.sha256, **{key: said for key, said in table.items() if key not in ("file", "sha256")})
    read_prompt(path, prompt)
    return prompt
