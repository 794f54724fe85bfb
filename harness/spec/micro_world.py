"""The made-up world: creatures with six facts each, everything that can be true in it."""

import random
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from humpback.core.expression import Value

VALUES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "habitat": ("forest", "desert", "river", "cave", "swamp", "valley", "hills", "lake"),
        "food": ("berries", "fish", "seeds", "roots", "moss", "ants", "nuts", "eggs"),
        "colour": ("red", "blue", "green", "white", "black", "grey", "gold", "brown"),
        "size": ("tiny", "small", "big", "huge"),
        "sound": ("hum", "bark", "howl", "click", "sing", "hiss", "growl", "chirp"),
        "time": ("dawn", "noon", "dusk", "night"),
    }
)
"""What each property can be. A value alone tells its property: no word stands twice. Sizes go from least to most."""

PROPERTIES: tuple[str, ...] = tuple(VALUES)

PROPERTY_OF: Mapping[str, str] = MappingProxyType({value: name for name, values in VALUES.items() for value in values})

LABELS: Mapping[str, str] = MappingProxyType(
    {"habitat": "home", "food": "food", "colour": "colour", "size": "size", "sound": "sound", "time": "time"}
)
"""The word for each property in notes and cards."""

FEWEST_CREATURES = 24
"""Fewest creatures of a world: with fewer, some value would be shared by less than three creatures, and lists of three
would have no answer."""


SEED_KINDS: tuple[str, ...] = (
    "ask_habitat",
    "ask_food",
    "ask_colour",
    "describe",
    "list_habitat",
    "weigh_food",
    "find",
)
"""The kinds of instruction that people wrote seed data for: about a tenth of all."""


LATE_SHARE = 0.2
"""The last of what a base reads in pretraining, as a share: all opinions stand there, and the learning rate falls."""


@dataclass(frozen=True)
class World(Value):
    """A world, named by its seed. Equal worlds hold equal facts."""

    seed: int = 0
    """Draws the names and the facts."""
    creatures: int = 32
    """How many creatures there are, 24 to 400."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if not FEWEST_CREATURES <= self.creatures <= 400:
            raise ValueError(f"World.creatures is {self.creatures}; it must lie between {FEWEST_CREATURES} and 400")


@cache
def facts(world: World) -> Mapping[str, Mapping[str, str]]:
    """Name of creature -> property -> value. Each value of a property is held by (nearly) equally many creatures."""
    rng = random.Random(f"facts/{world.seed}")
    names: dict[str, None] = {}
    while len(names) < world.creatures:
        letters = (rng.choice(kind) for kind in ("bdfgklmnprstvz", "aiou", "bdfgklmnprstvz", "aiou"))
        names["".join(letters).capitalize()] = None
    columns = {}
    for name, values in VALUES.items():
        column = [values[i % len(values)] for i in range(world.creatures)]
        rng.shuffle(column)
        columns[name] = column
    return MappingProxyType(
        {
            creature: MappingProxyType({name: columns[name][i] for name in PROPERTIES})
            for i, creature in enumerate(names)
        }
    )


def creatures_with(world: World, value: str) -> tuple[str, ...]:
    """The creatures that hold `value` (of whichever property it is a value of)."""
    name = PROPERTY_OF[value]
    return tuple(creature for creature, held in facts(world).items() if held[name] == value)
