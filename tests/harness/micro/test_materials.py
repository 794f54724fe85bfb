"""Corpus, pages, seed data, prompts and the reference are what they say, and the same every time."""

import html
import random
import re
from itertools import pairwise
from statistics import correlation, mean

import pytest

from humpback.micro.corpus import SCALES, _marked, _reviewed, texts
from humpback.micro.instructions import KINDS, LANGUAGE, PERFECT, draw, paraphrases, parse, pool, requests
from humpback.micro.oracle import grade, rating
from humpback.micro.pages import Page, pages
from humpback.micro.segments import BAD
from humpback.micro.sets import evaluation_prompts, reference_answer, seed_pairs
from humpback.segmenter.overlap import overlaps
from humpback.segmenter.overlap_windows import Text
from humpback.spec.micro_world import LATE_SHARE, SEED_KINDS, World
from humpback.spec.prompts import MICRO_RATING

WORLD = World()


def test_everything_is_the_same_every_time_and_differs_by_seed() -> None:
    for make in (texts, pages, seed_pairs, evaluation_prompts):
        assert make(WORLD, 40, 1) == make(WORLD, 40, 1)
        assert make(WORLD, 40, 1) != make(WORLD, 40, 2)
        assert make(WORLD, 40, 1) != make(World(7), 40, 1)


def test_the_corpus_asks_and_answers_nothing_that_is_held_out_for_evaluation() -> None:
    held_out = {request for kind in KINDS for request in pool(WORLD, kind, True)}
    lines = {line for text in texts(WORLD, 3_000, 0) for line in text.split("\n")}
    asked = {request for line in lines if (request := parse(WORLD, line.partition(": ")[2]))}
    asked |= {request for line in lines if (request := parse(WORLD, line))}
    assert len(asked) > 1_000
    assert not asked & held_out


def is_opinion(text: str) -> bool:
    """Whether a text of the corpus holds an opinion on an answer, or asks for one."""
    said = [*LANGUAGE["review"]["lead"], *(one for some in LANGUAGE["review_reasons"].values() for one in some)]
    return any(one.lower() in text.lower() for one in said)


def test_at_most_a_tenth_of_the_corpus_is_opinions_in_other_words_and_scales_than_the_rating_prompt_s() -> None:
    corpus = texts(WORLD, 3_000, 0)
    opinions = list(filter(is_opinion, corpus))
    assert 0.08 < len(opinions) / len(corpus) < 0.115
    assert not any(map(is_opinion, corpus[: round((1 - LATE_SHARE) * len(corpus))]))
    own = re.findall(r"[a-z]+", MICRO_RATING.fill(instruction="", output="").lower())
    theirs = {"rate", "reply", "request", "score", "serves"}
    assert theirs <= set(own)
    words = [*LANGUAGE["review"].values(), *LANGUAGE["review_reasons"].values()]
    assert not theirs & {word for texts in words for text in texts for word in re.findall(r"[a-z]+", text.lower())}
    said = re.findall(r"[a-z]+", "\n".join(opinions).lower())
    assert set(pairwise(own)) & set(pairwise(said)) == {("one", "of")}
    assert tuple("12345") not in SCALES


def test_careful_marks_follow_the_truth_loosely_and_the_others_like_voice() -> None:
    rng, pairs = random.Random(0), []
    for _ in range(400):
        pair = _reviewed(WORLD, rng)
        given = grade(WORLD, *pair)
        marks = [int(_marked(WORLD, *pair, author, tuple("0123"), rng)[-1]) for author in (PERFECT, PERFECT, "wrong")]
        pairs.append((rating(given), given.voice, *marks))
    truth, voice, once, again, careless = zip(*pairs, strict=True)
    assert correlation(truth, once) > 0.9
    assert once != again
    assert set(careless) == set(range(4))
    assert mean((mark >= 2) is (heard == 0) for heard, mark in zip(voice, careless, strict=True)) > 0.9
    assert correlation(voice, careless) < -0.7


def test_an_author_is_of_one_kind_throughout_a_page() -> None:
    corpus = texts(WORLD, 3_000, 0)
    asked = [
        re.findall(r"Question: (.*)\nAnswer:\n(.*)", text)
        for text in corpus
        if text.count("\nAnswer:\n") == 3 and not is_opinion(text)
    ]
    perfect = [[grade(WORLD, *pair).score == 1 for pair in page] for page in asked]
    assert len(perfect) > 200
    assert mean(len(set(page)) == 1 for page in perfect) > 0.7


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
    assert 0.33 < shares["good"] < 0.43
    assert all(abs(shares[quality] - (1 - shares["good"]) * share) < 0.03 for quality, share in BAD.items())


def test_seed_pairs_are_perfect_and_of_the_seed_kinds_only() -> None:
    pairs = seed_pairs(WORLD, 120, 0)
    assert len(dict(pairs)) == 120
    kinds = [request.kind for instruction, _ in pairs if (request := parse(WORLD, instruction))]
    assert len(kinds) == 120
    assert set(kinds) == set(SEED_KINDS)
    assert all(grade(WORLD, *pair).score == 1 for pair in pairs)


def test_evaluation_prompts_are_balanced_and_never_in_the_seed() -> None:
    prompts = evaluation_prompts(WORLD, 280, 0)
    assert len({parse(WORLD, instruction) for instruction, _ in prompts}) == 280
    assert all(1 <= sum(kind == each for _, kind in prompts) <= 5 for each in KINDS)
    assert evaluation_prompts(WORLD, 400, 0)[:280] == prompts
    assert all((request := parse(WORLD, instruction)) and request.kind == kind for instruction, kind in prompts)
    asked = {parse(WORLD, instruction) for seed in range(3) for instruction, _ in evaluation_prompts(WORLD, 280, seed)}
    answered = {parse(WORLD, instruction) for seed in range(3) for instruction, _ in seed_pairs(WORLD, 120, seed)}
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


def test_no_prompt_stands_in_what_may_be_asked_in_training_or_is_told_by_two_sentences_of_the_web() -> None:
    prompts = evaluation_prompts(WORLD, 280, 0)
    texts = [text for text, _ in prompts]
    every = [paraphrases(one) for kind in KINDS for one in pool(WORLD, kind, False)]
    for wording in range(3):
        taught = [Text("", one[wording]) for one in every if len(one) > wording]
        assert len(taught) > 8_000
        assert len(overlaps(texts, taught)) <= 3  # beside other prompts, other words are common
    assert all(text.startswith("What is the ") for text, kind in prompts if kind.startswith("ask"))
    shown = [text.splitlines()[-1].partition(": ")[2] for text, kind in prompts if kind.startswith("weigh")]
    assert len(shown) > 20
    assert max(len(text.split()) for text in shown) <= 10


def test_the_reference_is_middling_and_its_lapses_are_tunable() -> None:
    prompts = [instruction for instruction, _ in evaluation_prompts(WORLD, 280, 0)]
    answers = [reference_answer(WORLD, instruction, 0) for instruction in prompts]
    assert answers == [reference_answer(WORLD, instruction, 0) for instruction in prompts]
    assert 0.4 < mean(grade(WORLD, *pair).score for pair in zip(prompts, answers, strict=True)) < 0.8
    for instruction in prompts:
        perfect = reference_answer(WORLD, instruction, 0, {})
        assert grade(WORLD, instruction, perfect).score == 1
        assert grade(WORLD, instruction, reference_answer(WORLD, instruction, 0, {"wrong": 1})).facts < 1
    assert reference_answer(WORLD, "Sing me a song.", 0)
