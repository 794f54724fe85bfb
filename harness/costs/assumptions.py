"""Figures that sizes are estimated from before anything is there, each with where it comes from.

They hold for data that were never seen, so a finished artifact's own record always comes first. What a plan used of
them it says, by the names here.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Texts:
    """Mean characters of what is read and written."""

    segment: float
    instruction: float
    """Written for a segment."""
    answer: float
    token: float
    """Characters of one token."""


PAPERS = Texts(segment=1_722.0, instruction=352.0, answer=1_232.0, token=4.0)
"""Segments and their instructions: Humpback's Table 1. Answers: Humpback-65B's published 805 on AlpacaEval, computed
from the file. Tokens: of English prose in vocabularies of 32,000 entries and more, an assumption."""
MICRO = Texts(segment=56.0, instruction=34.0, answer=43.0, token=3.56)
"""Of the micro world: 24,000 texts of 150 characters are 1,012,445 tokens of its own vocabulary."""
MICRO_TEXT = 150.0
"""Characters of a text that its base reads."""
SEED_DATA = (148.0, 1_072.0)
"""Instruction and output of Open Assistant pairs: Humpback's Table 1."""
LENGTHS: Mapping[str, tuple[float, float]] = {
    "alpaca": (83, 270),
    "dolly": (244, 404),
    "lima": (229, 2_524),
    "alpaca-eval": (165, 482),
    "lima-test": (120, 0),
    "vicuna-80": (105, 0),
    "koala-180": (747, 0),
    "wizardlm-218": (294, 0),
    "self-instruct-252": (246, 0),
}
"""Mean characters of instruction (with its input) and output of public files, computed from them; Dolly's are those of
its published 2,996."""
UNMEASURED = (200.0, 1_000.0)
"""The same of any other file: an assumption."""
REASONING = 600.0
"""Characters of a rating with its reasoning: an assumption."""
JUDGES: Mapping[str, tuple[int, int]] = {
    "alpaca_eval_gpt4": (1_204, 100),
    "lmsys_gpt4": (1_051, 1_024),
    "weighted_alpaca_eval_gpt4_turbo": (1_398, 1),
}
"""Of alpaca-eval's configurations: characters of the prompt's text, and the longest reply in tokens that it takes."""
OTHER_JUDGE = (1_200, 300)
"""Of any other configuration: an assumption."""
EQUAL: Mapping[frozenset[str], int] = {frozenset({"alpaca-eval", "lima-test"}): 39}
"""Prompts that stand in both of two sets (Humpback, section 8 of the facts)."""
MICRO_SEGMENTS = 5.02
"""Segments that are kept of a micro page: 6,019 of 1,200 pages in a run of seed 0."""
COMPRESSED = 0.5
"""Bytes on disk for each character of text in Parquet: 0.37 to 0.5 in a run of micro; web text is not measured."""


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
"""Of Humpback's pool (Table 1)."""
ALPAGASUS = Shares(
    "shares that AlpaGasus's filter keeps: those of its published scores (17.75 % at 4.5, 75.9 % at 4)",
    ((0.0, 1.0), (3.0, 0.9967), (3.5, 0.9669), (4.0, 0.7590), (4.5, 0.1775), (5.0, 0.0002)),
)
"""Of Alpaca's 52,002 by ChatGPT's accuracy (the histogram of AlpaGasus's section 2)."""
HELPFUL, CLAUDE, DOLLY = 0.0389, 0.1020, 0.1996
"""Shares at 4.5 that AlpaGasus published as files: of Alpaca by helpfulness (2,022 of 52,002) and by Claude (5,305),
and of Dolly (2,996 of 15,011)."""
_MICRO = "shares that raters keep on micro: those of a run of its seed 0"
MICRO_MODEL = Shares(
    _MICRO,
    ((1.0, 1.0), (2.0, 0.5), (3.0, 0.42), (3.5, 0.35), (4.0, 0.22), (4.25, 0.14), (4.5, 0.06), (5.0, 0.0)),
)
"""Of the micro world's candidates by M0 and M1, means."""
MICRO_ORACLE = Shares(_MICRO, ((1.0, 1.0), (2.0, 0.4), (3.0, 0.33), (4.0, 0.3), (4.25, 0.26), (5.0, 0.2)))
"""By its oracle, between the candidates' (0.23 at 4.25) and those of its instruction set (0.31)."""
