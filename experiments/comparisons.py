"""Comparisons that differ in one field: what two arms differ in, and what a changed setup does to a comparison."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from humpback.core.differences import differences
from humpback.core.expression import Artifact, FieldError, expression
from humpback.spec.claims import Above, Arm, Claim, Comparison
from humpback.spec.measures import Greater, Measure


def changed(first: Artifact, second: Artifact) -> list[str]:
    """The paths of fields in which two expressions differ."""
    tables = (expression(first), expression(second))
    return [one.path for one in differences(first.fingerprint, second.fingerprint, tables=tables)]


def strays(first: Arm, second: Arm, declared: str) -> list[str]:
    """Paths outside the declared field, over the models and over how their answers were got and judged."""

    def inside(path: str) -> bool:
        return path == declared or path.startswith(f"{declared}.")

    if declared.startswith("answers."):
        return [path for path in changed(first.judged, second.judged) if not inside(path)]
    answers: Any = second.judged.answers
    same_model = replace(second.judged, answers=replace(answers, model=first.model))
    found = [path for path in changed(first.model, second.model) if not inside(path)]
    return found + changed(first.judged, same_model)


def hold_comparable(before: Sequence[Claim], after: Sequence[Claim], words: str) -> None:
    """Nothing where a setting leaves every claim of an experiment what it was: of two sides that are not the same, and
    of arms that differ in what the claim is about and in nothing else. `words` are the setting, for the message.

    Raises:
        FieldError: with the claim.
    """
    stood = dict(enumerate(before)) if len(before) == len(after) else {}
    for number, claim in enumerate(after):
        if _same(claim):
            raise FieldError(f"{words} makes both sides of a claim the same, {_named(claim)}")
        if not isinstance(claim, Comparison):
            continue
        if others := strays(claim.first, claim.second, claim.differ_in):
            raise FieldError(
                f"{words} lets {_named(claim)} differ in {others[0]} too, and it is about {claim.differ_in} alone"
            )
        one = stood.get(number)
        if isinstance(one, Comparison) and (path := _compared(one, claim)):
            raise FieldError(
                f"{words} changes {path}, which is the very field that is compared in {_named(one)}; to go through its "
                "values, give them to --grid with another experiment, such as the same paper's headline"
            )


def _named(claim: Claim) -> str:
    return f"{claim.claim!r} ({' - '.join(claim.sides)})"


def _same(claim: Claim) -> bool:
    match claim:
        case Comparison():
            return claim.first.judged == claim.second.judged
        case Above():
            return claim.arm.judged.answers == claim.arm.judged.against
        case Greater(second=Measure() as second):
            return replace(second, name=claim.first.name, paper=claim.first.paper) == claim.first
    return False


def _compared(before: Comparison, after: Comparison) -> str:
    """The first field in which the two arms differ and which is another than before in either; empty where none is."""

    def looked_at(arm: Arm) -> Artifact:
        return arm.judged if before.differ_in.startswith("answers.") else arm.model

    sides = [(looked_at(one.first), looked_at(one.second)) for one in (before, after)]
    apart = {*changed(*sides[0]), *changed(*sides[1])}
    moved = [path for old, new in zip(*sides, strict=True) for path in changed(old, new)]
    return next((path for path in moved if path in apart), "")
