"""A protocol: what is claimed, from which difference on it matters, and with which seeds it is run, all of it fixed
before the run that confirms it."""

from __future__ import annotations

from dataclasses import dataclass

from humpback.core.expression import FieldError, Value

FIRST_SEED, LAST_SEED = 100, 999
"""Seeds of confirming runs: those below are for design, those above for sweeps."""


@dataclass(frozen=True)
class Headroom(Value):
    """What the smallest difference that matters is a share of: how much one arm gains over another on the design
    seeds."""

    experiment: str
    """Name of the experiment that has both arms, such as "humpback/headline"."""
    first: str
    """Name of the better arm, such as "oracle"."""
    second: str
    """Name of the arm that it is compared with, such as "M0"."""
    share: float = 0.2
    """Share of the headroom that matters, from 0 to 1."""
    points: float | None = None
    """Headroom in points of win rate."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 < self.share <= 1:
            raise FieldError(f"Headroom.share is {self.share:g}; it is above 0 and at most 1")


@dataclass(frozen=True)
class Variance(Value):
    """Variance components of a claim's outcomes on the design seeds, in squared points: what power is simulated
    from."""

    base: float = 0.0
    """Variance between pretrainings of the base."""
    seed: float = 0.0
    """Variance between seeds of one base."""
    prompt: float = 0.0
    """Variance between prompts, over all bases and seeds."""
    prompt_by_base: float = 0.0
    """Variance of a prompt's outcome between bases, beyond the prompt's and the base's own."""
    residual: float = 0.0
    """Variance of a prompt's outcome between seeds of one base."""


@dataclass(frozen=True)
class Registered(Value):
    """One claim that is to be confirmed. `humpback register` fills in what is not given."""

    experiment: str
    """Name of the experiment that makes the claim."""
    first: str
    """What is said to be the greater, as the experiment's tables have it: an arm such as "M1", or "slope of
    humpback". That is the claim's sign."""
    second: str
    """What it is compared with, such as "uncurated", or "level"."""
    matters: float | None = None
    """Smallest difference that matters, in points (of a slope: for a factor of e)."""
    because: str = ""
    """Reason for `matters` where it is not the share of the headroom."""
    paper: float | None = None
    """The paper's difference, in the same unit; none where it prints none."""
    paper_error: float | None = None
    """Standard error of the paper's difference; none where none follows from what it prints."""
    variance: tuple[Variance, ...] = ()
    """Of the difference and, where there is one, of the head to head, both of which have to hold."""
    prompts: int | None = None
    """Number of prompts."""
    power: float | None = None
    """Simulated chance that the claim holds after correction, if the truth is the smallest difference that matters."""
    makes: str = ""
    """First 16 hexadecimal digits of a SHA-256 over all that the claim's seeds have to make."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.matters is not None and not self.matters > 0:
            raise FieldError(f"Registered.matters is {self.matters:g}; it is above 0")

    @property
    def name(self) -> str:
        """For messages and tables."""
        return f"{self.experiment}: {self.first} > {self.second}"


@dataclass(frozen=True)
class Protocol(Value):
    """What is registered. `humpback register` fills in what is not given."""

    setup: str
    """Name of the setup, or "files"."""
    design_seeds: tuple[int, ...]
    """Seeds below 100 that the world, the differences that matter and the variances come from."""
    primary: tuple[Registered, ...]
    """The family of claims that is corrected together."""
    matters: Headroom | None = None
    seeds: tuple[int, ...] = ()
    """Seeds of the confirming run, from 100 to 999, as many of each of the setup's pretrainings."""
    hours: float | None = None
    """Time that the confirming run may take on this machine; the number of seeds follows from it."""
    seed_minutes: float | None = None
    """Time that one seed took on the design seeds, in minutes of all workers together."""
    exploratory: tuple[str, ...] = ()
    """Experiments that are run whole beside, and confirm nothing."""
    files: str = ""
    """Name of the TOML file of the setup "files", relative to the protocol's."""
    fingerprint: str = ""
    """First 16 hexadecimal digits of a SHA-256 over the setup."""
    parts: tuple[tuple[str, str], ...] = ()
    """The same of each field of the setup, so that a difference can be named."""

    def __post_init__(self) -> None:
        super().__post_init__()
        for name, seeds, low, high in (
            ("design_seeds", self.design_seeds, 0, FIRST_SEED - 1),
            ("seeds", self.seeds, FIRST_SEED, LAST_SEED),
        ):
            wrong = [seed for seed in seeds if not low <= seed <= high]
            if wrong or len(set(seeds)) < len(seeds):
                found = f"{wrong[0]} is among them" if wrong else "one stands there twice"
                raise FieldError(f"Protocol.{name}: {found}; they are distinct whole numbers from {low} to {high}")
        if len(self.design_seeds) < 2:
            raise FieldError(f"Protocol.design_seeds has {len(self.design_seeds)}; a variance takes 2 or more")
        if not self.primary:
            raise FieldError("Protocol.primary is empty; it has one table [[primary]] for each claim")
        names = [one.name for one in self.primary]
        if twice := [one for one in names if names.count(one) > 1]:
            raise FieldError(f"Protocol.primary: {twice[0]} is registered twice")
