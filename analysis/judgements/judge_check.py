"""A judge measured on pairs of which it is known which answer is better, and what it is good for by that.

A pair is right by the judge's preference for the better answer, the mean of both orders: a tie, and a winner that
changes with the order, count one half. All intervals are 95 %, over pairs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from humpback.analysis.judgements.contest import contest_of
from humpback.analysis.judgements.formats.items import Item, result_of
from humpback.analysis.judgements.known_pairs import KnownPair, KnownPairs
from humpback.analysis.layout import text_table as layout
from humpback.analysis.stats.agreement import agreement
from humpback.analysis.stats.evidence import FEWEST
from humpback.analysis.stats.statistics import NONE, Estimate, rate, rates_apart

NO_ESTIMATE = Estimate(NONE)
CHANCE = 50.0


@dataclass(frozen=True)
class JudgeCheck:
    """A judge against known verdicts. Shares and differences are in percent, kappa is from -1 to 1."""

    pairs: int
    """Pairs that the judge was asked about."""
    known_by: str
    made: bool
    """Whether the pairs were made of a set, and so are plain."""
    accuracy: Estimate
    """Preference for the better answer; 50 by chance."""
    kappa: Estimate | None
    """Cohen's, of win, tie and lose in both orders with what is known; None where all is one word."""
    shown_first: Estimate
    """Preference for the answer shown first; 50 without position bias."""
    order_decides: Estimate
    """Pairs on which exchanging the order exchanged the winner."""
    longer: int
    """Pairs whose better answer is the longer one."""
    right_longer: Estimate
    """Accuracy on them."""
    shorter: int
    """Pairs whose better answer is the shorter one."""
    right_shorter: Estimate
    """Accuracy on them."""
    length_bias: Estimate
    """The one less the other; 0 without length bias."""
    unparsed: Estimate
    """Calls without a verdict."""
    obstacle: str = ""
    """Why no verdict of this judge can be used at all; empty where one can."""

    @property
    def shrinks_to(self) -> Estimate:
        """What a difference between two systems is multiplied by when this judge errs on every pair as it did here,
        whoever wrote the answers: twice the accuracy less one."""
        return Estimate(
            *((2 * one - 100) / 100 for one in (self.accuracy.mean, NONE, self.accuracy.low, self.accuracy.high))
        )


def check_judge(known: Sequence[KnownPair], items: Sequence[Item], about: KnownPairs) -> JudgeCheck:
    """The judge's items, one for each of the known pairs under its id, held against what is known."""
    by_id = {item.prompt: item for item in items}
    judged = [by_id[pair.id] for pair in known]
    right = [_right(pair, item.points) for pair, item in zip(known, judged, strict=True)]
    first = [
        NONE if None in item.orders else 50 * (item.orders[0] + 1 - item.orders[1])  # type: ignore[operator]
        for item in judged
    ]
    flips = [NONE if item.flipped is None else 100.0 * item.flipped for item in judged]
    gaps = [len(pair.a) - len(pair.b) if pair.points > 0.5 else len(pair.b) - len(pair.a) for pair in known]
    longer, shorter = (_rate([one for one, gap in zip(right, gaps, strict=True) if sign * gap > 0]) for sign in (1, -1))
    agreed = agreement({"known": [result_of(pair.points) for pair in known], "judge": [item.result for item in judged]})
    return JudgeCheck(
        pairs=len(known),
        known_by=about.known_by,
        made=about.made,
        accuracy=_rate(right),
        kappa=agreed.kappa if agreed else None,
        shown_first=_rate(first),
        order_decides=_rate(flips),
        longer=sum(gap > 0 for gap in gaps),
        right_longer=longer,
        shorter=sum(gap < 0 for gap in gaps),
        right_shorter=shorter,
        length_bias=rates_apart(longer, shorter),
        unparsed=_rate([100 * item.unparsed / item.calls for item in judged]),
        obstacle=contest_of(judged).obstacle,
    )


def _right(pair: KnownPair, points: float | None) -> float:
    if points is None:
        return NONE
    return 100 * (points if pair.points > 0.5 else 1 - points)


def _rate(percents: Sequence[float]) -> Estimate:
    scores = np.array([percents], float)
    return NO_ESTIMATE if not scores.size or np.isnan(scores).all() else rate(scores)


