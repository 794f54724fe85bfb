"""Votes of people as numbers: whose count, which way round, and what is said where there are none."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path

import pytest

from humpback.analysis.experiment.measured import gather_measured
from humpback.analysis.experiment.measures import read_measure
from humpback.analysis.experiment.measures.number import NotMeasured
from humpback.annotation.ballot import Ballot
from humpback.annotation.items import join, load_systems, screening_items
from humpback.core.store import Store, StoreError
from humpback.core.tables import EXAMPLES, Example, write
from humpback.experiments.catalogue import experiment
from humpback.experiments.setups import SETUPS
from humpback.spec.claims import Paper
from humpback.spec.files import File, PromptSet
from humpback.spec.measures import VoteShare
from tests.analysis.measures.stored import recorded

OURS, THEIRS = (PromptSet((File(f"{name}.json", name[0] * 64),)) for name in ("a", "b"))
PROMPTS = range(4)
KNOWN = '{"prompt": "What is 2 + 2?", "better": "4", "worse": "5"}\n'


@pytest.fixture
def store(tmp_path: Path) -> Store:
    store = Store(tmp_path / "a store")
    for one, word in ((OURS, "long"), (THEIRS, "brief")):
        publish(store, one, word)
    return store


def publish(store: Store, one: PromptSet, word: str) -> None:
    store.root.mkdir(exist_ok=True)
    work = store.workspace(one)
    write(work / EXAMPLES, Example, [Example(f"p{i}", f"Prompt {i}?", f"{word} answer {i}") for i in PROMPTS])
    store.publish(one, work, recorded(one, {"in": 4}))


def vote(
    store: Store, name: str, choices: Mapping[str, Mapping[str, str]], *, turned: bool = False, screened: str = ""
) -> Path:
    """A file of votes, as `humpback annotate` makes it: for each annotator a choice by prompt, "first" being ours. On
    screening items "first" is the known answer."""
    folders = [store.folder(one) for one in ((THEIRS, OURS) if turned else (OURS, THEIRS))]
    items = join(*load_systems(folders)).items
    if screened:
        known = store.root / "known.jsonl"
        known.write_text(KNOWN)
        items = (*screening_items(known), *items)
    path = store.root / "votes" / f"{name}.sqlite"
    path.parent.mkdir(exist_ok=True)
    box = Ballot(path, items, seed=0)
    for annotator, by_prompt in choices.items():
        key = box.enter(annotator, annotator)
        while (place := box.place(key)).showing is not None:
            item = place.showing.item
            choice = screened if item.screening else by_prompt.get(item.prompt, "neither")
            if turned and not item.screening:
                choice = {"first": "second", "second": "first"}.get(choice, choice)
            position = None if choice == "neither" else 1 if choice == place.showing.shown_first else 2
            assert box.cast(key, place.showing.token, position, "") == "saved"  # type: ignore[arg-type]
    box.close()
    return path


def means(store: Store) -> dict[str, float]:
    return {one.metric: one.mean for one in read_measure(store, VoteShare("it", OURS, THEIRS))}


ANNA = {"p0": "first", "p1": "first", "p2": "second", "p3": "neither"}
BEN = {"p0": "first", "p1": "second", "p2": "second", "p3": "first"}


@pytest.mark.parametrize("turned", [False, True])
def test_each_prompt_counts_once_however_many_voted_and_whichever_way_round(store: Store, turned: bool) -> None:
    vote(store, "one", {"Anna": ANNA, "Ben": BEN}, turned=turned)
    first, neither, second, less, votes, annotators = read_measure(store, VoteShare("it", OURS, THEIRS))
    found = dict(zip(first.keys or (), zip(first.values, neither.values, second.values, strict=True), strict=True))
    assert found == {"p0": (100, 0, 0), "p1": (50, 0, 50), "p2": (0, 0, 100), "p3": (50, 50, 0)}
    assert (first.metric, neither.metric, second.metric) == ("first better, %", "no difference, %", "second better, %")
    assert less.mean == pytest.approx(first.mean - second.mean) == 12.5
    assert first.keys == less.keys
    assert [(one.metric, one.mean) for one in (votes, annotators)] == [("votes", 8), ("annotators", 2)]


def test_several_files_are_one_people_and_nobody_votes_twice_on_a_prompt(store: Store) -> None:
    vote(store, "one", {"Anna": ANNA})
    vote(store, "two", {"anna": BEN, "Chloé": BEN}, turned=True)
    found = means(store)
    assert (found["votes"], found["annotators"]) == (8, 2)
    assert (found["first better, %"], found["second better, %"]) == (50, 37.5)


def test_a_vote_that_was_taken_back_does_not_count(store: Store) -> None:
    box = Ballot(
        vote(store, "one", {"Anna": ANNA}),
        join(*load_systems([store.folder(OURS), store.folder(THEIRS)])).items,
        seed=0,
    )
    last = box.place("anna").last
    assert last is not None
    assert box.undo("anna", last)
    box.close()
    assert means(store)["votes"] == 3


@pytest.mark.parametrize(("answer", "votes"), [("first", 8), ("second", 4)])
def test_those_who_fail_the_screening_are_left_out_and_counted(store: Store, answer: str, votes: int) -> None:
    vote(store, "one", {"Ben": BEN}, screened=answer)
    vote(store, "two", {"Anna": ANNA})
    found = means(store)
    assert found["votes"] == votes
    assert found.get("votes left out: annotator failed the screening", 0) == 8 - votes


def test_votes_on_other_texts_than_the_store_s_do_not_count(store: Store, tmp_path: Path) -> None:
    vote(store, "one", {"Anna": ANNA})
    store.folder(OURS).rename(tmp_path / "aside")
    publish(store, OURS, "other")
    with pytest.raises(NotMeasured, match="4 votes left out: other texts than the store's"):
        means(store)


def test_votes_between_other_systems_are_not_theirs(store: Store) -> None:
    other = PromptSet((File("c.json", "c" * 64),))
    publish(store, other, "third")
    vote(store, "one", {"Anna": ANNA})
    with pytest.raises(NotMeasured, match="no votes of people; to collect them: humpback annotate"):
        read_measure(store, VoteShare("it", OURS, other))


def test_without_votes_the_command_that_collects_them(store: Store) -> None:
    with pytest.raises(NotMeasured) as found:
        means(store)
    make, command = str(found.value).split("to collect them: ")[1].split(" && ")
    assert shlex.split(make) == ["mkdir", "-p", str(store.root / "votes")]
    words = shlex.split(command)
    assert words[:5] == ["humpback", "annotate", *(str(store.folder(one)) for one in (OURS, THEIRS)), "--votes"]
    assert Path(words[5]).parent == store.root / "votes"
    assert words[5].endswith(".sqlite")
    (store.root / "votes").mkdir()
    with pytest.raises(NotMeasured, match="to collect them: humpback annotate"):
        means(store)


def test_what_is_no_file_of_votes_is_named(store: Store) -> None:
    path = vote(store, "one", {"Anna": ANNA})
    path.write_bytes(b"SQLite format 4\x00" * 100)
    with pytest.raises(StoreError, match=r"one\.sqlite: this is no file of votes"):
        means(store)
    path.unlink()
    path.touch()
    with pytest.raises(StoreError, match=r"one\.sqlite: this is no file of votes"):
        means(store)


def test_the_experiment_s_rows_say_how_to_collect(store: Store, tmp_path: Path) -> None:
    printed = (("first better, %", Paper("humpback-human", "text-davinci-003", metric="win_share")),)
    rows, numbers = gather_measured(store, {0: {"ours": VoteShare("ours", OURS, THEIRS, paper=printed)}}, reasons={})
    assert numbers == {"ours": {}}
    assert [(row.metric, row.paper) for row in rows] == [("first better, %", 66.7)]
    assert "humpback annotate" in rows[0].reason


def test_the_paper_s_opponents_are_there_where_the_setup_has_them() -> None:
    one = experiment("humpback/human_preference")
    declared = {name: one.on(setup, [0]) for name, setup in SETUPS.items()}
    found = {name: set(on.measures[0]) for name, on in declared.items()}
    ours = {"against the reference", "against the seed model"}
    assert found["micro"] == ours
    assert found["llama-65b"] == {*ours, "against lima", "against Claude"}
    papers = {claim.first.name: claim.paper_value for claim in declared["llama-65b"].claims}  # type: ignore[attr-defined]
    assert papers == {
        "against the reference": 46.9,
        "against the seed model": None,
        "against lima": 17.8,
        "against Claude": 26.3,
    }
    assert declared["llama-7b"].printed == {}
    # A system behind an endpoint is asked once, whatever the seed.
    claude = [one.on(SETUPS["llama-65b"], [seed]).measures[seed]["against Claude"] for seed in (0, 1)]
    assert claude[0].against == claude[1].against  # type: ignore[attr-defined]
    assert claude[0].answers != claude[1].answers  # type: ignore[attr-defined]
