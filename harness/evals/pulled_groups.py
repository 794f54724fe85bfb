"""BBH and MMLU on pulled files: lm-eval's own groups of tasks, which only take their data from another place.

Its YAML is laid out as it is, and ours includes it, so prompts, shots, filters and weights are lm-eval's. The rows
become Parquet with the types of their columns written down: a choice such as "None" or "1990-01-01" stays text.
"""

from __future__ import annotations

import csv
import io
import json
import shutil
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from humpback.core.store import StoreError

_LETTERS = ("A", "B", "C", "D")
_ON_OUR_ROWS = """
include: {included}
dataset_path: parquet
dataset_kwargs: {{data_files: {{{files}}}}}
"""


@dataclass(frozen=True)
class _Group:
    folder: str
    """Where lm-eval has its YAML, below its tasks. Files there that begin with "_" hold groups and what tasks share."""
    prefix: str
    """What the name of a task's YAML begins with; the rest is what its data are called."""
    members: dict[str, str]
    """Split -> the file of a task's rows in the archive."""
    rows: Callable[[str, str], list[dict[str, Any]]]
    """The rows of such a file, given its name for errors and its text."""
    schema: pa.Schema


def _bbh_rows(where: str, text: str) -> list[dict[str, Any]]:
    try:
        content = json.loads(text)
    except ValueError as error:
        raise StoreError(f"{where}: no JSON ({error})") from error
    examples = content.get("examples") if isinstance(content, dict) else None
    if not isinstance(examples, list) or not all(isinstance(row, dict) for row in examples):
        raise StoreError(f"{where}: no list `examples` of objects in it")
    for number, row in enumerate(examples):
        for field in ("input", "target"):
            if not isinstance(row.get(field), str):
                raise StoreError(f"{where}: examples[{number}].{field} is {row.get(field)!r}; it takes text")
    return [{"input": row["input"], "target": row["target"]} for row in examples]


def _mmlu_rows(where: str, text: str) -> list[dict[str, Any]]:
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    except csv.Error as error:
        raise StoreError(f"{where}: no CSV ({error})") from error
    for number, row in enumerate(rows, 1):
        if len(row) != 2 + len(_LETTERS):
            wants = "it takes 6: question, four choices, answer"
            raise StoreError(f"{where}: row {number} has {len(row)} columns; {wants}")
        if row[-1] not in _LETTERS:
            raise StoreError(f"{where}: row {number} has the answer {row[-1]!r}; it takes A, B, C or D")
    return [{"question": row[0], "choices": row[1:-1], "answer": _LETTERS.index(row[-1])} for row in rows]


_GROUPS = {
    "bbh": _Group(
        "bbh/cot_fewshot",
        "",
        {"test": "{}.json"},
        _bbh_rows,
        pa.schema([("input", pa.string()), ("target", pa.string())]),
    ),
    "mmlu": _Group(
        "mmlu/default",
        "mmlu_",
        {"dev": "dev/{}_dev.csv", "test": "test/{}_test.csv"},
        _mmlu_rows,
        pa.schema([("question", pa.string()), ("choices", pa.list_(pa.string())), ("answer", pa.int64())]),
    ),
}


def lay_out_group(name: str, archive: Path, place: Path) -> None:
    """Write the YAML of lm-eval's group `name` into `place`, and the rows of the archive for each of its tasks.

    Raises:
        StoreError: when the archive is damaged, lacks a file of a task, or has a row that is no question of its test.
    """
    import lm_eval  # type: ignore[import-untyped]

    group = _GROUPS[name]
    try:
        with zipfile.ZipFile(archive) as packed:
            for path in sorted((Path(lm_eval.__file__).parent / "tasks" / group.folder).iterdir()):
                if path.name.startswith("_"):
                    if path.is_file():
                        shutil.copyfile(path, place / path.name)
                else:
                    _lay_out_task(group, path, packed, place)
    except zipfile.BadZipFile as error:
        raise StoreError(f"{archive}: no zip archive ({error})") from error


def _lay_out_task(group: _Group, path: Path, packed: zipfile.ZipFile, place: Path) -> None:
    of_data, included = path.stem.removeprefix(group.prefix), f"{path.stem}_yaml"
    files = {}
    for split, pattern in group.members.items():
        member = pattern.format(of_data)
        if member not in packed.namelist():
            raise StoreError(f"{packed.filename}: no {member} in it, which lm-eval's {path.stem} asks")
        where = f"{packed.filename}, {member}"
        try:
            text = packed.read(member).decode("utf-8")
        except UnicodeDecodeError as error:
            raise StoreError(f"{where}: not UTF-8 ({error})") from error
        rows = group.rows(where, text)
        files[split] = f"{path.stem}-{split}.parquet"
        pq.write_table(pa.Table.from_pylist(rows, schema=group.schema), place / files[split])
    shutil.copyfile(path, place / included)
    listed = ", ".join(f"{split}: {file}" for split, file in files.items())
    (place / path.name).write_text(_ON_OUR_ROWS.format(included=included, files=listed), encoding="utf-8")