def verdict_lines(one: JudgeCheck) -> list[str]:
    """What the judge is good for, and what has to be minded."""
    if one.obstacle:
        return [f"good for nothing as it was asked: {one.obstacle}"]
    if one.pairs < FEWEST:
        return [f"what it is good for cannot be told from {one.pairs} pairs; {FEWEST} are the fewest that tell"]
    lines = []
    if not one.accuracy.low > CHANCE or (one.kappa is not None and one.kappa.low <= 0):
        lines.append(
            "not told apart from chance on these pairs: its win rates say nothing of them; check more pairs, or take "
            "another judge"
        )
    elif one.made:
        lines.append(
            "it reads prompts and answers: it tells an answer from one to another prompt. Whether it can tell close "
            "answers apart is not known by that, and takes pairs with votes"
        )
    else:
        shrunk = one.shrinks_to
        more = [f"{1 / share**2:,.1f}" for share in (shrunk.mean, shrunk.high, shrunk.low)]
        lines.append(
            "for comparing systems whose answers are as far apart as these, as long as it errs on both alike: a true "
            f"difference shows as {shrunk.mean:.2f} of itself ({shrunk.low:.2f} to {shrunk.high:.2f}), so it takes "
            f"about {more[0]} times ({more[1]} to {more[2]}) the prompts of a judge that is always right"
        )
    if not _holds(one.shown_first, CHANCE):
        way = "first" if one.shown_first.mean > CHANCE else "second"
        lines.append(f"it leans to the answer shown {way}: only verdicts of both orders together can be used")
    if not _holds(one.length_bias, 0.0):
        way = "longer" if one.length_bias.mean > 0 else "shorter"
        lines.append(
            f"it leans to the {way} answer: between systems that write at different lengths, its win rates are of "
            "length too"
        )
    if one.unparsed.low > 1:
        lines.append("some of its replies hold no verdict: --reply-tokens, or an annotator that it follows")
    return lines


def _holds(estimate: Estimate, value: float) -> bool:
    """Whether the interval has the value in it, or there is none."""
    return not (estimate.low > value or estimate.high < value)


_ROWS = (
    ("accuracy", "accuracy", "% preference for the better answer; 50 by chance"),
    ("kappa", "kappa", "agreement beyond chance, of both orders together"),
    ("shown_first", "position bias", "% preference for the answer shown first; 50 without"),
    ("order_decides", "order decides", "% of pairs: exchanging the order exchanged the winner"),
    ("right_longer", "better is longer", "% accuracy on those {longer:,} pairs"),
    ("right_shorter", "better is shorter", "% accuracy on those {shorter:,} pairs"),
    ("length_bias", "length bias", "points, the one less the other; 0 without"),
    ("unparsed", "unparsed", "% of calls have no verdict"),
)


def as_text(one: JudgeCheck, judge: str, left_out: Sequence[str] = ()) -> str:
    """The measures with their intervals, then what the judge is good for."""
    aside = f"; left out: {', '.join(left_out)}" if left_out else ""
    rows = []
    for name, words, meaning in _ROWS:
        found: Estimate = getattr(one, name) or NO_ESTIMATE
        form = ".2f" if name == "kappa" else "+.1f" if name == "length_bias" else ".1f"
        meaning = meaning.format(longer=one.longer, shorter=one.shorter)
        rows.append((words, meaning, layout.cell(found.mean, form), layout.between(found.low, found.high, form)))
    return "\n".join(
        [
            f"{judge}, checked on {one.pairs:,} pairs in both orders. Which answer is better is known by {one.known_by}"
            + aside,
            layout.aligned(("", "", "value", "95 % interval"), rows, words=2),
            *(f"- {line}" for line in verdict_lines(one)),
        ]
    )


def as_json(one: JudgeCheck, judge: str, left_out: Sequence[str] = ()) -> dict[str, Any]:
    """The same as an object."""
    measures = {
        name: {"value": found.mean, "interval": None if found.low != found.low else [found.low, found.high]}
        for name, *_ in _ROWS
        for found in (getattr(one, name) or NO_ESTIMATE,)
    }
    about = {name: getattr(one, name) for name in ("pairs", "known_by", "made", "longer", "shorter")}
    found: dict[str, Any] = layout.json_value(
        {"judge": judge, **about, "left_out": list(left_out), **measures, "good_for": verdict_lines(one)}
    )
    return found
