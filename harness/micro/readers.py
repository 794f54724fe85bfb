"""Raters of AlpaGasus's kind: each reads a reply for one dimension, and knows less than the oracle."""

import random

from humpback.micro.answers import Claim, Needs, needs
from humpback.micro.instructions import Request, parse
from humpback.micro.oracle import is_true
from humpback.micro.reading import Unit, read
from humpback.spec.curation import MicroReader

WORST, BEST = 1.5, 4.5
"""What a reply with none and with all of what the dimension asks for usually gets; a 5 is rare, as with ChatGPT."""


def rate(reader: MicroReader, instruction: str, output: str) -> float:
    """The reader's score of a reply, 0 to 5 in halves; the same for the same pair."""
    request = parse(reader.world, instruction)
    if request is None:
        return 0.0
    units, wanted = read(reader.world, request, output), needs(reader.world, request)
    share = _told(wanted, units)
    if reader.dimension == "accuracy":
        share *= _believed(reader, request, wanted, units)
    else:
        share *= sum(unit.form in wanted.forms for unit in units) / len(units) if units else 0.0
    noise = random.Random(f"reader/{reader.seed}/{instruction}/{output}").gauss(0, reader.noise)
    return min(5.0, max(0.0, round(2 * (WORST + (BEST - WORST) * share + noise)) / 2))


def _told(wanted: Needs, units: tuple[Unit, ...]) -> float:
    """Share of what was asked for that is spoken of at all, true or not."""
    claims = [claim for unit in units for claim in unit.claims]
    topics, spoken = ({_topic(claim) for claim in some} for some in (wanted.claims, claims))
    listed = {(claim.about, claim.value) for claim in wanted.some}
    items = {claim.subject for claim in claims if (claim.about, claim.value) in listed and claim.subject}
    return (len(topics & spoken) + min(len(items), wanted.count)) / (len(topics) + wanted.count)


def _topic(claim: Claim) -> tuple[str, str]:
    return claim.about, "" if claim.about == "verdict" else claim.subject


def _believed(reader: MicroReader, request: Request, wanted: Needs, units: tuple[Unit, ...]) -> float:
    """Share of what is said that the reader does not know to be false."""
    claims = [claim for unit in units for claim in unit.claims]
    false = [claim for claim in claims if not is_true(reader.world, request, wanted, claim) and _knows(reader, claim)]
    return 1 - len(false) / len(claims) if claims else 0.0


def _knows(reader: MicroReader, claim: Claim) -> bool:
    return random.Random(f"knows/{reader.seed}/{claim.subject}/{claim.about}").random() < reader.knows
