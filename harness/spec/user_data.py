"""The vocabulary of the setup `files`: what somebody pointed at, as expressions. See `harness/inputs/user_file.py`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from humpback.core.expression import FieldError, Value
from humpback.spec.curation import HeldOut
from humpback.spec.data import Examples, Pages, Segments
from humpback.spec.files import Deduplicated, Texts
from humpback.spec.models import FolderModel, GgufModel, HubModel
from humpback.spec.prompts import PromptFile

Base = HubModel | FolderModel | GgufModel


@dataclass(frozen=True)
class UserData(Value):
    """Somebody's own data and model."""

    seed_data: Examples
    pages: Pages | Texts
    """Web pages, or texts that stand for their segments."""
    prompts: Examples
    base: Base | None
    """None is `tiny`: a small Llama trained from nothing on the segments and the seed data."""
    judge: Base | None
    """None is the base itself, which has to be said by name: it then judges the reference that it wrote."""
    reference: Literal["base", "prompts"] = "base"
    """Answers to compare with: the untrained base's, or the outputs that stand beside the prompts."""
    held_out: HeldOut | None = None
    """Pairs that nothing is trained on; the seed data are without them."""
    rating: PromptFile | None = None
    """Prompt of self-curation, where it stands in a file of somebody's."""
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

    @property
    def segments(self) -> Deduplicated:
        """What instructions are written for: segments of the pages, or the texts that stand for them."""
        if isinstance(self.pages, Texts):
            return Deduplicated(self.pages)
        return Deduplicated(Segments(self.pages, language=self.language))

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 < self.best <= 1:
            raise FieldError(f"best is {self.best}; it is a share of the candidates, above 0 and up to 1")
        if self.lora_rank is None:
            for name in ("lora_alpha", "lora_targets"):
                if getattr(self, name) is not None:
                    raise FieldError(f"{name} is given without lora_rank; adapters are trained where it is")
        if self.max_new_tokens is not None and self.max_new_tokens < 1:
            raise FieldError(f"max_new_tokens is {self.max_new_tokens}; it takes 1 or more")
