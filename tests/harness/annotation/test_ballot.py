"""Votes are kept: once each, through double submits, two tabs, undo, restarts and several people at once."""

from __future__ import annotations

import sqlite3
import stat
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from humpback.annotation.ballot import Ballot, Place, Showing
from humpback.core.store import StoreError
from humpback.readers.unusable import UnusableFile
from humpback.spec.votes import Mark, is_votes, marks, read_votes
from tests.harness.annotation.material import FIRST, SECOND, ballot, items


def showing(place: Place) -> Showing:
    assert place.showing is not None
    return place.showing


def vote_all(box: Ballot, name: str) -> None:
    key = box.enter(f"browser of {name}", name)
    while (place := box.place(key)).showing:
        assert box.cast(key, place.showing.token, 1, "") == "saved"


def test_a_vote_is_turned_to_the_systems_and_keeps_how_it_was_shown(tmp_path: Path) -> None:
    box = ballot(tmp_path, 12)
    key = box.enter("browser", "Anna")
    shown: dict[str, tuple[str, str]] = {}
    while one := box.place(key).showing:
        shown[one.item.id] = one.answers
        assert box.cast(key, one.token, 2, " why \n") == "saved"
    votes = list(read_votes(box.path))
    assert len(votes) == 12
    by_id = {item.id: item for item in items(12)}
    for vote in votes:
        chosen = shown[vote.item][1]
        assert chosen == (by_id[vote.item].first_output if vote.choice == "first" else by_id[vote.item].second_output)
        assert vote.shown_first == ("second" if vote.choice == "first" else "first")
        assert (vote.first, vote.second, vote.annotator, vote.source) == (FIRST, SECOND, "Anna", "vicuna")
        assert (vote.prompt, vote.instruction) == (by_id[vote.item].prompt, by_id[vote.item].instruction)
        assert not vote.screening
        assert vote.at.endswith("+00:00")
        assert vote.seconds >= 0
    assert {vote.shown_first for vote in votes} == {"first", "second"}


def test_neither_is_neither_on_both_sides(tmp_path: Path) -> None:
    box = ballot(tmp_path, 6)
    key = box.enter("browser", "Anna")
    while one := box.place(key).showing:
        box.cast(key, one.token, None, "")
    assert Counter(vote.choice for vote in read_votes(box.path)) == {"neither": 6}


def test_order_and_sides_follow_from_seed_and_annotator(tmp_path: Path) -> None:
    def seen(folder: str, name: str, seed: int) -> list[tuple[str, str]]:
        (tmp_path / folder).mkdir()
        box = ballot(tmp_path / folder, 24, seed=seed)
        vote_all(box, name)
        return [(vote.item, vote.shown_first) for vote in read_votes(box.path)]

    anna = seen("a", "Anna", 0)
    assert seen("b", "Anna", 0) == anna
    for other in (seen("c", "Ben", 0), seen("d", "Anna", 1)):
        assert [item for item, _ in other] != [item for item, _ in anna]
        assert dict(other) != dict(anna)
    assert 4 < sum(side == "first" for _, side in anna) < 20


def test_the_same_vote_twice_counts_once_and_another_choice_changes_nothing(tmp_path: Path) -> None:
    box = ballot(tmp_path)
    key = box.enter("browser", "Anna")
    one = showing(box.place(key))
    assert [box.cast(key, one.token, position, "") for position in (1, 1, 2, None)] == [
        "saved", "again", "other", "other",
    ]  # fmt: skip
    (vote,) = read_votes(box.path)
    assert vote.choice == one.shown_first


def test_two_tabs_show_one_item_and_the_first_vote_stands(tmp_path: Path) -> None:
    box = ballot(tmp_path)
    key = box.enter("browser", "Anna")
    one, other = showing(box.place(key)), showing(box.place(key))
    assert one == other
    assert box.cast(key, one.token, 1, "") == "saved"
    assert box.cast(key, other.token, 2, "") == "other"
    assert box.place(key).done == 1


