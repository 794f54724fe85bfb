"""Prompts to choose settings by: held-out requests of the micro world that no test prompt asks, in any wording."""

import random
from collections.abc import Collection

from humpback.micro.instructions import KINDS, draw, parse, render
from humpback.spec.micro_world import World

_TRIES = 1_000
"""Draws without a new prompt after which a kind counts as used up."""


def dev_prompts(world: World, n: int, seed: int, *, besides: Collection[str], after: int = 0) -> list[tuple[str, str]]:
    """n (instruction, kind), kinds in turn as far as they go, none twice, none a wording of a request in `besides`.

    after: so many of the same draw come before them and are left out. The first n of a draw are the same whatever n.

    Raises:
        ValueError: where the world does not have so many.
    """
    rng = random.Random(f"dev/{world.seed}/{seed}")
    tested = {request for request in (parse(world, text) for text in besides) if request is not None}
    found: dict[str, str] = {}
    left = list(KINDS)
    while left and len(found) < after + n:
        for kind in tuple(left):
            for _ in range(_TRIES):
                request = draw(world, kind, rng, held_out=True)
                text = render(world, request, rng)
                if request not in tested and text not in found:
                    found[text] = kind
                    break
            else:
                left.remove(kind)
            if len(found) == after + n:
                break
    if len(found) < after + n:
        raise ValueError(f"n is {n} after {after}; this world has {len(found)} prompts besides those of the tests")
    return list(found.items())[after:]
