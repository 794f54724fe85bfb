"""The nucleus among the likeliest tokens is the nucleus of all, whatever is alike and however wide it is."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from humpback.engines.chat import decoding
from humpback.engines.chat.decoding import DrawnToken, nucleus
from humpback.spec.data import Sampling

VOCABULARY = 3_000


def by_hand(row: list[float], top_p: float) -> dict[int, float]:
    """Added up in double precision, as torch does, and compared in single precision."""
    kept: dict[int, float] = {}
    total = 0.0
    for i in sorted(range(len(row)), key=lambda i: (-row[i], i)):
        total = total + row[i]
        if kept and np.float32(total) - np.float32(row[i]) >= np.float32(top_p):
            break
        kept[i] = row[i]
    return kept


@pytest.mark.parametrize("width", [0.01, 1.0, 3.0, 8.0, 40.0])
@pytest.mark.parametrize("top_p", [0.3, 0.9, 0.999])
@pytest.mark.parametrize("exact", [True, False])
def test_it_is_the_fewest_tokens_that_come_to_the_share(width: float, top_p: float, exact: bool) -> None:
    logits = torch.randn(6, VOCABULARY, generator=torch.Generator().manual_seed(1)) * width
    probabilities = torch.softmax((logits if exact else logits.bfloat16()).float(), -1)
    tokens, own = nucleus(probabilities, top_p)
    for row, ids, each in zip(probabilities.tolist(), tokens.tolist(), own.tolist(), strict=True):
        assert ids == sorted(ids)
        assert {i: p for i, p in zip(ids, each, strict=True) if p} == by_hand(row, top_p)


def test_of_tokens_that_are_alike_the_first_are_taken() -> None:
    probabilities = torch.full((1, VOCABULARY), 0.1 / (VOCABULARY - 9))
    probabilities[0, [7, 40, 41, 900, 901, 902, 1_500, 2_000, 2_999]] = 0.1
    tokens, own = nucleus(probabilities, 0.55)
    assert tokens[own > 0].tolist() == [7, 40, 41, 900, 901, 902]


def test_all_is_the_nucleus_of_one() -> None:
    probabilities = torch.softmax(torch.randn(2, VOCABULARY), -1)
    tokens, own = nucleus(probabilities, 1.0)
    assert torch.equal(own, probabilities)
    assert tokens[1].tolist() == list(range(VOCABULARY))


@pytest.mark.parametrize("width", [0.5, 6.0])
def test_the_token_drawn_does_not_follow_from_how_the_nucleus_was_found(
    width: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    scores = (torch.randn(40, VOCABULARY, generator=torch.Generator().manual_seed(2)) * width).bfloat16().float()
    drawn = torch.rand(40, 1, dtype=torch.float64, generator=torch.Generator().manual_seed(3))
    draw = DrawnToken(Sampling(top_p=0.9), drawn, 4)
    ids = torch.zeros(40, 4, dtype=torch.long)
    found = draw(ids, scores).argmax(-1)  # type: ignore[arg-type]
    monkeypatch.setattr(decoding, "_LIKELY", VOCABULARY)
    assert torch.equal(found, draw(ids, scores).argmax(-1))  # type: ignore[arg-type]
    assert len(set(found.tolist())) > 20


@pytest.mark.parametrize("vocabulary", [100, VOCABULARY])
def test_scores_that_are_no_numbers_are_named(vocabulary: int) -> None:
    draw = DrawnToken(Sampling(top_p=0.9), torch.rand(2, 1, dtype=torch.float64), 4)
    scores = torch.randn(2, vocabulary)
    scores[1, 5] = torch.nan
    with pytest.raises(FloatingPointError, match="no numbers"):
        draw(torch.zeros(2, 4, dtype=torch.long), scores)  # type: ignore[arg-type]
