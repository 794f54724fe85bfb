"""On which skills does filtering help? Win/tie/lose of the filtered against the whole set, skill by skill.

The paper (AlpaGasus, figures of the WizardLM test set) has it for that set's 29 skills, at 7B and at 13B; the counts
are printed in figures only and are not known here, so nothing is claimed: whether the filtered set's model wins as a
whole is the headline's. Prompts that carry no skill are left out. On micro a skill is a kind of instruction.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from humpback.experiments.alpagasus.algorithm import FILTERED, against_whole, filtered, trained
from humpback.experiments.setups.base import Setup
from humpback.spec.claims import Arm

SHOWS = "figures: win/tie/lose of the filtered against the whole set on the WizardLM test set, by skill"


def experiment(setup: Setup, seed: int) -> Iterator[Arm]:
    """The headline's arm, told by skill."""
    yield replace(against_whole(setup, "filtered", trained(setup, filtered(setup)), *FILTERED), told_by="skill")
