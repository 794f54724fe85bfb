"""Figures that sizes are estimated from before anything is there, each with where it comes from.

They hold for data that were never seen, so a finished artifact's own record always comes first. What a plan used of
them it says, by the names here.
"""

from __future__ import annotations

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
"""Texts of the micro world: 24,000 texts of 150 characters are 1,012,445 tokens of its own vocabulary."""
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
"""Characters of the prompt's text, and the longest reply in tokens, of alpaca-eval's configurations."""
OTHER_JUDGE = (1_200, 300)
"""The same of any other configuration: an assumption."""
EQUAL: Mapping[frozenset[str], int] = {frozenset({"alpaca-eval", "lima-test"}): 39}
"""Prompts that stand in both of two sets (Humpback, section 8 of the facts)."""
MICRO_SEGMENTS = 5.02
"""Segments that are kept of a micro page: 6,019 of 1,200 pages in a run of seed 0."""
FOUR_BITS = 0.516
"""Bytes of a weight in NormalFloat4: four bits, and 0.127 for the quantised constants of blocks of 64 (QLoRA, section
3)."""
COMPRESSED = 0.5
"""Bytes on disk for each character of text in Parquet: 0.37 to 0.5 in a run of micro; web text is not measured."""
