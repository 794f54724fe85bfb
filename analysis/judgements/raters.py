"""Judgements as raters: who judged the same two systems on the same prompts, and how far they agree.

A rater is a judgement, or an annotator of a database of votes. A label is the outcome of a prompt seen from the first
system: win, tie, lose; a prompt without one is unparsed. Agreement is over prompts with an outcome; the table between
two raters has unparsed as its fourth label, so that nothing is left out unseen.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import combinations
from typing import Any

from humpback.analysis.judgements.formats.items import Judgement, NoJudgements
from humpback.analysis.layout import text_table as layout
from humpback.analysis.stats.agreement import Agreement, Contingency, agreement, contingency
from humpback.analysis.stats.statistics import Estimate

LABELS = ("win", "tie", "lose", "unparsed")
_EACH_TWO = 8
"""Raters up to which every two have a table."""


@dataclass(frozen=True)
class Panel:
    """Raters of the same two systems."""

    name: str
    """The system that win and lose are about."""
    against: str
    raters: Mapping[str, Mapping[str, str]]
    """Each rater's label by prompt."""
    notes: tuple[str, ...] = ()

    @property
    def prompts(self) -> tuple[str, ...]:
        """Of any rater, in the order in which they first come."""
        return tuple(dict.fromkeys(prompt for labels in self.raters.values() for prompt in labels))

    @property
    def agreement(self) -> Agreement | None:
        """Of all raters, over prompts with an outcome of at least two; None without such a prompt."""
        outcomes = {
            name: [None if (label := labels.get(prompt)) == "unparsed" else label for prompt in self.prompts]
            for name, labels in self.raters.items()
        }
        return agreement(outcomes)

    def unparsed(self, rater: str) -> int:
        """Prompts of a rater without an outcome."""
        return sum(label == "unparsed" for label in self.raters[rater].values())

    def tables(self) -> list[tuple[str, str, Contingency]]:
        """The four-way table of every two raters; none of more than eight, whose alpha says it shorter."""
        if len(self.raters) > _EACH_TWO:
            return []
        labels = {name: [given.get(prompt) for prompt in self.prompts] for name, given in self.raters.items()}
        return [
            (one, other, contingency(labels[one], labels[other], labels=LABELS))
            for one, other in combinations(self.raters, 2)
        ]


def panels(judgements: Sequence[Judgement]) -> list[Panel]:
    """Judgements that name the same two systems, in either order, as raters of one panel. Where no two name the same
    and each has files of its own, all of them: with a note. None where no system has two raters.

    Raises:
        NoJudgements: when two raters of a panel share no prompt.
    """
    groups: dict[frozenset[str], list[Judgement]] = {}
    for one in judgements:
        groups.setdefault(frozenset((one.name, one.against)), []).append(one)
    notes: tuple[str, ...] = ()
    together = [group for group in groups.values() if len(group) > 1]
    files = [file for one in judgements for file in one.files]
    if not together and len(judgements) > 1 and len(set(files)) == len(files):
        told = "; ".join(dict.fromkeys(f"{one.name} against {one.against}" for one in judgements))
        taken = "each was taken to be about the same two systems, in the same order"
        together, notes = [list(judgements)], (f"the names of the systems differ ({told}): {taken}",)
    alone = [one for group in groups.values() if len(group) == 1 for one in group if not notes]
    notes += tuple(f"{one.name} against {one.against} has one rater: {', '.join(one.files)}" for one in alone)
    return [_panel(group, notes if i == 0 else ()) for i, group in enumerate(together)]


def _panel(group: Sequence[Judgement], notes: tuple[str, ...]) -> Panel:
    first = group[0]
    judges = [one.judge for one in group]
    raters = {}
    for one in group:
        # By its judge where that tells raters apart, otherwise by its files.
        name = one.judge if one.judge and judges.count(one.judge) == 1 else " and ".join(one.files)
        turned = one.name == first.against and one.against == first.name
        items = [item.exchanged() for item in one.items] if turned else one.items
        raters[name] = {item.prompt: item.result or "unparsed" for item in items}
    panel = Panel(first.name, first.against, raters, notes)
    for rater, other, table in panel.tables():
        if not table.n:
            raise NoJudgements(
                f"{rater} and {other} share no prompt; prompts are compared by their text, or by their id where a file "
                "has no text"
            )
    return panel


def annotators(judgements: Iterable[Judgement]) -> list[Panel]:
    """The people behind each judgement that pools the votes of several, where two of them judged one prompt."""
    found = []
    for one in judgements:
        times = Counter(prompt for labels in one.raters.values() for prompt in labels)
        if max(times.values(), default=0) < 2:
            continue
        by = {f"{name} in {' and '.join(one.files)}": dict(labels) for name, labels in one.raters.items()}
        found += [Panel(one.name, one.against, by)] if by else []
    return found


def as_text(found: Sequence[Panel], *, as_markdown: bool = False) -> str:
    """Agreement and tables of every panel."""
    return "\n\n".join(_text(one, layout.markdown if as_markdown else layout.aligned) for one in found)


def _text(one: Panel, table: Any) -> str:
    who = "; ".join(one.raters) if len(one.raters) <= _EACH_TWO else f"{len(one.raters):,} raters"
    parts = [f"{one.name} against {one.against}, judged by {who}", *one.notes]
    parts.append(str(one.agreement or "no prompt has an outcome of two raters"))
    if told := [f"{name} {count:,}" for name in one.raters if (count := one.unparsed(name))]:
        parts.append(f"prompts without an outcome, left out of that: {', '.join(told)}")
    for first, second, counts in one.tables():
        rows = [
            (label, *(f"{count:,}" for count in row)) for label, row in zip(counts.labels, counts.counts, strict=True)
        ]
        alone = f", {counts.missing:,} prompts that one of them alone has" if counts.missing else ""
        parts.append(f"\nrows {first}, columns {second}: {counts.n:,} prompts{alone}")
        parts.append(table(("", *counts.labels), rows))
    return "\n".join(parts)


def as_json(found: Sequence[Panel]) -> dict[str, Any]:
    """One panel as an object; several under `panels`."""
    objects = [_object(one) for one in found]
    return objects[0] if len(objects) == 1 else {"panels": objects}


def _object(one: Panel) -> dict[str, Any]:
    got = one.agreement
    tables = [
        {"rows": first, "columns": second, **asdict(table), "n": table.n} for first, second, table in one.tables()
    ]
    return {
        "system": one.name,
        "against": one.against,
        "raters": list(one.raters),
        "n": got.items if got else 0,
        "fewer_than_two_labels": got.missing if got else len(one.prompts),
        "unparsed": {name: one.unparsed(name) for name in one.raters},
        "raw": _estimate(got.raw if got else None),
        "kappa": _estimate(got.kappa if got else None),
        "alpha": _estimate(got.alpha if got else None),
        "tables": layout.json_value(tables),
        "notes": list(one.notes),
    }


def _estimate(one: Estimate | None) -> dict[str, Any] | None:
    if one is None:
        return None
    return {"value": one.mean, "interval": None if one.low != one.low else [one.low, one.high]}
