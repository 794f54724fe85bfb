"""What an experiment says of prompts that its models were trained on, and what it does not tell for that."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from humpback.analysis.experiment.contamination import ContaminationRow, gather_contamination, refuse_contaminated
from humpback.analysis.experiment.finding import Finding
from humpback.analysis.experiment.gather import Results
from humpback.analysis.stats.statistics import Estimate
from humpback.analysis.tables.csv_files import as_csv, read_csv
from humpback.analysis.tables.markdown import markdown
from humpback.core.expression import Artifact
from humpback.core.store import Store
from humpback.experiments.catalogue import experiment
from humpback.experiments.humpback.algorithm import arm
from humpback.experiments.setups.base import Setup
from humpback.experiments.setups.papers import LLAMA_7B
from humpback.spec.contamination import LARGEST_SHARE, Contamination, asked, training_sets
from humpback.spec.data import Joined, Tagged
from humpback.spec.micro_sets import Lapses, MicroAnswers, MicroInstructions
from humpback.spec.models import Finetuned, Pretrained
from humpback.spec.prompts import S_A

Made = Callable[[Artifact], Path]


def test_a_model_is_walked_to_every_set_that_it_or_its_base_was_trained_on(tiny: Setup) -> None:
    assert isinstance(tiny.base, Pretrained)
    first = Finetuned(tiny.base, Tagged(tiny.seed_data, S_A), tiny.sft)
    second = Finetuned(first, Joined(tiny.seed_data, tiny.segments), tiny.sft)
    sets = training_sets(second)
    assert sets.finetuning == (second.examples, first.examples)
    assert sets.pretraining == (tiny.base.texts,)
    assert sets.unknown is None
    published = training_sets(Finetuned(LLAMA_7B.base, tiny.seed_data, tiny.sft))
    assert published.known == (tiny.seed_data,)
    assert published.unknown == LLAMA_7B.base


def test_prompts_of_pretraining_and_of_finetuning_are_counted_apart_and_each_prompt_once(
    tiny: Setup, made: Made, shared_store: Store
) -> None:
    asked_before = MicroInstructions("as pretraining asks", tiny.base.texts.world, 60)  # type: ignore[union-attr]
    tiny = replace(
        tiny, prompts=asked_before, reference=MicroAnswers("reference", asked_before.world, asked_before, Lapses())
    )
    from_prompts = Finetuned(tiny.base, Joined(tiny.seed_data, tiny.prompts), tiny.sft)
    arms = {0: {"seed": arm(tiny, "seed", Finetuned(tiny.base, tiny.seed_data, tiny.sft))}}
    arms[0]["leaked"] = arm(tiny, "leaked", from_prompts)
    published = replace(tiny, base=LLAMA_7B.base)
    arms[0]["hub"] = arm(published, "hub", Finetuned(LLAMA_7B.base, tiny.seed_data, tiny.sft))
    for one in dict.fromkeys(one for part in arms[0].values() for pair in asked(part) for one in pair.contaminations):
        made(one)
    seed, leaked, hub = gather_contamination(shared_store, [arms], {})
    n = asked_before.n
    assert (seed.name, seed.seed, seed.prompts, seed.finetuning) == ("seed", "0", n, 0)
    assert seed.pretraining == seed.found > 0
    assert (leaked.finetuning, leaked.pretraining, leaked.found, leaked.share) == (n, seed.pretraining, n, 1.0)
    assert (hub.finetuning, hub.pretraining, hub.unknown) == (0, None, "llama-7b")
    results = Results((), (), (), contamination=(seed, leaked, hub))
    text = markdown("x: y", "humpback run x", results)
    assert f"| {n} of {n} prompts (100.0%) |" in text
    assert f"| 0 of {n} prompts (0.0%), as far as is known |" in text
    assert "| not known | hub |" in text


def test_what_was_not_counted_says_why_and_is_no_zero(tiny: Setup, tmp_path: Path) -> None:
    part = arm(tiny, "M0", Finetuned(tiny.base, tiny.seed_data, tiny.sft))
    (one, _) = asked(part)[0].contaminations
    (row,) = gather_contamination(Store(tmp_path), [{0: {"M0": part}}], {one.fingerprint: "the disk was full"})
    assert (row.finetuning, row.pretraining) == (None, None)
    (line,) = [
        line for line in markdown("x: y", "", Results((), (), (), contamination=(row,))).splitlines() if "M0" in line
    ]
    assert line == "| – | – | – | – | the disk was full | the disk was full | M0 |"


def _row(name: str, found: int, seed: str = "0", of: int = 100) -> ContaminationRow:
    return ContaminationRow(name, seed, of, found, 0, whole=found, part=0, near=0, texts=9, unknown="")


@pytest.mark.parametrize(("found", "told"), [(int(100 * LARGEST_SHARE), True), (int(100 * LARGEST_SHARE) + 1, False)])
def test_no_verdict_on_a_model_that_was_trained_on_too_many_of_its_prompts(tiny: Setup, found: int, told: bool) -> None:
    declared = experiment("humpback/headline").on(tiny, [0])
    finding = Finding("", "", "", None, Estimate(9.0, 1.0, 7.0, 11.0), (), 100)
    rows = [_row("M0", 1), _row("M1", 0), _row("M1", found, seed="1")]
    found_of = refuse_contaminated([finding] * len(declared.claims), declared.claims, declared.arms[0].values(), rows)
    about = {claim.sides: one for claim, one in zip(declared.claims, found_of, strict=True)}
    assert about["M2", "M0"] == finding
    if told:
        assert about["M1", "M0"] == finding
    else:
        words = f"{found} of 100 prompts stand in the training data of M1 ({found / 100:.1%}), and 5% are the most"
        assert words in about["M1", "M0"].obstacle
        assert about["M1", "M0"].verdict.startswith("cannot be told")
        assert about["M1", "M0"].p is None
    other = replace(finding, obstacle="one seed")
    again = refuse_contaminated([other], declared.claims[3:4], declared.arms[0].values(), rows)
    assert again == [other]


def test_the_counts_are_written_and_read_back(tmp_path: Path) -> None:
    rows = (_row("M0", 3), replace(_row("M1", 0), pretraining=None, unknown="llama-7b"))
    (tmp_path / "contamination.csv").write_text(as_csv(Results((), (), (), contamination=rows))["contamination.csv"])
    assert read_csv(tmp_path / "contamination.csv", ContaminationRow) == rows


def test_a_run_counts_each_pair_of_training_set_and_prompts_once(tiny: Setup) -> None:
    declared = experiment("humpback/headline").on(tiny, [0, 1])
    counted = [one for one in declared.targets if isinstance(one, Contamination)]
    assert len(counted) == len(set(counted)) == 1 + 2 * 5  # the base's texts, and five models' sets at each seed
    assert {one.prompts for one in counted} == {tiny.prompts}
