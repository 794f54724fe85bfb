"""Benchmarks item by item: which metric, which items of a group, and nothing that is no mean of its items."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from humpback.analysis.experiment.finding import Outcomes
from humpback.analysis.experiment.measured import difference_of_measures, gather_measured
from humpback.analysis.experiment.measures import read_measure
from humpback.analysis.experiment.measures.benchmarks import BENCHMARKS, SAMPLES
from humpback.analysis.experiment.measures.number import NotMeasured, Number
from humpback.core.expression import Artifact
from humpback.core.store import Store
from humpback.experiments.catalogue import experiment
from humpback.experiments.setups import SETUPS
from humpback.experiments.setups.base import Setup
from humpback.experiments.setups.benchmarks import Benchmark
from humpback.spec.benchmarks import Benchmarked, MicroFacts, Task
from humpback.spec.measures import BenchmarkAccuracy, Greater
from humpback.spec.micro_world import World
from humpback.spec.models import Pretrained, ServedModel
from humpback.stages import benchmark as stage
from tests.analysis.measures.stored import recorded


@dataclass(frozen=True)
class Leaf:
    """A single task as lm-eval leaves it: the metrics of each item."""

    name: str
    items: tuple[dict[str, Any], ...]
    part_of: str | None = None
    filter: str = "none"
    also: str | None = None
    """Another filter, under which every item is wrong."""


def publish(
    store: Store, on: Benchmarked, *leaves: Leaf, groups: dict[str, float] | None = None, shots: int = 5, **rows: float
) -> BenchmarkAccuracy:
    """The two files of `harness/stages/benchmark.py`, by hand. `rows` overrides the value of "TASK__METRIC"."""
    samples, values, described = [], [], {}
    for leaf in leaves:
        described[leaf.name] = {"part_of": leaf.part_of, "shots": shots}
        for metric in leaf.items[0]:
            numbers = [item[metric] for item in leaf.items if isinstance(item.get(metric), float)]
            mean = sum(numbers) / len(numbers) if numbers else 0.0
            value = rows.get(f"{leaf.name}__{metric}", mean)
            values.append({"task": leaf.name, "group": False, "metric": metric, "filter": leaf.filter, "value": value})
        for kept in filter(None, (leaf.filter, leaf.also)):
            for i, item in enumerate(leaf.items):
                metrics = item if kept == leaf.filter else dict.fromkeys(item, 0.0)
                samples.append(
                    {
                        "task": leaf.name,
                        "filter": kept,
                        "metrics": json.dumps(metrics),
                        "doc_sha256": f"{i:02}",
                        "doc_id": i,
                        "prompt": "?",
                    }
                )
    for name, value in (groups or {}).items():
        values.append({"task": name, "group": True, "metric": "acc", "filter": "none", "value": value})
    work = store.workspace(on)
    pq.write_table(pa.Table.from_pylist(samples), work / SAMPLES)
    (work / BENCHMARKS).write_text(json.dumps({"tasks": described, "rows": values, "cut": 0}))
    store.publish(on, work, recorded(on, {}))
    return BenchmarkAccuracy("it", on)


def on(name: str, who: str = "one", shots: int = 5) -> Benchmarked:
    return Benchmark(Task(name), shots).of(ServedModel(who))


def right(*values: float, **others: float) -> tuple[dict[str, Any], ...]:
    return tuple({"acc": value, "acc_norm": 1 - value, **others} for value in values)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    store = Store(tmp_path / "store")
    store.prepare()
    return store


def numbers(store: Store, measure: BenchmarkAccuracy) -> dict[str, Number]:
    return {one.metric: one for one in read_measure(store, measure)}


def test_the_files_are_the_stage_s() -> None:
    assert (BENCHMARKS, SAMPLES) == (stage.BENCHMARKS, stage.SAMPLES)


@pytest.mark.parametrize(
    ("metrics", "taken"),
    [
        ({"acc": 1.0, "acc_norm": 0.0, "exact_match": 0.0}, "acc"),
        ({"f1": 0.0, "exact_match": 1.0}, "exact_match"),
        ({"f1": 0.4, "em": 1.0}, "em"),
        ({"f1": 1.0, "bleu": 0.0}, "f1"),
        ({"pass@1": 1.0, "pass@10": 0.0}, "pass@1"),
        ({"likelihood_diff": 3.5, "pct_stereotype": 1.0}, "pct_stereotype"),
    ],
)
def test_accuracy_is_taken_where_there_is_one_and_else_the_next(
    store: Store, metrics: dict[str, float], taken: str
) -> None:
    found = numbers(store, publish(store, on("mine"), Leaf("mine", (metrics, metrics))))
    assert list(found) == [f"mine, {taken}, 5-shot, %"]
    assert found[f"mine, {taken}, 5-shot, %"].mean == 100


def test_a_group_is_the_mean_over_its_items_and_names_them_by_task(store: Store) -> None:
    """Three items of one subject and one of another: 50, where the mean over subjects would be 33."""
    leaves = (Leaf("mmlu_law", right(1.0, 1.0, 0.0), "mmlu"), Leaf("mmlu_art", right(0.0), "mmlu"))
    inner = {"mmlu": 0.5, "mmlu_humanities": 0.25, "other_group": 0.9}
    found = numbers(store, publish(store, on("mmlu"), *leaves, groups=inner))
    assert {name: one.mean for name, one in found.items()} == {
        "mmlu, acc, 5-shot, %": 50.0,
        "mmlu_humanities, acc, 5-shot, %": 25.0,
    }
    assert found["mmlu, acc, 5-shot, %"].keys == ("mmlu_law/0/00", "mmlu_law/1/01", "mmlu_law/2/02", "mmlu_art/0/00")


def test_of_replies_read_in_two_ways_the_first_counts(store: Store) -> None:
    items = ({"exact_match": 1.0}, {"exact_match": 0.0})
    found = numbers(store, publish(store, on("bbh"), Leaf("bbh", items, filter="get-answer", also="flexible")))
    assert found["bbh, exact_match, 5-shot, %"].values.tolist() == [100.0, 0.0]


def test_what_has_no_number_of_ours_says_what_it_has(store: Store) -> None:
    with pytest.raises(NotMeasured, match=r"mine: its 1 items have bleu; one of acc, exact_match"):
        read_measure(store, publish(store, on("mine"), Leaf("mine", ({"bleu": 3.0, "acc": None},))))
    with pytest.raises(NotMeasured, match=r"gone: its 0 items have no number in common"):
        read_measure(store, publish(store, on("gone"), Leaf("mine", right(1.0))))


def test_a_number_that_is_no_mean_of_its_items_is_refused(store: Store) -> None:
    with pytest.raises(NotMeasured, match=r"mine: lm-eval's acc is 0.9 and the mean of its items 0.5000"):
        read_measure(store, publish(store, on("mine"), Leaf("mine", right(1.0, 0.0)), mine__acc=0.9))


def test_two_models_are_compared_on_the_items_that_both_were_asked(store: Store) -> None:
    """The second is right wherever the first is, and once more: apart their intervals overlap, paired they do not."""
    first = replace(publish(store, on("mine", "one"), Leaf("mine", right(*[1.0] * 20, *[0.0] * 20))), name="one")
    second = replace(publish(store, on("mine", "two"), Leaf("mine", right(*[1.0] * 26, *[0.0] * 14))), name="two")
    _, found = gather_measured(store, {0: {"one": first, "two": second}}, {})
    claim = Greater("", second, first, "mine, acc, 5-shot, %", matters=2.0)
    finding = difference_of_measures(claim, Outcomes({}, {}, numbers=found))
    assert finding.difference is not None
    assert finding.difference.mean == pytest.approx(15)
    assert finding.verdict == "holds"


def test_the_names_in_the_setups_are_those_that_come_out(store: Store) -> None:
    """A claim names its metric before anything has run; lm-eval's own metrics of each task are given here."""
    metrics = {"bbh": ["exact_match"], "drop": ["em", "f1"], "humaneval": ["pass@1"]}
    setup = SETUPS["llama-7b"]
    assert setup.filtering is not None
    asked = (*setup.benchmarks, *setup.bias, *setup.filtering.benchmarks)
    assert len({one.metric for one in asked}) == 20
    for one in {one.name: one for one in asked}.values():
        name = one.task.name
        stereotypes = ["likelihood_diff", "pct_stereotype"] if name.startswith("crows_pairs") else ["acc", "acc_norm"]
        item = dict.fromkeys(metrics.get(name, stereotypes), 1.0)
        node = one.of(ServedModel("one"))
        assert list(numbers(store, publish(store, node, Leaf(name, (item,)), shots=one.shots))) == [one.metric]


