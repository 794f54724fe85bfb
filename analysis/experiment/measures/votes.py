"""People's choices between two artifacts' answers, from the files of votes in the store's `votes` folder.

`humpback annotate` names a system by its artifact's folder, which ends in the fingerprint, and keeps the texts that it
showed. Both are compared here: a vote counts where the names are these artifacts' and the texts are the ones in the
store, since another machine's answers may differ under the same fingerprint. Without votes there is no number and no
stand-in for one, only the command that collects them.
"""

from __future__ import annotations

import shlex

import numpy as np

from humpback.analysis.experiment.measures.number import NotMeasured, Number, count
from humpback.core.store import Store, StoreError
from humpback.core.tables import EXAMPLES, Example, read
from humpback.spec.data import Examples
from humpback.spec.measures import VoteShare
from humpback.spec.votes import marks, read_votes

VOTES = "votes"
"""The folder below the store."""
FIRST, NEITHER, SECOND, LESS = (
    "first better, %",
    "no difference, %",
    "second better, %",
    "first better less second, points",
)


def vote_share(store: Store, measure: VoteShare) -> tuple[Number, ...]:
    """Each prompt's share of votes for the first, for neither and for the second, and of the first less the second;
    then how many votes and annotators. Annotators who fail a file's screening items count in none of that file's, as
    with `humpback compare`; an annotator votes once on a prompt, the earliest file's vote standing.

    Raises:
        NotMeasured: without a vote between the two, with the command that collects them; where there are votes and none
            counts, with the reason.
        StoreError: naming a file in the folder that is no file of votes.
    """
    names = {kind: _names(store, one) for kind, one in (("first", measure.answers), ("second", measure.against))}
    of_first, of_second = _ids(store, measure.answers), _ids(store, measure.against)
    choices: dict[str, dict[str, str]] = {}
    other_texts = unscreened = 0
    for path in sorted((store.root / VOTES).glob("*.sqlite")):
        try:
            votes = list(read_votes(path))
        except StoreError as error:
            raise StoreError(f"{error}; move it out of {path.parent}") from error
        failed = {name for name, mark in marks(votes).items() if not mark.passed}
        for vote in votes:
            if vote.first in names["second"] and vote.second in names["first"]:
                vote = vote.turned
            if vote.screening or vote.first not in names["first"] or vote.second not in names["second"]:
                continue
            prompt = of_first.get((vote.instruction, vote.first_output))
            if vote.annotator in failed:
                unscreened += 1
            elif prompt is None or (vote.instruction, vote.second_output) not in of_second:
                other_texts += 1
            else:
                # Names that differ in case are one person, as on the page.
                choices.setdefault(prompt, {}).setdefault(vote.annotator.casefold(), vote.choice)
    left_out = [
        count("votes left out: annotator failed the screening", unscreened),
        count("votes left out: other texts than the store's", other_texts),
    ]
    if not choices:
        why = "; ".join(f"{one.mean:,.0f} {one.metric}" for one in left_out if one.mean)
        raise NotMeasured(f"no votes of people{f' that count ({why})' if why else ''}; {collecting(store, measure)}")
    shares = [_shares(list(by.values())) for by in choices.values()]
    keys = tuple(choices)
    return (
        *(
            Number(metric, np.array(values), keys)
            for metric, values in zip((FIRST, NEITHER, SECOND), zip(*shares, strict=True), strict=True)
        ),
        Number(LESS, np.array([first - second for first, _, second in shares]), keys, "+.1f"),
        count("votes", sum(len(by) for by in choices.values())),
        count("annotators", len({name for by in choices.values() for name in by})),
        *(one for one in left_out if one.mean),
    )


def collecting(store: Store, measure: VoteShare) -> str:
    """What to run so that people can vote, with paths as the store's was given."""
    a, b = measure.answers, measure.against
    folder = store.root / VOTES
    votes = folder / f"{a.slug}-{a.fingerprint[:8]}-vs-{b.slug}-{b.fingerprint[:8]}.sqlite"
    words = ["humpback", "annotate", str(store.folder(a)), str(store.folder(b)), "--votes", str(votes)]
    first = "" if folder.is_dir() else f"mkdir -p {shlex.quote(str(folder))} && "
    return f"to collect them: {first}{shlex.join(words)}"


def _names(store: Store, one: Examples) -> set[str]:
    """What the command calls it: by its folder, with the folder above where two would have one name."""
    folder = store.folder(one)
    return {folder.name, f"{folder.parent.name}/{folder.name}"}


def _ids(store: Store, one: Examples) -> dict[tuple[str, str], str]:
    return {(row.instruction, row.output): row.id for row in read(store.open(one) / EXAMPLES, Example)}


def _shares(choices: list[str]) -> tuple[float, float, float]:
    first, neither, second = (100 * choices.count(word) / len(choices) for word in ("first", "neither", "second"))
    return first, neither, second
