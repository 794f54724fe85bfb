"""Contamination: prompts that stand in training texts are found by each rule, and by no chance overlap."""

from __future__ import annotations

import json
import random
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from humpback.core.expression import Artifact
from humpback.core.same_prompt import fold
from humpback.core.store import Store
from humpback.core.tables import CONTAMINATED, EXAMPLES, REJECTED, Contaminated, Example, Rejected, read, write
from humpback.experiments.humpback.algorithm import candidates, rated, seed_model
from humpback.experiments.setups.base import Setup, drawn
from humpback.readers.instructions import Row, pairs, prompts
from humpback.readers.open_assistant import select_pairs
from humpback.readers.records import records
from humpback.segmenter import overlap
from humpback.segmenter.overlap import GRAM, holders, overlaps
from humpback.segmenter.overlap_windows import COMMON, Text
from humpback.spec.contamination import Contamination
from humpback.spec.curation import Decontaminated
from humpback.spec.data import Joined
from humpback.spec.datasets import ALPACA_EVAL, SEED
from humpback.spec.files import OpenAssistant
from humpback.stages.contamination import leave_out
from tests.shared_data import SHARED, needs_shared

LONG = (
    "Explain to a child of seven why the moon seems to follow the car at night while trees and houses beside the road "
    "rush past the window"
)
SHORT = "How deep is the lake behind our house?"


def kinds(prompts: list[str], *texts: str | Text) -> dict[int, str]:
    found = overlaps(prompts, [one if isinstance(one, Text) else Text("", one) for one in texts])
    return {one.prompt: one.kind for one in found}


def test_a_prompt_stands_whole_whatever_its_case_punctuation_and_spacing() -> None:
    asked = LONG.upper().replace(" ", "\n ", 3).replace("WHY", "why,")
    assert kinds([LONG, SHORT], f"before {asked} after") == {0: "whole"}
    assert kinds([LONG, SHORT], "She asked: how deep, is the lake -- behind our house, and left.") == {1: "whole"}
    assert kinds([SHORT], Text("Tell me. " + SHORT, "Very.")) == {0: "whole"}
    assert kinds([LONG, SHORT], "nothing of the kind") == {}


def test_thirteen_words_on_end_are_a_part_and_twelve_are_none() -> None:
    words = LONG.split()
    assert kinds([LONG], "x " + " ".join(words[3 : 3 + GRAM]) + " y") == {0: "part"}
    assert kinds([LONG], "x " + " ".join(words[3 : 2 + GRAM]) + " y") == {}
    apart = " ".join([*words[3:9], "other", *words[9:20]])
    assert kinds([LONG], apart) == {}


def test_words_do_not_join_over_two_texts() -> None:
    words = LONG.split()[:24]
    assert kinds([" ".join(words)], " ".join(words[:12]), " ".join(words[12:])) == {}
    assert kinds([" ".join(words)], Text(" ".join(words[:12]), " ".join(words[12:]))) == {0: "whole"}
    assert kinds([SHORT], Text("How deep is the lake", ""), Text("behind our house", "")) == {}


def test_a_near_duplicate_of_an_instruction_or_a_line_is_found() -> None:
    prompt = "does a cat that sleeps all day run through the flat at night?"
    assert len(prompt.split()) == GRAM
    near = "Does a cat that sleeps all day run through the flat at noon?"  # eight shingles of ten are the same
    assert kinds([prompt], Text(near, "Because.")) == {0: "near"}
    assert kinds([prompt], f"Question: {near}\nAnswer:\nBecause.") == {0: "near"}
    assert (
        kinds([prompt], f"So they wondered, and asked one another: {near} Nobody could tell what was the matter.") == {}
    )
    far = "Does a cat that sleeps all day walk about in the flat at night?"
    assert kinds([prompt], Text(far, "Because.")) == {}


@pytest.mark.parametrize(
    ("short", "inside"), [("Hello there", "Then he said hello there and left."), ("Why?", "Why not")]
)
def test_a_prompt_of_few_words_counts_only_as_a_whole_instruction_or_line(short: str, inside: str) -> None:
    assert kinds([short], inside, Text("What is it?", inside), Text("What?", f"{short}")) == {}
    assert kinds([short], Text(short.upper(), "Hi.")) == {0: "whole"}
    assert kinds([short], f"first\nQuestion: {short}\nAnswer: hi") == {0: "whole"}


def test_what_many_texts_share_is_boilerplate_unless_all_of_the_prompt_stands_there() -> None:
    frame = "Please read the following passage with care and then write two sentences about its main idea in your own"
    prompt = f"{frame} words, the passage being one about the tides of the northern sea"
    assert kinds([prompt], *[f"{frame} terms {i}" for i in range(COMMON)]) == {0: "part"}
    assert kinds([prompt], *[f"{frame} terms {i}" for i in range(COMMON + 1)]) == {}
    assert kinds([prompt], *[prompt] * (COMMON + 1)) == {0: "whole"}


