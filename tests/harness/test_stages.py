"""Stages on tiny real inputs: segments, candidates, ratings, selection, answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from transformers import AutoTokenizer

from humpback.core.expression import Artifact
from humpback.core.tables import EXAMPLES, RATINGS, REJECTED, Example, Rating, Rejected, Writer, read, write
from humpback.core.work import TooFew, Work, new_log
from humpback.engines.chat.chat_format import ChatFormat
from humpback.engines.completion import Completion
from humpback.engines.transformers_engine import Engine
from humpback.experiments.humpback.algorithm import arm, candidates, curated, seed_model
from humpback.experiments.setups.base import Setup
from humpback.spec.curation import FirstLineScore, ModelRater, RandomControl, Rated, Sample, SampledScore, Selected
from humpback.spec.models import Finetuned
from humpback.spec.prompts import ALPAGASUS_ACCURACY, HUMPBACK_RATING, MICRO_RATING, Prompt
from humpback.stages.backtranslate import backtranslate
from humpback.stages.batches import IGNORED
from humpback.stages.finetune import encode_examples, finetune
from humpback.stages.rate import parse_first_line, parse_last_line, rate
from humpback.stages.select import select
from tests.conftest import MACHINE

Made = Callable[[Artifact], Path]


def work_with(folder: Path, inputs: dict[str, Path]) -> Work:
    """A stage's work whose inputs are the given folders, by fingerprint."""
    out = folder / "out"
    out.mkdir(exist_ok=True)
    return Work(lambda artifact: inputs[artifact.fingerprint], out, MACHINE, new_log(out, lambda *_: None))


def test_candidates_keep_their_segment_and_say_what_was_lost(made: Made, tiny: Setup) -> None:
    node = candidates(tiny)
    folder = made(node)
    segments = {row.id: row for row in read(made(tiny.segments) / EXAMPLES, Example)}
    kept, lost = list(read(folder / EXAMPLES, Example)), list(read(folder / REJECTED, Rejected))
    assert len(kept) + len(lost) == len(segments)
    assert all(row.output == segments[row.id].output and row.instruction for row in kept)
    assert all(row.reason.startswith(("instruction ", "mark in the instruction")) for row in lost)


