"""Where an experiment says that the paper's numbers stand, to the numbers."""

from __future__ import annotations

from collections.abc import Mapping

from humpback.spec.claims import Cited
from humpback.spec.paper_numbers import PaperNumber, number


def resolve(cited: Mapping[str, Mapping[str, Cited]]) -> dict[str, dict[str, PaperNumber]]:
    """By arm or measure, and metric: the published number with what is known of it.

    Raises:
        FieldError: when there is no such number, or more than one; with the closest names.
        StoreError: when the published numbers are not found.
    """
    return {
        name: {metric: number(one.table, one.arm, one.metric, one.n_examples) for metric, one in by_metric.items()}
        for name, by_metric in cited.items()
    }


def values(resolved: Mapping[str, Mapping[str, PaperNumber]]) -> dict[str, dict[str, float]]:
    """The numbers alone, as `humpback.analysis.experiment.gather.gather` takes them."""
    return {name: {metric: one.value for metric, one in of.items()} for name, of in resolved.items()}
