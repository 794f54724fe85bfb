"""What was lost on the way to an experiment's answers, from the records of what was made."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from humpback.core.expression import Artifact
from humpback.core.store import Store
from humpback.spec.curation import Rated, Selected
from humpback.spec.data import Backtranslated, Segments
from humpback.spec.models import Finetuned
from humpback.spec.outcomes import Arm, Responses

_LOSSES = {
    Segments: ("sections of pages", ("kept", "rejected")),
    Backtranslated: ("instructions written", ("kept", "rejected")),
    Rated: ("candidates rated", ("unparsed",)),
    Selected: ("candidates selected from", ("kept", "rejected", "unparsed")),
    Finetuned: ("training examples", ("cut", "no_target")),
    Responses: ("answers", ("empty", "cut", "prompt_too_long")),
}


def losses(store: Store, arms: Mapping[int, Mapping[str, Arm]]) -> tuple[str, ...]:
    """Over all finished artifacts below the arms: what went in and what was rejected, empty, cut or unparsed. Sets that
    something finished was made from and that were deleted since are told apart, for their counts went with them."""
    judged = [arm.judged for by_name in arms.values() for arm in by_name.values()]
    finished = _below(one for one in judged if store.state(one).readable)
    totals: dict[type, dict[str, int]] = {}
    gone: dict[type, int] = {}
    for fingerprint, one in _below(judged).items():
        if type(one) not in _LOSSES:
            continue
        if store.state(one, weights=False).readable:
            into = totals.setdefault(type(one), {})
            for key, value in store.record(one)["counts"].items():
                into[key] = into.get(key, 0) + value
        elif fingerprint in finished:
            gone[type(one)] = gone.get(type(one), 0) + 1
    lines = []
    for kind, (what, keys) in _LOSSES.items():
        deleted = f"{gone[kind]} of the sets no longer in the store and not counted" if kind in gone else ""
        if kind in totals:
            told = ", ".join(f"{totals[kind][key]:,} {key.replace('_', ' ')}" for key in keys)
            lines.append(f"{totals[kind]['in']:,} {what}: {told}" + (f"; {deleted}" if deleted else ""))
        elif deleted:
            lines.append(f"{what}: {deleted}")
    return tuple(lines)


def _below(tops: Iterable[Artifact]) -> dict[str, Artifact]:
    """The artifacts and all that they are made from, each once, by fingerprint."""
    found: dict[str, Artifact] = {}
    waiting = list(tops)
    while waiting:
        one = waiting.pop()
        if one.fingerprint not in found:
            found[one.fingerprint] = one
            waiting.extend(one.inputs)
    return found
