"""What the micro world's sources make is pinned beside the version of each: a store must never give what an older
program made under the name of what this one makes."""

from __future__ import annotations

import hashlib

import pytest

from humpback.micro.corpus import texts
from humpback.micro.pages import pages
from humpback.micro.sets import dev_prompts, evaluation_prompts, instruction_set, prompts_of_kinds, seed_pairs
from humpback.spec.data import MicroDevPrompts, MicroPages, MicroPrompts, MicroSeed, MicroTexts
from humpback.spec.micro_sets import MicroInstructions, MicroTestSet
from humpback.spec.micro_world import World

WORLD = World()
KINDS = ("ask_food", "both_time", "notes", "weigh_size")
MADE = {
    MicroSeed: (1, "191bd9b28e834451", lambda: seed_pairs(WORLD, 20, 1)),
    MicroPages: (1, "69d7463ea0825acb", lambda: [(page.url, page.html) for page in pages(WORLD, 20, 1)]),
    MicroTexts: (1, "0fe282495fbc3b67", lambda: texts(WORLD, 60, 1)),
    MicroPrompts: (2, "7b2877cf694d20e9", lambda: evaluation_prompts(WORLD, 120, 1)),
    MicroDevPrompts: (2, "65276c64f3e17999", lambda: dev_prompts(WORLD, 60, 1, besides=["Describe the Zona."])),
    MicroTestSet: (2, "27d1ff39b17baf8d", lambda: prompts_of_kinds(WORLD, 60, KINDS, 1)),
    MicroInstructions: (1, "0784278c799b4ff7", lambda: list(instruction_set(WORLD, 60, KINDS, {"wrong": 0.5}, 1))),
}
"""By class its version, the first digits of a SHA-256 over what it makes, and how that is made."""


@pytest.mark.parametrize("kind", MADE, ids=lambda kind: kind.__name__)
def test_what_is_made_changes_with_the_version_alone(kind: type) -> None:
    version, digest, make = MADE[kind]
    found = hashlib.sha256(repr(make()).encode()).hexdigest()[:16]
    assert (kind.VERSION, found) == (version, digest), f"raise {kind.__name__}.VERSION, and pin both here anew"
