"""Which share of its candidates a threshold keeps, before anything is rated: as the papers published it.

Raters differ by more than any rule can tell, so these are the least certain of all sizes; a finished rating replaces
them.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

from humpback.core.expression import Artifact
from humpback.spec import prompts
from humpback.spec.curation import ExpectedScore, FirstLineScore, MicroReader, ModelRater, Rated, SampledScore
from humpback.spec.files import Scored, Source
from humpback.spec.models import ServedModel


@dataclass(frozen=True)
class Shares:
    """Which share of all examples is rated k or better."""

    said: str
    """Whose shares, as a plan names them."""
    table: tuple[tuple[float, float], ...]
    """(k, share); between them in a straight line, an assumption."""

    def at(self, k: float) -> float:
        """The share; nothing above the table's last k."""
        if k <= self.table[0][0]:
            return self.table[0][1]
        for (low, more), (high, less) in itertools.pairwise(self.table):
            if k <= high:
                return more + (k - low) / (high - low) * (less - more)
        return 0.0

    def scaled(self, at_45: float) -> Shares:
        """The same, so that the share at 4.5 is another: an assumption for every other k."""
        by = at_45 / self.at(4.5)
        return Shares(self.said, tuple((k, min(1.0, share * by)) for k, share in self.table))


HUMPBACK = Shares(
    "shares that self-curation keeps: Humpback's 8.33 % at 4.5 and 38.84 % at 4",
    ((1.0, 1.0), (4.0, 0.3884), (4.5, 0.0833), (5.0, 0.0833)),
)
"""Shares of Humpback's pool (Table 1)."""
ALPAGASUS = Shares(
    "shares that AlpaGasus's filter keeps: those of its published scores (17.75 % at 4.5, 75.9 % at 4)",
    ((0.0, 1.0), (3.0, 0.9967), (3.5, 0.9669), (4.0, 0.7590), (4.5, 0.1775), (5.0, 0.0002)),
)
"""Shares of Alpaca's 52,002 by ChatGPT's accuracy (the histogram of AlpaGasus's section 2)."""
HELPFUL, CLAUDE, DOLLY = 0.0389, 0.1020, 0.1996
"""Shares at 4.5 that AlpaGasus published as files: of Alpaca by helpfulness (2,022 of 52,002) and by Claude (5,305),
and of Dolly (2,996 of 15,011)."""
_MICRO = "shares that raters keep on micro: those of a run of its seed 0"
MICRO_MODEL = Shares(
    _MICRO,
    ((1.0, 1.0), (2.0, 0.42), (3.0, 0.35), (4.0, 0.25), (5.0, 0.13)),
)
"""Shares of the micro world's candidates by M0 and M1, means."""
MICRO_ORACLE = Shares(_MICRO, ((1.0, 1.0), (2.0, 0.35), (3.0, 0.3), (4.0, 0.2), (5.0, 0.16)))
"""Shares of the micro world's candidates by its oracle."""
MICRO_READER = Shares(
    _MICRO, ((0.0, 1.0), (1.0, 0.99), (2.0, 0.83), (3.0, 0.72), (4.0, 0.58), (4.5, 0.42), (5.0, 0.15))
)
"""Shares of its instruction set by a reader for one dimension."""


def shares_of(rated: Artifact, *, micro: bool) -> Shares | None:
    """The shares that thresholds on these ratings keep; None where nothing published tells."""
    match rated:
        case Rated(by=ModelRater(scoring=SampledScore() | ExpectedScore())) if micro:
            return MICRO_MODEL
        case Rated(by=MicroReader()):
            return MICRO_READER
        case _ if micro:
            return MICRO_ORACLE
        case Rated(by=ModelRater(scoring=SampledScore())):
            return HUMPBACK
        case Rated(by=ModelRater(scoring=FirstLineScore(prompt=prompts.ALPAGASUS_HELPFULNESS))):
            return ALPAGASUS.scaled(HELPFUL)
        case Scored(dimension="helpfulness"):
            return ALPAGASUS.scaled(HELPFUL)
        case Rated(by=ModelRater(model=ServedModel(served_as=name), scoring=FirstLineScore())) if "claude" in name:
            return ALPAGASUS.scaled(CLAUDE)
        case Scored() | Rated(by=ModelRater(scoring=FirstLineScore())):
            dolly = any("dolly" in sources_of(one) for one in rated.inputs)
            return ALPAGASUS.scaled(DOLLY) if dolly else ALPAGASUS
    return None


def sources_of(artifact: Artifact) -> list[str]:
    """Names of the public files that it is read from."""
    return [one.name for one in getattr(artifact, "files", ()) if isinstance(one, Source)]
