"""inspect's logs: `.eval`, a zip of JSON with a member for each sample and epoch, and the same as one `.json`.

A scorer's value is a number, a truth value, one of inspect's letters, or an object or list of these, each of which is a
metric of its own. What is none of these is no score here, though inspect's own accuracy counts it as 0.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

from humpback.analysis.judgements.formats.items import NoJudgements
from humpback.analysis.judgements.logs.items import Sample, TaskLog, digest, number, read_json
from humpback.analysis.judgements.logs.zip_members import Members
from humpback.core.tables import RAW_SHOWN, Unreadable

KIND = "inspect log"
_SAMPLE = re.compile(r"^samples/.*_epoch_\d+(?:\.json|/sample\.json)$", re.DOTALL)
"""A sample in one piece, or the shell of one in chunks."""
_WORDS = {"c": 1.0, "p": 0.5, "i": 0.0, "n": 0.0, "yes": 1.0, "true": 1.0, "no": 0.0, "false": 0.0}
"""inspect's letters (correct, partial, incorrect, no answer; capitals) and the words that it takes for them."""


def is_zip(path: Path) -> bool:
    """Whether a file is a zip, as `.eval` is."""
    with path.open("rb") as file:
        return file.read(4) == b"PK\x03\x04"


def is_log(value: Any) -> bool:
    """Whether JSON looks like a log of inspect's."""
    return isinstance(value, dict) and {"version", "status", "eval"} <= value.keys()


def read_log(path: Path) -> TaskLog:
    """One model on one task.

    Raises:
        NoJudgements: when it is damaged, no log of inspect's, or holds no sample.
    """
    name = f"{path.parent.name}/{path.name}"
    if not is_zip(path):
        return _log(path, name, *_json(path))
    try:
        with Members(path) as members:
            return _log(path, name, *_zip(path, members))
    except BadZipFile as error:
        raise NoJudgements(f"{path}: the zip is damaged or cut off ({error}); it takes a whole .eval") from error


def _json(path: Path) -> tuple[dict[str, Any], Iterator[tuple[str, Any]]]:
    value = read_json(path)
    if not is_log(value):
        raise NoJudgements(f"{path}: no log of inspect's: it lacks 'version', 'status' or 'eval'")
    samples = value.get("samples") or []
    return value, ((f"sample {i}", one) for i, one in enumerate(samples))


def _zip(path: Path, members: Members) -> tuple[dict[str, Any], Iterator[tuple[str, Any]]]:
    if "header.json" in members.names:
        header = _member(path, members, "header.json")
    elif "_journal/start.json" in members.names:
        header = {**_member(path, members, "_journal/start.json"), "status": "started"}
    else:
        raise NoJudgements(f"{path}: a zip without header.json; inspect's .eval has one")
    names = [name for name in members.names if _SAMPLE.search(name)]
    return header, ((name, _member(path, members, name)) for name in names)


def _member(path: Path, members: Members, name: str) -> Any:
    try:
        return json.loads(members.read(name))
    except (ValueError, RecursionError) as error:
        raise NoJudgements(f"{path}, member {name}: no whole JSON ({error})") from error


