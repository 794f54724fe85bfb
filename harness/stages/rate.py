"""Self-curation, first half: a rater gives every candidate a score (Humpback, section 2.2; AlpaGasus, section 2).

Every reply is kept as it came, in `ratings.parquet`. A reply without a score is unparsed: it is counted, asked again
where sampling can give another reply, and never turned into a number.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from dataclasses import replace

from humpback.core.store import StoreError
from humpback.core.tables import EXAMPLES, RATINGS, Example, Rating, Writer, write
from humpback.core.text import one_line
from humpback.core.work import Counts, Work
from humpback.engines import completion
from humpback.engines.completion import Completion
from humpback.engines.endpoint.message import without_thinking
from humpback.engines.generator import open_engine, open_generator
from humpback.inputs.prompt_file import load_prompt
from humpback.spec.curation import (
    SCORE_LABEL,
    ExpectedScore,
    FirstLineScore,
    GivenScores,
    MicroOracle,
    MicroReader,
    ModelRater,
    Rated,
    SampledScore,
)
from humpback.spec.models import Reward, ServedModel
from humpback.stages.rows import read_examples

Parser = Callable[[str], float | None]
"""The score in a reply."""
SCORES = (1, 2, 3, 4, 5)
TOO_LONG = "prompt too long"
"""What stands for the reply of a rater that was not asked."""
_SCORE_LINE = re.compile(
    rf"(?:^[#>•\s]*|\b{SCORE_LABEL}s?\s*(?:[:=]|is\b|[–—-](?=\s))?\s*)"
    r"(?P<score>\d?\.\d+|\d(?:,\d{1,2})?)(?:\s*(?:/|out of|of)\s*5(?:[.,]0+)?)?\s*[.!。]*$",
    re.IGNORECASE,
)
_AROUND = str.maketrans("", "", "*_`\"'“”‘’[]<>{}()")
"""Emphasis, quotation signs and brackets, in which models put a score ("**Score:** 4", "Score: [4]")."""


def parse_last_line(reply: str) -> float | None:
    """The score on the reply's last line, "Score: N" or N alone, with N from 1 to 5; None for anything else."""
    return _score_of(reply, -1, SCORES[0])


def parse_first_line(reply: str) -> float | None:
    """The score on the reply's first line, N alone or "Score: N", with N from 0 to 5; None for anything else."""
    return _score_of(reply, 0, 0)


def _score_of(reply: str, at: int, least: int) -> float | None:
    """The score on the first or last of the lines that say something. "/5" and "out of 5" may follow it, another scale
    may not."""
    lines = [line for line in unicodedata.normalize("NFKC", reply).splitlines() if re.search(r"\w", line)]
    found = _SCORE_LINE.search(lines[at].translate(_AROUND).strip()) if lines else None
    score = float(found["score"].replace(",", ".")) if found else None
    return score if score is not None and least <= score <= SCORES[-1] else None


def rate(node: Rated, work: Work) -> Counts:
    """Score all candidates; each keeps its place, with the mean of its parsed replies as score.

    Raises:
        StoreError: when a served model is to be asked for an expected score, or none of its first replies has one, or
            none at all.
        Unanswered: when a server left calls unanswered; what it answered is kept, and is not asked again.
    """
    rows = list(read_examples(node.candidates, work))
    scores: list[list[float]] = [[] for _ in rows]
    unparsed_replies, first = 0, ""
    spent: Counts = {}
    with Writer(work.out / RATINGS, Rating) as out, closing(_ratings(node, rows, work, spent)) as ratings:
        for i, rating in ratings:
            out.add(rating)
            if rating.score is None:
                unparsed_replies += 1
                first = first or rating.raw
            else:
                scores[i].append(rating.score)
    if rows and not any(scores) and isinstance(node.by, ModelRater) and isinstance(node.by.model, ServedModel):
        # Being finished, ratings without one score would not be asked for again.
        raise StoreError(f"{node.name}: no reply has a score; the first says: {one_line(first, 200) or 'nothing'}")
    means = [sum(of_row) / len(of_row) if of_row else None for of_row in scores]
    write(work.out / EXAMPLES, Example, (replace(row, score=mean) for row, mean in zip(rows, means, strict=True)))
    return {
        "in": len(rows),
        "kept": len(rows),
        "unparsed": means.count(None),
        "unparsed_replies": unparsed_replies,
        **spent,
    }