def test_model_code_runs_only_where_the_setup_says_so() -> None:
    (one,) = [one for one in SETUPS["alpagasus-7b"].filtering.benchmarks if one.task.name == "humaneval"]  # type: ignore[union-attr]
    assert not one.of(ServedModel("one")).run_model_code
    assert replace(one, run_model_code=True).of(ServedModel("one")).run_model_code


def test_claims_follow_the_sign_of_the_paper_s_difference() -> None:
    """OBQA falls at 33B and rises at 65B; where the paper has no such size, only what both agree in is claimed."""

    def obqa(setup: str) -> list[str]:
        claims = experiment("humpback/nlp_benchmarks").on(SETUPS[setup], [0]).claims
        return [one.first.name for one in claims if isinstance(one, Greater) and "openbookqa" in one.metric]

    assert obqa("llama-33b") == ["base: openbookqa, 0-shot"]
    assert obqa("llama-65b") == ["M2: openbookqa, 0-shot"]
    assert obqa("llama-7b") == []
    drawn = experiment("alpagasus/benchmarks").on(SETUPS["micro"], [3, 0]).measures
    assert drawn[3]["random: micro_facts, 0-shot"] != drawn[0]["random: micro_facts, 0-shot"]


def test_a_real_run_on_micro_s_facts_is_read(
    made: Callable[[Artifact], Path], shared_store: Store, tiny: Setup
) -> None:
    assert isinstance(tiny.base, Pretrained)
    base = replace(tiny.base, texts=replace(tiny.base.texts, n=300), updates=5)  # type: ignore[call-arg]
    one = Benchmark(MicroFacts(World(), n=24), 0)
    folder = made(one.of(base))
    value = next(
        row["value"] for row in json.loads((folder / BENCHMARKS).read_text())["rows"] if row["metric"] == "acc"
    )
    found = numbers(shared_store, BenchmarkAccuracy("it", one.of(base)))
    assert found[one.metric].mean == pytest.approx(100 * value)
    assert len(set(found[one.metric].keys or ())) == 24
