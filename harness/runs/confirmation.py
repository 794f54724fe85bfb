"""What makes a run a confirmation: its protocol was committed before, nothing has been changed since, and none of its
seeds was run. What was begun in a store is remembered there, so that an interrupted run goes on and a second one knows
that it is no confirmation."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from humpback.core.checkout import changed, committed, git, repository
from humpback.core.expression import Artifact
from humpback.core.store import Store, StoreError
from humpback.runs.build import source_checkout

REGISTRATION = "registration.json"
"""Beside the results."""
_SHOWN = 5
"""Names of files or artifacts that a refusal lists."""


@dataclass(frozen=True)
class Registration:
    """A protocol as it was committed, and what became of it."""

    protocol: str
    """Name of its file."""
    commit: str
    """Hash of the commit that registered it: the last that changed the file."""
    date: str
    """When it was committed, in ISO 8601."""
    code: tuple[str, ...] = ()
    """Hash of the harness's commit at each start; empty where it is installed and in no checkout."""
    seeds: tuple[int, ...] = ()
    started: str = ""
    """When the confirming run began, in ISO 8601."""
    confirmed: str = ""
    """When it ended; empty while it has not."""

    def to_json(self) -> str:
        """As the file holds it."""
        return json.dumps(asdict(self), indent=1) + "\n"

    @classmethod
    def read(cls, path: Path) -> Registration | None:
        """Of a file; None where there is none.

        Raises:
            StoreError: naming a file that is not as it was written.
        """
        try:
            held = json.loads(path.read_text(encoding="utf-8"))
            given: dict[str, Any] = {one.name: held[one.name] for one in fields(cls)}
            return cls(**{**given, "code": tuple(given["code"]), "seeds": tuple(given["seeds"])})
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise StoreError(f"{path}: not a registration ({type(error).__name__}: {error}); move it aside") from error


def registration(path: Path, besides: tuple[Path, ...]) -> Registration:
    """The protocol's, from git. What lies below the folders `besides` may be changed: it is what a run writes.

    Raises:
        StoreError: when the file is in no checkout or was not committed, or the checkout that it lies in, or the
            harness's own, has changes that are not committed.
    """
    top = repository(path.resolve().parent)
    if top is None:
        raise StoreError(
            f"{path}: in no git repository, so nobody can tell that it was written before the run; put it into one and "
            "commit it"
        )
    code = source_checkout()
    for place in {top, *([code.resolve()] if code else [])}:
        if files := changed(place, besides):
            more = f" and {len(files) - _SHOWN} more" if len(files) > _SHOWN else ""
            raise StoreError(
                f"{place}: {', '.join(files[:_SHOWN])}{more} changed or not committed; a confirming run is one of what "
                "is committed: commit, ignore or remove them"
            )
    found = committed(path.resolve())
    if found is None:
        raise StoreError(f"{path}: never committed; commit it before the run that it registers")
    head = git(code, "rev-parse", "HEAD") if code else None
    return Registration(path.name, found.commit, found.date, (head.strip(),) if head else ())


class Confirmations:
    """Those that were begun in a store."""

    def __init__(self, store: Store) -> None:
        self._store, self._folder = store, store.root / ".confirmations"

    def begin(self, new: Registration, fresh: Mapping[str, tuple[int, Artifact]]) -> Registration:
        """The registration with its start: a new one, or that of the run of the same protocol that was interrupted, or
        has ended. `fresh` has all artifacts that a new one may not find, with their seeds.

        Raises:
            StoreError: naming what the store already holds of its seeds.
        """
        path = self._folder / f"{new.commit[:16]}.json"
        begun = Registration.read(path)
        if begun is not None and begun.protocol == new.protocol:
            going = begun if begun.confirmed else replace(begun, code=tuple(dict.fromkeys((*begun.code, *new.code))))
        else:
            self._refuse_held(fresh.values())
            going = replace(new, started=_now())
        self._store.prepare()
        self._write(going)
        return going

    def end(self, one: Registration) -> Registration:
        """The registration with its end."""
        ended = replace(one, confirmed=_now())
        self._write(ended)
        return ended

    def _write(self, one: Registration) -> None:
        self._folder.mkdir(exist_ok=True)
        (self._folder / f"{one.commit[:16]}.json").write_text(one.to_json(), encoding="utf-8")

    def _refuse_held(self, fresh: Iterable[tuple[int, Artifact]]) -> None:
        held = [(seed, one.name) for seed, one in fresh if self._store.folder(one).exists()]
        if held:
            told = ", ".join(f"{name} of seed {seed}" for seed, name in held[:_SHOWN])
            raise StoreError(
                f"the store {self._store.root} holds {len(held):,} artifacts of the registered seeds ({told}), so they "
                "have been looked at; register other seeds, or take a store without them: --store"
            )


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