def _ratings(node: Rated, rows: list[Example], work: Work, spent: Counts) -> Generator[tuple[int, Rating], None, None]:
    """Ratings with the place of their row; what they cost goes into `spent`."""
    match node.by:
        case MicroOracle() as oracle:
            from humpback.micro.oracle import rate as true_rating

            for i, row in enumerate(rows):
                score = true_rating(oracle.world, row.instruction, row.output, noise=oracle.noise, seed=oracle.seed)
                yield i, Rating(row.id, 0, "", score)
        case GivenScores():
            yield from ((i, Rating(row.id, 0, "", row.score)) for i, row in enumerate(rows))
        case Reward() as reward:
            from humpback.engines.reward_engine import RewardEngine

            found = RewardEngine.by(reward, work).rewards([(row.instruction, row.output) for row in rows])
            for i, value in enumerate(found):
                yield i, Rating(rows[i].id, 0, TOO_LONG if value is None else f"{value:.6g}", value)
        case MicroReader() as reader:
            from humpback.micro.readers import rate as read_and_rate

            for i, row in enumerate(rows):
                yield i, Rating(row.id, 0, "", read_and_rate(reader, row.instruction, row.output))
        case ModelRater(model=ServedModel() as served, scoring=ExpectedScore()):
            raise StoreError(
                f"{node.name}: an expected score takes the probability of each score, and servers give those of a few "
                f"tokens at most; rate by {served.served_as} with SampledScore or FirstLineScore"
            )
        case ModelRater(scoring=ExpectedScore() as scoring):
            options = [f"{SCORE_LABEL}: {score}" for score in SCORES]
            with open_engine(node.by.model, work) as model:
                chosen = model.choose(_questions(scoring, rows, work), options)
            for i, probabilities in enumerate(chosen):
                if probabilities is None:
                    yield i, Rating(rows[i].id, 0, TOO_LONG, None)
                    continue
                weighed = list(zip(SCORES, probabilities, strict=True))
                raw = " ".join(f"{score}:{p:.4f}" for score, p in weighed)
                yield i, Rating(rows[i].id, 0, raw, sum(score * p for score, p in weighed))
        case ModelRater(scoring=FirstLineScore() | SampledScore() as scoring):
            parser = parse_last_line if isinstance(scoring, SampledScore) else parse_first_line
            questions = _questions(scoring, rows, work)
            with open_generator(node.by.model, work, usable=lambda reply: _score(reply, parser) is not None) as engine:
                yield from _sampled(engine, scoring, rows, questions, parser)
                spent |= engine.counts()


def _sampled(
    engine: completion.Generator,
    scoring: SampledScore | FirstLineScore,
    rows: list[Example],
    questions: list[str],
    parser: Parser,
) -> Iterator[tuple[int, Rating]]:
    """n replies a candidate; what does not parse is asked once more, with another seed, unless decoding is greedy. A
    score on the first line is asked for once."""
    n, tries = (scoring.n, 2) if isinstance(scoring, SampledScore) else (1, 1)
    hopeless: set[int] = set()
    for sample in range(n):
        waiting = [i for i in range(len(rows)) if i not in hopeless]
        for attempt in range(tries if scoring.sampling.temperature else 1):
            seed = scoring.sampling.seed + 7_919 * (2 * sample + attempt)
            replies = engine.generate([questions[i] for i in waiting], replace(scoring.sampling, seed=seed), "ratings")
            unparsed = []
            for i, reply in zip(waiting, replies, strict=True):
                score = _score(reply, parser)
                asked = reply.ended not in ("refused", TOO_LONG)
                if not asked:
                    hopeless.add(i)
                elif score is None:
                    unparsed.append(i)
                raw = reply.text if asked else reply.problem or reply.ended
                yield i, Rating(rows[i].id, 2 * sample + attempt, raw, score)
            waiting = unparsed
            if not waiting:
                break


def _score(reply: Completion, parser: Parser) -> float | None:
    """The score in a reply, thinking left out. A server's that it refused has none, and one that it cut has one on a
    whole first line alone."""
    if reply.ended == "refused":
        return None
    text = reply.text if reply.by else without_thinking(reply.text)[1]  # a server's is without it already
    if reply.by and reply.ended == "length":
        whole, end, _ = text.rpartition("\n")
        return parser(whole) if end and parser is parse_first_line else None
    return parser(text)


def _questions(scoring: SampledScore | ExpectedScore | FirstLineScore, rows: list[Example], work: Work) -> list[str]:
    prompt = load_prompt(scoring.prompt, work.machine)
    return [prompt.fill(instruction=row.instruction, output=row.output) for row in rows]
