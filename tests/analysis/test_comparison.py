"""Every number of a comparison by hand or by numpy; sets, categories and paired differences."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from humpback.analysis.judgements.comparison import differences, numbers, points_by_prompt, system
from humpback.analysis.judgements.formats import alpaca_eval, reviews
from humpback.analysis.judgements.formats.items import NO_ROW, Item, Judgement, judged_in_both
from humpback.analysis.judgements.verdicts import BothOrders, winner
from humpback.core.tables import Unreadable
from tests.analysis.judgements.material import annotations, read, written


def item(prompt: str, ab: str, ba: str, lengths: tuple[int, int] = (3, 5), **more: str) -> Item:
    orders = BothOrders(winner("ab", ab), winner("ba", ba))
    return judged_in_both(prompt, more.pop("source", ""), orders, characters=lengths, **more)


def judgement(name: str, items: list[Item], against: str = "reference", **more: object) -> Judgement:
    return replace(Judgement(name, against, "judge", reviews.BOTH, ("f.json",), tuple(items)), **more)  # type: ignore[arg-type]


SIX = [
    item("p0", "first", "second", (9, 5)),  # wins twice, longer
    item("p1", "first", "first", (1, 5)),  # flips
    item("p2", "second", "first", (2, 8)),  # loses twice, shorter
    item("p3", "first", "tie", (2, 8)),  # wins, shorter
    item("p4", "unparsed", "second", (0, 4)),  # points without a result, empty
    item("p5", "unparsed", "unparsed", (4, 0)),  # nothing
]


def test_numbers_by_hand() -> None:
    found = numbers(SIX, should_be=7, unusable=1)
    points = np.array([100, 50, 0, 75, 100])
    assert (found.n, found.prompts, found.unparsed, found.empty) == (5, 6, 3, (1, 1))
    assert found.win_rate == pytest.approx(points.mean())
    assert found.standard_error == pytest.approx(points.std(ddof=1) / math.sqrt(5))
    assert found.variance == pytest.approx(points.var(ddof=1))
    assert found.low < found.win_rate < found.high
    assert (found.wins, found.ties, found.losses) == (2, 1, 1)
    assert found.winning_score == pytest.approx((2 - 1) / 4 + 1)
    assert found.flip_rate == pytest.approx(1 / 4)
    # Decided calls: 2 of each of p0, p1, p2, and one of p3 and p4; the first place won 1, 2, 1, 1 and 0 of them.
    assert found.first_preferred == pytest.approx(5 / 8)
    assert found.longer_wins == pytest.approx(2 / 3)
    assert (found.mean_length, found.against_length) == (pytest.approx(18 / 6), pytest.approx(30 / 6))
    assert found.shortfall == "5 of 7"


def test_the_interval_is_the_percentiles_of_resampled_means() -> None:
    points = np.random.default_rng(0).integers(0, 2, 300)
    found = numbers([Item(str(i), "", float(one), "win" if one else "lose") for i, one in enumerate(points)])
    draws = np.random.default_rng(1).choice(100 * points, size=(4_000, 300)).mean(axis=1)
    assert (found.low, found.high) == pytest.approx(tuple(np.percentile(draws, [2.5, 97.5])), abs=0.7)


def test_nothing_at_all_is_no_number() -> None:
    found = numbers([])
    assert (found.n, found.wins, found.unparsed, found.empty) == (0, 0, 0, (0, 0))
    for name in ("win_rate", "standard_error", "low", "winning_score", "flip_rate", "first_preferred", "mean_length"):
        assert math.isnan(getattr(found, name)), name
    assert math.isnan(numbers(SIX[:1]).standard_error)


def test_ties_are_no_win_for_the_longer_answer() -> None:
    assert math.isnan(numbers([item("p", "tie", "tie", (9, 1))]).longer_wins)
    assert math.isnan(numbers([item("p", "first", "second", (5, 5))]).longer_wins)


def test_sets_and_categories_are_the_numbers_of_their_items() -> None:
    rows = [replace(one, source="ab"[i % 2], category="xyz"[i % 3]) for i, one in enumerate(SIX)]
    found = system(judgement("m", rows))
    assert {name: some.prompts for name, some in found.sets.items()} == {"a": 3, "b": 3}
    assert {name: some.prompts for name, some in found.categories.items()} == {"x": 2, "y": 2, "z": 2}
    assert found.sets["a"] == numbers(rows[::2])
    assert found.categories["z"].win_rate == numbers(rows[2::3]).win_rate
    alone = system(judgement("m", SIX))
    assert (alone.sets, alone.categories) == ({}, {})
    assert system(judgement("m", rows), with_sets=False).sets == {}
    some = system(judgement("m", [replace(rows[0], source=""), *rows[1:]]))
    assert set(some.sets) == {"(none)", "a", "b"}


def test_sets_that_are_wholly_absent_are_named() -> None:
    rows = [Item(str(i), "vicuna", 1.0, "win") for i in range(80)]
    found = system(judgement("m", rows, format=alpaca_eval.ONE))
    assert (found.overall.expected, found.overall.shortfall) == (805, "80 of 805")
    assert set(found.absent) == {"selfinstruct", "oasst", "koala", "helpful_base"}


def test_a_row_that_the_other_order_has_is_no_lost_prompt() -> None:
    aside = (Unreadable("f", NO_ROW, "why", "p"), Unreadable("f", "element 3", "why", "q"))
    assert system(judgement("m", SIX, unreadable=aside)).overall.unusable == 1


def points(name: str, given: dict[str, float | None], against: str = "reference") -> Judgement:
    return judgement(name, [Item(prompt, "", one, None) for prompt, one in given.items()], against)


def test_differences_are_paired_over_common_prompts() -> None:
    one = points("one", {"p": 1, "q": 0.5, "r": 0, "s": 1, "t": None})
    other = points("other", {"r": 0.5, "q": 0.5, "p": 0, "t": 1, "u": 1})
    (found,) = differences([one, other])
    assert (found.first, found.second, found.n) == ("one", "other", 3)
    assert (found.first_alone, found.second_alone) == (1, 2)
    assert found.estimate is not None
    assert found.estimate.mean == pytest.approx((100 + 0 - 50) / 3)
    assert found.variance == pytest.approx(np.var([100, 0, -50], ddof=1))
    assert not found.told_apart
    assert found.same_opponent
    assert points_by_prompt([one, other]).shape == (2, 6)


def test_every_pair_once_the_earlier_minus_the_later() -> None:
    shares = (("a", 1.0), ("b", 0.5), ("c", 0.0))
    given = [points(name, {str(i): value if i else 0.5 for i in range(40)}) for name, value in shares]
    found = differences(given)
    assert [(one.first, one.second) for one in found] == [("a", "b"), ("a", "c"), ("b", "c")]
    assert [one.estimate.mean for one in found if one.estimate] == pytest.approx(
        [50 * 39 / 40, 100 * 39 / 40, 50 * 39 / 40]
    )
    assert all(one.told_apart for one in found)


def test_no_common_prompt_is_no_difference_and_another_opponent_is_told() -> None:
    (none,) = differences([points("a", {"p": 1}), points("b", {"q": 1})])
    assert (none.estimate, none.told_apart, none.n) == (None, False, 0)
    (other,) = differences([points("a", {"p": 1}), points("b", {"p": 1}, "another")])
    assert not other.same_opponent


def test_pairing_takes_out_what_both_share() -> None:
    """Two systems that differ on one prompt in fifty and are both won half the time."""
    hard = {str(i): float(i % 2) for i in range(400)}
    easier = {prompt: 1.0 if int(prompt) % 50 == 0 else value for prompt, value in hard.items()}
    one, other = points("a", easier), points("b", hard)
    (found,) = differences([one, other])
    assert found.told_apart
    assert system(one).overall.low < system(other).overall.high


def test_files_whose_names_differ_by_the_set_alone_are_its_sets(tmp_path: Path) -> None:
    def file(name: str, prompts: range) -> Path:
        rows = [{"prompt": f"p{i}", "scores": [8, 7], "scores_reverse": [7, 8]} for i in prompts]
        return written(tmp_path / name, rows)

    koala, vicuna = file("koala_by_gpt4.json", range(5)), file("vicuna_by_gpt4.json", range(5, 9))
    (one,) = read(koala, vicuna)
    assert (one.name, len(one.items), one.files) == ("by_gpt4", 9, ("koala_by_gpt4.json", "vicuna_by_gpt4.json"))
    assert {name: some.prompts for name, some in system(one).sets.items()} == {"koala": 5, "vicuna": 4}
    assert any("differ by the prompt set alone" in note for note in one.notes)
    assert [other.name for other in read(koala, file("vicuna_by_claude.json", range(5, 9)))] == [
        "koala_by_gpt4",
        "vicuna_by_claude",
    ]
    assert len(read(koala, file("vicuna_by_gpt4.json", range(4, 9)))) == 2, "a prompt stands in both"


def test_systems_of_one_name_are_told_apart_by_what_differs(tmp_path: Path) -> None:
    one = annotations(tmp_path / "a.json", [1, 2])
    other = annotations(tmp_path / "b.json", [2, 2], generator_1="another")
    assert [found.name for found in read(one, other)] == ["model vs reference", "model vs another"]
    judged = annotations(tmp_path / "c.json", [2, 2], annotator="second")
    assert [found.name for found in read(one, judged)] == ["model (judge)", "model (second)"]
    again = annotations(tmp_path / "d.json", [2, 2])
    assert [found.name for found in read(one, again)] == ["model (a.json)", "model (d.json)"]
    assert [found.name for found in read(one, one)] == ["model", "model 2"]
