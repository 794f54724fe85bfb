"""What a sweep chooses settings by: dev prompts instead of the test prompts, and seeds that no report uses."""

from __future__ import annotations

from dataclasses import replace

from humpback.core.expression import Artifact, FieldError
from humpback.experiments.setups.base import Setup
from humpback.spec.claims import Arm
from humpback.spec.data import Examples, MicroDevPrompts, MicroPrompts
from humpback.spec.outcomes import MicroReference

SEED = 1_000
"""The first of the seeds that only sweeps use; reports use those below."""
PARTS = (50, 150)
"""Dev prompts on micro: a first part, after which a setting that is plainly worse is given up, and the rest."""


def dev(setup: Setup, parts: tuple[int, ...] = PARTS) -> tuple[Setup, ...]:
    """The setup once for each part of its dev prompts, judged against the reference's answers to those.

    Raises:
        FieldError: for a setup that has no dev prompts.
    """
    prompts = setup.prompts
    if not isinstance(prompts, MicroPrompts) or not isinstance(setup.reference, MicroReference):
        raise FieldError(
            f"setup {setup.name!r} has no dev prompts, and settings are never chosen on its test prompts; "
            "sweep on micro, or give experiments/sweeps.py prompts of its own for this setup"
        )
    besides = prompts_tested(setup)
    made = []
    for number, n in enumerate(parts):
        part = MicroDevPrompts(prompts.world, n, prompts.draw, besides=besides, after=sum(parts[:number]))
        made.append(replace(setup, prompts=part, reference=replace(setup.reference, prompts=part)))
    return tuple(made)


def prompts_tested(setup: Setup) -> tuple[Examples, ...]:
    """Every set of test prompts of the setup."""
    return (setup.prompts, *((setup.filtering.prompts,) if setup.filtering else ()))


def refuse_tests(arm: Arm, setup: Setup) -> None:
    """Nothing when the arm is judged on dev prompts alone.

    Raises:
        FieldError: when test prompts of `setup` are answered or judged anywhere below the arm.
    """
    tested = {one.fingerprint for one in prompts_tested(setup)}
    waiting: list[Artifact] = [arm.judged]
    while waiting:
        one = waiting.pop()
        if one.fingerprint in tested:
            raise FieldError(
                f"the arm is judged on test prompts ({one.name}); a sweep takes an arm judged on dev prompts"
            )
        if not isinstance(one, MicroDevPrompts):
            waiting.extend(one.inputs)


def refuse_reported(seeds: list[int]) -> None:
    """Nothing when no report uses these seeds.

    Raises:
        FieldError: for a seed below `SEED`.
    """
    reported = [seed for seed in seeds if seed < SEED]
    if reported:
        raise FieldError(f"seed {reported[0]} is for reports; a sweep takes seeds from {SEED:,} on, such as {SEED}")
