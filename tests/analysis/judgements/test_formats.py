"""Our verdicts, votes of people, and files that belong together."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from humpback.analysis.judgements.comparison import system
from humpback.analysis.judgements.formats import artifact, orders, reviews, votes
from humpback.analysis.judgements.formats.items import NoJudgements
from humpback.core.payload import PayloadFile, checksum
from humpback.core.store import RECORD, Record, write_record
from humpback.core.tables import EXAMPLES, VERDICTS, Example, Verdict, write
from tests.analysis.judgements.material import annotation, counts, read, single, vote, written


def verdict(prompt: str, order: str, word: str) -> Verdict:
    return Verdict(prompt, order, word, "reply", 10, 20, "chat" if prompt < "p5" else "code")


def folder(at: Path, rows: list[Verdict], name: str = "m1-vs-reference-0123456789abcdef") -> Path:
    (at / name).mkdir(parents=True)
    write(at / name / VERDICTS, Verdict, rows)
    return at / name


def test_our_verdicts(tmp_path: Path) -> None:
    words = [("first", "second"), ("first", "first"), ("tie", "first"), ("unparsed", "second"), ("second", "first")]
    rows = [
        verdict(f"p{i + 3}", order, word)
        for i, pair in enumerate(words)
        for order, word in zip(("ab", "ba"), pair, strict=True)
    ]
    path = folder(tmp_path, rows)
    for given in (path, path / VERDICTS):
        one = single(given)
        assert (one.name, one.against, one.format) == ("m1", "reference", artifact.KIND)
        assert counts(one) == (1, 1, 2)
        found = system(one)
        assert (found.overall.n, found.overall.unparsed, found.overall.flip_rate) == (5, 1, 0.25)
        assert found.overall.first_preferred == pytest.approx(5 / 8)
        assert set(found.sets) == {"chat", "code"}
        assert (found.overall.mean_length, found.overall.against_length) == (10, 20)


def test_verdicts_that_cannot_be_used_are_named(tmp_path: Path) -> None:
    rows = [verdict("p1", "ab", "first"), verdict("p1", "ba", "second"), verdict("p1", "ba", "first")]
    rows += [verdict("p2", "ab", "better"), verdict("p3", "cd", "first"), verdict("p4", "ab", "first")]
    one = single(folder(tmp_path, rows))
    assert [row.place for row in one.unreadable] == ["row 2", "row 3", "row 4"]
    assert "stands a second time in order ba" in one.unreadable[0].reason
    assert "field verdict 'better'" in one.unreadable[1].reason
    assert counts(one) == (1, 0, 0)
    assert [item.unparsed for item in one.items] == [0, 1]
    assert "1 prompts have one order only" in one.notes[0]


def test_one_order_alone_is_judged_by_it(tmp_path: Path) -> None:
    one = single(folder(tmp_path, [verdict("p1", "ba", "first"), verdict("p2", "ba", "second")]))
    assert counts(one) == (1, 0, 1)
    assert "one order only" in one.notes[0]


def test_a_changed_payload_and_a_missing_column_are_refused(tmp_path: Path) -> None:
    import pyarrow.parquet as pq

    path = folder(tmp_path, [verdict("p1", "ab", "first"), verdict("p1", "ba", "second")])
    table = pq.read_table(path / VERDICTS)
    pq.write_table(table.drop_columns(["order"]), path / VERDICTS)
    with pytest.raises(NoJudgements, match="no column 'order'"):
        single(path)
    (path / VERDICTS).write_bytes(b"PAR1 and no more")
    with pytest.raises(NoJudgements, match="no whole Parquet"):
        single(path)


EMPTY = Record("judged/x", "Judged", 1, "f", {"f": {"fields": {}}}, (), {}, "", 0.0, {}, {}, {})


def test_the_payload_is_held_to_its_record(tmp_path: Path) -> None:
    path = folder(tmp_path, [verdict("p1", "ab", "first"), verdict("p1", "ba", "second")])
    by = {"class": "MicroJudge", "noise": 0.1}
    published = {VERDICTS: PayloadFile((path / VERDICTS).stat().st_size, checksum(path / VERDICTS))}
    write_record(path / RECORD, replace(EMPTY, expression={"f": {"fields": {"by": by}}}, payload=published))
    assert single(path).judge == "MicroJudge"
    write(path / VERDICTS, Verdict, [verdict("p1", "ab", "second")])
    with pytest.raises(NoJudgements, match=r"where .* was published|were published"):
        single(path)


def test_a_prompt_is_known_by_its_text_where_the_answers_lie_in_the_store(tmp_path: Path) -> None:
    """So that a judge's verdicts join with people's votes; texts that stand twice keep their ids."""
    path = folder(tmp_path / "judged", [verdict(f"p{i}", order, "tie") for i in (1, 2, 3) for order in ("ab", "ba")])
    write_record(path / RECORD, replace(EMPTY, inputs=("responses/gone-1", "responses/m1-2")))
    answers = tmp_path / "responses" / "m1-2" / EXAMPLES
    answers.parent.mkdir(parents=True)
    write(answers, Example, [Example("p1", "Why?"), Example("p2", "How?"), Example("p3", "How?")])
    published = {EXAMPLES: PayloadFile(answers.stat().st_size, checksum(answers))}
    write_record(answers.parent / RECORD, replace(EMPTY, payload=published))
    assert [item.prompt for item in single(path).items] == ["Why?", "p2", "p3"]
    write(answers, Example, [Example("p1", "Who?"), Example("p2", "How?"), Example("p3", "How?")])
    with pytest.raises(NoJudgements, match=r"examples\.parquet: .*restore it"):
        single(path)


def test_votes_are_one_outcome_a_prompt_by_majority() -> None:
    given = [
        *(vote("p", choice, name) for choice, name in (("first", "a"), ("first", "b"), ("second", "c"))),
        *(vote("q", choice, name, "second") for choice, name in (("second", "a"), ("neither", "b"))),
        *(vote("r", choice, name) for choice, name in (("first", "a"), ("second", "b"))),
        replace(vote("s", "first", "a"), screening=True),
        vote("p", "first", "a"),
    ]
    (one,) = votes.judgements("votes.sqlite", given)
    assert (one.name, one.against, one.judge) == ("ours", "theirs", "people")
    assert [(item.result, item.points) for item in one.items] == [("win", 2 / 3), ("lose", 0.25), ("tie", 0.5)]
    overall = system(one).overall
    assert overall.first_preferred == pytest.approx(4 / 6)
    assert [row.place for row in one.unreadable] == ["vote 8"]
    assert "1 votes on screening items are left out" in one.notes
    assert sum(item.calls for item in one.items) + len(one.unreadable) + 1 == len(given)


def test_votes_of_annotators_who_failed_the_screening_are_left_out_and_named() -> None:
    known = [replace(vote("s", choice, name), screening=True) for choice, name in (("first", "a"), ("second", "b"))]
    given = [*known, vote("p", "first", "a"), vote("p", "second", "b"), vote("q", "second", "b")]
    (one,) = votes.judgements("votes.sqlite", given)
    assert [(item.prompt, item.result, item.calls) for item in one.items] == [("p", "win", 1)]
    assert any("2 votes are left out" in note and "b (0 % of 1)" in note for note in one.notes)


def test_votes_that_name_the_systems_the_other_way_round_are_turned() -> None:
    turned = vote("q", "second", "a").turned
    assert (turned.first, turned.choice, turned.first_output) == ("theirs", "first", "theirs on q")
    (one,) = votes.judgements("votes.sqlite", [vote("p", "first", "a"), turned])
    assert [item.result for item in one.items] == ["win", "lose"]
    others = replace(turned, second="a third")
    assert len(votes.judgements("votes.sqlite", [vote("p", "first", "a"), others])) == 2


def scored(at: Path, first: str, second: str, scores: dict[str, list[int]], of: str = "vicuna") -> Path:
    """As AlpaGasus's evaluation writes a file: both answers by system, the pair in the order of the file's name."""
    rows = [
        {"text": prompt, "ours": f"o {prompt}", "theirs": f"t {prompt}", "review": "...", "score": pair}
        for prompt, pair in scores.items()
    ]
    return written(at / f"{first}-{second}-{of}.json", rows)


def test_alpagasus_s_files_name_the_order_and_sets_come_together(tmp_path: Path) -> None:
    vicuna = scored(tmp_path, "ours", "theirs", {"p": [9, 5], "q": [5, 9], "r": [8, 8]})
    turned = scored(tmp_path, "theirs", "ours", {"p": [5, 9], "q": [9, 5], "r": [-1, -1]})
    koala = scored(tmp_path, "ours", "theirs", {"s": [9, 5]}, of="koala")
    turned_koala = scored(tmp_path, "theirs", "ours", {"s": [9, 5]}, of="koala")
    one = single(vicuna, koala, turned_koala, turned)
    assert (one.name, one.against, one.format) == ("ours", "theirs", orders.TWO_FILES)
    assert [(item.prompt, item.result) for item in one.items] == [
        ("p", "win"),
        ("q", "lose"),
        ("r", None),
        ("s", "tie"),
    ]
    found = system(one)
    assert (found.sets["vicuna"].expected, found.sets["koala"].expected, found.overall.expected) == (80, 180, 260)
    (other,) = read(turned, vicuna)
    assert (other.name, counts(other)) == ("theirs", (1, 0, 1))


def test_a_file_called_reverse_is_the_second_order_wherever_it_stands(tmp_path: Path) -> None:
    there = written(tmp_path / "review.json", [{"prompt": "p", "score": [9, 5]}])
    back = written(tmp_path / "review_reverse.json", [{"prompt": "p", "score": [5, 9]}])
    for given in ((there, back), (back, there)):
        assert counts(single(*given)) == (1, 0, 0)


def test_files_about_other_answers_are_systems_of_their_own(tmp_path: Path) -> None:
    one = written(tmp_path / "a.json", [{"prompt": "p", "Answer1": "x", "Answer2": "y", "score": [9, 5]}])
    other = written(tmp_path / "b.json", [{"prompt": "p", "Answer1": "z", "Answer2": "y", "score": [5, 9]}])
    assert [(found.name, found.format) for found in read(one, other)] == [("a", reviews.ONE), ("b", reviews.ONE)]


def test_a_prompt_is_its_instruction_with_its_input(tmp_path: Path) -> None:
    rows = [
        {"instruction": "Translate.", "instances": [{"input": text}], "scores": [9, 5], "scores_reverse": [5, 9]}
        for text in ("uno", "due")
    ]
    one = single(written(tmp_path / "a.json", rows))
    assert len(one.items) == 2
    assert not one.unreadable


def test_several_systems_in_one_file_and_one_under_two_judges(tmp_path: Path) -> None:
    rows = [annotation(i, 2, generator_2="m1") for i in range(3)]
    rows += [annotation(i, 1, generator_2="m2") for i in range(3)]
    one, other = read(written(tmp_path / "a.json", rows))
    assert [(found.name, counts(found)) for found in (one, other)] == [("m1", (3, 0, 0)), ("m2", (0, 0, 3))]
    again = written(tmp_path / "b.json", [annotation(i, 2, generator_2="m1", annotator="other") for i in range(3)])
    names = [found.name for found in read(tmp_path / "a.json", again)]
    assert names == ["m1 (judge)", "m2", "m1 (other)"]
