"""Do the two system sentences matter? Telling seed data and augmented data apart helps, at training and at inference.

The claim (Humpback, section 3.5, table): S_a on seed data and S_w on augmented data at training, both joined at
inference, are better than no sentences at all, and than the same training with S_a alone or none at inference. The
paper's standard errors are as large as most of the differences. It is falsified when the joined sentences do not beat
none.
"""

from __future__ import annotations

from collections.abc import Iterator

from humpback.experiments.humpback.algorithm import arm, curated, first_iteration
from humpback.experiments.setups.base import Setup
from humpback.spec.claims import Arm, Claim, Paper
from humpback.spec.data import Joined, Tagged
from humpback.spec.models import Finetuned
from humpback.spec.prompts import S_A, S_W

SHOWS = "table: system sentences at training by system sentences at inference"
_TABLE = "table of system prompts"


def experiment(setup: Setup, seed: int) -> Iterator[Arm | Claim]:
    """One model with the sentences at training and one without, each asked under several."""
    good = curated(setup, by=first_iteration(setup))
    tagged = Finetuned(setup.base, Joined(Tagged(setup.seed_data, S_A), Tagged(good, S_W)), setup.sft)
    untagged = Finetuned(setup.base, Joined(setup.seed_data, good), setup.sft)

    def asked(name: str, model: Finetuned, row: str, *system: str) -> Arm:
        papers = [Paper("humpback-system-prompts", row)] if row else []
        return arm(setup, name, model, *papers, system=system)

    both = asked("tagged, {S_a, S_w}", tagged, "S_a and S_w; joined", S_A, S_W)
    only_a = asked("tagged, S_a", tagged, "S_a and S_w; S_a", S_A)
    only_w = asked("tagged, S_w", tagged, "", S_W)
    without = asked("tagged, none", tagged, "S_a and S_w; none")
    plain = asked("untagged, none", untagged, "none; none")
    yield from (both, only_a, only_w, without, plain)

    joined, inference = "both sentences joined at inference beat", "answers.system"
    yield both.beats(only_a, f"{joined} S_a alone", only=inference, stated_in=_TABLE)
    yield both.beats(without, f"{joined} none", only=inference, stated_in=_TABLE)
    yield both.beats(only_w, f"{joined} S_w alone", only=inference)
    at_training = "sentences at training help even without any at inference"
    yield without.beats(plain, at_training, only="examples", stated_in=_TABLE)
