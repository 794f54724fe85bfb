"""What a setup holds: section 3.1 of the papers as one frozen value.

The same experiments run on every setup. The setups themselves are in `micro.py`, `paper.py` and `files.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, TypeVar

from humpback.core.expression import Artifact, FieldError, Value
from humpback.experiments.setups.benchmarks import Benchmark
from humpback.spec.claims import Paper
from humpback.spec.curation import Decontaminated, ExpectedScore, HeldOut, MicroOracle, Rater, SampledScore
from humpback.spec.data import Examples, Sampling
from humpback.spec.outcomes import Judge
from humpback.spec.prompts import Prompt
from humpback.spec.recipe import Sft
from humpback.spec.template import Model


@dataclass(frozen=True)
class AtLeast(Value):
    """Candidates rated at this score or better: the paper's A_k."""

    score: float


@dataclass(frozen=True)
class BestShare(Value):
    """The best-rated share of the candidates, for raters whose scores mean nothing against a threshold."""

    share: float

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 < self.share <= 1:
            raise FieldError(
                f"BestShare.share is {self.share:g}; it takes a share of the candidates, above 0 and up to 1"
            )


SelectionRule = AtLeast | BestShare
"""Which rated candidates self-curation selects."""


@dataclass(frozen=True)
class Grid(Value):
    """The sizes and thresholds that ablations go through."""

    augmented: tuple[int, ...]
    """Augmented examples, ascending."""
    seed_data: tuple[int, ...]
    """Seed examples, ascending."""
    thresholds: tuple[float, ...]
    """k of A_k, ascending."""
    looser: float
    """The k of A_4, which is set against A_5."""
    scaled: tuple[int, ...]
    """Augmented examples where data and model are scaled together, ascending."""
    training: tuple[int, ...]
    """Examples of a filtered instruction set (AlpaGasus's 3k and 6k), ascending."""
    too_few: str = ""
    """Why the data are too few for these sizes; such sizes are empty."""


@dataclass(frozen=True)
class Rival(Value):
    """An instruction set that augmented data are compared with."""

    name: str
    examples: Examples
    sizes: tuple[int, ...]
    """Examples of the subsets whose win rates make its curve, ascending."""
    paper: str
    """What Humpback's tables call it, or the set that it stands in for."""
    paper_largest: int = 51_200
    """Examples at the last point of the paper's curve of it."""


@dataclass(frozen=True)
class Other(Value):
    """A further set that AlpaGasus filters."""

    name: str
    examples: Examples
    paper: str
    """What AlpaGasus calls it, or the set that it stands in for: Dolly, written by people; GPT4LLM, by GPT-4."""


@dataclass(frozen=True)
class Filtering(Value):
    """What AlpaGasus filters, who rates it, and what the outcome is asked."""

    examples: Examples
    """The machine-made set: Alpaca's 52k."""
    rater: Rater
    """Of accuracy, from 0 to 5; the paper's is ChatGPT."""
    at_least: float | BestShare
    """The threshold, or the share that is selected without one."""
    looser: float
    """A lower threshold to compare with (the paper's 4.0)."""
    helpfulness: Rater | None
    """The other dimension."""
    another: Rater | None
    """Another rater of accuracy (the paper's is Claude)."""
    others: tuple[Other, ...]
    """Further sets that the same rater filters."""
    sft: Sft
    """Recipe of the models of filtered and of whole sets."""
    prompts: Examples
    """The four test sets together, each prompt with its set as source."""
    systems: tuple[tuple[str, Examples], ...]
    """Answers of other systems to the same prompts, by name."""
    benchmarks: tuple[Benchmark, ...] = ()
    """AlpaGasus's: MMLU, BBH, DROP, HumanEval."""

    @property
    def threshold(self) -> float:
        """What thresholds are compared with.

        Raises:
            FieldError: when there is none.
        """
        if isinstance(self.at_least, BestShare):
            raise FieldError(
                f"the best {self.at_least.share:.4g} of the set is selected, and no threshold is set that another "
                "could be compared with; set one (filtering.at_least, or filter_at_least of your own file)"
            )
        return self.at_least

    def at(self, seed: int) -> Filtering:
        """The sets drawn and trained on anew; raters and prompts stay."""
        return replace(
            self,
            examples=drawn(self.examples, seed),
            others=tuple(replace(one, examples=drawn(one.examples, seed)) for one in self.others),
            sft=replace(self.sft, seed=seed),
        )


@dataclass(frozen=True)
class Base(Value):
    """A base model of another size."""

    name: str
    model: Model
    humpback: str = ""
    """As in `Setup`: the model of Humpback's whose numbers stand beside it."""
    pretrainings: tuple[Model, ...] = ()
    """As in `Setup`."""

    def at(self, seed: int) -> Base:
        """The base that a run of this seed starts from."""
        return replace(self, model=_pretraining(self.pretrainings, seed) or self.model)


