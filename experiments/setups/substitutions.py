"""A setup with something else in one place: other pages, another rating prompt, or bases that are trained here."""

from __future__ import annotations

from dataclasses import fields, replace

from humpback.core.expression import Artifact, FieldError
from humpback.experiments.setups.base import Drawn, Setup
from humpback.spec.curation import ModelRater
from humpback.spec.data import Pages
from humpback.spec.files import ClueWeb22
from humpback.spec.models import Pretrained
from humpback.spec.prompts import PromptFile
from humpback.spec.template import Model


def on_pages(setup: Setup, pages: Pages) -> Setup:
    """The setup with these pages in ClueWeb22's place.

    Raises:
        FieldError: when the setup has other pages already.
    """
    segments = _replaced(setup.segments, ClueWeb22(), pages)
    if segments == setup.segments:
        raise FieldError(f"--pages goes with setups of ClueWeb22's pages; {setup.name!r} has pages of its own")
    return replace(setup, segments=segments)


def with_rating(setup: Setup, prompt: PromptFile) -> Setup:
    """The setup whose candidates are rated, by its models and by the strong one, with this prompt."""
    strong, own = setup.strong, setup.scoring.prompt
    if isinstance(strong, ModelRater) and strong.scoring.prompt == own:
        strong = replace(strong, scoring=replace(strong.scoring, prompt=prompt))
    return replace(setup, scoring=replace(setup.scoring, prompt=prompt), strong=strong)


def pretrained_here(setup: Setup) -> Setup:
    """The setup whose bases are trained from their recipes, though trained ones come with the project.

    Raises:
        FieldError: when none do.
    """

    def here(model: Model) -> Model:
        return replace(model, shipped="") if isinstance(model, Pretrained) else model

    changed = replace(
        setup,
        base=here(setup.base),
        pretrainings=tuple(map(here, setup.pretrainings)),
        bases=tuple(
            replace(base, model=here(base.model), pretrainings=tuple(map(here, base.pretrainings)))
            for base in setup.bases
        ),
    )
    if changed == setup:
        raise FieldError(f"--pretrain goes with setups whose bases come with the project; {setup.name!r} has none")
    return changed


def _replaced(artifact: Drawn, old: Artifact, new: Artifact) -> Drawn:
    values = {field.name: getattr(artifact, field.name) for field in fields(artifact)}
    changes = {
        name: new if value == old else _replaced(value, old, new)
        for name, value in values.items()
        if isinstance(value, Artifact)
    }
    return replace(artifact, **changes)
