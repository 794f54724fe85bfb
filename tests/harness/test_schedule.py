"""Order of batches: every row once an epoch, like lengths together, no drift from long to short."""

from __future__ import annotations

import itertools
import random
import statistics

from humpback.stages.training import LengthGroups


def batches(order: list[int], size: int) -> list[list[int]]:
    return [order[i : i + size] for i in range(0, len(order), size)]


def test_every_row_once_an_epoch_and_another_order_the_next() -> None:
    rng = random.Random(0)
    lengths = [rng.randrange(10, 100) for _ in range(1_003)]
    groups = LengthGroups(lengths, 16, 3)
    first, second = list(groups), list(groups)
    assert sorted(first) == sorted(second) == list(range(1_003))
    assert first != second
    assert list(LengthGroups(lengths, 16, 3)) == first
    assert list(LengthGroups(lengths, 16, 4)) != first


def test_batches_hold_like_lengths_and_come_in_no_order_of_length() -> None:
    rng = random.Random(1)
    lengths = [rng.randrange(10, 100) for _ in range(3_200)]
    cut = batches(list(LengthGroups(lengths, 16, 0)), 16)
    spread = statistics.mean(max(lengths[i] for i in b) - min(lengths[i] for i in b) for b in cut)
    assert spread < 8, "of 90 where batches are drawn at random"
    means = [statistics.mean(lengths[i] for i in b) for b in cut]
    halves = statistics.mean(means[:100]) - statistics.mean(means[100:])
    assert abs(halves) < 12
    rises = sum(a < b for a, b in itertools.pairwise(means)) / (len(means) - 1)
    assert 0.4 < rises < 0.6


def test_in_order_only_batches_near_each_other_change_places() -> None:
    rng = random.Random(2)
    lengths = [rng.randrange(10, 100) for _ in range(3_210)]
    order = list(LengthGroups(lengths, 16, 0, in_order=True))
    assert sorted(order) == list(range(3_210))
    assert order != list(range(3_210))
    assert max(abs(place - row) for place, row in enumerate(order)) < 50 * 16
    means = [statistics.mean(lengths[i] for i in b) for b in batches(order[:800], 16)]
    assert means != sorted(means)


def test_a_partial_batch_stays_last() -> None:
    lengths = list(range(37))
    cut = batches(list(LengthGroups(lengths, 8, 0)), 8)
    assert [len(b) for b in cut] == [8, 8, 8, 8, 5]
    for b in cut:
        assert max(b) - min(b) < 8