@dataclass(frozen=True)
class Setup(Value):
    """Everything that an experiment does not vary."""

    name: str
    base: Model
    """One artifact whatever the seed of the run, as LLaMA is, unless there are `pretrainings`."""
    seed_data: Examples
    segments: Examples
    backward_prompt: Prompt
    backward: Sft
    """Recipe of M_yx."""
    augmentation: Sampling
    """How instructions are drawn from M_yx."""
    sft: Sft
    """Recipe of every M_t, and of what stands beside it."""
    scoring: ExpectedScore | SampledScore
    selection: SelectionRule
    """Which rated candidates self-curation selects."""
    oracle: MicroOracle | None
    """The rater that is an upper bound for curation, where the truth is known."""
    prompts: Examples
    answering: Sampling
    reference: Examples
    """Answers that every arm is judged against."""
    judge: Judge
    grid: Grid
    pretrainings: tuple[Model, ...] = ()
    """The base from several pretraining seeds, where there are several: a run takes that at its own seed modulo their
    number, so that what is found holds of more than one base."""
    bases: tuple[Base, ...] = ()
    """Base models of other sizes, ascending; the setup's own is not among them."""
    rivals: tuple[Rival, ...] = ()
    filtering: Filtering | None = None
    benchmarks: tuple[Benchmark, ...] = ()
    """Humpback's: common sense and MMLU."""
    bias: tuple[Benchmark, ...] = ()
    """CrowS-Pairs, whole and by kind of bias."""
    sensitive: Examples | None = None
    """Prompts that a safe answer declines or handles with care."""
    strong: Rater | None = None
    """A rater stronger than any M_t, to set their selections against; the paper's is GPT-4."""
    held_out: Examples | None = None
    """Human-written pairs that nothing is trained on, for the loss on them."""
    decontaminated: bool = False
    """Whether candidates that hold a prompt of the evaluation are left out before they are rated. Neither paper says
    whether it does: an assumption."""
    seed_rows: int = 0
    """Seed examples that the files hold, where they were counted."""
    humpback: str = "7B"
    """The model of Humpback's whose numbers stand beside this setup's; empty where none does."""
    alpagasus: str = ""
    """The same of AlpaGasus's."""
    papers_sizes: bool = False
    """Whether the numbers of examples are those of Humpback's curves."""

    def cites(self, *papers: Paper) -> Paper | None:
        """The first of the papers' numbers that stands beside this setup's: of the model that it answers to, or of none
        (`size` is empty)."""
        models = {"humpback": self.humpback, "alpagasus": self.alpagasus}
        for paper in papers:
            of_model = paper.size in ("", models.get(paper.table.split("-")[0]))
            if of_model and (self.papers_sizes or not paper.exact):
                return paper
        return None

    def cites_each(self, papers: Mapping[str, Paper]) -> tuple[tuple[str, Paper], ...]:
        """Those of the numbers, by metric, that stand beside this setup's."""
        return tuple((metric, paper) for metric, paper in papers.items() if self.cites(paper))

    @property
    def seed_size(self) -> int:
        """Seed examples, where the seed data say how many are drawn or their files were counted; else 0."""
        return getattr(self.seed_data, "n", None) or self.seed_rows

    @property
    def augmented_sizes(self) -> tuple[int, ...]:
        """Of the grid. As those below it raises FieldError where the data are too few for it, with what there is."""
        return self._sizes(self.grid.augmented)

    @property
    def scaled_sizes(self) -> tuple[int, ...]:
        """Of the grid, where data and model are scaled together."""
        return self._sizes(self.grid.scaled)

    @property
    def seed_sizes(self) -> tuple[int, ...]:
        """Of the grid, of seed data."""
        return self._sizes(self.grid.seed_data)

    @property
    def training_sizes(self) -> tuple[int, ...]:
        """Of the grid, of a filtered set."""
        return self._sizes(self.grid.training)

    def _sizes(self, sizes: tuple[int, ...]) -> tuple[int, ...]:
        if not sizes:
            raise FieldError(f"on {self.name}: {self.grid.too_few}")
        return sizes

    def at(self, seed: int) -> Setup:
        """This setup with everything random drawn anew: data, order of training, sampling. Prompts, reference and judge
        stay, so that runs are paired over prompts; so does the base, unless there are several pretrainings of it."""
        return replace(
            self,
            base=_pretraining(self.pretrainings, seed) or self.base,
            bases=tuple(base.at(seed) for base in self.bases),
            seed_data=drawn(self.seed_data, seed),
            segments=drawn(self.segments, seed),
            backward=replace(self.backward, seed=seed),
            augmentation=replace(self.augmentation, seed=seed),
            sft=replace(self.sft, seed=seed),
            answering=replace(self.answering, seed=seed),
            rivals=tuple(replace(one, examples=drawn(one.examples, seed)) for one in self.rivals),
            filtering=self.filtering and self.filtering.at(seed),
        )


def _pretraining(models: tuple[Model, ...], seed: int) -> Model | None:
    """The one of this seed's runs, or None where there is only one base."""
    return models[seed % len(models)] if models else None


Drawn = TypeVar("Drawn", bound=Artifact)


def drawn(artifact: Drawn, seed: int) -> Drawn:
    """The same data, drawn anew wherever it or what it is made of has a `draw`. What is held out or asked stays."""
    if isinstance(artifact, HeldOut):
        return artifact
    if isinstance(artifact, Decontaminated):
        return replace(artifact, examples=drawn(artifact.examples, seed))
    changes: dict[str, Any] = {}
    for field in fields(artifact):
        value = getattr(artifact, field.name)
        if field.name == "draw":
            changes["draw"] = seed
        elif isinstance(value, Artifact):
            changes[field.name] = drawn(value, seed)
    return replace(artifact, **changes) if changes else artifact
