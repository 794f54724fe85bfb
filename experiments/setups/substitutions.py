"""A setup with pages or a rating prompt of somebody's in the place of its own."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import TypeVar

from humpback.core.expression import Artifact, FieldError
from humpback.experiments.setups.base import Setup
from humpback.spec.curation import ModelRater
from humpback.spec.data import Pages
from humpback.spec.files import ClueWeb22
from humpback.spec.prompts import PromptFile

Kind = TypeVar("Kind", bound=Artifact)


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


def _replaced(artifact: Kind, old: Artifact, new: Artifact) -> Kind:
    values = {field.name: getattr(artifact, field.name) for field in fields(artifact)}
    changes = {
        name: new if value == old else _replaced(value, old, new)
        for name, value in values.items()
        if isinstance(value, Artifact)
    }
    return replace(artifact, **changes)
