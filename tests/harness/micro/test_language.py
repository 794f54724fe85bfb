"""Instructions can be read back, and the oracle tells a perfect answer from each way of failing."""

import random
from collections import Counter
from dataclasses import replace
from statistics import mean

import pytest

from humpback.micro.answers import answer, needs
from humpback.micro.instructions import (
    KINDS,
    Request,
    draw,
    draw_kind,
    holds,
    paraphrases,
    parse,
    pool,
    render,
    requests,
)
from humpback.micro.lapses import blogged, clumsy, cut_off, promoted, wrong
from humpback.micro.oracle import grade, rate, rating
from humpback.spec.micro_world import PROPERTIES, SEED_KINDS, World, creatures_with, facts

WORLD = World()


def examples(kind: str, n: int = 40) -> list[tuple[str, Request, str]]:
    """Instructions of a kind with perfect answers, in many wordings."""
    rng = random.Random(kind)
    asked = [draw(WORLD, kind, rng) for _ in range(n)]
    return [(render(WORLD, request, rng), request, answer(WORLD, request, rng)) for request in asked]


def test_the_world_depends_on_its_seed_alone() -> None:
    assert facts(World(3)) == facts(World(3)) != facts(World(4))
    assert len(facts(WORLD)) == 32
    assert all(tuple(held) == PROPERTIES for held in facts(WORLD).values())
    assert len(creatures_with(WORLD, "forest")) == 4


def test_a_world_too_small_for_its_lists_is_refused() -> None:
    with pytest.raises(ValueError, match=r"World.creatures is 20"):
        World(creatures=20)


def test_there_are_70_kinds_a_tenth_of_them_in_the_seed_and_they_come_up_in_a_long_tail() -> None:
    assert len(set(KINDS)) == 70
    assert len(set(SEED_KINDS)) == 7
    assert set(SEED_KINDS) < set(KINDS)
    rng = random.Random(0)
    drawn = sorted(Counter(draw_kind(rng) for _ in range(20_000)).values())
    assert len(drawn) == 70
    assert drawn[-1] > 6 * drawn[0]


def test_what_is_asked_of_two_creatures_is_held_out_in_both_orders() -> None:
    for kind in ("both_food", "both_size"):
        kept = set(pool(WORLD, kind, True))
        assert {replace(one, creature=one.other, other=one.creature) for one in kept} == kept
        assert len(kept) == len(requests(WORLD, kind)) // 4


def test_an_answer_to_be_weighed_is_held_out_with_the_question_that_it_answers() -> None:
    for about in PROPERTIES:
        asked = {request.creature for request in pool(WORLD, f"ask_{about}", True)}
        assert {request.creature for request in pool(WORLD, f"weigh_{about}", True)} == asked


def test_claims_are_true_and_answers_to_be_weighed_good_about_half_of_the_time() -> None:
    rng = random.Random(0)
    for kind in ("heard_sound", "heard_time", "weigh_habitat"):
        assert 0.4 < mean(holds(WORLD, draw(WORLD, kind, rng)) for _ in range(400)) < 0.6


@pytest.mark.parametrize("kind", KINDS)
def test_every_wording_reads_back(kind: str) -> None:
    for request in requests(WORLD, kind)[:200]:
        wordings = paraphrases(request)
        assert len(set(wordings)) == 3
        assert all(parse(WORLD, text) == request for text in wordings)


def test_what_is_no_instruction_reads_as_none() -> None:
    assert parse(WORLD, "") is None
    assert parse(WORLD, "Where does the Unicorn live?") is None
    creature = next(iter(facts(WORLD)))
    assert parse(WORLD, f"  Where does\nthe {creature} live? ") == Request("ask_habitat", creature)


@pytest.mark.parametrize("kind", KINDS)
def test_the_perfect_answer_is_perfect_in_every_wording(kind: str) -> None:
    for instruction, _, good in examples(kind, 200):
        given = grade(WORLD, instruction, good)
        assert given.score == 1.0, (instruction, good, given)
        assert rating(given) == 5


