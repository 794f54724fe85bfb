"""Verbs and nouns of so many instructions of a set; and what is said where they cannot be had."""

from __future__ import annotations

from importlib import metadata
from pathlib import Path

import pytest

from humpback.analysis.datasets import diversity
from humpback.analysis.experiment.measures import diversity as diverse
from humpback.analysis.experiment.measures import read_measure
from humpback.analysis.experiment.measures.number import NotMeasured
from humpback.core.store import Store, StoreError
from humpback.core.tables import EXAMPLES, Example
from humpback.spec.measures import InstructionDiversity
from tests.analysis.measures.stored import a_set, new_store, stored


def installed() -> bool:
    try:
        return bool(metadata.version(diversity.MODEL) and metadata.version("spacy"))
    except metadata.PackageNotFoundError:
        return False


needs_parser = pytest.mark.skipif(not installed(), reason="the extra `diversity` is not installed")


def put(store: Store, instructions: list[str]) -> InstructionDiversity:
    rows = [Example(f"e/{i}", instruction, "-") for i, instruction in enumerate(instructions)]
    return InstructionDiversity("it", stored(store, a_set("a"), rows), n=len(rows))


@needs_parser
def test_pairs_and_verbs_are_counted_once_each(tmp_path: Path) -> None:
    store = new_store(tmp_path)
    asked = ["Write a story.", "Write the stories.", "Write a poem.", "Describe the process.", "Why?", "Who is it?"]
    share, pairs, verbs, entropy = read_measure(store, put(store, asked))
    assert share.metric == "instructions with a verb and noun, %"
    assert (share.mean, len(share.values)) == (pytest.approx(100 * 4 / 6), 6)
    assert (pairs.metric, pairs.mean) == ("distinct verb-noun pairs", 3)
    assert (verbs.metric, verbs.mean) == ("distinct verbs", 2)
    assert (entropy.metric, entropy.mean) == ("entropy of pairs, bits", pytest.approx(1.5))


@pytest.mark.parametrize(
    ("n", "there", "places"),
    [(5, 5, [0, 1, 2, 3, 4]), (5, 10, [0, 2, 4, 6, 8]), (3, 10, [0, 3, 6]), (4, 7, [0, 1, 3, 5]), (1, 9, [0])],
)
def test_they_are_evenly_spaced_through_the_whole_set(tmp_path: Path, n: int, there: int, places: list[int]) -> None:
    store = new_store(tmp_path)
    of = put(store, [str(i) for i in range(there)]).examples
    assert list(diverse._spaced(store.folder(of) / EXAMPLES, n, there)) == [str(i) for i in places]


def test_fewer_instructions_than_are_compared_have_no_number(tmp_path: Path) -> None:
    store = new_store(tmp_path)
    of = put(store, ["Write a story."]).examples
    with pytest.raises(NotMeasured, match="2 instructions are compared and the set has 1"):
        read_measure(store, InstructionDiversity("it", of, n=2))


def test_without_the_parser_the_reason_says_what_brings_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def absent() -> None:
        raise StoreError("the parser is not installed; pip install 'humpback-harness[diversity]'")

    monkeypatch.setattr(diversity, "_parser", absent)
    store = new_store(tmp_path)
    with pytest.raises(NotMeasured, match=r"pip install 'humpback-harness\[diversity\]'"):
        read_measure(store, put(store, ["Write a story."]))
