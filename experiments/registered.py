"""What a protocol means on a setup: its fingerprint, the arms that its claims need, and what its seeds alone make."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from humpback.core.expression import Artifact, FieldError, below, canonical
from humpback.experiments.catalogue import Declared, Experiment, closest, experiment
from humpback.experiments.setups.base import Setup
from humpback.spec.claims import Above, Claim, Comparison, Rising
from humpback.spec.protocol import FIRST_SEED, Protocol, Registered

JudgedClaim = Comparison | Above | Rising
"""Claims that can be registered: of judged arms and of curves."""


@dataclass(frozen=True)
class Plan:
    """A protocol with what it names: the setup, and its claims in their experiments at some seeds."""

    setup: Setup
    claims: tuple[tuple[Registered, JudgedClaim], ...]
    """In the protocol's order; as large a difference matters as was registered."""
    experiments: dict[str, Declared]
    """By name, those of the claims with the arms that these are about."""
    whole: dict[str, Declared]
    """By name, every experiment that the protocol names, with all of its arms."""
    explored: tuple[str, ...] = ()
    """Names of experiments that are run whole."""

    @property
    def targets(self) -> list[Artifact]:
        """What a confirming run has to make."""
        return [target for declared in self.to_run.values() for target in declared.targets]

    @property
    def to_run(self) -> dict[str, Declared]:
        """By name, what a confirming run makes: the registered claims' arms, and what is explored beside them."""
        return {**self.experiments, **{name: self.whole[name] for name in self.explored}}


def planned(protocol: Protocol, setup: Setup, seeds: Sequence[int], own: Path | None = None) -> Plan:
    """What the protocol names on its setup, at these seeds; experiments also from one's own folder.

    Raises:
        FieldError: for an experiment or a claim that is not there, with the closest.
    """
    names = dict.fromkeys([*(one.experiment for one in protocol.primary), *protocol.exploratory])
    whole = {name: experiment(name, own).on(setup, seeds) for name in names}
    meant = [(one, registered_claim(whole[one.experiment], one)) for one in protocol.primary]
    claims = tuple((one, replace(claim, matters=one.matters or claim.matters)) for one, claim in meant)
    by_experiment: dict[str, list[Claim]] = {}
    for one, claim in claims:
        by_experiment.setdefault(one.experiment, []).append(claim)
    narrow = {name: of_claims(whole[name], some) for name, some in by_experiment.items()}
    return Plan(setup, claims, narrow, whole, protocol.exploratory)


def parts_of(setup: Setup) -> tuple[tuple[str, str], ...]:
    """For each field of the setup the first 16 hexadecimal digits of a SHA-256 over all that is in it."""
    return tuple((one.name, digest(canonical(getattr(setup, one.name), f"Setup.{one.name}"))) for one in fields(setup))


def digest(value: Any) -> str:
    """The first 16 hexadecimal digits of a SHA-256 over JSON material."""
    return hashlib.sha256(json.dumps(value, sort_keys=True, separators=(",", ":")).encode()).hexdigest()[:16]


def registered_claim(declared: Declared, one: Registered) -> JudgedClaim:
    """The claim that is meant; of two arms that the experiment does not compare, that the first beats the second.

    Raises:
        FieldError: when there is neither, with the closest claim, or where the claim is not judged.
    """
    sides = {" - ".join(claim.sides): claim for claim in declared.claims}
    wanted, arms = f"{one.first} - {one.second}", declared.arms[declared.seeds[0]]
    if wanted not in sides and one.first in arms and one.second in arms:
        return arms[one.first].beats(arms[one.second], f"{one.first} beats {one.second}", only="")
    closest(f"claim of {one.experiment} on {declared.setup.name}", wanted, list(sides))
    claim = sides[wanted]
    if not isinstance(claim, JudgedClaim):
        raise FieldError(
            f"{one.name}: a claim about measured numbers; those of judged arms and of curves are confirmed"
        )
    return claim


def of_claims(declared: Declared, claims: Sequence[Claim]) -> Declared:
    """The experiment with only those arms and measures that these claims are about."""
    first = declared.arms[declared.seeds[0]].values()
    names = {name for claim in claims for name in claim.concerns(first)}

    def kept(by_seed: dict[int, dict[str, Any]]) -> dict[int, dict[str, Any]]:
        return {seed: {key: part for key, part in parts.items() if key in names} for seed, parts in by_seed.items()}

    return replace(declared, arms=kept(declared.arms), measures=kept(declared.measures), claims=tuple(claims))


def makes(declared: Declared) -> str:
    """A digest of everything that a run of it has to make."""
    return digest(sorted({one.fingerprint for one in declared.targets}))


def differences(protocol: Protocol, plan: Plan) -> list[str]:
    """What is no longer as it was registered, in words: fields of the setup, else what a claim's seeds make, or the
    paper's number; and seeds that are not spread over the bases."""
    registered, found = dict(protocol.parts), dict(parts_of(plan.setup))
    uneven = spread(plan.setup, protocol.seeds)
    told = [uneven] if uneven else []
    if digest(found) != protocol.fingerprint:
        names = [name for name in {**registered, **found} if registered.get(name) != found.get(name)]
        told += [f"the setup's {one} is {found.get(one, 'gone')}, not {registered.get(one, 'there')}" for one in names]
        return told if names else [*told, f"the setup is {digest(found)}, not {protocol.fingerprint}"]
    for one, claim in plan.claims:
        if (now := makes(plan.experiments[one.experiment])) != one.makes:
            told.append(f"what {one.name} makes is {now}, not {one.makes}: the experiment, or a stage, is another")
        if claim.paper_value != one.paper:
            told.append(f"the paper's number for {one.name} is {claim.paper_value}, not {one.paper}")
    return told


def spread(setup: Setup, seeds: Iterable[int]) -> str:
    """Why the seeds are not spread evenly over the setup's pretrainings; empty where they are."""
    bases = max(1, len(setup.pretrainings))
    counts = [sum(seed % bases == base for seed in seeds) for base in range(bases)]
    if len(set(counts)) == 1:
        return ""
    told = ", ".join(f"{count} of base {base}" for base, count in enumerate(counts))
    return f"seeds are {told}; a seed runs on base seed % {bases}, and each takes as many"


def fresh(experiments: Iterable[Experiment], setup: Setup, seeds: Collection[int]) -> dict[str, tuple[int, Artifact]]:
    """By fingerprint, every artifact of any of the experiments that is of one of these seeds: that no seed for design
    has, as it has the bases, the prompts and the reference."""
    bases = max(1, len(setup.pretrainings))
    others, own = set[str](), dict[str, tuple[int, Artifact]]()
    for one in experiments:
        try:
            declared = one.on(setup, [*range(min(bases, FIRST_SEED)), *seeds])
        except FieldError:
            continue  # the setup has nothing for it
        for seed in declared.seeds:
            made = below(*at_seed(declared, seed).targets)
            if seed in seeds:
                own |= {key: (seed, artifact) for key, artifact in made.items()}
            else:
                others |= made.keys()
    return {key: value for key, value in own.items() if key not in others}


def at_seed(declared: Declared, seed: int) -> Declared:
    """The experiment at one of its seeds."""
    return replace(declared, arms={seed: declared.arms[seed]}, measures={seed: declared.measures[seed]})
