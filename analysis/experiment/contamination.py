"""How many of its prompts each model was trained on, and what is not told for that."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from humpback.analysis.experiment.finding import Finding
from humpback.core.store import Store
from humpback.core.tables import CONTAMINATED, Contaminated, read
from humpback.spec.claims import Arm, Claim
from humpback.spec.contamination import LARGEST_SHARE, Asked, Contamination, asked, training_sets
from humpback.spec.measures import Measure

_KINDS = ("whole", "part", "near")


@dataclass(frozen=True)
class ContaminationRow:
    """How many of its prompts the model of an arm or a measure was trained on, at one seed."""

    name: str
    """Of the arm or the measure."""
    seed: str
    prompts: int
    finetuning: int | None
    """Prompts that stand in what it was finetuned on; None where that is not there."""
    pretraining: int | None
    """Prompts that stand in what its base was pretrained on; None where that is not there, or not known."""
    whole: int
    """Prompts that stand whole in either."""
    part: int
    """Others of which 13 words on end do."""
    near: int
    """Others of which a near-duplicate does."""
    texts: int
    """Training examples that were looked through."""
    unknown: str
    """The base of which it is not known what it was pretrained on."""
    reason: str = ""
    """Why a set is not counted."""

    @property
    def found(self) -> int:
        """Prompts that stand in its training data in any way."""
        return self.whole + self.part + self.near

    @property
    def share(self) -> float:
        """Of the prompts."""
        return self.found / self.prompts if self.prompts else 0.0


def gather_contamination(
    store: Store, parts: Iterable[Mapping[int, Mapping[str, Arm | Measure]]], reasons: Mapping[str, str]
) -> tuple[ContaminationRow, ...]:
    """A row for each arm and measure whose answers a model gave, and each seed: of several models, that with the
    largest share. `reasons` says, by fingerprint, why an artifact was not made."""
    rows = []
    for by_seed in parts:
        for seed, by_name in by_seed.items():
            for name, part in by_name.items():
                each = [_row(store, name, str(seed), one, reasons) for one in asked(part)]
                rows += [max(each, key=lambda row: row.share)] if each else []
    return tuple(sorted(rows, key=lambda row: list(dict.fromkeys(one.name for one in rows)).index(row.name)))


def _row(store: Store, name: str, seed: str, of: Asked, reasons: Mapping[str, str]) -> ContaminationRow:
    sets = training_sets(of.model)
    how: dict[str, str] = {}
    counted: list[int | None] = []
    prompts = texts = 0
    missing = ""
    for group in (sets.finetuning, sets.pretraining):
        found: set[str] = set()
        there = [Contamination(one, of.prompts) for one in group]
        undone = next((one for one in there if not store.state(one).readable), None)
        if undone is not None:
            missing = missing or reasons.get(undone.fingerprint, "not made")
            there = []
        for one in there:
            counts = store.record(one).counts
            prompts, texts = counts["in"], texts + counts["texts"]
            for row in read(store.open(one) / CONTAMINATED, Contaminated):
                found.add(row.prompt)
                how[row.prompt] = min(row.kind, how.get(row.prompt, row.kind), key=_KINDS.index)
        counted.append(None if undone is not None else len(found))
    kinds = Counter(how.values())
    unknown = sets.unknown.slug if sets.unknown else ""
    return ContaminationRow(
        name=name,
        seed=seed,
        prompts=prompts,
        finetuning=counted[0],
        pretraining=None if unknown else counted[1],
        whole=kinds["whole"],
        part=kinds["part"],
        near=kinds["near"],
        texts=texts,
        unknown=unknown,
        reason=missing,
    )


def refuse_contaminated(
    found: Sequence[Finding], claims: Sequence[Claim], arms: Iterable[Arm], rows: Iterable[ContaminationRow]
) -> list[Finding]:
    """The findings, without a verdict on models that were trained on too many of their prompts."""
    worst: dict[str, ContaminationRow] = {}
    for row in rows:
        if row.share > LARGEST_SHARE and row.share > getattr(worst.get(row.name), "share", 0.0):
            worst[row.name] = row
    arms = tuple(arms)

    def refused(finding: Finding, claim: Claim) -> Finding:
        about = [worst[name] for name in sorted(claim.concerns(arms)) if name in worst]
        if finding.obstacle or not about:
            return finding
        row = max(about, key=lambda one: one.share)
        return replace(finding, obstacle=f"{_stand(row)}, and {LARGEST_SHARE:.0%} are the most that tell")

    return [refused(finding, claim) for finding, claim in zip(found, claims, strict=True)]


def _stand(row: ContaminationRow) -> str:
    return f"{row.found:,} of {row.prompts:,} prompts stand in the training data of {row.name} ({row.share:.1%})"
