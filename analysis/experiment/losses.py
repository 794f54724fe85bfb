"""What was lost on the way to an experiment's answers, from the records of what was made."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from humpback.core.expression import Artifact, below
from humpback.core.store import Store
from humpback.spec.claims import Arm


def losses(store: Store, arms: Mapping[int, Mapping[str, Arm]]) -> tuple[str, ...]:
    """Over all finished artifacts below the arms, a line for each class that has `Artifact.losses`: what went in and
    what was rejected, empty, cut or unparsed. Sets that something finished was made from and that were deleted since
    are told apart, for their counts went with them."""
    judged = [arm.judged for by_name in arms.values() for arm in by_name.values()]
    finished = below(*(one for one in judged if store.state(one).readable))
    totals: dict[type[Artifact], Counter[str]] = {}
    gone: Counter[type[Artifact]] = Counter()
    for fingerprint, one in below(*judged).items():
        kind = type(one)
        if not one.losses:
            continue
        there = store.state(one, weights=False).readable
        if there or fingerprint in finished:
            totals[kind] = totals.pop(kind, Counter())  # what comes last on the way stands last
        if there:
            totals[kind].update(store.record(one).counts)
        elif fingerprint in finished:
            gone[kind] += 1
    return tuple(_line(kind, counts, gone[kind]) for kind, counts in totals.items())


def _line(kind: type[Artifact], counts: Counter[str], gone: int) -> str:
    told = [", ".join(f"{counts[key]:,} {key.replace('_', ' ')}" for key in kind.losses)] if counts else []
    told += [f"{gone} of the sets no longer in the store and not counted"] if gone else []
    return (f"{counts['in']:,} " if counts else "") + f"{kind.counted}: {'; '.join(told)}"