def test_undo_keeps_history_and_an_old_page_cannot_vote_again(tmp_path: Path) -> None:
    box = ballot(tmp_path)
    key = box.enter("browser", "Anna")
    one = showing(box.place(key))
    box.cast(key, one.token, 1, "first thought")
    assert box.undo(key, one.token)
    assert not box.undo(key, one.token)
    assert list(read_votes(box.path)) == []
    again = showing(box.place(key))
    assert (again.item, again.shown_first) == (one.item, one.shown_first)
    assert again.token != one.token
    assert box.cast(key, one.token, 1, "") == "other"
    assert box.cast(key, again.token, 2, "second thought") == "saved"
    assert [vote.comment for vote in read_votes(box.path)] == ["second thought"]
    with sqlite3.connect(box.path) as database:
        rows = database.execute("SELECT comment, superseded_at IS NULL FROM votes ORDER BY id").fetchall()
    database.close()
    assert rows == [("first thought", 0), ("second thought", 1)]


def test_undo_goes_back_vote_by_vote_and_takes_back_the_last_only(tmp_path: Path) -> None:
    box = ballot(tmp_path)
    key = box.enter("browser", "Anna")
    tokens = []
    for _ in range(3):
        tokens.append(showing(box.place(key)).token)
        box.cast(key, tokens[-1], 1, "")
    assert not box.undo(key, tokens[0])
    for token in reversed(tokens):
        assert box.place(key).last == token
        assert box.undo(key, token)
    assert box.place(key).last is None


def test_one_annotator_cannot_use_anothers_page(tmp_path: Path) -> None:
    box = ballot(tmp_path)
    anna, ben = box.enter("one", "Anna"), box.enter("two", "Ben")
    one = showing(box.place(anna))
    assert box.cast(ben, one.token, 1, "") == "unknown"
    assert box.cast(anna, one.token, 1, "") == "saved"
    assert not box.undo(ben, one.token)


def test_the_database_itself_refuses_a_second_vote(tmp_path: Path) -> None:
    box = ballot(tmp_path)
    key = box.enter("browser", "Anna")
    one = showing(box.place(key))
    box.cast(key, one.token, 1, "")
    database = sqlite3.connect(box.path)
    database.execute("INSERT INTO showings SELECT 'forged', item, annotator, shown_first, at FROM showings")
    with pytest.raises(sqlite3.IntegrityError):
        database.execute(
            "INSERT INTO votes (token, item, annotator, choice, comment, seconds, at) "
            "VALUES ('forged', ?, ?, 'first', '', 0, '')",
            (one.item.id, key),
        )
    database.close()


def test_people_voting_at_once_lose_nothing(tmp_path: Path) -> None:
    """Four people on ballots of their own, as four processes would be, and each vote sent twice at once."""
    boxes = [ballot(tmp_path, 10) for _ in range(4)]

    def session(number: int) -> None:
        box = boxes[number]
        key = box.enter(f"browser {number}", f"P{number}")
        with ThreadPoolExecutor(2) as pool:
            while one := box.place(key).showing:
                sent = [pool.submit(box.cast, key, one.token, 1, "") for _ in range(2)]
                assert sorted(each.result() for each in sent) == ["again", "saved"]

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(session, range(4)))
    votes = list(read_votes(boxes[0].path))
    assert Counter(vote.annotator for vote in votes) == {f"P{i}": 10 for i in range(4)}
    assert len({(vote.item, vote.annotator) for vote in votes}) == 40


def test_a_restart_goes_on_and_other_items_stay_in_the_file(tmp_path: Path) -> None:
    box = ballot(tmp_path, 3)
    key = box.enter("browser", "Anna")
    open_one = showing(box.place(key))
    assert ballot(tmp_path, 3, seed=9).place(key).showing is not None
    assert ballot(tmp_path, 3).cast(key, open_one.token, 1, "") == "saved"
    assert ballot(tmp_path, 3).place(key).done == 1
    assert ballot(tmp_path, 3).annotator("browser") == ("anna", "Anna")
    others = [replace(item, id=item.id[::-1]) for item in items(3)]
    box = Ballot(box.path, others, seed=0)
    assert (box.place(key).done, box.place(key).last) == (0, None)
    assert len(list(read_votes(box.path))) == 1


