"""`humpback register PROTOCOL`: what a confirming run needs to know beforehand, from the design seeds into its file."""

from __future__ import annotations

import math
import shlex
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from typer import Argument, echo

from humpback.cli.app import HERE, ExperimentsFolder, Locations, command, writing
from humpback.cli.run import SetupOptions
from humpback.core.expression import FieldError, Value, below
from humpback.core.store import Store
from humpback.core.toml_file import read_toml, to_toml, value_of
from humpback.experiments.catalogue import Declared, closest, experiment
from humpback.experiments.registered import JudgedClaim, Plan, at_seed, digest, makes, parts_of, planned, spread
from humpback.spec.protocol import FIRST_SEED, Headroom, Protocol, Registered

if TYPE_CHECKING:
    from humpback.analysis.experiment.finding import Outcomes
    from humpback.core.machine import Machine
    from humpback.experiments.setups.base import Setup

ProtocolFile = Annotated[Path, Argument(help="A TOML file that says what is claimed.", metavar="PROTOCOL")]
MOST_SEEDS, WANTED = 30, 0.8
"""Where the search for a number of seeds ends, and the power that it is for."""


def read_protocol(path: Path, machine: Machine) -> tuple[Protocol, Setup, Machine]:
    """The protocol of the file, its setup, and the machine with what was found of the user's files.

    Raises:
        FieldError: naming file, field, what was found and what would do.
        FileNotFoundError: when it is not there.
    """
    given = value_of(Protocol, read_toml(path), str(path))
    options = SetupOptions(given.setup, files=path.parent / given.files if given.files else None)
    return given, *options.setup_on(machine)


@command()
def register(protocol: ProtocolFile, locations: Locations = HERE, own: ExperimentsFolder = None) -> None:
    """What a protocol leaves open, filled in from its design seeds.

    The differences that matter, the paper's, how many seeds have which power, and the setup's fingerprint. Commit the
    file before `humpback confirm`."""
    from humpback.analysis.stats.multiplicity import LEVEL

    given, setup, machine = read_protocol(protocol, locations.load())
    if given.hours is None and not given.seeds:
        raise FieldError(f"{protocol}: give hours, which the run may take, or else seeds, from {FIRST_SEED} on")
    store = Store(Path(machine.store))
    plan = planned(given, setup, given.design_seeds, own)
    if given.seeds and (uneven := spread(plan.setup, given.seeds)):
        raise FieldError(f"{protocol}: {uneven}")
    matters = given.matters and _headroom(given.matters, plan, store, own)
    outcomes = {name: _outcomes(store, declared) for name, declared in plan.experiments.items()}
    primary = [_filled(one, claim, outcomes[one.experiment], matters) for one, claim in plan.claims]
    minutes = _seed_minutes(store, plan.to_run.values()) / machine.workers
    level = LEVEL / len(primary)
    seeds, powers = _seeds(given, primary, plan, minutes, level)
    parts, run = parts_of(plan.setup), planned(given, setup, seeds, own)
    filled = replace(
        given,
        matters=matters,
        primary=tuple(
            replace(one, power=power, makes=makes(run.experiments[one.experiment]))
            for one, power in zip(primary, powers, strict=True)
        ),
        seeds=seeds,
        seed_minutes=round(minutes, 2),
        fingerprint=digest(dict(parts)),
        parts=parts,
    )
    said = {one.name: claim.claim for one, claim in plan.claims}
    with writing(protocol.parent, "PROTOCOL"):
        protocol.write_text(_HEAD + to_toml(filled, lambda one: _said(one, said)), encoding="utf-8")
    echo(f"wrote {protocol}: commit it, then humpback confirm {shlex.quote(str(protocol))}")


_HEAD = "# Filled in by `humpback register`. Commit it as it is; `humpback confirm` then runs it, once.\n"


def _said(value: Value, claims: dict[str, str]) -> str:
    return claims.get(value.name, "") if isinstance(value, Registered) else ""


def _headroom(given: Headroom, plan: Plan, store: Store, own: Path | None) -> Headroom:
    import numpy as np

    from humpback.analysis.experiment.contests import contest

    seeds = next(iter(plan.whole.values())).seeds
    declared = experiment(given.experiment, own).on(plan.setup, seeds)
    differences = []
    for arms in declared.arms.values():
        for name in (given.first, given.second):
            closest(f"arm of {given.experiment} on {plan.setup.name}", name, list(arms))
        first, second = arms[given.first].judged, arms[given.second].judged
        if all(store.state(one).status == "done" for one in (first, second)):
            differences.append(100 * float(np.nanmean(contest(store, first).points - contest(store, second).points)))
    if not differences:
        raise FieldError(
            f"{given.experiment}: {given.first} and {given.second} were not run on the design seeds in {store.root}; "
            f"run it on {plan.setup.name} with seeds {','.join(map(str, seeds))} first"
        )
    if np.mean(differences) <= 0:
        raise FieldError(
            f"{given.experiment}: {given.first} is {np.mean(differences):+.1f} points from {given.second}, which is no "
            "headroom; give each claim the difference that matters, and because what"
        )
    return replace(given, points=round(float(np.mean(differences)), 2))


