"""Stages on tiny real inputs: segments, candidates, ratings, selection, answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from experiments.humpback.algorithm import arm, candidates, curated, seed_model
from experiments.setups import Setup
from harness.data import MicroPages, ModelRater, Rated, SampledScore, Segments, Selected, Uniform
from harness.engines.local import Completion, Engine
from harness.fingerprint import Artifact
from harness.micro.world import World
from harness.prompts import HUMPBACK_RATING, MICRO_RATING, Prompt
from harness.rows import (
    EXAMPLES,
    PAGES,
    RATINGS,
    REJECTED,
    Example,
    Page,
    Rating,
    Rejected,
    Writer,
    read,
    write,
)
from harness.stages import Work, new_log
from harness.stages.rate import parsed, rate
from harness.stages.segment import sections, segment
from harness.stages.select import select
from tests.conftest import MACHINE

Made = Callable[[Artifact], Path]


def work_with(folder: Path, inputs: dict[str, Path]) -> Work:
    """A stage's work whose inputs are the given folders, by fingerprint."""
    out = folder / "out"
    out.mkdir(exist_ok=True)
    return Work(lambda artifact: inputs[artifact.fingerprint], out, MACHINE, new_log(out, lambda *_: None))


PAGE = """<!doctype html><html><head><title>T</title><style>p{}</style></head><body>
<nav><a href=/>Home</a></nav><h1>All of it</h1><p>Intro.</p>
<h2>The <em>first</em> one</h2><p>Some text &amp; more.</p><ul><li>one</li><li>two <b>bold</b></li></ul>
<script>var x = "<h2>not a header</h2>";</script>
<h3>Below it</h3><p>Deeper.</p>
<h2>Advertisement</h2><p>Buy now, buy now.</p>
<h2>SHOUTING HEADER</h2><p>Text text text.</p>
<h2>123</h2><p>Text text text.</p>
<h2>Tiny</h2><p>x</p>
<footer><p>Imprint</p></footer></body></html>"""


def test_sections_follow_the_headers() -> None:
    (top,) = sections(PAGE)
    assert top.header == "All of it"
    assert [s.header for s in top.inside][:2] == ["The first one", "Advertisement"]
    assert top.inside[0].text == "Some text & more.\n- one\n- two bold\nBelow it\nDeeper."
    assert "not a header" not in top.text
    assert "Imprint" not in top.text
    assert "Home" not in top.text


def test_every_section_is_kept_or_rejected_with_a_reason(tmp_path: Path) -> None:
    pages = MicroPages(World(), n=1)
    write(tmp_path / PAGES, Page, [Page("http://a/", PAGE), Page("http://b/", ""), Page("http://c/", "no header")])
    work = work_with(tmp_path, {pages.fingerprint: tmp_path})
    counts = segment(Segments(pages, shortest=10, longest=60), work)
    assert counts == {"pages": 3, "in": 5, "kept": 1, "rejected": 4}
    (kept,) = read(work.out / EXAMPLES, Example)
    assert kept.known["header"] == "The first one"
    reasons = [row.reason for row in read(work.out / REJECTED, Rejected)]
    assert reasons == [
        "header has 'advertisement'",
        "100% capital letters in the header",
        "header without letters",
        "shorter than 10 characters: 1",
    ]


def test_a_section_too_long_gives_way_to_those_inside_it(tmp_path: Path) -> None:
    pages = MicroPages(World(), n=1)
    html = f"<h2>Long</h2><p>{'a ' * 40}</p><h3>Inner</h3><p>good text here</p>"
    write(tmp_path / PAGES, Page, [Page("u", html)])
    work = work_with(tmp_path, {pages.fingerprint: tmp_path})
    assert segment(Segments(pages, shortest=5, longest=60), work)["kept"] == 1
    assert [row.output for row in read(work.out / EXAMPLES, Example)] == ["good text here"]


def test_micro_pages_go_the_same_way(made: Made, tiny: Setup) -> None:
    rows = list(read(made(tiny.segments) / EXAMPLES, Example))
    assert len(rows) > 20
    assert all(tiny.segments.shortest <= len(row.output) <= tiny.segments.longest for row in rows)
    assert len({row.id for row in rows}) == len(rows)


