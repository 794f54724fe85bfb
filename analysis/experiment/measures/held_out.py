"""The loss on held-out answers, pair by pair, so that two models are compared on the very answers that both read.

The loss is that of all tokens together, sum of nats over sum of tokens, which is a ratio of two sums over pairs. Each
pair stands for the ratio plus its own departure from it in the average pair's tokens: these values have the ratio for
their mean, and its variance by the delta method for theirs; so do differences of two models on the same pairs.
"""

from __future__ import annotations

import numpy as np

from humpback.analysis.experiment.measures.number import Number, count
from humpback.core.store import Store
from humpback.core.tables import LOSSES, AnswerLoss, read
from humpback.spec.measures import HeldOutLoss


def held_out_loss(store: Store, measure: HeldOutLoss) -> tuple[Number, ...]:
    """Nats a token under the pairs' ids; how many pairs there are, and tokens of their answers. A pair of whose answer
    nothing was left has no value."""
    rows = list(read(store.open(measure.losses) / LOSSES, AnswerLoss))
    tokens, nats = (np.array([getattr(row, name) for row in rows], dtype=float) for name in ("tokens", "nats"))
    measured = tokens > 0
    mean = nats.sum() / tokens.sum()
    values = np.where(measured, mean + (nats - mean * tokens) / tokens[measured].mean(), np.nan)
    return (
        Number(measure.METRIC, values, tuple(row.id for row in rows), ".3f"),
        count("held-out pairs", int(measured.sum())),
        count("tokens of their answers", float(tokens.sum())),
    )
