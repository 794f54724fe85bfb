"""What one model mends and breaks, prompt by prompt, from the verdicts of both."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from humpback.analysis.experiment.measured import over_seeds
from humpback.analysis.experiment.measures import read_measure
from humpback.analysis.experiment.measures.number import Number
from humpback.core.store import Store
from humpback.core.tables import Verdict
from humpback.spec.measures import ImprovementOver
from humpback.spec.micro_world import World
from humpback.spec.outcomes import Judged, MicroJudge
from tests.analysis.measures.stored import a_set, new_store, stored

BEFORE, AFTER = (Judged(a_set(name), a_set("c"), MicroJudge(World())) for name in "ab")
SHOWN = {
    "win": ("first", "second"),
    "lose": ("second", "first"),
    "split": ("first", "first"),
    "?": ("unparsed", "first"),
}


def judged(fates: str, sources: str = "") -> list[Verdict]:
    """A prompt for each word, by what it comes to for the model: win and lose are in both orders."""
    return [
        Verdict(f"p{i}", order, shown, "", 1, 1, source)
        for i, (fate, source) in enumerate(zip(fates.split(), sources.split() or ["x"] * 99, strict=False))
        for order, shown in zip(("ab", "ba"), SHOWN[fate], strict=True)
    ]


def numbers(store: Store, before: list[Verdict], after: list[Verdict]) -> dict[str, Number]:
    found = read_measure(store, ImprovementOver("it", stored(store, BEFORE, before), stored(store, AFTER, after)))
    return {one.metric: one for one in found}


def test_mended_and_broken_are_shares_of_all_prompts_paired_by_their_ids(tmp_path: Path) -> None:
    found = numbers(
        new_store(tmp_path), judged("lose lose lose win split lose"), judged("win split lose lose win win")[::-1]
    )
    assert found["mended, % of prompts"].values.tolist() == [100, 100, 0, 0, 0, 100]
    assert found["broken, % of prompts"].values.tolist() == [0, 0, 0, 100, 0, 0]
    assert found["mended less broken, % of prompts"].values.tolist() == [100, 100, 0, -100, 0, 100]
    assert found["mended, % of prompts"].keys == ("p0", "p1", "p2", "p3", "p4", "p5")
    assert found["undecided, prompts"].mean == 0


def test_losing_in_one_order_only_is_no_failure(tmp_path: Path) -> None:
    found = numbers(new_store(tmp_path), judged("split split"), judged("win lose"))
    assert found["mended, % of prompts"].mean == 0
    assert found["broken, % of prompts"].mean == 50


def test_a_prompt_with_an_unparsed_reply_is_neither_and_stays_in_the_whole(tmp_path: Path) -> None:
    found = numbers(new_store(tmp_path), judged("? lose lose ?"), judged("win ? win win"))
    assert found["mended, % of prompts"].mean == 25
    assert found["broken, % of prompts"].mean == 0
    assert found["undecided, prompts"].mean == 3


def test_few_categories_have_a_count_each_and_one_or_many_have_none(tmp_path: Path) -> None:
    few = numbers(
        new_store(tmp_path),
        judged("lose lose win", "advice recipe advice"),
        judged("win win win", "advice recipe advice"),
    )
    assert {name: one.mean for name, one in few.items() if name.startswith("mended, ")} == {
        "mended, % of prompts": pytest.approx(200 / 3),
        "mended, advice": 1,
        "mended, recipe": 1,
    }
    for place, sources in enumerate(("x " * 9, "a b c d e f g h i")):
        one = numbers(Store(tmp_path / str(place)), judged("lose " * 9, sources), judged("win " * 9, sources))
        assert [name for name in one if name.startswith("mended, ")] == ["mended, % of prompts"]


def test_judgements_of_other_prompts_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"1 prompts are judged in one of .* alone, such as 'p2'"):
        numbers(new_store(tmp_path), judged("lose lose win"), judged("win win"))


def test_equal_models_that_differ_by_chance_mend_as_much_as_they_break(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    before, after = (" ".join(rng.choice(["win", "lose", "split"], size=400)) for _ in range(2))
    found = numbers(new_store(tmp_path), judged(before, "x " * 400), judged(after, "x " * 400))
    assert found["mended, % of prompts"].mean > 15
    estimate = over_seeds([found["mended less broken, % of prompts"]])
    assert estimate.low < 0 < estimate.high