def test_candidates_keep_their_segment_and_say_what_was_lost(made: Made, tiny: Setup) -> None:
    node = candidates(tiny)
    folder = made(node)
    segments = {row.id: row for row in read(made(tiny.segments) / EXAMPLES, Example)}
    kept, lost = list(read(folder / EXAMPLES, Example)), list(read(folder / REJECTED, Rejected))
    assert len(kept) + len(lost) == len(segments)
    assert all(row.output == segments[row.id].output and row.instruction for row in kept)
    assert all(row.reason.startswith("instruction ") for row in lost)


@pytest.mark.parametrize(
    ("reply", "score"),
    [
        ("Good.\nScore: 4", 4.0),
        ("Score: 5", 5.0),
        ("score:3.", 3.0),
        ("Score: 4.5", 4.5),
        ("Score: 4/5", 4.0),
        ("It is fine.\nScore: 2\n\n", 2.0),
        ("Score: 6", None),
        ("Score: 0", None),
        ("Score: 5.5", None),
        ("Score: 45", None),
        ("Score: 3\nbut maybe not", None),
        ("I would say 4", None),
        ("", None),
    ],
)
def test_a_score_is_read_from_the_last_line_or_not_at_all(reply: str, score: float | None) -> None:
    assert parsed(reply) == score


def test_expected_scores_lie_on_the_scale_and_are_kept_raw(made: Made, tiny: Setup) -> None:
    rated = curated(tiny, by=seed_model(tiny)).rated
    folder = made(rated)
    rows, raw = list(read(folder / EXAMPLES, Example)), list(read(folder / RATINGS, Rating))
    assert [row.id for row in rows] == [row.id for row in raw]
    assert all(row.score is not None and 1 <= row.score <= 5 for row in rows)
    probabilities = [float(part.split(":")[1]) for part in raw[0].raw.split()]
    assert sum(probabilities) == pytest.approx(1, abs=1e-3)
    assert sum((i + 1) * p for i, p in enumerate(probabilities)) == pytest.approx(rows[0].score, abs=1e-3)


