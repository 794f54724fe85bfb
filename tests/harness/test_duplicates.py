"""Near duplicates: what is planted is found, what is not alike stays, and the first of each group is kept."""

from __future__ import annotations

import random
import subprocess
import sys
from collections import Counter
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from humpback.core.tables import EXAMPLES, REJECTED, Example, Rejected, read, write
from humpback.core.work import Work, new_log
from humpback.segmenter import minhash
from humpback.segmenter.minhash import MinHash, firsts
from humpback.spec.data import MicroPages, Segments
from humpback.spec.files import Deduplicated
from humpback.spec.micro_world import World
from humpback.stages.deduplicate import deduplicate
from tests.conftest import MACHINE

HOW = MinHash()
WORDS = [f"w{i}" for i in range(3_000)]


def texts_of(n: int, words: int = 200, seed: int = 0) -> list[str]:
    rng = random.Random(seed)
    return [" ".join(rng.choices(WORDS, k=words)) for _ in range(n)]


def changed(text: str, words: int, seed: int = 0) -> str:
    """So many words exchanged."""
    rng, parts = random.Random(seed), text.split()
    for place in rng.sample(range(len(parts)), words):
        parts[place] = f"x{rng.getrandbits(60)}"
    return " ".join(parts)


def grouped(texts: list[str], how: MinHash = HOW) -> list[int]:
    return [int(first) for first in firsts(iter(texts), how)]


def jaccard(a: str, b: str, wide: int = 5) -> float:
    """By the shingles themselves."""
    one, other = (
        {tuple(words[i : i + wide]) for i in range(len(words) - wide + 1)} for words in (a.split(), b.split())
    )
    return len(one & other) / len(one | other)


def test_planted_pairs_are_found_and_unrelated_texts_kept() -> None:
    texts = texts_of(300)
    planted = [changed(text, 1, seed=i) for i, text in enumerate(texts[:50])]
    first = grouped(texts + planted)
    assert first[:300] == list(range(300))
    assert first[300:] == list(range(50))


def test_case_punctuation_and_spacing_are_put_aside() -> None:
    text = texts_of(1)[0]
    same = [text, text.upper(), text.replace(" ", ",\n "), f"  “{text}”…"]
    assert grouped(same) == [0, 0, 0, 0]
    assert grouped(["café noir " * 9, "cafe\u0301 noir " * 9]) == [0, 0]


def test_short_and_empty_texts() -> None:
    texts = ["one two", "two one", "One, two!", "", "", "...", "… !", "...", "one", "one two three four five six"]
    assert grouped(texts) == [0, 1, 0, 3, 4, 5, 6, 5, 8, 9]
    assert grouped([]) == []
    assert grouped(["\ud800 a", "\ud800 a"]) == [0, 0]


def test_a_chain_is_one_group_led_by_its_first() -> None:
    chain = texts_of(1)
    for i in range(6):
        chain.append(changed(chain[-1], 2, seed=i))
    assert jaccard(chain[0], chain[-1]) < 0.6
    assert grouped(chain) == [0] * 7
    assert grouped(chain[::-1]) == [0] * 7


def test_groups_that_meet_late_have_one_leader() -> None:
    chain = texts_of(1)
    for i in range(60):
        chain.append(changed(chain[-1], 4, seed=i))
    for seed in range(5):
        random.Random(seed).shuffle(chain)
        first = grouped(chain)
        assert all(first[lead] == lead for lead in first)
        assert len(set(first)) < 8


def test_batches_do_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = texts_of(60)
    texts += [changed(texts[i % 60], i % 9, seed=i) for i in range(120)]
    random.Random(1).shuffle(texts)
    found = grouped(texts)
    monkeypatch.setattr(minhash, "_BATCH", 7)
    assert grouped(texts) == found


def test_the_order_of_texts_only_chooses_who_leads() -> None:
    texts = texts_of(40)
    texts += [changed(texts[i % 40], i % 7, seed=i) for i in range(80)]
    groups = []
    for seed in range(3):
        order = list(range(len(texts)))
        random.Random(seed).shuffle(order)
        first = grouped([texts[i] for i in order])
        assert all(lead <= i and first[lead] == lead for i, lead in enumerate(first))
        by_lead: dict[int, set[int]] = {}
        for i, lead in enumerate(first):
            by_lead.setdefault(lead, set()).add(order[i])
        groups.append({frozenset(group) for group in by_lead.values()})
    assert groups[0] == groups[1] == groups[2]


