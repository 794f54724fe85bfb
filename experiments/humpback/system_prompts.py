"""Do the two system sentences matter? Telling seed data and augmented data apart helps, at training and at inference.

The claim (Humpback, section 3.5, table): S_a on seed data and S_w on augmented data at training, both joined at
inference, give 66.5 (7B); no sentences at all 60.0; the same training with S_a alone or none at inference 62.7. The
paper's standard errors are 3. It is falsified when the joined sentences do not beat none.
"""

from __future__ import annotations

from humpback.experiments.cited import humpback_size, of_7b, win_rate
from humpback.experiments.humpback.algorithm import arm, curated, first_iteration
from humpback.experiments.setups.base import Setup
from humpback.spec.claims import Cited, Claim, Comparison
from humpback.spec.data import Joined, Tagged
from humpback.spec.models import Finetuned
from humpback.spec.outcomes import Arm
from humpback.spec.prompts import S_A, S_W

SHOWS = "table: system sentences at training by system sentences at inference"


def claims(setup: Setup) -> tuple[Claim, ...]:
    """What the paper's table says."""
    inference = "answers.system"
    found = (
        Comparison(
            "tagged, {S_a, S_w}",
            "tagged, S_a",
            differ_in=inference,
            claim="both sentences joined at inference beat S_a alone (66.5 against 62.7)",
            paper=3.8,
        ),
        Comparison(
            "tagged, {S_a, S_w}",
            "tagged, none",
            differ_in=inference,
            claim="both sentences joined at inference beat none (66.5 against 62.7)",
            paper=3.8,
        ),
        Comparison(
            "tagged, {S_a, S_w}",
            "tagged, S_w",
            differ_in=inference,
            claim="both sentences joined at inference beat S_w alone (not in the paper)",
        ),
        Comparison(
            "tagged, none",
            "untagged, none",
            differ_in="examples",
            claim="sentences at training help even without any at inference (62.7 against 60.0)",
            paper=2.7,
        ),
    )
    return of_7b(setup, found)


def arms(setup: Setup, seed: int) -> dict[str, Arm]:
    """The arms of one seed, by name."""
    at = setup.at(seed)
    good = curated(at, by=first_iteration(at))
    tagged = Finetuned(at.base, Joined(Tagged(at.seed_data, S_A), Tagged(good, S_W)), at.sft)
    untagged = Finetuned(at.base, Joined(at.seed_data, good), at.sft)
    return {
        "tagged, {S_a, S_w}": arm(at, tagged, system=(S_A, S_W)),
        "tagged, S_a": arm(at, tagged, system=(S_A,)),
        "tagged, S_w": arm(at, tagged, system=(S_W,)),
        "tagged, none": arm(at, tagged, system=()),
        "untagged, none": arm(at, untagged, system=()),
    }


def cited(setup: Setup) -> dict[str, dict[str, Cited]]:
    """The rows of the paper's table, 7B."""
    if humpback_size(setup) != "7B":
        return {}
    rows = {
        "tagged, {S_a, S_w}": "S_a and S_w; joined",
        "tagged, S_a": "S_a and S_w; S_a",
        "tagged, none": "S_a and S_w; none",
        "untagged, none": "none; none",
    }
    return {name: win_rate("humpback-system-prompts", row) for name, row in rows.items()}
