"""Verbs and nouns of instructions: the rule by example and by a hand-labelled sample, and the arithmetic without it."""

from __future__ import annotations

import csv
import io
import json
import math
from collections import Counter
from importlib import metadata
from pathlib import Path

import pytest

from humpback.analysis.datasets import diversity as module
from humpback.analysis.datasets.diversity import (
    MODEL,
    Pair,
    as_csv,
    as_text,
    clause,
    diversity,
    of_examples,
    pairs,
    tally,
)
from humpback.core.store import StoreError
from humpback.core.tables import Example
from tests.shared_data import SHARED, needs_shared


def installed() -> bool:
    try:
        return bool(metadata.version(MODEL) and metadata.version("spacy"))
    except metadata.PackageNotFoundError:
        return False


needs_parser = pytest.mark.skipif(not installed(), reason="the extra `diversity` is not installed")


@needs_parser
@pytest.mark.parametrize(
    ("instruction", "verb", "noun"),
    [
        ("Write a short story about two sailors.", "write", "story"),
        ("Write the stories of three sailors.", "write", "story"),
        ("List five contributions of Ancient Greece to modern-day life.", "list", "contribution"),
        ("Compare and contrast the two phrases", "compare", "phrase"),
        ('Analyze the structure of the following sentence: "I rarely go out for lunch."', "analyze", "structure"),
        ("Give three uses of baking soda.", "give", "use"),
        ("Please describe the process.\n\nIgnore this line.", "describe", "process"),
        ("Why do birds build nests?", "build", "nest"),
    ],
)
def test_pairs(instruction: str, verb: str, noun: str) -> None:
    assert list(pairs([instruction])) == [Pair(verb, noun)]


@needs_parser
@pytest.mark.parametrize(
    "instruction", ["", " \n\t", "What is the capital of France?", "Explain it.", "...", "\x00", "5 + 5 ="]
)
def test_no_pair(instruction: str) -> None:
    assert list(pairs([instruction])) == [None]


@needs_parser
def test_pairs_keep_their_order_over_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_BATCH", 3)
    texts = [
        "Name two rivers.",
        "",
        "List two rivers.",
        "Write a poem.",
        "What is tea?",
        "Sort the words.",
        "Tell a joke.",
    ]
    wanted = [("name", "river"), None, ("list", "river"), ("write", "poem"), None, ("sort", "word"), ("tell", "joke")]
    assert list(pairs(iter(texts))) == [None if one is None else Pair(*one) for one in wanted]


@pytest.mark.parametrize(
    ("instruction", "parsed"),
    [
        ("  First line here.\nSecond.", "First line here."),
        ('Rewrite this sentence: "It rains."', "Rewrite this sentence"),
        ("Question: What rains?", "Question: What rains?"),
        ("Meet me at 10:30 today", "Meet me at 10:30 today"),
        ("a" * 900, "a" * 300),
        ("", ""),
        ("\n\n", ""),
    ],
)
def test_the_part_that_is_parsed(instruction: str, parsed: str) -> None:
    assert clause(instruction) == parsed


@needs_parser
@needs_shared
def test_precision_and_recall_on_a_hand_labelled_sample() -> None:
    """The figures of the module's docstring: 64 right of 66 found, of 67 there."""
    alpaca = json.loads((SHARED / "alpaca/alpaca_data.json").read_text(encoding="utf-8"))
    lima = [json.loads(line) for line in (SHARED / "lima/train.jsonl").read_text(encoding="utf-8").splitlines()]
    with (Path(__file__).parent / "verb_noun_by_hand.csv").open(encoding="utf-8", newline="") as file:
        labels = list(csv.DictReader(file))
    texts = [
        alpaca[int(one["row"])]["instruction"] if "alpaca" in one["file"] else lima[int(one["row"])]["conversations"][0]
        for one in labels
    ]
    gold = [Pair(one["verb"], one["noun"]) if one["verb"] else None for one in labels]
    found = list(pairs(texts))
    right = sum(one is not None and one == other for one, other in zip(found, gold, strict=True))
    counts = (right, sum(one is not None for one in found), sum(one is not None for one in gold), len(gold))
    assert counts == (64, 66, 67, 100)


@needs_parser
def test_a_set_of_examples() -> None:
    texts = ["Write a poem.", "Write a poem!", "What is tea?", "Name a river."]
    found = of_examples(Example(str(i), text) for i, text in enumerate(texts))
    assert (found.instructions, found.parsed, found.share, found.distinct) == (4, 3, 0.75, 2)
    assert [(verb.verb, verb.count, verb.nouns) for verb in found.verbs] == [
        ("write", 2, (("poem", 2),)),
        ("name", 1, (("river", 1),)),
    ]
    assert MODEL in found.parser
    assert metadata.version(MODEL) in found.parser
    assert diversity([]).instructions == 0


def counted() -> Counter[Pair]:
    return Counter(
        {Pair("write", "story"): 4, Pair("write", "poem"): 4, Pair("name", "river"): 8, Pair("ask", "way"): 8}
    )


def test_verbs_and_nouns_are_ordered_by_count_then_name() -> None:
    found = tally(counted(), instructions=48, parser="p")
    assert [verb.verb for verb in found.verbs] == ["ask", "name", "write"]
    assert found.verbs[2].nouns == (("poem", 4), ("story", 4))
    assert (found.parsed, found.share, found.distinct) == (24, 0.5, 4)


def test_entropy_in_bits() -> None:
    assert tally(counted(), instructions=24, parser="p").entropy == pytest.approx(
        2 * (1 / 6) * math.log2(6) + 2 * (1 / 3) * math.log2(3)
    )
    assert tally(Counter({Pair("a", "b"): 9}), instructions=9, parser="p").entropy == 0
    assert tally(Counter(), instructions=0, parser="p").entropy == 0


def test_tables() -> None:
    found = tally(counted(), instructions=48, parser="p 1")
    summary, empty, head, first, *_ = as_text(found).splitlines()
    assert summary.startswith("24 of 48 instructions (50.0 %)")
    assert "4 distinct pairs, entropy 1.92 bits; parsed by p 1" in summary
    assert (empty, head.split()[0], first.split()) == ("", "verb", ["ask", "8", "16.7", "way", "8"])
    assert list(csv.reader(io.StringIO(as_csv(found))))[1:] == [
        ["ask", "way", "8"],
        ["name", "river", "8"],
        ["write", "poem", "4"],
        ["write", "story", "4"],
    ]
    assert "0 of 0 instructions (–)" in as_text(tally(Counter(), instructions=0, parser="p"))


def test_a_missing_parser_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MODEL", "no-such-model")
    module._parser.cache_clear()
    with pytest.raises(StoreError, match=r"pip install 'humpback-harness\[diversity\]'"):
        list(pairs(["Write a poem."]))
    module._parser.cache_clear()
