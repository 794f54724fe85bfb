"""Where one model fails and another does not: Humpback's "improvement over the seed model" (41 of 251, section 5).

Both models were judged against the same opponent. A model fails on a prompt when it loses in both orders (or in the one
order that there is). The reverse is counted too, because a list of successes alone would show improvement between two
equal models that differ by chance.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from humpback.analysis.judgements.formats.items import Item
from humpback.analysis.layout import text_table as layout
from humpback.analysis.stats.power import sign_test
from humpback.analysis.stats.shares import Share, share

Fate = Literal["mended", "broken", "both fail", "neither fails", "undecided"]
FATES: tuple[Fate, ...] = ("mended", "broken", "both fail", "neither fails", "undecided")


@dataclass(frozen=True)
class Prompt:
    """One prompt that both models were judged on."""

    prompt: str
    """As the judgements name it: its text, or its id."""
    category: str
    fate: Fate
    """Mended: the first fails and the second does not; broken: the reverse. Undecided: a reply was not parsed."""


@dataclass(frozen=True)
class Improvement:
    """Every prompt of either model, in the first model's order."""

    prompts: tuple[Prompt, ...]
    only_first: tuple[str, ...]
    """Prompts that only the first model was judged on: no part of any count."""
    only_second: tuple[str, ...]

    def count(self, fate: Fate, category: str | None = None) -> int:
        """Prompts with that fate, of one category or of all."""
        return sum(one.fate == fate and category in (None, one.category) for one in self.prompts)

    def counts(self, category: str | None) -> dict[str, int]:
        """Prompts, and those with each fate, of one category or of all."""
        fates: dict[str, int] = {fate: self.count(fate, category) for fate in FATES}
        return {"n": sum(fates.values()), **fates}

    @property
    def categories(self) -> tuple[str, ...]:
        """In the order in which they first come."""
        return tuple(dict.fromkeys(one.category for one in self.prompts))

    @property
    def mended(self) -> Share:
        """Of all prompts that both were judged on, undecided ones included, with the exact 95 % interval."""
        return share(self.count("mended"), len(self.prompts))

    @property
    def broken(self) -> Share:
        """The reverse, likewise."""
        return share(self.count("broken"), len(self.prompts))

    @property
    def p(self) -> float:
        """That mended and broken differ so much by chance: exact sign test (McNemar's), two-sided."""
        return sign_test(self.count("mended"), self.count("broken")).exact


def fails(item: Item) -> bool | None:
    """Whether the model lost in both orders, or in the only one there is; None when a reply was not parsed."""
    if item.points is None or item.unparsed:
        return None
    return item.result == "lose" if item.calls == 1 else item.points == 0.0


def improvement(first: Sequence[Item], second: Sequence[Item]) -> Improvement:
    """The first model's items against the second's, joined on the prompt.

    Raises:
        ValueError: when a prompt stands twice on a side, or none stands on both.
    """
    ours, theirs = _by_prompt(first, "first"), _by_prompt(second, "second")
    joined = [(ours[prompt], theirs[prompt]) for prompt in ours if prompt in theirs]
    if not joined:
        raise ValueError(f"no prompt in common: the first has {len(ours)}, the second {len(theirs)}")
    prompts = tuple(
        Prompt(one.prompt, one.category or one.source, _fate(fails(one), fails(two))) for one, two in joined
    )
    return Improvement(
        prompts,
        tuple(prompt for prompt in ours if prompt not in theirs),
        tuple(prompt for prompt in theirs if prompt not in ours),
    )


def _by_prompt(items: Sequence[Item], which: str) -> dict[str, Item]:
    found: dict[str, Item] = {}
    for item in items:
        if item.prompt in found:
            raise ValueError(f"the {which} model was judged on the prompt {item.prompt[:80]!r} more than once")
        found[item.prompt] = item
    return found


def _fate(first: bool | None, second: bool | None) -> Fate:
    if first is None or second is None:
        return "undecided"
    if first and second:
        return "both fail"
    return "mended" if first else "broken" if second else "neither fails"


def as_text(found: Improvement, cell: Callable[[str], str] = str) -> str:
    """A row for each category and one for all, then what it comes to. `cell` makes a category fit for the table."""
    labels = {category: cell(category) or layout.DASH for category in found.categories}
    rows = [[label, *map(str, found.counts(category).values())] for category, label in labels.items()]
    whole = found.counts(None)
    shares = (
        f"{fate} {one.count} of {one.of} ({100 * one.low:.1f} to {100 * one.high:.1f} %)"
        for fate, one in (("mended", found.mended), ("broken", found.broken))
    )
    lines = [
        layout.aligned(["category", *whole], [*rows, ["all", *map(str, whole.values())]]),
        f"{', '.join(shares)}; exact sign test p = {found.p:.2g}",
        "fails = loses in both orders (in the only one, where there is one); undecided = a reply was not parsed",
    ]
    if left := len(found.only_first) + len(found.only_second):
        lines.append(f"not counted: {left} prompts that only one of the two was judged on")
    return "\n".join(lines)


def as_json(found: Improvement) -> dict[str, Any]:
    """Everything, for programs."""
    return {
        **asdict(found),
        **found.counts(None),
        "mended_share": asdict(found.mended),
        "broken_share": asdict(found.broken),
        "p": found.p,
        "categories": {category: found.counts(category) for category in found.categories},
    }