@pytest.mark.parametrize(
    ("reply", "score"),
    [
        ("Good.\nScore: 4", 4.0),
        ("Score: 5", 5.0),
        ("score:3.", 3.0),
        ("Score: 4.5", 4.5),
        ("Score: 4/5", 4.0),
        ("It is fine.\nScore: 2\n\n", 2.0),
        ("**Score:** 4", 4.0),
        ("**Score: 4.5/5**", 4.5),
        ("### Score: **4**", 4.0),
        ("Fine.\n```\nScore: 4\n```", 4.0),
        ("Score: [4]", 4.0),
        ("Score: <4>", 4.0),
        ('{"score": 4}', 4.0),
        ("Score: 4 (out of 5)", 4.0),
        ("4 out of 5", 4.0),
        ("Overall, the score is 4.", 4.0),
        ("Score = 4,5", 4.5),
        ("Score 4/5", 4.0),
        ("Score -1", None),
        ("Score \u2013 4", 4.0),
        ("\uff33\uff43\uff4f\uff52\uff45\uff1a\uff14", 4.0),
        ("Score: 3. After a second look:\nScore: 4", 4.0),
        ("Score: 3. Score: 4", 4.0),
        ("Score: -1", None),
        ("-4", None),
        ("Score: 10", None),
        ("Score: 8/10", None),
        ("Score: 4/10", None),
        ("4 out of 10", None),
        ("Score: 4-5", None),
        ("Score: 4 or 5", None),
        ("Score: 3/4", None),
        ("Score: four", None),
        ("Errors: 3", None),
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
    assert parse_last_line(reply) == score


@pytest.mark.parametrize(
    ("reply", "score"),
    [
        ("4.5\nIt is right.", 4.5),
        (" 5 \n", 5.0),
        ("0", 0.0),
        ("Score: 4\nGood.", 4.0),
        ("4.5/5\nGood.", 4.5),
        ("**4.5**\n\nGood.", 4.5),
        ("4,5\nGut.", 4.5),
        (".5", 0.5),
        ("\u0664", 4.0),
        ("4 5", None),
        ("4.5 It is right.", None),
        ("10\nGood.", None),
        ("9/10", None),
        ("5.5", None),
        ("-1", None),
        ("nan", None),
        ("It is right.\n5", None),
        ("", None),
    ],
)
def test_alpagasus_s_score_stands_on_the_first_line(reply: str, score: float | None) -> None:
    assert parse_first_line(reply) == score


def test_a_model_rates_on_alpagasus_s_scale_and_nothing_unparsed_becomes_a_number(
    made: Made, tiny: Setup, monkeypatch: pytest.MonkeyPatch
) -> None:
    replies = ["<think>\n1\n</think>\n\n4.5\nRight.", "I would say 5", "3"]

    def scripted(self: Engine, prompts: list[str], sampling: object, unit: str) -> list[Completion]:
        asked = self.chat.read(self.chat.prompt(prompts[0]))
        assert "### Instruction:" in asked
        assert "scale from 0 to 5" in asked
        return [Completion(replies[i % 3], "stop") for i in range(len(prompts))]

    made(candidates(tiny))
    monkeypatch.setattr(Engine, "generate", scripted)
    rater = ModelRater(seed_model(tiny), FirstLineScore(ALPAGASUS_ACCURACY))
    folder = made(Rated(candidates(tiny), by=rater))
    rows = list(read(folder / EXAMPLES, Example))
    assert [row.score for row in rows[:3]] == [4.5, None, 3.0]
    assert [one.raw for one in read(folder / RATINGS, Rating)][:3] == replies


def test_a_sample_is_so_many_of_a_set_and_the_rest_is_kept_aside(made: Made, tiny: Setup, tmp_path: Path) -> None:
    pool = candidates(tiny)
    rows = list(read(made(pool) / EXAMPLES, Example))
    three, again = Sample(pool, n=3), Sample(pool, n=3, draw=1)
    kept = list(read(made(three) / EXAMPLES, Example))
    assert len(kept) == 3
    assert len(list(read(made(three) / REJECTED, Rejected))) == len(rows) - 3
    assert kept != list(read(made(again) / EXAMPLES, Example))
    work = work_with(tmp_path, {pool.fingerprint: made(pool)})
    with pytest.raises(TooFew, match=f"999 rows wanted of the {len(rows)} of backtranslated/candidates"):
        select(Sample(pool, n=999), work)


def test_an_empty_output_teaches_the_end_alone_and_prompts_are_refused(made: Made, tiny: Setup, tmp_path: Path) -> None:
    """Alpaca has 28 rows without output, and the papers trained on them."""
    tokenizer = AutoTokenizer.from_pretrained(made(tiny.base))
    encoded = encode_examples([Example("a", "hi", "")], ChatFormat(tiny.base.template, tokenizer), 64)
    (one,) = encoded.sequences
    assert encoded.cut == 0
    assert [label for label in one.labels if label != IGNORED] == [tokenizer.eos_token_id]
    node = Finetuned(tiny.base, tiny.prompts, tiny.sft)
    work = work_with(tmp_path, {one.fingerprint: made(one) for one in (tiny.base, tiny.prompts)})
    with pytest.raises(ValueError, match="none of its 28 examples has an output to learn from"):
        finetune(node, work)


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
        asked = prompts
        return [Completion(next(r for key, r in replies.items() if key in prompt), "stop") for prompt in asked]

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
        [row.id for row in read(made(RandomControl(pool, same_size_as=chosen, draw=draw)) / EXAMPLES, Example)]
        for draw in (0, 1)
    ]
    assert [len(ids) for ids in draws] == [n, n]
    everything = [row.id for row in read(made(pool) / EXAMPLES, Example)]
    assert 0 < n < len(everything)
    assert draws[0] != draws[1]
    assert draws[0] == [one for one in everything if one in set(draws[0])]


def test_answers_stand_in_the_order_of_prompts_and_empties_are_counted(made: Made, tiny: Setup) -> None:
    answers = arm(tiny, "M0", seed_model(tiny)).judged.answers
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


def test_a_segment_that_fills_the_context_is_kept_aside_and_counted(made: Made, tiny: Setup, tmp_path: Path) -> None:
    node, place = candidates(tiny), tmp_path / "segments"
    made(node.by)
    place.mkdir()
    write(
        place / EXAMPLES, Example, [Example("long", output="word " * 600, source="web"), Example("b", output="It is.")]
    )
    work = replace(work_with(tmp_path, {}), open=lambda one: place if one == node.segments else made(one))
    counts = backtranslate(node, work)
    assert (counts["in"], counts["kept"] + counts["rejected"]) == (2, 2)
    found = {row.id: (row.reason, row.text) for row in read(work.out / REJECTED, Rejected)}
    assert found["long"] == ("instruction unfinished: prompt too long", "")


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