def test_signatures_estimate_jaccard() -> None:
    rng = random.Random(0)
    off = []
    for i, text in enumerate(texts_of(150)):
        other = changed(text, rng.randrange(1, 30), seed=i)
        one, two = HOW.signature(text), HOW.signature(other)
        assert one is not None
        off.append(float(np.mean(one == two)) - jaccard(text, other))
    # One estimate of 112 places has a standard error of at most 0.047.
    assert abs(np.mean(off)) < 0.015
    assert np.std(off) < 0.06


def test_pairs_are_found_as_often_as_the_formula_says() -> None:
    how = MinHash(bands=7, rows=4)
    expected, found = 0.0, 0
    for i, text in enumerate(texts_of(200, words=80)):
        other = changed(text, 5, seed=i)
        expected += 1 - (1 - jaccard(text, other) ** how.rows) ** how.bands
        found += grouped([text, other], how) == [0, 0]
    assert 60 < expected < 190
    assert abs(found - expected) < 3 * (200 * 0.25) ** 0.5


def test_groups_agree_with_comparing_every_pair() -> None:
    texts = texts_of(25, words=60)
    texts += [changed(texts[i % 25], 1 if i % 2 else 40, seed=i) for i in range(50)]
    first = grouped(texts, MinHash(bands=40, rows=3))
    for (i, a), (j, b) in combinations(enumerate(texts), 2):
        alike = jaccard(a, b)
        if alike > 0.6:
            assert first[i] == first[j]
        if first[i] == first[j] == i:
            assert alike > 0.05


def test_a_long_text_is_hashed_in_blocks() -> None:
    text = " ".join(texts_of(30))
    whole = HOW.signature(text)
    shingles = HOW.shingles(text)
    assert len(shingles) > 5_000
    assert whole is not None
    assert whole.tolist() == (HOW._orders * shingles).min(axis=1).tolist()


def test_numbers_stay_the_same_on_every_machine_and_hash_seed() -> None:
    keys = "MinHash(bands=2, rows=2).keys(['a b c d e f', 'Z'])"
    code = f"from humpback.segmenter.minhash import MinHash; print({keys}.tolist())"
    expected = [
        [16_432_755_041_765_686_517, 14_948_100_234_704_178_840],
        [15_277_357_518_675_882_694, 6_043_359_519_511_240_892],
    ]
    for seed in ("1", "2"):
        found = subprocess.run(
            [sys.executable, "-c", code], env={"PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True
        )
        assert found.stdout.strip() == str(expected)


@pytest.mark.parametrize("field", ["shingle", "bands", "rows"])
def test_parameters_below_one_are_refused(field: str) -> None:
    with pytest.raises(ValueError, match=rf"MinHash\.{field} is 0"):
        MinHash(**{field: 0})


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.text(max_size=30), max_size=12))
def test_equal_texts_are_one_and_nothing_breaks(texts: list[str]) -> None:
    first = grouped(texts)
    assert len(first) == len(texts)
    for i, text in enumerate(texts):
        if text.strip():
            assert texts.index(text) >= first[i]
            assert first[texts.index(text)] == first[i]


def test_the_stage_keeps_the_first_and_names_it(tmp_path: Path) -> None:
    texts = texts_of(3)
    outputs = [texts[0], texts[1], changed(texts[0], 1), texts[2], texts[1], "", "", changed(texts[0], 1, seed=5)]
    rows = [
        Example(f"id{i}", instruction="ask" if i == 4 else "", output=text, score=0.5, origin=f'{{"n": {i}}}')
        for i, text in enumerate(outputs)
    ]
    (tmp_path / "in").mkdir()
    write(tmp_path / "in" / EXAMPLES, Example, rows)
    out = tmp_path / "out"
    out.mkdir()
    work = Work(lambda artifact: tmp_path / "in", out, MACHINE, new_log(out, lambda *_: None))
    node = Deduplicated(Segments(MicroPages(World(), n=1)))
    assert deduplicate(node, work) == {"in": 8, "kept": 5, "rejected": 3, "groups": 2}
    assert list(read(out / EXAMPLES, Example)) == [rows[i] for i in (0, 1, 3, 5, 6)]
    lost = list(read(out / REJECTED, Rejected))
    assert [(row.id, row.reason) for row in lost] == [
        ("id2", "near duplicate of id0"),
        ("id4", "near duplicate of id1"),
        ("id7", "near duplicate of id0"),
    ]
    assert lost[1] == Rejected("id4", "near duplicate of id1", f"ask\n{texts[1]}", 0.5, '{"n": 4}')
    assert Counter(path.name for path in out.iterdir()).keys() <= {EXAMPLES, REJECTED, "metrics.jsonl"}
