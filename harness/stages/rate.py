"""Self-curation, first half: a rater gives every candidate a score (Humpback, section 2.2; AlpaGasus, section 2).

Every reply is kept as it came, in `ratings.parquet`. A reply without a score is unparsed: it is counted, asked again
where sampling can give another reply, and never turned into a number.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from dataclasses import replace

from humpback.core.store import StoreError
from humpback.core.tables import EXAMPLES, RATINGS, Example, Rating, Writer, read
from humpback.core.text import one_line
from humpback.core.work import Counts, Work
from humpback.engines.completion import Completion, Writes
from humpback.engines.generator import engine_for
from humpback.spec.curation import (
    SCORE_LABEL,
    ExpectedScore,
    FirstLineScore,
    MicroOracle,
    ModelRater,
    Rated,
    SampledScore,
)
from humpback.spec.models import ServedModel

Score = Callable[[str], float | None]
"""How a reply is read."""
SCORES = (1, 2, 3, 4, 5)
_LAST_LINE = re.compile(SCORE_LABEL + r":\s*([1-5](?:\.\d+)?)\s*(?:/\s*5)?\s*\.?$", re.IGNORECASE)


def parsed(reply: str) -> float | None:
    """The score on the reply's last line, "Score: N" with N from 1 to 5; None for anything else."""
    lines = reply.strip().splitlines()
    found = _LAST_LINE.search(lines[-1].strip()) if lines else None
    score = float(found.group(1)) if found else None
    return score if score is not None and score <= SCORES[-1] else None


def first_line(reply: str) -> float | None:
    """The score when it stands alone on the reply's first line, a number from 0 to 5; None for anything else."""
    lines = reply.strip().splitlines()
    try:
        score = float(lines[0].strip()) if lines else math.nan
    except ValueError:
        return None
    return score if 0 <= score <= SCORES[-1] else None


def rate(node: Rated, work: Work) -> Counts:
    """Score all candidates; each keeps its place, with the mean of its parsed replies as score.

    Raises:
        StoreError: when a served model is to be asked for an expected score, or none of its first replies has one, or
            none at all.
        Unanswered: when a server left calls unanswered; what it answered is kept, and is not asked again.
    """
    rows = list(read(work.open(node.candidates) / EXAMPLES, Example))
    scores: list[list[float]] = [[] for _ in rows]
    unparsed_replies, first = 0, ""
    spent: Counts = {}
    with Writer(work.out / RATINGS, Rating) as out:
        for i, rating in _ratings(node, rows, work, spent):
            out.add(rating)
            if rating.score is None:
                unparsed_replies += 1
                first = first or rating.raw
            else:
                scores[i].append(rating.score)
    if rows and not any(scores) and isinstance(node.by, ModelRater) and isinstance(node.by.model, ServedModel):
        # Being finished, ratings without one score would not be asked for again.
        raise StoreError(f"{node.name}: no reply has a score; the first says: {one_line(first, 200) or 'nothing'}")
    with Writer(work.out / EXAMPLES, Example) as rated:
        for row, given in zip(rows, scores, strict=True):
            rated.add(replace(row, score=sum(given) / len(given) if given else None))
    return {
        "in": len(rows),
        "kept": len(rows),
        "unparsed": sum(not given for given in scores),
        "unparsed_replies": unparsed_replies,
        **spent,
    }


def _ratings(node: Rated, rows: list[Example], work: Work, spent: Counts) -> Iterator[tuple[int, Rating]]:
    """Ratings with the place of their row; what they cost goes into `spent`."""
    match node.by:
        case MicroOracle() as oracle:
            from humpback.micro.oracle import rate as true_rating

            for i, row in enumerate(rows):
                score = true_rating(oracle.world, row.instruction, row.output, noise=oracle.noise, seed=oracle.seed)
                yield i, Rating(row.id, 0, "", score)
        case ModelRater(model=ServedModel() as served, scoring=ExpectedScore()):
            raise StoreError(
                f"{node.name}: an expected score takes the probability of each score, and servers give those of a few "
                f"tokens at most; rate by {served.served_as} with SampledScore or FirstLineScore"
            )
        case ModelRater(scoring=ExpectedScore() as scoring):
            from humpback.engines.transformers_engine import Engine

            engine = Engine.of(node.by.model, work)
            prompts = [engine.speaker.prompt(_question(scoring, row)) for row in rows]
            chosen = engine.choose(prompts, [f"{SCORE_LABEL}: {score}" for score in SCORES])
            for i, (row, probabilities) in enumerate(zip(rows, chosen, strict=True)):
                if probabilities is None:
                    yield i, Rating(row.id, 0, "prompt too long", None)
                else:
                    raw = " ".join(f"{s}:{p:.4f}" for s, p in zip(SCORES, probabilities, strict=True))
                    score = sum(s * p for s, p in zip(SCORES, probabilities, strict=True))
                    yield i, Rating(row.id, 0, raw, score)
        case ModelRater(scoring=FirstLineScore() as scoring):
            with engine_for(node.by.model, work, usable=_has(first_line)) as writing:
                replies = writing.generate([_question(scoring, row) for row in rows], scoring.sampling, "ratings")
                spent |= writing.counts()
            for i, (row, reply) in enumerate(zip(rows, replies, strict=True)):
                yield i, _rating(row, 0, reply, first_line)
        case ModelRater(scoring=SampledScore() as scoring):
            with engine_for(node.by.model, work, usable=_has(parsed)) as writing:
                yield from _sampled(writing, scoring, rows)
                spent |= writing.counts()


def _sampled(engine: Writes, scoring: SampledScore, rows: list[Example]) -> Iterator[tuple[int, Rating]]:
    """n replies a candidate; what does not parse is asked once more, with another seed, unless decoding is greedy."""
    questions = [_question(scoring, row) for row in rows]
    refused: set[int] = set()
    for sample in range(scoring.n):
        waiting = [i for i in range(len(rows)) if i not in refused]
        for attempt in range(2 if scoring.sampling.temperature else 1):
            seed = scoring.sampling.seed + 7_919 * (2 * sample + attempt)
            replies = engine.generate([questions[i] for i in waiting], replace(scoring.sampling, seed=seed), "ratings")
            unparsed = []
            for i, reply in zip(waiting, replies, strict=True):
                rating = _rating(rows[i], 2 * sample + attempt, reply, parsed)
                if reply.ended == "refused":
                    refused.add(i)
                elif rating.score is None:
                    unparsed.append(i)
                yield i, rating
            waiting = unparsed
            if not waiting:
                break


def _rating(row: Example, sample: int, reply: Completion, score: Score) -> Rating:
    if reply.ended == "refused":
        return Rating(row.id, sample, reply.problem, None)
    return Rating(row.id, sample, reply.text, _score(reply, score))


def _score(reply: Completion, score: Score) -> float | None:
    """What a reply says. A server's that it refused, or cut before its end, has no score."""
    cut = bool(reply.by) and reply.ended == "length"
    return None if cut or reply.ended == "refused" else score(reply.text)


def _has(score: Score) -> Callable[[Completion], bool]:
    return lambda reply: _score(reply, score) is not None


def _question(scoring: SampledScore | ExpectedScore | FirstLineScore, row: Example) -> str:
    return scoring.prompt.fill(instruction=row.instruction, output=row.output)
