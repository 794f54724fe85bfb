"""The paper's method, as expressions: rate, filter, train, and judge against the model of the whole set."""

from __future__ import annotations

from dataclasses import replace

from humpback.core.expression import FieldError
from humpback.experiments.setups.base import BestShare, Filtering, Setup
from humpback.spec.claims import Arm, Curve, Paper
from humpback.spec.curation import Best, Rated, Rater, Selected
from humpback.spec.data import Examples
from humpback.spec.models import Finetuned
from humpback.spec.outcomes import Judged, Responses
from humpback.spec.template import Model


def filtering(setup: Setup) -> Filtering:
    """What the setup filters.

    Raises:
        FieldError: when it has no instruction set to filter.
    """
    if setup.filtering is None:
        raise FieldError(
            f"the setup {setup.name!r} has no instruction set to filter; take another setup, or name one in your own "
            "file: filter = [...]"
        )
    return setup.filtering


def on(setup: Setup, examples: Examples) -> Setup:
    """The setup with these examples for the whole set."""
    return replace(setup, filtering=replace(filtering(setup), examples=examples))


def filtered(setup: Setup, *, at_least: float | None = None, by: Rater | None = None) -> Selected | Best:
    """What the rater (the setup's, or another) gives the threshold or more, the paper's 9k of Alpaca's 52k; on a setup
    without one, the best-rated share."""
    given = filtering(setup)
    scores = Rated(given.examples, by=by or given.rater)
    least = given.at_least if at_least is None else at_least
    return Best(scores, least.share) if isinstance(least, BestShare) else Selected(scores, at_least=least)


def trained(setup: Setup, examples: Examples) -> Finetuned:
    """The base model finetuned on the examples as they are, by AlpaGasus's recipe: it has no system sentence."""
    return Finetuned(setup.base, examples, filtering(setup).sft)


def answers(setup: Setup, model: Model) -> Responses:
    """To the four test sets."""
    return Responses(model, filtering(setup).prompts, setup.answering)


def against(
    setup: Setup,
    name: str,
    model: Model,
    other: Examples,
    opponent: str,
    *papers: Paper,
    curve: Curve | None = None,
    n: int = 0,
) -> Arm:
    """The model's answers judged against another system's, called `opponent` in tables, in both orders. Of the papers'
    numbers it cites the first that stands beside the setup's."""
    judged = Judged(answers(setup, model), against=other, by=setup.judge)
    return Arm(name, model, judged, curve, n, setup.cites(*papers), opponent, told_by="set")


def against_whole(setup: Setup, name: str, model: Model, *papers: Paper, curve: Curve | None = None, n: int = 0) -> Arm:
    """The model judged against the one of the whole set: the paper's Alpaca."""
    whole = answers(setup, trained(setup, filtering(setup).examples))
    return against(setup, name, model, whole, "whole set", *papers, curve=curve, n=n)


FILTERED = tuple(Paper("alpagasus-win-tie-lose", f"{size} all", size=size) for size in ("7B", "13B"))
"""The filtered set's model against the whole set's, on all test sets together."""
