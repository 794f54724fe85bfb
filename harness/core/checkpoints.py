"""What outlives a maker that was killed, for the next maker of the same artifact to go on from.

    <store>/.partial/FINGERPRINT/.checkpoints/
        updates-120/        a training after its 120th update; seal.json, written last, has the checksum of every file
        3f2a91c0....jsonl   the batches that one call of a model has come through (`humpback.core.batch_log`)

It is a stage's own business what it keeps. A checkpoint names what it was made from, to the byte, and is used for
nothing else. Under another version of torch or another micro-batch it is gone on from all the same, and the artifact's
record says so: sums come out in another order there. Publication drops it.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from importlib import metadata
from pathlib import Path
from typing import Any

from humpback.core.machine import Machine
from humpback.core.payload import PayloadFile, checksum, compare
from humpback.core.placement import ALONE, Placement

SEAL = "seal.json"
_FIELDS = ("device", "precision", "threads", "micro_batch", "generation_batch")
_PACKAGES = ("torch", "transformers", "accelerate", "peft")


class UnusableCheckpoint(ValueError):
    """A checkpoint is not whole, or another artifact's. The message says which file, and what is wrong."""


def publish_checkpoint(folder: Path, place: Path, held: Mapping[str, Any]) -> None:
    """Put a folder of files in its place, whole or not at all: everything is on disk before it is renamed. `held` (as
    JSON) goes into its seal."""
    files = {}
    for path in sorted(one for one in folder.rglob("*") if one.is_file()):
        files[str(path.relative_to(folder))] = asdict(PayloadFile(path.stat().st_size, checksum(path)))
        to_disk(path)
    body = {**held, "files": files}
    seal = folder / SEAL
    seal.write_text(json.dumps({**body, "sha256": _sha256(body)}), encoding="utf-8")
    to_disk(seal)
    os.replace(folder, place)
    to_disk(place.parent)


def open_checkpoint(place: Path, made_from: str) -> dict[str, Any]:
    """What its seal holds, after every byte was seen to be as it was written.

    Raises:
        UnusableCheckpoint: when one is not, or the seal names something else that it was made from.
    """
    try:
        body = json.loads((place / SEAL).read_text(encoding="utf-8"))
        if body.pop("sha256") != _sha256(body):
            raise ValueError("not as it was written")
        files = {name: PayloadFile(**one) for name, one in body.pop("files").items()}
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise UnusableCheckpoint(f"{place / SEAL}: no seal of a checkpoint ({error})") from error
    if body.get("made_from") != made_from:
        raise UnusableCheckpoint(f"{place}: made from something else")
    state = compare(place, files, None)
    if state.status != "done":
        raise UnusableCheckpoint(state.reason.partition(";")[0])
    held: dict[str, Any] = body
    return held


def conditions(machine: Machine, placement: Placement) -> dict[str, Any]:
    """What decides the order of floating-point sums: fields of the machine, the placement where it is not that of one
    process, versions of packages."""
    other = {name: value for name, value in asdict(placement).items() if value != getattr(ALONE, name)}
    return {**{name: getattr(machine, name) for name in _FIELDS}, **other, **dict(_versions())}


def other_conditions(before: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    """What has changed, for people; "" for nothing."""
    names = [name for name in {**before, **now} if before.get(name) != now.get(name)]
    return ", ".join(f"{name} {before.get(name)} before and {now.get(name)} now" for name in names)


def to_disk(path: Path) -> None:
    """See that a file's bytes, or a folder's names, are on the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _versions() -> Iterator[tuple[str, str]]:
    for name in _PACKAGES:
        try:
            yield name, metadata.version(name)
        except metadata.PackageNotFoundError:
            continue


def _sha256(body: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()