def _outcomes(store: Store, declared: Declared) -> Outcomes:
    from humpback.analysis.experiment.gather import gather

    found = gather(store, declared.arms, declared.claims, {}, bases=declared.bases).outcomes
    assert found is not None
    return found


def _filled(one: Registered, claim: JudgedClaim, outcomes: Outcomes, headroom: Headroom | None) -> Registered:
    """The difference that matters, unless it was given with its reason; the paper's; the variances."""
    from humpback.analysis.experiment.design import matters, variances

    least = one.matters if one.because else None
    if least is None:
        if headroom is None or headroom.points is None:
            raise FieldError(f"{one.name}: give matters with because, or a table [matters] for all claims")
        least = matters(claim, outcomes.arms, headroom.share * headroom.points)
    variance, prompts = variances(claim, outcomes)
    return replace(
        one,
        matters=round(least, 3),
        paper=claim.paper_value,
        paper_error=None if claim.paper_value is None else round(claim.paper_error, 3) or None,
        variance=variance,
        prompts=prompts,
    )


def _seed_minutes(store: Store, experiments: Iterable[Declared]) -> float:
    """Minutes of one worker that a seed took: of what no other seed made, over the seeds that were run whole."""
    by_seed: dict[int, dict[str, float | None]] = {}
    for declared in experiments:
        for seed in declared.seeds:
            for key, one in below(*at_seed(declared, seed).targets).items():
                there = store.state(one, weights=False).readable
                by_seed.setdefault(seed, {})[key] = store.record(one).seconds if there else None
    times = []
    for seed, made in by_seed.items():
        others = {key for other, keys in by_seed.items() if other != seed for key in keys}
        own = [seconds for key, seconds in made.items() if key not in others]
        if None not in own:
            times.append(sum(seconds for seconds in own if seconds))
    if not times:
        raise FieldError(f"no design seed was run whole in {store.root}, so how long one takes is not known")
    return sum(times) / len(times) / 60


def _seeds(
    given: Protocol, primary: Sequence[Registered], plan: Plan, minutes: float, level: float
) -> tuple[tuple[int, ...], list[float]]:
    """The seeds that were given; or as many as have the power wanted for every claim, or as fit the hours. With the
    power of each claim, and a line said for each number of seeds that was looked at."""
    from humpback.analysis.stats.evidence import FEWEST_UNITS
    from humpback.analysis.stats.simulated_power import power

    bases = max(1, len(plan.setup.pretrainings))

    def powers(seeds: int) -> list[float]:
        return [
            power(
                one.variance,
                difference=one.matters or 0.0,
                prompts=one.prompts or 0,
                bases=bases,
                seeds=seeds,
                level=level,
            )
            for one in primary
        ]

    def say(seeds: int, found: list[float]) -> None:
        echo(f"{seeds:5}  {seeds * minutes / 60:5.1f}  " + "  ".join(f"{one:5.2f}" for one in found))

    for number, one in enumerate(primary, 1):
        echo(f"({number}) {one.name}: {one.matters:g} matters")
    echo(f"chance to hold with p below {level:.4f}, Holm's strictest, if the truth is what matters:")
    echo("seeds  hours  " + "  ".join(f"{f'({number})':>5}" for number in range(1, len(primary) + 1)))
    if given.hours is None:
        found = powers(len(given.seeds))
        say(len(given.seeds), found)
        return given.seeds, found
    fewest = bases * math.ceil(FEWEST_UNITS / bases)
    if fewest * minutes > 60 * given.hours:
        raise FieldError(f"hours is {given.hours:g}, and {fewest} seeds, the fewest, take {fewest * minutes / 60:.1f}")
    for number in range(fewest, MOST_SEEDS + 1, bases):
        if number * minutes > 60 * given.hours:
            break
        chosen, found = number, powers(number)
        say(number, found)
        if min(found) >= WANTED:
            break
    else:
        echo(f"no number of seeds up to {MOST_SEEDS} has a power of {WANTED:g} for every claim")
    return tuple(range(FIRST_SEED, FIRST_SEED + chosen)), found
