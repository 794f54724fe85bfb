"""Agreement against values worked out by hand and published ones; intervals against simulation."""

from __future__ import annotations

import numpy as np
import pytest

from humpback.analysis.stats.agreement import Labels, agreement, contingency


def pairs(counts: dict[str, int]) -> dict[str, Labels]:
    """Two raters from counts such as {"ab": 3}: three items that the first calls a and the second b."""
    both = [label for label, n in counts.items() for _ in range(n)]
    return {"first": [one[0] for one in both], "second": [one[1] for one in both]}


def rows(text: str) -> dict[str, Labels]:
    """A rater a line, "." for no label."""
    return {
        str(i): [None if one == "." else one for one in line.split()] for i, line in enumerate(text.strip().split("\n"))
    }


def test_cohen_1960() -> None:
    """The worked example of Cohen's paper: 200 cases, observed .70, expected .41, kappa .492."""
    counts = {"aa": 88, "ab": 14, "ac": 18, "ba": 10, "bb": 40, "bc": 10, "ca": 2, "cb": 6, "cc": 12}
    found = agreement(pairs(counts))
    assert found is not None
    assert found.kappa is not None
    assert found.raw.mean == pytest.approx(0.70)
    assert found.kappa.mean == pytest.approx((0.70 - 0.41) / (1 - 0.41))
    assert (found.items, found.missing, found.raters) == (200, 0, 2)
    # Cohen's own large-sample error of kappa here is .055 or so; the bootstrap's has to be near it.
    assert found.kappa.standard_error == pytest.approx(0.054, abs=0.004)
    assert found.kappa.low < found.kappa.mean < found.kappa.high


def test_kappa_by_hand() -> None:
    """20 yes-yes, 5 yes-no, 10 no-yes, 15 no-no: observed .7, expected .5 x .6 + .5 x .4 = .5, kappa .4."""
    found = agreement(pairs({"yy": 20, "yn": 5, "ny": 10, "nn": 15}), replicates=200)
    assert found is not None
    assert found.kappa is not None
    assert found.kappa.mean == pytest.approx(0.4)


@pytest.mark.parametrize(
    ("text", "alpha", "items", "missing"),
    [
        ("0 1 0 0 0 0 0 0 1 0\n1 1 1 0 0 1 0 0 0 0", 0.095, 10, 0),
        ("a a b b d c c c e d d a\nb a b b b c c c e d d d", 0.692, 12, 0),
        (
            "1 2 3 3 2 1 4 1 2 . . .\n1 2 3 3 2 2 4 1 2 5 . 3\n. 3 3 3 2 3 4 2 2 5 1 .\n1 2 3 3 2 4 4 1 2 5 1 .",
            0.743,
            11,
            1,
        ),
    ],
    ids=["A: binary", "B: nominal", "C: four observers, missing data"],
)
def test_krippendorff_2011(text: str, alpha: float, items: int, missing: int) -> None:
    """The examples of "Computing Krippendorff's Alpha-Reliability", nominal."""
    found = agreement(rows(text), replicates=200)
    assert found is not None
    assert found.alpha is not None
    assert found.alpha.mean == pytest.approx(alpha, abs=5e-4)
    assert (found.items, found.missing) == (items, missing)


def test_raw_agreement_of_three_counts_pairs_of_labels() -> None:
    """Item 1: three equal labels, 3 of 3 pairs; item 2: one pair of three; item 3: two labels that differ; 4: one."""
    found = agreement(rows("a a a a\na a b .\na b . ."), replicates=200)
    assert found is not None
    assert found.raw.mean == pytest.approx((3 + 1 + 0) / (3 + 3 + 1))
    assert (found.kappa, found.items, found.missing) == (None, 3, 1)


def test_one_label_everywhere_has_no_kappa_and_no_labels_no_agreement() -> None:
    found = agreement(rows("a a a\na a a"))
    assert found is not None
    assert (found.raw.mean, found.kappa, found.alpha) == (1.0, None, None)
    assert agreement(rows("a . .\n. a .")) is None
    with pytest.raises(ValueError, match="two or more"):
        agreement({"one": ["a"]})
    with pytest.raises(ValueError, match="argument"):
        agreement({"one": ["a"], "two": []})


def test_names_of_labels_and_order_of_raters_do_not_matter() -> None:
    counts = {"aa": 8, "ab": 3, "bb": 5, "cb": 2}
    there = agreement(pairs(counts))
    back = agreement(pairs({label[::-1].translate({97: "z", 98: "y"}): n for label, n in counts.items()}))
    assert there is not None
    assert back is not None
    for name in ("raw", "kappa", "alpha"):
        assert getattr(there, name).mean == pytest.approx(getattr(back, name).mean)


def test_the_interval_covers_the_truth_at_its_rate() -> None:
    """Two raters who label by a truth and err one time in five: kappa is .36 with two equally common labels."""
    rng = np.random.default_rng(0)
    covered = 0
    for _ in range(200):
        truth = rng.integers(2, size=150)
        seen = [(truth ^ (rng.random(150) < 0.2)).astype(int) for _ in range(2)]
        found = agreement({str(i): [str(one) for one in each] for i, each in enumerate(seen)}, replicates=400)
        assert found is not None
        assert found.kappa is not None
        covered += found.kappa.low <= 0.36 <= found.kappa.high
    assert 181 <= covered <= 198


def test_contingency_is_four_way_and_counts_what_is_missing() -> None:
    people: Labels = ["first", "second", "tie", "first", None, "first"]
    judge: Labels = ["first", "first", "unparsed", "second", "tie", None]
    found = contingency(people, judge, labels=("first", "second", "tie", "unparsed"))
    assert found.labels == ("first", "second", "tie", "unparsed")
    assert found.counts == ((1, 1, 0, 0), (1, 0, 0, 0), (0, 0, 0, 1), (0, 0, 0, 0))
    assert (found.n, found.missing) == (4, 2)
    assert contingency(["b", "a"], ["a", "c"]).labels == ("a", "b", "c")
    with pytest.raises(ValueError, match="argument"):
        contingency(["a"], [])