def test_unparsed_ratings_are_asked_again_counted_and_never_a_number(
    made: Made, tiny: Setup, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of three candidates one parses at once, one at the second asking, one never."""
    pool = candidates(tiny)
    write(tmp_path / EXAMPLES, Example, [Example(str(i), instruction="q", output=f"answer {i}") for i in range(3)])
    made(seed_model(tiny))

    def scripted(self: Engine, prompts: list[str], sampling: object, unit: str) -> list[Completion]:
        second = len(prompts) < 3
        replies = {"answer 0": "Score: 4", "answer 1": "Score: 2" if second else "hm", "answer 2": "no"}
        return [Completion(next(r for key, r in replies.items() if key in prompt), "stop") for prompt in prompts]

    monkeypatch.setattr(Engine, "generate", scripted)
    node = Rated(pool, ModelRater(seed_model(tiny), SampledScore(MICRO_RATING, tiny.answering)))
    work = replace(work_with(tmp_path, {}), open=lambda one: tmp_path if one == pool else made(one))
    counts = rate(node, work)
    assert counts == {"in": 3, "kept": 3, "unparsed": 1, "unparsed_replies": 3}
    assert [row.score for row in read(work.out / EXAMPLES, Example)] == [4.0, 2.0, None]
    assert [row.raw for row in read(work.out / RATINGS, Rating)] == ["Score: 4", "hm", "no", "Score: 2", "no"]


@dataclass
class Scores:
    """A rated set with given scores, without a rater."""

    folder: Path
    node: Rated

    def write(self, scores: list[float | None]) -> None:
        rows = [Example(str(i), instruction="q", output="a", score=score) for i, score in enumerate(scores)]
        write(self.folder / EXAMPLES, Example, rows)


@pytest.fixture
def scores(tiny: Setup, tmp_path: Path) -> Scores:
    return Scores(tmp_path, curated(tiny, by=tiny.oracle).rated)


def test_selection_keeps_the_threshold_and_never_an_unparsed_score(scores: Scores, tmp_path: Path) -> None:
    scores.write([4.4, 4.5, None, 5.0, 1.0])
    work = work_with(tmp_path, {scores.node.fingerprint: tmp_path})
    counts = select(Selected(scores.node, at_least=4.5), work)
    assert counts == {"in": 5, "kept": 2, "rejected": 3, "unparsed": 1}
    assert [row.id for row in read(work.out / EXAMPLES, Example)] == ["1", "3"]
    assert [row.reason for row in read(work.out / REJECTED, Rejected)] == [
        "score 4.4 below 4.5",
        "unparsed: the rater's reply had no score",
        "score 1 below 4.5",
    ]


def test_uniform_draws_as_many_and_another_draw_is_another_set(made: Made, tiny: Setup) -> None:
    chosen = curated(tiny, by=seed_model(tiny))
    pool = candidates(tiny)
    n = len(list(read(made(chosen) / EXAMPLES, Example)))
    draws = [
        [row.id for row in read(made(Uniform(pool, as_many_as=chosen, draw=draw)) / EXAMPLES, Example)]
        for draw in (0, 1)
    ]
    assert [len(ids) for ids in draws] == [n, n]
    everything = [row.id for row in read(made(pool) / EXAMPLES, Example)]
    assert 0 < n < len(everything)
    assert draws[0] != draws[1]
    assert draws[0] == [one for one in everything if one in set(draws[0])]


def test_answers_stand_in_the_order_of_prompts_and_empties_are_counted(made: Made, tiny: Setup) -> None:
    answers = arm(tiny, seed_model(tiny)).judged.answers
    rows = list(read(made(answers) / EXAMPLES, Example))
    asked = list(read(made(tiny.prompts) / EXAMPLES, Example))
    assert [(row.id, row.instruction) for row in rows] == [(row.id, row.instruction) for row in asked]
    assert {row.system for row in rows} == {
        "Answer in the style of an AI Assistant. Answer with knowledge from web search."
    }


def test_generating_in_batches_of_any_size_gives_the_same_greedy_text(made: Made, tiny: Setup, tmp_path: Path) -> None:
    made(tiny.base)
    prompts = [row.instruction for row in read(made(tiny.prompts) / EXAMPLES, Example)]
    texts = []
    for size in (1, 5, 64):
        work = replace(work_with(tmp_path, {}), open=made, machine=replace(MACHINE, generation_batch=size))
        greedy = replace(tiny.answering, temperature=0.0)
        texts.append([one.text for one in Engine.of(tiny.base, work).generate(prompts, greedy)])
    assert texts[0] == texts[1] == texts[2]


def test_a_prompt_that_fills_the_context_is_said_to(made: Made, tiny: Setup, tmp_path: Path) -> None:
    work = replace(work_with(tmp_path, {}), open=made)
    engine = Engine.of(tiny.base, work)
    short, long = engine.generate(["Question: hi\nAnswer:\n", "word " * 600], tiny.answering)
    assert short.ended in ("stop", "length")
    assert long == Completion("", "prompt too long")
    assert engine.choose(["word " * 600], ["Score: 1", "Score: 2"]) == [None]


def test_rows_come_back_as_they_went(tmp_path: Path) -> None:
    rows = [Example(f"{i}", "é\n\x00", "a" * i, score=None if i % 2 else 0.5) for i in range(9_000)]
    with Writer(tmp_path / "x.parquet", Example) as out:
        for row in rows:
            out.add(row)
    assert out.count == 9_000
    assert list(read(tmp_path / "x.parquet", Example)) == rows


def test_prompt_texts_match_their_checksums_and_fill_literally() -> None:
    assert "{" not in HUMPBACK_RATING.fill(instruction="{output}", output="x").replace("{output}", "")
    assert HUMPBACK_RATING.fill(instruction="{output}", output="SECRET").count("SECRET") == 1
    with pytest.raises(ValueError, match="another experiment"):
        _ = Prompt("backward.txt", "0" * 16).text