def _log(path: Path, name: str, header: Any, found: Iterator[tuple[str, Any]]) -> TaskLog:
    spec = header.get("eval") if isinstance(header, dict) else None
    if not isinstance(spec, dict) or not all(isinstance(spec.get(field), str) for field in ("task", "model")):
        raise NoJudgements(f"{path}: its header's field eval has no texts 'task' and 'model'")
    samples: dict[str, Sample] = {}
    scores: dict[str, dict[str, tuple[float, ...]]] = {}
    aside: list[Unreadable] = []
    seen: dict[tuple[str, Any], str] = {}
    told: Counter[str] = Counter()
    for place, one in found:
        reason = _unfit(one)
        if not reason and (before := seen.get((str(one["id"]), one["epoch"]))):
            reason = f"sample {one['id']!r}, epoch {one['epoch']}, stands already in {before}; the first is taken"
        if reason:
            aside.append(Unreadable(path.name, place, reason, json.dumps(one, default=str)[:RAW_SHOWN]))
            continue
        key = str(one["id"])
        seen[key, one["epoch"]] = place
        if one.get("invalidation"):
            told["samples were invalidated: left out"] += 1
            continue
        samples.setdefault(key, _sample(one))
        given = one.get("scores") or {}
        if not given:
            told["samples ended in an error: no score" if one.get("error") else "samples have no score"] += 1
        for scorer, score in given.items():
            for metric, value in _values(scorer, score):
                try:
                    points = _points(value)
                except ValueError:
                    told[_no_score(metric, value)] += 1
                    continue
                if points is None:
                    told[f"values of {metric} are unscored (NaN or null)"] += 1
                    continue
                if value == "N":
                    told[f"values of {metric} are 'N' (no answer): taken as 0, as inspect takes them"] += 1
                of = scores.setdefault(metric, {})
                of[key] = (*of.get(key, ()), points)
    if not samples:
        why = f"; {aside[0].place}: {aside[0].reason}" if aside else ", as with --no-log-samples"
        raise NoJudgements(f"{path}: no sample in it{why}")
    notes = [f"{n:,} {what}" for what, n in told.items()]
    if (status := header.get("status")) != "success":
        notes.insert(0, f"its run did not end well (status {status!r}): {len(samples):,} samples are there")
    elif (asked := _asked(spec)) is not None and asked != len(samples):
        notes.insert(0, f"{len(samples):,} of {asked:,} samples of its dataset are there")
    return TaskLog(
        spec["model"],
        spec["task"],
        KIND,
        name,
        samples,
        scores,
        str(spec.get("task_version", "")),
        _about(spec),
        unreadable=tuple(aside),
        notes=tuple(notes),
    )


def _unfit(one: Any) -> str:
    if not isinstance(one, dict):
        return f"found {str(one)[:40]!r}; a sample is an object"
    if isinstance(one.get("id"), bool) or not isinstance(one.get("id"), int | str):
        return f"field id is {str(one.get('id'))[:40]!r}; it is a number or a text"
    if isinstance(one.get("epoch"), bool) or not isinstance(one.get("epoch"), int):
        return f"field epoch is {str(one.get('epoch'))[:40]!r}; it is a whole number"
    scores = one.get("scores")
    if scores is not None and not isinstance(scores, dict):
        return f"field scores is {str(scores)[:40]!r}; it is an object of scorers"
    for scorer, score in (scores or {}).items():
        if not isinstance(score, dict) or "value" not in score:
            return f"field scores.{scorer} is {str(score)[:40]!r}; it is an object with a value"
    return ""


def _sample(one: Mapping[str, Any]) -> Sample:
    shown = []
    for message in one.get("messages") or ():
        if not isinstance(message, dict) or message.get("role") == "assistant":
            break
        shown.append((message.get("role"), message.get("content")))
    return Sample(
        digest([one.get("input"), one.get("choices")]), digest([one.get("target")]), digest(shown) if shown else ""
    )


def _values(scorer: str, score: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    value = score["value"]
    if isinstance(value, dict):
        yield from ((f"{scorer}/{key}", one) for key, one in value.items())
    elif isinstance(value, list):
        yield from ((f"{scorer}/{i}", one) for i, one in enumerate(value))
    else:
        yield scorer, value


def _points(value: Any) -> float | None:
    """inspect's own rule, which takes whatever it does not know as 0; here that is an error.

    Raises:
        ValueError: for what is no score.
    """
    if not isinstance(value, str):
        return number(value)
    if len(value) == 1 and value.isalpha() and not value.isupper():
        raise ValueError
    word = value.lower()
    found = _WORDS[word] if word in _WORDS else float(word)
    return number(found)


def _no_score(metric: str, value: Any) -> str:
    kinds = "C, P, I, N, yes, no, true, false, numbers"
    if isinstance(value, str) and len(value) <= 20:
        return f"values of {metric} are {value!r}: no score ({kinds} are)"
    return f"values of {metric} are texts, lists or objects: no score ({kinds} are)"


def _asked(spec: Mapping[str, Any]) -> int | None:
    dataset = spec.get("dataset")
    found = dataset.get("samples") if isinstance(dataset, dict) else None
    return found if isinstance(found, int) else None


def _about(spec: Mapping[str, Any]) -> dict[str, str]:
    """What a reader compares two runs by."""
    found = {"task arguments": spec.get("task_args"), "solver": spec.get("solver"), "roles": spec.get("model_roles")}
    found["generation"] = spec.get("model_generate_config")
    for scorer in spec.get("scorers") or ():
        if isinstance(scorer, dict):
            found[f"scorer {scorer.get('name')}"] = scorer.get("options")
    return {name: json.dumps(value or {}, sort_keys=True) for name, value in found.items()}
