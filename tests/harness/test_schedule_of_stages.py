"""When stages that wait for one another have all ended, on few units and on many."""

from __future__ import annotations

import pytest

from humpback.core.expression import Artifact
from humpback.core.schedule import Share, elapsed
from humpback.spec.data import Joined, MicroSeed, Tagged
from humpback.spec.micro_world import World

SEED = MicroSeed(World(), 12)
LEFT, RIGHT = Tagged(SEED, "left"), Tagged(SEED, "right")
BOTH = Joined(LEFT, RIGHT)
DIAMOND: list[Artifact] = [SEED, LEFT, RIGHT, BOTH]


def shares(**hours: Share) -> dict[str, Share]:
    named = {"seed": SEED, "left": LEFT, "right": RIGHT, "both": BOTH}
    return {named[name].fingerprint: share for name, share in hours.items()}


@pytest.mark.parametrize(("units", "hours"), [(1, 10.0), (2, 8.0), (8, 8.0)])
def test_a_stage_waits_for_its_inputs_however_many_units_stand_idle(units: int, hours: float) -> None:
    took = shares(seed=Share(1), left=Share(2), right=Share(3), both=Share(4))
    assert elapsed(DIAMOND, took, units) == hours


def test_a_stage_of_several_units_waits_for_room_and_takes_all_there_is_at_most() -> None:
    took = shares(left=Share(2), right=Share(3, units=2), both=Share(4, units=64))
    assert elapsed(DIAMOND, took, 2) == 2 + 3 + 4
    assert elapsed(DIAMOND, took, 3) == 3 + 4


def test_what_is_no_stage_of_the_plan_is_there_and_a_stage_without_a_share_takes_no_time() -> None:
    assert elapsed([LEFT, BOTH], shares(both=Share(4)), 1) == 4
    assert elapsed([], {}, 2) == 0
