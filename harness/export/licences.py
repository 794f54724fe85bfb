"""Licences as people write them, read far enough to say aloud what they forbid and to name them to the hub."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from typing import Literal

LicenceOf = Callable[[str], str | None]
"""The licence by a `Source`'s name or a `File`'s SHA-256; None where it is not known."""
_HUB = re.compile(
    r"apache-2\.0|mit|cc0-1\.0|cc-by(?:-sa|-nd)?-[234]\.0|cc-by-nc(?:-sa|-nd)?-[234]\.0|odc-by|odbl|openrail"
    r"|bsd-[23]-clause|gpl-[23]\.0|llama2|llama3(?:\.[123])?|gemma|unknown"
)
"""What the hub takes as it is."""


class Reach(IntEnum):
    """How a source comes into an artifact, what binds most first."""

    CONTAINED = 0
    """Its text is in it."""
    USED = 1
    """A model that learned from it wrote or rated."""
    COMPARED = 2
    """It was only counted or left out."""


@dataclass(frozen=True)
class Origin:
    """One thing from outside that went into an artifact."""

    name: str
    detail: str
    """Revision or the head of its checksum."""
    licence: str | None
    reach: Reach
    kind: Literal["data", "model"] = "data"


def unknown_licence(_: str) -> None:
    """The licence where there is no table of sources."""


def non_commercial(licence: str) -> bool:
    """Whether a licence forbids commercial use, by its name."""
    return re.search(r"\bNC\b|non[- ]?commercial|research[- ]only", licence, re.IGNORECASE) is not None


Holding = Literal["contains", "learned from"]
"""What an artifact does with the data that reaches it: data contain it, a model learned from it."""


def known(licence: str | None) -> bool:
    """Whether it is a licence: "none stated" is none."""
    return licence is not None and not re.match(r"(none|unknown|not )", licence, re.IGNORECASE)


def notices(origins: tuple[Origin, ...], how: Holding = "contains") -> tuple[str, ...]:
    """What has to be said aloud before this is passed on."""
    told = []
    forbidding = dict.fromkeys((o.licence, o.kind) for o in origins if o.licence and non_commercial(o.licence))
    for licence, kind in forbidding:
        of = [one for one in origins if one.licence == licence and one.kind == kind and one.reach < Reach.COMPARED]
        names = ", ".join(dict.fromkeys(one.name for one in of))
        contained = any(one.reach == Reach.CONTAINED for one in of)
        if kind == "model":
            phrase = f"{'built on' if contained else 'made with'} a model under {licence}"
        else:
            phrase = f"{how if contained else 'made with a model that learned from'} data under {licence}"
        if of:
            told.append(f"{phrase}: not for commercial use ({names})")
    unknown = dict.fromkeys(one.name for one in origins if not known(one.licence) and one.reach == Reach.CONTAINED)
    if unknown:
        told.append(f"no licence is known here for {', '.join(unknown)}: find it out before you pass this on")
    return tuple(told)


def for_hub(origins: tuple[Origin, ...]) -> dict[str, str]:
    """The licence fields of a card. Where several licences meet, or one that the hub has no name for, it says "other",
    with the one that forbids most as its name."""
    binding = [
        one
        for one in origins
        if one.reach == Reach.CONTAINED or (one.reach == Reach.USED and one.licence and non_commercial(one.licence))
    ]
    named = sorted({_slug(one.licence) for one in binding if one.licence and known(one.licence)})
    whole = all(known(one.licence) for one in binding)
    if not named:
        return {"license": "unknown"}
    if len(named) == 1 and whole and _HUB.fullmatch(named[0]):
        return {"license": named[0]}
    strictest = [name for name in named if non_commercial(name)] or named
    return {"license": "other", "license_name": "-and-".join(strictest) + ("" if whole else "-and-unknown")}


def _slug(licence: str) -> str:
    return re.sub(r"[^a-z0-9.]+", "-", licence.split(";")[0].lower()).strip("-")
