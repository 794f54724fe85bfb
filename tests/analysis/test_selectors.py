"""Precision and recall of selectors from columns of scores and labels."""

from __future__ import annotations

import json

import pytest

from humpback.analysis.datasets.selectors import as_json, as_text, selector
from tests.shared_data import SHARED, needs_shared

SCORES = [5.0, 4.5, 4.4, None, 1.0, 5.0]
LABELS = [1.0, 0.0, 1.0, 1.0, 0.0, None]


def test_selected_from_the_threshold_on_and_good_from_the_label_on() -> None:
    one = selector("s", SCORES, LABELS, at_least=4.5, good=1)
    assert (one.n, one.unrated, one.unlabelled) == (4, 1, 1)
    assert (one.precision.count, one.precision.of) == (1, 2)
    assert (one.recall.count, one.recall.of) == (1, 2)
    other = selector("s", SCORES, LABELS, at_least=4.4, good=0)
    assert (other.precision.count, other.recall.of) == (3, 4)
    with pytest.raises(ValueError, match="argument"):
        selector("s", SCORES, LABELS[1:], at_least=1, good=1)


def test_the_table_has_exact_intervals_and_says_what_is_left_out() -> None:
    text = as_text([selector("s", SCORES, LABELS, at_least=4.5, good=1)])
    assert "s >= 4.5" in text
    assert "50.0 %    1.3 to 98.7" in text
    assert "s: 1 labelled examples without a score and 1 scored ones without a label are left out" in text
    nothing = selector("none", SCORES, LABELS, at_least=9, good=1)
    assert "0.0 to 100.0" in as_text([nothing])
    whole = selector("s", [1.0], [1.0], at_least=1, good=1)
    assert "left out\n" in as_text([whole])
    assert "are left out" not in as_text([whole])
    (found,) = json.loads(json.dumps(as_json([nothing]), allow_nan=False))["selectors"]
    assert (found["precision"]["value"], found["recall"]["count"], found["unrated"]) == (None, 0, 1)


@needs_shared
def test_against_chatgpt_s_published_labels() -> None:
    from humpback.readers.scores import scores

    path = SHARED / "alpagasus" / "known_labels.csv"
    given = [one.value for one in scores(path, "chatgpt_accuracy_score_known")]
    labels = [one.value for one in scores(path, "claude_accuracy_ge_4.5")]
    one = selector("chatgpt", given, labels, at_least=4.5, good=1)
    assert (one.n, one.unrated) == (1_972, 50_030)
    assert (one.precision.count, one.precision.of, one.recall.of) == (112, 1_249, 138)
