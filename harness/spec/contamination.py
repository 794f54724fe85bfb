"""Whether a model was trained on what it is asked: the vocabulary of contamination."""

from __future__ import annotations

from dataclasses import dataclass

from humpback.core.expression import Artifact
from humpback.spec.claims import Arm
from humpback.spec.data import Examples
from humpback.spec.measures import Measure
from humpback.spec.models import Finetuned, Pretrained
from humpback.spec.outcomes import AnswerLosses, Judged, Responses
from humpback.spec.template import Model

LARGEST_SHARE = 0.05
"""Share of its prompts above which nothing is told of a model. Five prompts in a hundred that went from lost to won
because it was trained on them are five points of win rate. An assumption: neither paper counts this."""


@dataclass(frozen=True)
class Contamination(Artifact):
    """The prompts that stand in a training set, whole, in part (13 words on end) or as near-duplicates.

    The rule is GPT-3's (arXiv 2005.14165, section 4 and appendix C) and MinHash's, in `harness/segmenter/overlap.py`. A
    prompt's instruction is looked for in instructions and outputs, never in system sentences.
    """

    stage = "humpback.stages.contamination:count_overlaps"
    says = "which of the prompts stand in the training set"
    slug_format = "{prompts.slug}-in-{training.slug}"

    training: Examples
    prompts: Examples


@dataclass(frozen=True)
class TrainingSets:
    """All that a model was trained on, as far as it is known."""

    finetuning: tuple[Examples, ...]
    pretraining: tuple[Examples, ...]
    unknown: Model | None
    """The model at the bottom, where nobody here knows what it was trained on."""

    @property
    def known(self) -> tuple[Examples, ...]:
        """Every set."""
        return (*self.finetuning, *self.pretraining)


def training_sets(model: Model) -> TrainingSets:
    """The sets that the model and each base below it were trained on."""
    finetuning: list[Examples] = []
    while isinstance(model, Finetuned):
        finetuning.append(model.examples)
        model = model.base
    if isinstance(model, Pretrained):
        return TrainingSets(tuple(finetuning), (model.texts,), None)
    return TrainingSets(tuple(finetuning), (), model)


@dataclass(frozen=True)
class Asked:
    """A model and the prompts that it was asked."""

    model: Model
    prompts: Examples

    @property
    def contaminations(self) -> tuple[Contamination, ...]:
        """Each set that the model was trained on, against the prompts."""
        return tuple(Contamination(one, self.prompts) for one in training_sets(self.model).known)


def asked(part: Arm | Measure) -> tuple[Asked, ...]:
    """The models whose answers an arm or a measure is about; answers that no model here gave have none."""
    reads = (part.judged.answers,) if isinstance(part, Arm) else part.needs
    answers = [
        answer for one in reads for answer in ((one.answers, one.against) if isinstance(one, Judged) else (one,))
    ]
    found = [Asked(one.model, one.prompts) for one in answers if isinstance(one, Responses)]
    found += [Asked(one.model, one.pairs) for one in answers if isinstance(one, AnswerLosses)]
    return tuple(dict.fromkeys(found))