def test_what_two_prompts_share_tells_neither() -> None:
    frame = "You are a patient teacher of small children in a village school by the sea and answer in rhyme."
    prompts = [f"{frame} What is snow?", f"{frame} What is rain?"]
    assert kinds(prompts, frame) == {}
    assert kinds(prompts[:1], frame) == {0: "part"}
    assert kinds(prompts, f"{frame} What is snow? {frame}") == {0: "whole"}


def test_copies_of_a_prompt_are_each_counted_and_empty_ones_never() -> None:
    assert kinds([SHORT, "", SHORT.lower(), "  ", LONG], SHORT) == {0: "whole", 2: "whole"}
    assert overlaps([], [Text("", SHORT)]) == []
    assert overlaps([SHORT], []) == []


def test_scripts_without_spaces_and_texts_without_letters() -> None:
    chinese = "请用简单的话解释为什么月亮晚上看起来总是跟着汽车走而路边的树木却飞快地向后退去呢"
    assert kinds([chinese], f"他问{chinese}然后走了") == {0: "whole"}
    assert kinds([chinese], chinese[2:23]) == {0: "part"}
    assert kinds([chinese], chinese[2:20]) == {}
    assert kinds(["?? !! ++ -- :-)"], "?? !! ++ -- :-)") == {0: "whole"}


def _naive(prompts: list[str], texts: list[str]) -> dict[int, str]:
    """The exact rules once more, as plainly as they can be said."""
    split = [re.findall(r"\w+", one) for one in prompts]
    held = [f" {' '.join(re.findall(r'[a-z0-9]+', one))} " for one in texts]

    def many(words: list[str]) -> int:
        return sum(f" {' '.join(words)} " in one for one in held)

    def shared(words: list[str], place: int) -> bool:
        others = [" ".join(other) for i, other in enumerate(split) if i != place and len(other) > GRAM]
        return any(f" {' '.join(words)} " in f" {other} " for other in others)

    found = {}
    for place, words in enumerate(split):
        windows = [words[i : i + GRAM] for i in range(len(words) - GRAM + 1)]
        if many(words):
            found[place] = "whole"
        elif any(0 < many(one) <= COMMON and not shared(one, place) for one in windows):
            found[place] = "part"
    return found


def test_the_exact_rules_are_what_they_say_on_texts_of_few_words(monkeypatch: pytest.MonkeyPatch) -> None:
    """Against a plain search, over batches of every size."""
    rng = random.Random(1)
    found: Counter[str] = Counter()
    for trial in range(40):
        monkeypatch.setattr(overlap, "_BATCH", rng.choice((1, 7, 1_000)))
        words = [f"w{i}" for i in range(rng.choice((2, 3, 30)))]
        source = rng.choices(words, k=400)

        def piece(longest: int, fewest: int) -> str:
            at = rng.randrange(300)
            return " ".join(source[at : at + rng.randrange(fewest, longest)])  # noqa: B023 - called within this round

        prompts = list({piece(30, overlap.FEWEST): None for _ in range(8)})
        texts = [piece(60, 1) for _ in range(30)]
        got = {place: kind for place, kind in kinds(prompts, *texts).items() if kind != "near"}
        assert got == _naive(prompts, texts), trial
        found.update(got.values())
    assert min(found["whole"], found["part"]) > 20


def test_the_stage_counts_and_shows_what_it_found(
    tiny: Setup, made: Callable[[Artifact], Path], shared_store: Store
) -> None:
    base = tiny.base.texts
    node = Contamination(base, tiny.prompts)
    rows = list(read(made(node) / CONTAMINATED, Contaminated))
    counts = shared_store.record(node).counts
    assert counts["in"] == tiny.prompts.n
    assert counts["texts"] == base.n
    assert counts["found"] == len(rows) == counts["whole"] + counts["part"] + counts["near"]
    itself = Contamination(tiny.prompts, tiny.prompts)
    rows = list(read(made(itself) / CONTAMINATED, Contaminated))
    assert [(row.kind, row.first == row.prompt) for row in rows] == [("whole", True)] * tiny.prompts.n
    assert all(row.shown for row in rows)


