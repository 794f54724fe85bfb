"""The papers' setups: what stands in section 3.1 of each, and other pages in ClueWeb22's place."""

from __future__ import annotations

from pathlib import Path

import pytest

from humpback.core.expression import Artifact, FieldError
from humpback.core.machine import Machine
from humpback.core.plan import plan
from humpback.core.store import Store, StoreError
from humpback.core.work import Work, new_log
from humpback.costs.plan_cost import cost
from humpback.experiments.alpagasus.algorithm import filtering
from humpback.experiments.catalogue import experiment, experiment_names
from humpback.experiments.setups import SETUPS
from humpback.experiments.setups.substitutions import on_pages
from humpback.spec.claims import Arm, Curve
from humpback.spec.datasets import ALPACA_EVAL, OPEN_ASSISTANT
from humpback.spec.files import ClueWeb22, File, OpenAssistant, WebPages
from humpback.spec.measures import HeldOutLoss, Measure
from humpback.spec.models import Finetuned, HubModel
from humpback.spec.outcomes import Matched
from humpback.stages import stage_for

PAGES = WebPages((File("crawl.warc.gz", "0" * 64),))


def test_humpback_s_recipe_is_the_paper_s() -> None:
    setup = SETUPS["llama-7b"]
    assert (setup.sft.learning_rate, setup.sft.weight_decay, setup.sft.dropout) == (1e-5, 0.1, 0.1)
    assert setup.sft.schedule.final == 9e-6
    assert [setup.sft.batch_for(n) for n in (800, 3_200)] == [8, 32]
    steps = {100: 30, 800: 300, 1_600: 600, 3_200: 500, 6_400: 600, 12_800: 600, 25_600: 1_200, 51_200: 1_600}
    assert {n: setup.sft.updates_for(n) for n in steps} == steps
    assert (setup.answering.temperature, setup.answering.top_p) == (0.7, 0.9)
    assert setup.seed_size == 3_200


def test_alpagasus_s_recipe_is_the_paper_s() -> None:
    seven, thirteen = (filtering(SETUPS[name]).sft for name in ("alpagasus-7b", "alpagasus-13b"))
    assert (seven.learning_rate, seven.duration.n, seven.batch, seven.longest) == (2e-5, 3, 128, 512)  # type: ignore[union-attr]
    assert (thirteen.learning_rate, thirteen.duration.n, thirteen.batch) == (1e-5, 5, 128)  # type: ignore[union-attr]
    assert (seven.weight_decay, seven.dropout, seven.schedule.warm_up) == (0.0, 0.0, 0.03)
    assert seven.updates_for(9_229) == 3 * 73
    small = filtering(SETUPS["micro"]).sft
    assert (small.duration, small.schedule, small.weight_decay) == (seven.duration, seven.schedule, seven.weight_decay)


def test_each_paper_s_experiments_train_by_its_own_recipe() -> None:
    for setup in SETUPS.values():
        for name, recipe in (("humpback", setup.sft), ("alpagasus", filtering(setup).sft)):
            arms = experiment(f"{name}/headline").on(setup, [0]).arms[0].values()
            assert {arm.model.recipe for arm in arms if isinstance(arm.model, Finetuned)} == {recipe}


def test_every_base_is_pinned_by_a_full_commit() -> None:
    bases = [base for setup in SETUPS.values() for base in (setup.base, *(one.model for one in setup.bases))]
    pinned = {base.repository: base.revision for base in bases if isinstance(base, HubModel)}
    assert len(pinned) == 11
    assert all(len(revision) == 40 and int(revision, 16) for revision in pinned.values())


@pytest.mark.parametrize("name", experiment_names())
def test_every_experiment_is_declared_on_every_setup(name: str) -> None:
    one = experiment(name)
    for setup in SETUPS.values():
        declared = one.on(setup, [0])
        assert declared.targets
        arms, measures = declared.arms[0], declared.measures[0]
        parts = [*arms.values(), *measures.values(), *declared.curves]
        for claim in declared.claims:
            about = [part for part in vars(claim).values() if isinstance(part, Arm | Measure | Curve)]
            assert about
            assert all(part in parts for part in about), (setup.name, claim.claim)
            assert claim.concerns(arms.values()) <= {*arms, *measures}


def test_pages_of_one_s_own_take_clueweb_s_place() -> None:
    setup = on_pages(SETUPS["llama-7b"], PAGES)

    def below(artifact: Artifact) -> set[str]:
        return {type(artifact).__name__} | {name for one in artifact.inputs for name in below(one)}

    assert "ClueWeb22" in below(SETUPS["llama-7b"].segments)
    assert "ClueWeb22" not in below(setup.segments)
    assert "WebPages" in below(setup.segments)
    with pytest.raises(FieldError, match="'micro' has pages of its own"):
        on_pages(SETUPS["micro"], PAGES)


def test_clueweb_says_what_to_do(tmp_path: Path) -> None:
    node = ClueWeb22()
    work = Work(lambda _: tmp_path, tmp_path, Machine(), new_log(tmp_path, lambda done, total, unit: None))
    with pytest.raises(StoreError, match="--pages"):
        stage_for(node)(node, work)


def test_seeds_draw_rivals_and_the_filtered_set_anew_and_keep_the_test_prompts() -> None:
    zero, one = SETUPS["micro"].at(0), SETUPS["micro"].at(1)
    assert zero.filtering is not None
    assert one.filtering is not None
    assert zero.filtering.examples != one.filtering.examples
    assert zero.filtering.prompts == one.filtering.prompts
    assert (zero.filtering.sft.seed, one.filtering.sft.seed) == (0, 1)
    assert [a.examples == b.examples for a, b in zip(zero.rivals, one.rivals, strict=True)] == [False] * 3


TODAY = ("qwen3-1.7b", "qwen3-8b-base", "llama-3.2-3b", "olmo-3-7b", "smollm2")
"""Setups that one card of 24 GB is to do."""


@pytest.mark.parametrize("setup", TODAY)
@pytest.mark.parametrize("name", experiment_names())
def test_every_stage_of_a_setup_of_today_fits_one_card_of_24_gb(name: str, setup: str) -> None:
    declared = experiment(name).on(SETUPS[setup], [0])
    arms = declared.arms[0].values()
    assert all(arm.model.recipe.adapter for arm in arms if isinstance(arm.model, Finetuned))
    assert not any(arm.paper for arm in arms), "no win rate of the papers is such a model's"
    nowhere = Store(Path("/nowhere"))
    found = cost(plan(nowhere, declared.targets), nowhere, Machine(), "RTX-4090")
    assert found.total.run.gpus == 1
    assert found.total.run.memory <= 24e9
    assert not found.retired


def test_people_s_answers_to_its_prompts_are_held_out_of_its_seed_data() -> None:
    setup = SETUPS["qwen3-1.7b"]
    assert setup.held_out == Matched(OPEN_ASSISTANT, to=ALPACA_EVAL)
    assert isinstance(setup.seed_data, OpenAssistant)
    assert setup.seed_data.without == ALPACA_EVAL
    for name in ("humpback/headline", "alpagasus/random_filter"):
        measures = experiment(name).on(setup, [0, 1]).measures
        assert {one.losses.pairs for one in measures[1].values() if isinstance(one, HeldOutLoss)} == {setup.held_out}
