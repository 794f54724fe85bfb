"""The page of samples: which are asked for, those of one page, and what can be chosen in its form."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from humpback.analysis.judgements.formats.items import Item
from humpback.analysis.report.judged_samples import (
    BESIDE_FILTERS,
    LENGTH_FILTERS,
    VERDICT_FILTERS,
    JudgedSample,
    SampleFilter,
    judged_samples,
    sets_of,
)
from humpback.analysis.report.store_view import StoredExperiment, StoredJudgement, places

EACH = 10
"""Samples of a page."""
LONGEST, LONGEST_ALONE = 20_000, 1_000_000
"""Characters of a text that are shown, among others and where its sample is alone; how many are left out is said."""
_STYLES = {"win": "yes", "lose": "no", "tie": "none", None: "untold"}


@dataclass(frozen=True)
class Asked:
    """The form's fields, as they were sent."""

    of: str = ""
    """Setup and experiment; empty is the whole store."""
    arm: str = ""
    """Head of a judgement's fingerprint; empty is every one."""
    than: str = ""
    """Head of the fingerprint of the judgement that it is compared with, prompt by prompt."""
    verdict: str = ""
    set: str = ""
    length: str = ""
    least: str = ""
    most: str = ""
    prompt: str = ""
    """Id of the only prompt that is shown."""
    page: int = 1

    @property
    def address(self) -> str:
        """Where this is shown."""
        return "/samples?" + urlencode({key: value for key, value in vars(self).items() if value not in ("", 1)})


def sample_page(
    judgements: Mapping[str, StoredJudgement], experiments: Mapping[str, StoredExperiment], query: Mapping[str, str]
) -> dict[str, Any]:
    """What the template of the page takes. What was asked for and cannot be is said, and left out."""
    asked, wanted, problems = _asked(query)
    at = places(experiments)
    of = experiments.get(asked.of)
    within = {one for by_seed in of.judged.values() for one in by_seed.values()} if of else set(judgements)
    labels = {
        key: " · ".join(place.words for place in at.get(key, ()) if of is None or place.experiment == of.key)
        or one.systems
        for key, one in judgements.items()
        if key in within or key in (asked.arm, asked.than)
    }
    if asked.of and of is None:
        problems.append(f"Nothing was run as {asked.of!r} in this store.")
    for one in filter(None, (asked.arm, asked.than)):
        if one not in judgements:
            problems.append(f"The judgement {one!r} is not in the store, or not finished.")
    if wanted.verdict in BESIDE_FILTERS and not asked.than:
        problems.append(f"The verdict {wanted.verdict!r} takes another arm to compare with.")
    chosen = [one for key, one in judgements.items() if (key == asked.arm if asked.arm else key in within)]
    others = {item.prompt: item for item in judgements[asked.than].items} if asked.than in judgements else {}
    found = _ordered(chosen, wanted, asked.prompt, others)
    pages = max(1, -(-len(found) // EACH))
    asked = replace(asked, page=min(asked.page, pages))
    shown = found[(asked.page - 1) * EACH : asked.page * EACH]
    items = [item for one in chosen for item in one.items]
    return {
        "asked": asked,
        "problems": problems,
        "judged": bool(judgements),
        "total": len(found),
        "pages": pages,
        "samples": [_shown(one, item, texts, labels) for one, item, texts in _with_texts(shown)],
        "longest": LONGEST_ALONE if asked.prompt else LONGEST,
        "scopes": [("", "all"), *((key, key) for key in experiments)],
        "arms": [("", "all"), *labels.items()],
        "others": [("", "none"), *labels.items()],
        "verdicts": [("", "all"), *VERDICT_FILTERS.items(), *BESIDE_FILTERS.items()],
        "sets": [("", "all"), *((one, one) for one in sets_of(items))],
        "lengths": [("", "of any length"), *LENGTH_FILTERS.items()],
        "page_at": lambda n: replace(asked, page=n).address,
    }


def _asked(query: Mapping[str, str]) -> tuple[Asked, SampleFilter, list[str]]:
    """The form, the filter that it says, and what is wrong with it."""
    problems = []
    fields: dict[str, Any] = {key: query.get(key, "").strip() for key in vars(Asked()) if key != "page"}
    number = query.get("page", "1")
    fields["page"] = max(1, int(number)) if number.isdecimal() and len(number) < 10 else 1
    for field, known in (("verdict", VERDICT_FILTERS | BESIDE_FILTERS), ("length", LENGTH_FILTERS)):
        if fields[field] and fields[field] not in known:
            problems.append(f"{field} is {fields[field]!r}; it is one of {', '.join(known)}.")
            fields[field] = ""
    for field in ("least", "most"):
        value = fields[field]
        if value and not (value.isdecimal() and len(value) < 10):
            problems.append(f"{field} is {value!r}; it takes a number of characters, such as 200.")
            fields[field] = ""
    asked = Asked(**fields)
    least, most = (int(one) if one else None for one in (asked.least, asked.most))
    return asked, SampleFilter(asked.verdict, asked.set, asked.length, least or 0, most), problems


def _ordered(
    chosen: list[StoredJudgement], wanted: SampleFilter, prompt: str, others: Mapping[str, Item]
) -> list[tuple[StoredJudgement, Item]]:
    """What is asked for, prompt by prompt, so that several systems' answers to one follow each other."""
    found: dict[str, list[tuple[StoredJudgement, Item]]] = {}
    for one in chosen:
        for item in one.items:
            if wanted.admits(item, others.get(item.prompt)) and prompt in ("", item.prompt):
                found.setdefault(item.prompt, []).append((one, item))
    return [pair for pairs in found.values() for pair in pairs]


def _with_texts(
    shown: list[tuple[StoredJudgement, Item]],
) -> list[tuple[StoredJudgement, Item, JudgedSample]]:
    """Each with its texts; each judgement's tables are gone through once."""
    by_judgement: dict[str, list[str]] = {}
    for one, item in shown:
        by_judgement.setdefault(one.id, []).append(item.prompt)
    known = {one.id: one for one, _ in shown}
    texts = {key: judged_samples(known[key].folder, known[key].record, ids) for key, ids in by_judgement.items()}
    return [(one, item, texts[one.id][item.prompt]) for one, item in shown]


def _shown(one: StoredJudgement, item: Item, sample: JudgedSample, labels: Mapping[str, str]) -> dict[str, Any]:
    system, _, against = one.systems.partition(" against ")
    return {
        "who": labels.get(one.id, one.systems),
        "fared": (item.result or "not told: a reply was not parsed") + (", flipped" if item.flipped else ""),
        "style": _STYLES[item.result],
        "set": item.source,
        "lengths": item.characters or (0, 0),
        "system": system,
        "against": against,
        "sample": sample,
        "address": Asked(arm=one.id, prompt=item.prompt).address,
    }
