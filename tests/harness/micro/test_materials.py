"""Corpus, pages, seed data, prompts and the reference are what they say, and the same every time."""

import html
import random
import re
from statistics import mean

import pytest

from humpback.micro.corpus import texts
from humpback.micro.instructions import KINDS, draw, parse, requests
from humpback.micro.oracle import grade, rating
from humpback.micro.pages import Page, pages
from humpback.micro.segments import BAD
from humpback.micro.sets import evaluation_prompts, reference_answer, seed_pairs
from humpback.spec.micro_world import SEED_KINDS, World
from humpback.spec.prompts import MICRO_BACKWARD, MICRO_RATING

WORLD = World()


def test_everything_is_the_same_every_time_and_differs_by_seed() -> None:
    for make in (texts, pages, seed_pairs, evaluation_prompts):
        assert make(WORLD, 40, 1) == make(WORLD, 40, 1)
        assert make(WORLD, 40, 1) != make(WORLD, 40, 2)
        assert make(WORLD, 40, 1) != make(World(7), 40, 1)


def test_the_corpus_holds_all_skills_and_true_reviews() -> None:
    corpus = texts(WORLD, 3_000, 0)
    words = {word for text in corpus for word in re.findall(r"\w+", text)}
    assert len(words) < 450
    assert max(len(text.split()) for text in corpus) < 150
    backward = re.escape(MICRO_BACKWARD.text).replace(r"\{output\}", "(.*)")
    review = re.escape(MICRO_RATING.text).replace(r"\{instruction\}", "(.*)").replace(r"\{output\}", "(.*)")
    asked = [m for text in corpus if (m := re.fullmatch(rf"Question: {backward}\nAnswer:\n(.*)", text, re.DOTALL))]
    reviewed = [
        m
        for text in corpus
        if (m := re.fullmatch(rf"Question: {review}\nAnswer:\n(.*\n)?Score: (\d)", text, re.DOTALL))
    ]
    assert len(asked) > 200
    assert all(parse(WORLD, found[2]) for found in asked)
    assert len(reviewed) > 300
    assert {found[4] for found in reviewed} == set("12345")
    assert {found[3] is None for found in reviewed} == {True, False}
    assert all(rating(grade(WORLD, found[1], found[2])) == int(found[4]) for found in reviewed)


def segments_of(page: Page) -> list[tuple[str, str]]:
    """Header and text of each section of a page, read the short way."""
    body = page.html.split("</h1>")[1].split("</main>")[0]
    found = []
    for header, rest in re.findall(r"<h[23]>(.*?)</h[23]>(.*?)(?=<h[23]>|\Z)", body, re.DOTALL):
        blocks = re.findall(r"<(p|li)>(.*?)</\1>", rest, re.DOTALL)
        lines = [("- " if tag == "li" else "") + text for tag, text in blocks]
        found.append(
            tuple(
                html.unescape(re.sub(r"<[^>]*>", "", text)).replace("\xa0", " ") for text in (header, "\n".join(lines))
            )
        )
    return found  # type: ignore[return-value]


def test_pages_are_html_whose_segments_are_what_they_say() -> None:
    made = pages(WORLD, 400, 0)
    assert len({page.url for page in made}) == 400
    assert all(page.html.startswith("<!DOCTYPE html>") and "<nav>" in page.html for page in made)
    assert all(segments_of(page) == [(each.header, each.text) for each in page.segments] for page in made)
    inside = [each for page in made for each in page.segments]
    assert 2_200 < len(inside) < 2_600
    assert len({each.text for each in inside}) == len(inside)
    shares = {quality: sum(each.quality == quality for each in inside) / len(inside) for quality in ("good", *BAD)}
    assert 0.40 < shares["good"] < 0.50
    assert all(0.07 < shares[quality] < 0.15 for quality in BAD)


def test_seed_pairs_are_perfect_and_of_the_seed_kinds_only() -> None:
    pairs = seed_pairs(WORLD, 128, 0)
    assert len(dict(pairs)) == 128
    kinds = [request.kind for instruction, _ in pairs if (request := parse(WORLD, instruction))]
    assert len(kinds) == 128
    assert set(kinds) == set(SEED_KINDS)
    assert all(grade(WORLD, *pair).score == 1 for pair in pairs)


def test_evaluation_prompts_are_balanced_and_never_in_the_seed() -> None:
    prompts = evaluation_prompts(WORLD, 280, 0)
    assert len(dict(prompts)) == 280
    assert all(sum(kind == each for _, kind in prompts) == 10 for each in KINDS)
    assert all((request := parse(WORLD, instruction)) and request.kind == kind for instruction, kind in prompts)
    asked = {parse(WORLD, instruction) for seed in range(5) for instruction, _ in evaluation_prompts(WORLD, 280, seed)}
    answered = {parse(WORLD, instruction) for seed in range(5) for instruction, _ in seed_pairs(WORLD, 240, seed)}
    assert not asked & answered
    with pytest.raises(ValueError, match="n is 100000"):
        seed_pairs(WORLD, 100_000, 0)


def test_a_quarter_of_the_requests_is_held_out_of_all_but_evaluation() -> None:
    rng = random.Random(0)
    for kind in ("list_food", "describe"):
        kept = {draw(WORLD, kind, rng, held_out=True) for _ in range(500)}
        others = {draw(WORLD, kind, rng, held_out=False) for _ in range(1_000)}
        assert len(kept) == len(requests(WORLD, kind)) // 4
        assert kept | others == set(requests(WORLD, kind))
        assert not kept & others


def test_the_reference_is_middling_and_its_lapses_are_tunable() -> None:
    prompts = [instruction for instruction, _ in evaluation_prompts(WORLD, 280, 0)]
    answers = [reference_answer(WORLD, instruction, 0) for instruction in prompts]
    assert answers == [reference_answer(WORLD, instruction, 0) for instruction in prompts]
    assert 0.55 < mean(grade(WORLD, *pair).score for pair in zip(prompts, answers, strict=True)) < 0.8
    for instruction in prompts:
        perfect = reference_answer(WORLD, instruction, 0, {})
        assert grade(WORLD, instruction, perfect).score == 1
        assert grade(WORLD, instruction, reference_answer(WORLD, instruction, 0, {"wrong": 1})).facts < 1
    assert reference_answer(WORLD, "Sing me a song.", 0)