def test_texts_that_hold_a_prompt_are_named_each_with_the_first_prompt() -> None:
    words = LONG.split()
    texts = ["nothing", f"{SHORT} {LONG}", " ".join(words[:GRAM]), SHORT, LONG.replace("moon", "sun")]
    found = holders([LONG, SHORT], [Text("", one) for one in texts])
    assert {place: (one.prompt, one.kind) for place, one in found.items()} == {
        1: (0, "whole"),
        2: (0, "whole"),
        3: (1, "whole"),
        4: (0, "whole"),
    }
    assert holders([LONG], []) == {}


def test_what_holds_a_prompt_is_left_out_until_none_is_left(
    tiny: Setup, made: Callable[[Artifact], Path], shared_store: Store
) -> None:
    whole = Joined(tiny.prompts, tiny.seed_data)
    node = Decontaminated(whole, tiny.prompts)
    kept, out = (list(read(made(node) / file, kind)) for file, kind in ((EXAMPLES, Example), (REJECTED, Rejected)))
    assert len(kept) + len(out) == 28 + 24
    assert [one.id for one in kept] == [f"seed/{i}" for i in range(24) if f"seed/{i}" in {one.id for one in kept}]
    assert [one.reason for one in out[:28]] == [f"holds the whole of the prompt prompt/{i}" for i in range(28)]
    for examples, found in ((whole, 28), (node, 0)):
        count = Contamination(examples, tiny.prompts)
        made(count)
        assert shared_store.record(count).counts["whole"] == found


def test_what_was_boilerplate_among_all_is_looked_for_again_among_those_that_are_left(
    tiny: Setup, tmp_path: Path
) -> None:
    part = " ".join(LONG.split()[2 : 2 + GRAM])
    rows = [*(f"{i}: {LONG}" for i in range(COMMON + 1)), f"Once more, {part} and on.", "Nothing of the kind."]
    folders = {tiny.seed_data: tmp_path / "examples", tiny.prompts: tmp_path / "prompts"}
    for folder, texts in zip(folders.values(), (rows, [LONG]), strict=True):
        folder.mkdir()
        write(folder / EXAMPLES, Example, [Example(f"row/{i}", text) for i, text in enumerate(texts)])
    work: Any = SimpleNamespace(open=folders.__getitem__, out=tmp_path)
    leave_out(Decontaminated(tiny.seed_data, tiny.prompts), work)
    assert [one.instruction for one in read(tmp_path / EXAMPLES, Example)] == ["Nothing of the kind."]
    reasons = [one.reason for one in read(tmp_path / REJECTED, Rejected)]
    assert reasons == ["holds the whole of the prompt row/0"] * (COMMON + 1) + [
        f"holds {GRAM} words on end of the prompt row/0"
    ]


def test_candidates_are_rated_and_drawn_without_the_prompts_where_the_setup_says_so(tiny: Setup) -> None:
    apart, all_of_them = (candidates(replace(tiny, decontaminated=on)) for on in (True, False))
    assert apart == Decontaminated(all_of_them, tiny.prompts)
    assert rated(replace(tiny, decontaminated=True), by=seed_model(tiny)).candidates == apart
    later = drawn(apart, 7)
    assert later.prompts == tiny.prompts
    assert later.examples == drawn(all_of_them, 7) != all_of_them


@needs_shared
@pytest.mark.parametrize(
    ("reader", "file", "found"),
    [
        (pairs, "alpaca/alpaca_data.json", {"whole": 3, "part": 1}),
        (pairs, "lima/train.jsonl", {}),
        (prompts, "lima/test.jsonl", {"whole": 40}),  # 39 are the same prompt; one stands inside another
    ],
)
def test_real_sets_against_the_805(reader: Callable[..., Iterator[Row]], file: str, found: dict[str, int]) -> None:
    asked = json.loads((SHARED / "alpaca_eval/reference_text_davinci_003.json").read_text())
    rows = (one for one in reader(SHARED / file, file) if isinstance(one, Example))
    got = overlaps([one["instruction"] for one in asked], (Text(one.instruction, one.output) for one in rows))
    assert Counter(one.kind for one in got) == found


@needs_shared
def test_open_assistants_validation_split_is_asked_by_the_805() -> None:
    """Whoever trains on the published file whole trains on them; `without` leaves them out."""
    asked = json.loads((SHARED / "alpaca_eval/reference_text_davinci_003.json").read_text())
    left_out = {fold(one["instruction"]) for one in asked}
    file = SHARED / "oasst1/validation-en.jsonl"
    rows = select_pairs([records(file)], OpenAssistant(())).kept
    got = overlaps([one["instruction"] for one in asked], [Text(row.instruction, row.output) for row in rows])
    assert [one.kind for one in got] == ["whole"] * 186
    without = OpenAssistant((), without=ALPACA_EVAL)
    assert len(select_pairs([records(file)], without, left_out).kept) == 0
    assert SEED.without == ALPACA_EVAL
