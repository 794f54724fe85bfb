"""Self-curation, first half: a rater gives every candidate a score (Humpback, section 2.2; AlpaGasus, section 2).

Every reply is kept as it came, in `ratings.parquet`. A reply without a score is unparsed: it is counted, asked again
where sampling can give another reply, and never turned into a number.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import replace

from harness.data import ExpectedScore, FirstLineScore, MicroOracle, ModelRater, Rated, SampledScore
from harness.engines.local import Engine
from harness.rows import EXAMPLES, RATINGS, Example, Rating, Writer, read
from harness.stages import Counts, Work

SCORES = (1, 2, 3, 4, 5)
_LAST_LINE = re.compile(r"score:\s*([1-5](?:\.\d+)?)\s*(?:/\s*5)?\s*\.?$", re.IGNORECASE)


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
    """Score all candidates; each keeps its place, with the mean of its parsed replies as score."""
    rows = list(read(work.open(node.candidates) / EXAMPLES, Example))
    scores: list[list[float]] = [[] for _ in rows]
    unparsed_replies = 0
    with Writer(work.out / RATINGS, Rating) as out:
        for i, rating in _ratings(node, rows, work):
            out.add(rating)
            if rating.score is None:
                unparsed_replies += 1
            else:
                scores[i].append(rating.score)
    with Writer(work.out / EXAMPLES, Example) as rated:
        for row, given in zip(rows, scores, strict=True):
            rated.add(replace(row, score=sum(given) / len(given) if given else None))
    return {
        "in": len(rows),
        "kept": len(rows),
        "unparsed": sum(not given for given in scores),
        "unparsed_replies": unparsed_replies,
    }


def _ratings(node: Rated, rows: list[Example], work: Work) -> Iterator[tuple[int, Rating]]:
    match node.by:
        case MicroOracle() as oracle:
            from harness.micro.oracle import rate as true_rating

            for i, row in enumerate(rows):
                score = true_rating(oracle.world, row.instruction, row.output, noise=oracle.noise, seed=oracle.seed)
                yield i, Rating(row.id, 0, "", score)
        case ModelRater(scoring=ExpectedScore() as scoring):
            engine = Engine.of(node.by.model, work)
            prompts = [_question(node.by, scoring, row) for row in rows]
            chosen = engine.choose(prompts, [f"Score: {score}" for score in SCORES])
            for i, (row, probabilities) in enumerate(zip(rows, chosen, strict=True)):
                if probabilities is None:
                    yield i, Rating(row.id, 0, "prompt too long", None)
                else:
                    raw = " ".join(f"{s}:{p:.4f}" for s, p in zip(SCORES, probabilities, strict=True))
                    score = sum(s * p for s, p in zip(SCORES, probabilities, strict=True))
                    yield i, Rating(row.id, 0, raw, score)
        case ModelRater(scoring=FirstLineScore() as scoring):
            prompts = [_question(node.by, scoring, row) for row in rows]
            replies = Engine.of(node.by.model, work).generate(prompts, scoring.sampling, "ratings")
            for i, (row, reply) in enumerate(zip(rows, replies, strict=True)):
                yield i, Rating(row.id, 0, reply.text, first_line(reply.text))
        case ModelRater(scoring=SampledScore() as scoring):
            yield from _sampled(node.by, scoring, rows, work)


def _sampled(by: ModelRater, scoring: SampledScore, rows: list[Example], work: Work) -> Iterator[tuple[int, Rating]]:
    """n replies a candidate; what does not parse is asked once more, with another seed, unless decoding is greedy."""
    engine = Engine.of(by.model, work)
    prompts = [_question(by, scoring, row) for row in rows]
    for sample in range(scoring.n):
        waiting = list(range(len(rows)))
        for attempt in range(2 if scoring.sampling.temperature else 1):
            seed = scoring.sampling.seed + 7_919 * (2 * sample + attempt)
            replies = engine.generate([prompts[i] for i in waiting], replace(scoring.sampling, seed=seed), "ratings")
            unparsed = []
            for i, reply in zip(waiting, replies, strict=True):
                rating = Rating(rows[i].id, 2 * sample + attempt, reply.text, parsed(reply.text))
                if rating.score is None:
                    unparsed.append(i)
                yield i, rating
            waiting = unparsed
            if not waiting:
                break


def _question(by: ModelRater, scoring: SampledScore | ExpectedScore | FirstLineScore, row: Example) -> str:
    return by.model.template.prompt(scoring.prompt.fill(instruction=row.instruction, output=row.output))
