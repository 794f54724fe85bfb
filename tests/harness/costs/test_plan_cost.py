"""What a plan costs: on every experiment and setup, before anything is there; and what a record changes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from humpback.core.expression import FieldError
from humpback.core.machine import Endpoint, Machine
from humpback.core.plan import plan
from humpback.core.store import Store
from humpback.costs.plan_cost import PlanCost, cost
from humpback.costs.show import as_json, cost_lines
from humpback.costs.wall_time import wall_hours
from humpback.experiments.catalogue import experiment, experiment_names
from humpback.experiments.setups import SETUPS
from humpback.experiments.setups.files import files as files_setup
from humpback.experiments.setups.micro import MICRO
from humpback.runs.build import build_artifact
from humpback.spec.curation import Rated, Sample, Selected
from humpback.spec.data import Backtranslated, Joined, MicroSeed, Tagged
from humpback.spec.datasets import ALPACA, ALPACA_EVAL, FLAN_V2, HUMPBACK_TEST
from humpback.spec.files import File, InstructionSet, OpenAssistant, PromptSet, WebPages
from humpback.spec.micro_world import World
from humpback.spec.models import Finetuned, FolderModel, HubModel, Pretrained, ServedModel
from humpback.spec.outcomes import AlpacaEvalJudge, Judged, Responses
from humpback.spec.prompts import S_A
from humpback.spec.user_data import UserData

NOWHERE = Store(Path("/nowhere"))
MACHINE = Machine(workers=2)


def costed(name: str, setup: object, machine: Machine = MACHINE, accelerator: str | None = None) -> PlanCost:
    targets = experiment(name).on(setup, [0]).targets
    return cost(plan(NOWHERE, targets), NOWHERE, machine, accelerator)


@pytest.mark.parametrize("setup", SETUPS)
@pytest.mark.parametrize("name", experiment_names())
def test_every_experiment_on_every_setup_has_a_cost(name: str, setup: str) -> None:
    targets = experiment(name).on(SETUPS[setup], [0]).targets
    planned = plan(NOWHERE, targets)
    found = cost(planned, NOWHERE, MACHINE)
    assert len(found.steps) == len(planned.to_do)
    finetuned = [estimate for artifact, estimate in found.steps if isinstance(artifact, Finetuned)]
    assert all(estimate.run.hours > 0 or estimate.unknown for estimate in finetuned)
    assert not finetuned or found.hours > 0
    assert not finetuned or found.total.disk > 0
    assert found.accelerator.name == ("CPU" if setup == "micro" or not published(planned) else "A100-80G")
    lines = cost_lines(found)
    assert lines[0].startswith(f"cost on {found.accelerator.name}")
    assert as_json(planned, found)["cost"]["hours"] == found.hours
    if setup == "micro":
        assert not found.unknown
        assert found.total.usage.calls == 0


def published(planned: object) -> bool:
    return any(isinstance(step.artifact, HubModel) for step in planned.steps)  # type: ignore[attr-defined]


def test_what_is_not_known_is_said_and_costs_nothing_silently() -> None:
    found = costed("humpback/data_scaling", SETUPS["llama-7b"])
    assert "clueweb22" in found.unknown
    assert "flan-v2" in found.unknown
    assert "finetuned" not in {kind for kinds in found.unknown.values() for kind in kinds}
    text = "\n".join(cost_lines(found))
    assert "clueweb22, segments, deduplicated before clueweb22 is there" in text
    assert "lengths of wizardlm-evol-instruct, alpaca-gpt4" in text
    model = Finetuned(SETUPS["llama-7b"].base, FLAN_V2, SETUPS["llama-7b"].sft)
    whole = cost(plan(NOWHERE, [model]), NOWHERE, MACHINE)
    assert whole.hours == 0
    assert whole.unknown["flan-v2"] == ["instructionset", "finetuned"]
    assert "? +" not in text
    joined = cost(plan(NOWHERE, [replace(model, examples=Joined(ALPACA, FLAN_V2))]), NOWHERE, MACHINE)
    assert joined.unknown["flan-v2"] == ["instructionset", "joined", "finetuned"]
    drawn = cost(plan(NOWHERE, [replace(model, examples=Sample(FLAN_V2, 100))]), NOWHERE, MACHINE)
    assert drawn.unknown == {"flan-v2": ["instructionset"]}
    assert drawn.hours > 0


def test_a_model_whose_shape_is_not_known_is_named() -> None:
    base = FolderModel("mine", "0" * 64)
    other = HubModel("somebody/unheard-of", "1" * 40)
    seed = MicroSeed(World(), n=8)
    for model in (base, other):
        found = cost(plan(NOWHERE, [Finetuned(model, seed, MICRO.sft)]), NOWHERE, MACHINE)
        assert found.unknown == {f"the config.json of {model.slug}": ["finetuned"]}
        assert found.accelerator.name == "A100-80G"


def test_a_config_on_this_machine_gives_the_shape(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(
        '{"num_hidden_layers": 32, "hidden_size": 4096, "intermediate_size": 11008, "num_attention_heads": 32,'
        ' "vocab_size": 32000, "max_position_embeddings": 2048}'
    )
    machine = Machine(files=(("0" * 64, str(tmp_path)),))
    seed = OpenAssistant((File("seed.jsonl", "2" * 64),), n=3_200)
    mine, seven = FolderModel("mine", "0" * 64), SETUPS["llama-7b"].base
    hours = [cost(plan(NOWHERE, [Finetuned(one, seed, MICRO.sft)]), NOWHERE, machine).hours for one in (mine, seven)]
    assert hours[0] == hours[1] > 0


def test_the_record_of_a_finished_artifact_comes_before_the_rule(tmp_path: Path) -> None:
    """The estimate says 5.02 segments a page; the record of a made artifact says how many there are."""
    store = Store(tmp_path)
    store.prepare()
    segments = replace(MICRO.segments, pages=replace(MICRO.segments.pages, n=7))  # type: ignore[type-var]
    target = Tagged(segments, S_A)
    (before,) = (one for artifact, one in cost(plan(store, [target]), store, MACHINE).steps if artifact == target)
    for artifact in (*segments.inputs, segments):
        build_artifact(artifact, store, MACHINE, {"commit": None}, lambda *_: None)
    kept = store.record(segments).counts["kept"]
    (after,) = (one for artifact, one in cost(plan(store, [target]), store, MACHINE).steps if artifact == target)
    assert before.rows_in == pytest.approx(7 * 5.02)
    assert after.rows_in == kept != before.rows_in


def test_two_calls_a_pair_at_the_endpoints_prices() -> None:
    served = ServedModel("some-model")
    answers = Responses(served, ALPACA_EVAL, MICRO.answering)
    judged = Judged(answers, ALPACA_EVAL, AlpacaEvalJudge("alpaca_eval_gpt4", "a" * 16, "gpt-4"))
    machine = Machine(endpoint=Endpoint(price_in=10.0, price_out=20.0))
    found = cost(plan(NOWHERE, [judged]), NOWHERE, machine)
    by_kind = {type(artifact).__name__: one for artifact, one in found.steps}
    assert by_kind["Judged"].usage.calls == 2 * 805
    assert by_kind["Judged"].usage.completion_tokens == 2 * 805 * 100
    assert by_kind["Judged"].usage.prompt_tokens == pytest.approx(2 * 805 * (1_204 + 165 + 1_232 + 482) / 4, rel=0.01)
    assert by_kind["Responses"].usage.calls == 805
    assert found.total.usage.calls == 3 * 805
    priced = found.total.usage.prompt_tokens * 10e-6 + found.total.usage.completion_tokens * 20e-6
    assert f"cost {priced:,.2f}" in "\n".join(cost_lines(found))


def test_sizes_follow_the_published_shares_and_counts() -> None:
    found = costed("alpagasus/thresholds", SETUPS["alpagasus-7b"])
    kept = sorted(round(one.rows_out or 0) for a, one in found.steps if isinstance(a, Selected))
    assert kept == pytest.approx([9_229, 39_469], rel=0.001)
    curated = costed("humpback/headline", SETUPS["llama-7b"])
    kept = [round(one.rows_out or 0) for a, one in curated.steps if isinstance(a, Selected)]
    assert kept == pytest.approx([41_821] * len(kept), rel=0.002)
    raters = costed("alpagasus/dimensions_and_raters", SETUPS["alpagasus-7b"])
    kept = {round(one.rows_out or 0, -1) for a, one in raters.steps if isinstance(a, Selected)}
    assert {9_230, 2_020, 5_300} <= kept
    both = cost(plan(NOWHERE, [HUMPBACK_TEST]), NOWHERE, MACHINE)
    assert both.steps[-1][1].rows_out == 1_066


def test_the_setup_files_has_a_cost_before_its_pages_are_read() -> None:
    given = UserData(
        seed_data=InstructionSet((File("pairs.json", "3" * 64),), n=500),
        pages=WebPages((File("crawl.warc.gz", "4" * 64),)),
        prompts=PromptSet((File("prompts.jsonl", "5" * 64),), n=50),
        base=None,
        judge=None,
    )
    found = costed("humpback/headline", files_setup(given))
    assert found.accelerator.name == "CPU"
    assert found.hours > 0
    assert any("segments of" in what or "crawl" in what for what in found.unknown)
    (base,) = (one for artifact, one in found.steps if isinstance(artifact, Pretrained))
    assert base.run.hours > 0


def test_an_accelerator_can_be_named() -> None:
    on_a100, on_h200 = (costed("humpback/headline", SETUPS["llama-7b"], accelerator=n) for n in ("A100-80G", "H200"))
    assert on_h200.hours < on_a100.hours
    assert (on_a100.gpus, on_h200.gpus) == (2, 1)
    assert "fits on one GPU (of 137 GB or more)" in "\n".join(cost_lines(on_h200))
    layout = "finetuned by 2 processes, fsdp2, 8 rows at once in each, packed, gradient checkpointing"
    assert layout in "\n".join(cost_lines(on_a100))
    assert "cannot be run there" not in "\n".join(cost_lines(on_a100))
    large = "\n".join(cost_lines(costed("humpback/headline", SETUPS["llama-65b"], accelerator="A100-80G")))
    assert "stages want more GPUs, up to 16, and a node has 8: they cannot be run there" in large


def on(machine: Machine, *, name: str = "humpback/headline", setup: str = "llama-7b") -> PlanCost:
    targets = experiment(name).on(SETUPS[setup], [0]).targets
    return cost(plan(NOWHERE, targets), NOWHERE, machine, described=True)


def test_a_machine_that_is_described_is_what_is_planned_on() -> None:
    one = on(Machine(device="cuda", precision="bfloat16", accelerator="H100"))
    assert one.accelerator.name == "H100"
    eight = on(Machine(device="cuda", precision="bfloat16", accelerator="H100", workers=8))
    assert eight.hours == pytest.approx(one.hours)
    assert cost_lines(eight)[0].startswith("cost on 8 x H100 in bfloat16 at ")
    slow = on(Machine(device="cuda", precision="float32", accelerator="H100"))
    assert slow.hours > 2 * one.hours
    if one.gpus > 1:
        assert "and the machine has 1: they cannot be run there" in "\n".join(cost_lines(one))
    unsaid = on(Machine(device="cuda", precision="bfloat16"))
    assert unsaid.accelerator.name == "A100-80G"
    assert unsaid.assumed[0] == "a GPU like A100-80G: the machine file names no accelerator"
    own = on(Machine(device="cpu", workers=2, threads=4))
    assert (own.accelerator.name, own.gpus) == ("CPU", 0)
    assert cost_lines(own)[0].startswith("cost on CPU, 2 at a time of 4 threads")
    with pytest.raises(FieldError, match="no accelerator 'B300'"):
        on(Machine(device="cuda", accelerator="B300"))


def test_a_loop_is_a_chain_that_more_gpus_shorten_only_where_its_stages_are_shared_out() -> None:
    node = Machine(device="cuda", precision="bfloat16", accelerator="A100-80G", workers=8)
    alone, shared = on(node), on(replace(node, processes=8))
    longest = sum(one.run.hours for artifact, one in alone.steps if isinstance(artifact, (Backtranslated, Rated)))
    assert longest < wall_hours(alone) < alone.hours
    assert wall_hours(shared) == pytest.approx(alone.hours / 8, rel=0.05)
    assert "total: 218 GPU hours, 203 h on 8 of them" in (told := "\n".join(cost_lines(alone)))
    assert "27 h with processes = 8 in the machine file, by which each stage is shared out over its GPUs" in told
    assert "shared out" not in "\n".join(cost_lines(shared))
    assert "shared out" not in "\n".join(cost_lines(on(replace(node, workers=2, processes=2))))
    assert as_json(plan(NOWHERE, []), shared)["cost"]["wall_hours"] == wall_hours(shared)


def test_arms_that_do_not_wait_for_each_other_go_beside_each_other() -> None:
    one, eight = (
        on(Machine(device="cuda", precision="bfloat16", workers=workers), name="humpback/data_scaling")
        for workers in (2, 8)
    )
    assert wall_hours(eight) < wall_hours(one) < one.hours


def test_half_the_precision_is_named_where_a_machine_file_leaves_it_out() -> None:
    said = 'times the arithmetic a second with precision = "bfloat16" in the machine file'
    assert f"16 {said}" in "\n".join(cost_lines(on(Machine(device="cuda"))))
    for machine in (Machine(device="cuda", precision="bfloat16"), Machine()):
        assert said not in "\n".join(cost_lines(on(machine)))
