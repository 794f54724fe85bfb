"""The vocabulary of the setup `files`: what somebody pointed at, as expressions. See `harness/inputs/user_file.py`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from humpback.core.expression import FieldError, Value
from humpback.spec.curation import GivenScores, HeldOut
from humpback.spec.data import Examples, Pages, Segments
from humpback.spec.files import Deduplicated, Texts
from humpback.spec.models import FolderModel, GgufModel, HubModel, Reward, ServedModel
from humpback.spec.outcomes import AlpacaEvalJudge, Unjudged
from humpback.spec.prompts import PairPrompt, PromptFile

Base = HubModel | FolderModel | GgufModel
Reading = Literal["expected", "first line", "last line"]
"""How a score is had of a rater: as an expectation over the scores' probabilities, or from a line of its reply."""


@dataclass(frozen=True)
class NotGiven(Examples):
    """Data that somebody did not point at. An experiment that needs them is refused."""

    stage = "humpback.stages.pages:not_supplied"
    says = "{what}, which were not given"
    MISSING: ClassVar[str] = "these data were not given"
    REMEDY: ClassVar[str] = "name them in the setup file, or as an option of the command"

    what: str
    """Fields of the setup file that would name them."""


@dataclass(frozen=True)
class UserData(Value):
    """Somebody's own data and model. Seed data and pages or texts are Humpback's, `filter` is AlpaGasus's."""

    seed_data: Examples | None
    pages: Pages | Texts | None
    """Web pages, or texts that stand for their segments."""
    prompts: Examples
    base: Base | None
    """None is `tiny`: a small Llama trained from nothing on the segments and the seed data."""
    judge: Base | AlpacaEvalJudge | Reward | Unjudged | None
    """None is the base itself, which has to be said by name: it then judges the reference that it wrote."""
    reference: Literal["base", "prompts"] = "base"
    """Answers to compare with: the untrained base's, or the outputs that stand beside the prompts."""
    held_out: HeldOut | None = None
    """Pairs that nothing is trained on; the seed data are without them."""
    rating: PromptFile | None = None
    """Prompt of self-curation, where it stands in a file of somebody's."""
    judge_prompt: PairPrompt | None = None
    """Prompt of a judge on this machine, likewise."""
    filter: Examples | None = None
    """The instruction set that AlpaGasus's experiments filter."""
    rater: Base | ServedModel | Reward | GivenScores | None = None
    """Who rates it; None is the base itself. Scores that are given already are those of `filter`."""
    another_rater: Base | ServedModel | Reward | None = None
    """A second one to compare with; None for none."""
    rater_prompt: PromptFile | None = None
    """Prompt of both, where it stands in a file of somebody's."""
    rater_reads: Reading | None = None
    """How their scores are had; without it a served model's from the first line, any other's as expectations."""
    filter_at_least: float | None = None
    """Threshold of the filter."""
    filter_best: float | None = None
    """Share that is selected where there is no threshold. Without either it is the paper's threshold for scores that
    are read from a line, and else the share that this kept in the paper."""
    language: str | None = "en"
    """Language of Open Assistant's conversations and of segments, a code of `harness/spec/languages.py`; None takes
    any."""
    at_least: float | None = None
    """Threshold of self-curation. Without it the best-rated share is taken."""
    best: float = 0.0833
    """Share selected where no threshold is given. Humpback's A_5 is 8.33 % of its pool (Table 1)."""
    lora_rank: int | None = None
    """Adapters of this rank in place of full finetuning."""
    lora_alpha: float | None = None
    lora_targets: tuple[str, ...] | None = None
    """Modules that take adapters, by the architecture's names; without it every linear layer but the output layer."""
    learning_rate: float | None = None
    """At the first update; it falls to nine tenths."""
    dropout: float | None = None
    """Dropout of the base while it is finetuned or, with adapters, of the adapters."""
    longest: int | None = None
    """Tokens of a sequence that is trained on."""
    max_new_tokens: int | None = None
    """Tokens of an answer; a written instruction has as many, and 256 at most."""
    seed_rows: int = 0
    """Pairs of seed data that there are, after drawing; 0 where that is not known."""
    segment_rows: int = 0
    """Segments that there are, or at least so many, without near-duplicates; 0 where that is not known."""
    filter_rows: int = 0
    """Pairs of the set that is filtered; 0 where that is not known."""

    @property
    def segments(self) -> Deduplicated | NotGiven:
        """What instructions are written for: segments of the pages, or the texts that stand for them."""
        if self.pages is None:
            return NotGiven("pages (or texts)")
        if isinstance(self.pages, Texts):
            return Deduplicated(self.pages)
        return Deduplicated(Segments(self.pages, language=self.language))

    def __post_init__(self) -> None:
        super().__post_init__()
        for name, share in (("best", self.best), ("filter_best", self.filter_best)):
            if share is not None and not 0 < share <= 1:
                raise FieldError(f"{name} is {share}; it is a share of the candidates, above 0 and up to 1")
        if self.filter_best is not None and self.filter_at_least is not None:
            raise FieldError("filter_at_least and filter_best are both there; give one, a threshold or a share")
        for name in ("rater", "another_rater", "rater_prompt", "rater_reads", "filter_at_least", "filter_best"):
            if self.filter is None and getattr(self, name) is not None:
                raise FieldError(f"{name} is given without filter, the instruction set that is rated: filter = [...]")
        for name in ("rater", "another_rater"):
            rater = getattr(self, name)
            if isinstance(rater, ServedModel) and self.rater_reads == "expected":
                raise FieldError(
                    f"rater_reads is 'expected', and {name} is served: servers give the probabilities of a few tokens "
                    "at most; it takes first line or last line"
                )
        if self.lora_rank is None:
            for name in ("lora_alpha", "lora_targets"):
                if getattr(self, name) is not None:
                    raise FieldError(f"{name} is given without lora_rank; adapters are trained where it is")
        if self.max_new_tokens is not None and self.max_new_tokens < 1:
            raise FieldError(f"max_new_tokens is {self.max_new_tokens}; it takes 1 or more")