def test_names_are_one_whatever_their_case_and_spaces(tmp_path: Path) -> None:
    box = ballot(tmp_path)
    assert box.enter("one", "Anna  Lee") == box.enter("two", " anna lee ")
    assert box.annotator("two") == ("anna lee", "Anna Lee")
    for bad in ("", "  ", "x" * 61, "a\u202eb", "a\x00b"):
        with pytest.raises(ValueError, match="name"):
            box.enter("three", bad)
    assert box.annotator("three") is None
    box.leave("one")
    assert box.annotator("one") is None


def test_a_vote_within_the_blink_of_a_double_click_is_not_taken(tmp_path: Path) -> None:
    box = ballot(tmp_path, quickest=3_600)
    key = box.enter("browser", "Anna")
    assert box.cast(key, showing(box.place(key)).token, 1, "") == "quick"
    assert box.place(key).done == 0


def test_screening_comes_first_and_the_mark_counts_neither_half(tmp_path: Path) -> None:
    known = tuple(replace(item, id=f"known{i}", screening=True) for i, item in enumerate(items(10)))
    box = Ballot(tmp_path / "votes.sqlite", (*items(20), *known), seed=0)
    key = box.enter("browser", "Anna")
    for i in range(10):
        one = showing(box.place(key))
        assert one.item.screening
        better = 1 if one.shown_first == "first" else 2
        box.cast(key, one.token, None if i in (2, 5) else 3 - better if i == 7 else better, "")  # type: ignore[arg-type]
    assert not showing(box.place(key)).item.screening
    votes = list(read_votes(box.path))
    assert marks(votes) == {"Anna": Mark("Anna", 10, 7, 2)}
    assert all(vote.screening for vote in votes)


@pytest.mark.parametrize(
    ("agreed", "neither", "agreement", "passed"),
    [(10, 0, 1.0, True), (9, 0, 0.9, True), (8, 1, 0.85, False), (8, 2, 0.9, True), (7, 2, 0.8, False)],
)
def test_the_pass_mark_is_more_than_85_percent(agreed: int, neither: int, agreement: float, passed: bool) -> None:
    mark = Mark("Anna", 10, agreed, neither)
    assert mark.agreement == pytest.approx(agreement)
    assert mark.passed is passed


def test_files_that_are_no_votes_are_named(tmp_path: Path) -> None:
    other = tmp_path / "other.sqlite"
    database = sqlite3.connect(other)
    database.execute("CREATE TABLE votes (id)")
    database.commit()
    database.close()
    text = tmp_path / "text.json"
    text.write_text("[]")
    for path in (other, text):
        assert not is_votes(path)
        with pytest.raises(StoreError, match="no file of votes"):
            list(read_votes(path))
        with pytest.raises(UnusableFile, match="no file of votes"):
            Ballot(path, items(1), seed=0)
    with pytest.raises(FileNotFoundError):
        list(read_votes(tmp_path / "none.sqlite"))
    with pytest.raises(UnusableFile, match="cannot be kept"):
        Ballot(tmp_path / "no folder" / "votes.sqlite", items(1), seed=0)
    box = ballot(tmp_path)
    assert is_votes(box.path)
    database = sqlite3.connect(box.path)
    database.execute("PRAGMA user_version = 9")
    database.close()
    with pytest.raises(StoreError, match="version 9"):
        list(read_votes(box.path))


def test_a_closed_ballot_is_one_file_that_reads_from_a_folder_of_no_writing(tmp_path: Path) -> None:
    box = ballot(tmp_path)
    vote_all(box, "Anna")
    box.close()
    assert [path.name for path in tmp_path.iterdir()] == ["votes.sqlite"]
    tmp_path.chmod(stat.S_IRUSR | stat.S_IXUSR)
    try:
        assert len(list(read_votes(box.path))) == 4
    finally:
        tmp_path.chmod(stat.S_IRWXU)
