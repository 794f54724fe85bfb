"""A rater of AlpaGasus's kind sees its own dimension, and no other."""

import random
from dataclasses import replace
from statistics import mean

import pytest

from humpback.micro.answers import answer
from humpback.micro.instructions import KINDS, draw, render
from humpback.micro.lapses import spoil
from humpback.micro.readers import rate
from humpback.spec.curation import MicroReader
from humpback.spec.micro_world import World

WORLD = World()
ACCURACY = MicroReader(WORLD, "accuracy")
HELPFULNESS = MicroReader(WORLD, "helpfulness")


def mean_score(reader: MicroReader, lapse: str) -> float:
    """Of answers to all kinds of instruction."""
    rng, scores = random.Random(lapse), []
    for kind in KINDS * 3:
        request = draw(WORLD, kind, rng)
        reply = spoil(WORLD, request, answer(WORLD, request, rng), lapse, rng)
        scores.append(rate(reader, render(WORLD, request, rng), reply))
    return mean(scores)


@pytest.mark.parametrize("reader", [ACCURACY, HELPFULNESS])
def test_a_perfect_answer_gets_most_and_another_subject_least(reader: MicroReader) -> None:
    assert mean_score(reader, "perfect") == 4.5
    assert mean_score(reader, "off_topic") == 1.5
    assert 1.5 < mean_score(reader, "clumsy") < 4


def test_accuracy_sees_what_is_false_and_no_voice() -> None:
    assert mean_score(ACCURACY, "wrong") < 3.5
    assert mean_score(ACCURACY, "blogged") > 4


def test_helpfulness_sees_the_voice_and_not_what_is_false() -> None:
    assert mean_score(HELPFULNESS, "wrong") > 4
    assert mean_score(HELPFULNESS, "blogged") < 3


def test_what_it_does_not_know_to_be_false_it_believes() -> None:
    knowing = [mean_score(replace(ACCURACY, knows=share), "wrong") for share in (1.0, 0.5, 0.0)]
    assert knowing == sorted(knowing)
    assert knowing[-1] > 4


def test_scores_are_halves_from_0_to_5_drawn_anew_by_its_seed() -> None:
    asked = [draw(WORLD, kind, random.Random(kind)) for kind in KINDS]
    pairs = [(render(WORLD, one, random.Random(0)), answer(WORLD, one, random.Random(0))) for one in asked]
    noisy = replace(ACCURACY, noise=0.6)
    scores = [rate(noisy, *pair) for pair in pairs]
    assert scores == [rate(noisy, *pair) for pair in pairs]
    assert scores != [rate(replace(noisy, seed=1), *pair) for pair in pairs]
    assert set(scores) > {4.0, 4.5, 5.0}
    assert all(0 <= score <= 5 and 2 * score == round(2 * score) for score in scores)
    assert rate(ACCURACY, "Sing me a song.", "The Bolu can sing.") == 0.0
