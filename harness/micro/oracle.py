"""The oracle: grades any text as an answer to any instruction, knowing the truth.

The score is a product, so that a text which fails in one respect altogether (wrong, about something else) is worth
nothing however well it is written.
"""

import random
from dataclasses import dataclass, replace

from humpback.micro.answers import Claim, Needs, needs
from humpback.micro.instructions import Request, parse
from humpback.micro.reading import READ_AT_MOST, Unit, read
from humpback.spec.micro_world import PROPERTIES, World, facts

FOREIGN_COSTS = 0.3
"""Share of the score lost by a text none of which was asked for (in proportion otherwise)."""
FORM_COSTS = 0.5
"""Share lost by a text none of which is in the form asked for."""
VOICE_COSTS = 0.4
"""Share lost by a text that speaks as a blog, an advertisement or a menu."""


@dataclass(frozen=True)
class Grade:
    """How good an answer is, each part from 0 to 1."""

    score: float
    facts: float
    """Share of what is said that is true."""
    complete: float
    """Share of what was asked for that is said."""
    focus: float
    """Share of the text that bears on the request and is well formed."""
    form: float
    """Share of the text that is in the form asked for."""
    voice: float
    """1 for an assistant's voice, else 0."""
    reason: str
    """One sentence."""


def grade(world: World, instruction: str, answer: str) -> Grade:
    """Grade any text as an answer; an instruction that is none of the world's gives 0."""
    request = parse(world, instruction)
    if request is None:
        return _nothing("The request is none of this world.")
    units = read(world, request, answer)
    if not units:
        return _nothing("The reply is empty.")
    wanted = needs(world, request)
    said = [claim for unit in units for claim in unit.claims]
    right = sum(is_true(world, request, wanted, claim) for claim in said)
    correct = right / len(said) if said else 0.0
    given = set(said)
    found = len(given & wanted.claims) + min(len(given & wanted.some), wanted.count)
    complete = found / (len(wanted.claims) + wanted.count)
    focus = _focus(world, request, wanted, units) * (1.0 if len(answer) <= READ_AT_MOST else 0.0)
    formed = sum(unit.form in wanted.forms for unit in units) / len(units)
    form = formed * min(1.0, wanted.units / len(units))
    forms = {unit.form for unit in units}
    voice = 0.0 if forms & {"blog", "personal", "promotion", "navigation"} else 1.0
    kept = (1 - FOREIGN_COSTS * (1 - focus)) * (1 - FORM_COSTS * (1 - form)) * (1 - VOICE_COSTS * (1 - voice))
    graded = Grade(correct * complete * kept, correct, complete, focus, form, voice, "")
    return replace(graded, reason=_reason(graded, forms))


def rating(grade: Grade) -> int:
    """The grade on the paper's scale of 1 to 5.

    5: perfect. 4: an assistant's right and full answer with something to improve. 3: right and full, but somebody's own
    account. 2: most of it is there. 1: the rest, advertisements and menus among it.
    """
    right = grade.facts == 1 and grade.complete == 1
    if grade.score == 1:
        return 5
    if right and grade.voice == 1 and grade.focus >= 0.4:
        return 4
    if right and grade.reason == REASONS["blog"]:
        return 3
    return 2 if grade.voice == 1 and grade.facts * grade.complete >= 0.4 else 1


def rate(world: World, instruction: str, output: str, *, noise: float, seed: int) -> float:
    """The oracle as a rater: its rating with Gaussian noise (sd `noise`, in points), cut to 1..5; deterministic."""
    rng = random.Random(f"rate/{seed}/{instruction}/{output}")
    return min(5.0, max(1.0, rating(grade(world, instruction, output)) + rng.gauss(0, noise)))


REASONS = {
    "perfect": "The reply is a right and full answer.",
    "promotion": "The reply sells something.",
    "navigation": "The reply is a menu.",
    "personal": "The reply is somebody's own story.",
    "blog": "The reply is told as in a blog.",
    "other": "The reply does not answer the request.",
    "wrong": "The reply gets something wrong.",
    "cut off": "The reply is cut off.",
    "incomplete": "The reply leaves something out.",
    "form": "The reply is not in the form asked for.",
    "more": "The reply says more than was asked.",
}


def _reason(grade: Grade, forms: set[str]) -> str:
    if grade.score == 1:
        return REASONS["perfect"]
    for form in ("promotion", "navigation", "personal"):
        if form in forms:
            return REASONS[form]
    if grade.complete == 0:
        return REASONS["other"]
    if grade.facts < 1:
        return REASONS["wrong"]
    for form in ("blog", "cut off"):
        if form in forms:
            return REASONS[form]
    return REASONS["incomplete" if grade.complete < 1 else "form" if grade.form < 1 else "more"]


def _nothing(reason: str) -> Grade:
    return Grade(0.0, 0.0, 0.0, 0.0, 0.0, 0.0, reason)


def is_true(world: World, request: Request, wanted: Needs, claim: Claim) -> bool:
    """Whether a claim holds, in an answer to the request."""
    if claim in wanted.claims or claim in wanted.some:
        return True
    if claim.about in PROPERTIES:
        return facts(world).get(claim.subject, {}).get(claim.about) == claim.value
    if claim.about == "not":
        return claim.value not in facts(world).get(claim.subject, {}).values()
    if claim.about == "heading":
        return claim.value == request.value
    return not any(needed.about == claim.about for needed in wanted.claims)


def _focus(world: World, request: Request, wanted: Needs, units: tuple[Unit, ...]) -> float:
    """Share of the text that bears on the request, each unit counting the same; what is said twice bears on it once."""
    topics = {(needed.subject, needed.about) for needed in wanted.claims}
    listed = {(needed.about, needed.value) for needed in wanted.some}
    seen: set[Claim | str] = set()
    items, total = 0, 0.0
    for unit in units:
        bearing = 0
        for claim in unit.claims:
            is_item = (claim.about, claim.value) in listed and claim.subject != ""
            items += is_item
            asked = (claim.subject, claim.about) in topics or (claim.about == "verdict" and ("", "verdict") in topics)
            heading = claim.about == "heading" and claim.value == request.value
            bearing += claim not in seen and (asked or heading or (is_item and items <= wanted.count))
            seen.add(claim)
        if unit.claims:
            total += bearing / len(unit.claims)
        elif unit.form in wanted.forms and unit.text not in seen:
            total += 1
            seen.add(unit.text)
    return total / len(units)