@pytest.mark.parametrize("kind", KINDS)
def test_every_lapse_costs(kind: str) -> None:
    rng = random.Random(f"lapse {kind}")
    for instruction, request, good in examples(kind):
        subject = request.creature or next(iter(facts(WORLD)))
        score = {
            "wrong": grade(WORLD, instruction, wrong(WORLD, good, rng)),
            "lazy": grade(WORLD, instruction, clumsy(WORLD, request, rng)),
            "cut off": grade(WORLD, instruction, cut_off(good, rng)),
            "blog": grade(WORLD, instruction, blogged(good, subject, rng)),
            "promoted": grade(WORLD, instruction, promoted(good, subject, rng)),
            "foreign": grade(WORLD, instruction, f"{good}\nThe city has a new bridge."),
            "twice": grade(WORLD, instruction, f"{good}\n{good}"),
        }
        assert all(given.score < 0.95 and rating(given) < 5 for given in score.values()), (instruction, good, score)
        assert score["wrong"].facts < 1, (instruction, good)
        assert score["blog"].voice == score["promoted"].voice == 0
        assert score["foreign"].focus < 1
        assert score["foreign"].facts == score["foreign"].complete == 1


@pytest.mark.parametrize("kind", [kind for kind in KINDS if not kind.startswith("name_")])
def test_the_answer_to_something_else_is_not_perfect(kind: str) -> None:
    rng = random.Random(f"other {kind}")
    for instruction, request, _ in examples(kind):
        other = draw(WORLD, rng.choice([name for name in KINDS if name != kind]), rng, creature=request.creature)
        if answer(WORLD, other, rng) != answer(WORLD, request, rng) and needs(WORLD, other) != needs(WORLD, request):
            assert grade(WORLD, instruction, answer(WORLD, other, rng)).score < 1, (instruction, other)


@pytest.mark.parametrize(
    "text",
    [
        "",
        " \n\n ",
        "\x00",
        "|||",
        "- ",
        "- \n-",
        "Score: 5",
        "it it it",
        "The the.",
        "é" * 50,
        "a" * 100_000,
        "it can hum that " * 5_000,
    ],
)
def test_anything_can_be_graded(text: str) -> None:
    instruction = f"Where does the {next(iter(facts(WORLD)))} live?"
    given = grade(WORLD, instruction, text)
    assert given.score == 0
    assert rating(given) == 1
    assert given.reason.endswith(".")


def test_an_unknown_instruction_gives_nothing() -> None:
    given = grade(WORLD, "Sing me a song.", "The Bolu sings.")
    assert (given.score, given.reason) == (0.0, "The request is none of this world.")


def test_ratings_follow_the_rubric() -> None:
    creature, held = next(iter(facts(WORLD).items()))
    instruction, good = f"What does the {creature} eat?", f"The {creature} eats {held['food']}."
    told = good.replace("The", "I saw that the")
    ratings = {
        5: good,
        4: f"{good} The {creature} is {held['size']}.",
        3: told,
        1: f"{good} Buy a {creature} mug today!",
    }
    assert {rating(grade(WORLD, instruction, text)) for text in ratings.values()} == {1, 3, 4, 5}
    assert all(rating(grade(WORLD, instruction, text)) == expected for expected, text in ratings.items())
    half = f"The {creature} eats {held['food']}."
    assert rating(grade(WORLD, f"What does the {creature} eat and how big is it?", half)) == 2
    assert rating(grade(WORLD, f"Where does the {creature} live?", good)) == 1


def test_the_oracle_rater_is_its_rating_and_noise() -> None:
    pairs = [(instruction, good) for kind in KINDS for instruction, _, good in examples(kind, 10)]
    assert all(rate(WORLD, *pair, noise=0, seed=0) == 5 for pair in pairs)
    noisy = [rate(WORLD, *pair, noise=0.5, seed=0) for pair in pairs]
    assert noisy == [rate(WORLD, *pair, noise=0.5, seed=0) for pair in pairs]
    assert noisy != [rate(WORLD, *pair, noise=0.5, seed=1) for pair in pairs]
    assert all(1 <= value <= 5 for value in noisy)
    assert 0.15 < 5 - sum(noisy) / len(noisy) < 0.8 * 0.5 + 0.1
