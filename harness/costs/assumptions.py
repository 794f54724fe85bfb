"""Figures that sizes are estimated from before anything is there, each with where it comes from.

They hold for data that were never seen, so a finished artifact's own record always comes first. What a plan used of
them it says, by the names here.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping

LENGTHS: Mapping[str, tuple[float, float]] = {
    "alpaca": (83, 270),
    "alpaca-gpt4": (83, 675),
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
its published 2,996, and Alpaca-GPT4's instructions are Alpaca's (its output: see `GUESSED`)."""
GUESSED = ("alpaca-gpt4",)
"""Of `LENGTHS`, the sets whose output was not measured: two and a half times Alpaca's, an assumption."""
UNMEASURED = (200.0, 1_000.0)
"""Mean characters of a set whose lengths are not known here: an assumption."""
SEED_DATA = (148.0, 1_072.0)
"""Open Assistant pairs: Humpback's Table 1."""
SEGMENT = 1_722.0
"""Characters of a web segment: Humpback's Table 1, all augmented."""
AUGMENTED = 352.0
"""Characters of an instruction written for a segment: the same row."""
CURATED: tuple[tuple[float, float, float], ...] = ((4.5, 115, 1_663), (4.0, 206, 1_985))
"""(threshold, characters of instruction, of output) of what is kept from it on: Humpback's Table 1, A5 and A4."""
ANSWER = 1_232.0
"""Characters of an answer: Humpback-65B's published 805 on AlpacaEval, computed from the file."""
REASONING = 600.0
"""Characters of a rating with its reasoning: an assumption."""

HUMPBACK = ((1.0, 1.0), (4.0, 0.3884), (4.5, 0.0833), (5.0, 0.0833))
"""(k, share rated k or better) of Humpback's pool (Table 1); between them, in a straight line: an assumption."""
ALPAGASUS = ((0.0, 1.0), (3.0, 0.9967), (3.5, 0.9669), (4.0, 0.7590), (4.5, 0.1775), (5.0, 0.0002))
"""The same of Alpaca's 52,002 by ChatGPT's accuracy (the histogram of AlpaGasus's section 2)."""
HELPFUL, CLAUDE, DOLLY = 0.0389, 0.1020, 0.1996
"""Shares at 4.5 that AlpaGasus published as files: of Alpaca by helpfulness (2,022 of 52,002) and by Claude (5,305),
and of Dolly (2,996 of 15,011). At other thresholds the accuracy's histogram is scaled to them: an assumption."""
MICRO_MODEL = ((1.0, 1.0), (2.0, 0.5), (3.0, 0.42), (3.5, 0.35), (4.0, 0.22), (4.25, 0.14), (4.5, 0.06), (5.0, 0.0))
"""The same of the micro world's candidates by M0 and M1, means of a run of its seed 0."""
MICRO_ORACLE = ((1.0, 1.0), (2.0, 0.33), (3.0, 0.28), (4.0, 0.26), (4.25, 0.23), (5.0, 0.23))
"""And by its oracle."""
MICRO_MADE = ((1.0, 1.0), (2.0, 0.52), (3.0, 0.40), (3.5, 0.38), (4.0, 0.345), (4.5, 0.28), (5.0, 0.156))
"""Of micro's machine-made instruction set by its noisy oracle."""

MICRO_SEGMENTS = 5.02
"""Segments that are kept of a micro page: 6,019 of 1,200 pages in a run of seed 0."""
MICRO_LENGTHS = (34.0, 43.0)
"""Characters of an instruction and an output of the micro world."""
MICRO_SEGMENT = 56.0
"""Characters of its segments."""
MICRO_TEXT = 150.0
"""Characters of a text that its base reads."""

CHARACTERS_A_TOKEN = 4.0
"""Of English prose in vocabularies of 32,000 entries and more: an assumption, as in
`harness/engines/endpoint/budget.py`."""
MICRO_CHARACTERS_A_TOKEN = 3.56
"""Of the micro world's texts in its own vocabulary: 24,000 texts of 150 characters are 1,012,445 tokens."""
EQUAL: Mapping[frozenset[str], int] = {frozenset({"alpaca-eval", "lima-test"}): 39}
"""Prompts that stand in both of two sets (Humpback, section 8 of the facts)."""
SHARE_COMPRESSED = 0.5
"""Bytes on disk for each character of text in Parquet: 0.37 to 0.5 in a run of micro; web text is not measured."""

JUDGES: Mapping[str, tuple[int, int]] = {
    "alpaca_eval_gpt4": (1_204, 100),
    "lmsys_gpt4": (1_051, 1_024),
    "weighted_alpaca_eval_gpt4_turbo": (1_398, 1),
}
"""Of alpaca-eval's configurations: characters of the prompt's text, and the longest reply in tokens that it takes."""
OTHER_JUDGE = (1_200, 300)
"""Of any other configuration: an assumption."""


def share(table: tuple[tuple[float, float], ...], at_least: float) -> float:
    """The share at a threshold, in a straight line between the table's; nothing above its last."""
    if at_least <= table[0][0]:
        return table[0][1]
    for (low, more), (high, less) in itertools.pairwise(table):
        if at_least <= high:
            return more + (at_least - low) / (high - low) * (less - more)
    return 0.0
