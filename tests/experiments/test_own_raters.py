"""AlpaGasus's experiments on somebody's files: who rates there, by choice, and a filter from a file to a table."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest

from humpback.cli.display import report_on
from humpback.cli.run import SetupOptions
from humpback.core.errors import HumpbackError
from humpback.core.expression import FieldError
from humpback.core.machine import Endpoint, Machine
from humpback.core.plan import plan
from humpback.core.store import Store
from humpback.core.tables import CALLS, EXAMPLES, VERDICTS, Example, JudgeCall, Verdict, read
from humpback.experiments.alpagasus.algorithm import filtered
from humpback.experiments.catalogue import Declared, experiment
from humpback.experiments.setups.base import BestShare
from humpback.experiments.setups.files import files
from humpback.runs.build import build_artifact
from humpback.spec.claims import Comparison
from humpback.spec.curation import (
    ExpectedScore,
    FirstLineScore,
    GivenScores,
    ModelRater,
    RandomControl,
    Sample,
    SampledScore,
    Without,
)
from humpback.spec.files import InstructionSet, Scored
from humpback.spec.models import FolderModel, FolderRewardModel, Pretrained, Reward, ServedModel
from humpback.spec.outcomes import Judged
from humpback.spec.prompts import ALPAGASUS_ACCURACY, HUMPBACK_RATING
from humpback.spec.recipe import Epochs
from tests.conftest import MACHINE, SOURCE
from tests.experiments.own_filter import ALPACA, filtering_of, loaded, setup_of
from tests.harness.model_server import Body, ModelServer, serving


def test_a_set_to_filter_is_all_that_alpagasus_needs(folder: Path) -> None:
    setup = setup_of(folder, 'judge = "base"\nrater = "served:some/rater"\n')
    given = setup.filtering
    assert given is not None
    assert isinstance(given.examples, InstructionSet)
    assert given.rater == ModelRater(ServedModel("some/rater"), FirstLineScore(ALPAGASUS_ACCURACY))
    assert (given.at_least, given.looser, given.sft.duration) == (4.5, 4.0, Epochs(3))
    assert given.helpfulness is not None
    for name in ("headline", "random_filter", "thresholds", "score_histogram", "dimensions_and_raters", "skills"):
        assert experiment(f"alpagasus/{name}").on(setup, [0]).targets, name
    with pytest.raises(FieldError, match=r"humpback/headline on files: needs .*; name them in the setup file"):
        experiment("humpback/headline").on(setup, [0])
    with pytest.raises(FieldError, match="seed_data and pages"):
        experiment("humpback/seed_size").on(setup, [0])
    tiny = files(replace(loaded(folder, 'judge = "base"').data, base=None))
    assert isinstance(tiny.base, Pretrained)
    assert tiny.base.texts == given.examples


def test_who_rates_and_how_is_a_choice(folder: Path) -> None:
    model = loaded(folder, 'judge = "base"').data.base
    assert isinstance(model, FolderModel)
    by_itself = filtering_of(folder, 'judge = "base"')
    assert by_itself.rater == ModelRater(model, ExpectedScore(HUMPBACK_RATING))
    assert isinstance(by_itself.at_least, BestShare)
    assert by_itself.at_least.share == pytest.approx(0.1775, abs=1e-4)
    read_off = filtering_of(folder, 'judge = "base"\nrater = "base"\nrater_reads = "last line"\nfilter_at_least = 3.5')
    assert isinstance(read_off.rater, ModelRater)
    assert isinstance(read_off.rater.scoring, SampledScore)
    assert (read_off.at_least, read_off.looser, read_off.helpfulness) == (3.5, 3.0, None)
    rewarded = filtering_of(folder, 'judge = "base"\nrater = "reward"\nfilter_best = 0.5\nanother_rater = "served:x"')
    assert isinstance(rewarded.rater, Reward)
    assert isinstance(rewarded.rater.model, FolderRewardModel)
    assert rewarded.at_least == BestShare(0.5)
    assert rewarded.another == ModelRater(ServedModel("x"), FirstLineScore(ALPAGASUS_ACCURACY))
    setup = setup_of(folder, 'judge = "base"\nrater = "reward"')
    with pytest.raises(FieldError, match="no threshold is set"):
        experiment("alpagasus/thresholds").on(setup, [0])
    with pytest.raises(FieldError, match="neither another rater"):
        experiment("alpagasus/dimensions_and_raters").on(setup, [0])


SCORES = "idx,accuracy\n" + "".join(f"{i},{'' if i % 3 == 2 else (2, 4.5)[i % 2]}\n" for i in range(24))
"""Of sixteen of the twenty-four rows; 4.5 for every odd one of them."""


def test_scores_that_are_there_already_stand_for_a_rater(folder: Path, tmp_path: Path) -> None:
    (folder / "scores.csv").write_text(SCORES)
    text = 'judge = "none"\nfilter_scores = "scores.csv"\nfilter_column = "accuracy"\nfilter_at_least = 4.5\n'
    given = loaded(folder, text)
    assert given.data.filter_rows == 16
    setup = files(given.data)
    filtering = setup.filtering
    assert filtering is not None
    assert isinstance(filtering.examples, Scored)
    assert (filtering.rater, filtering.at_least, filtering.helpfulness) == (GivenScores(), 4.5, None)
    store, machine = Store(tmp_path / "store"), replace(MACHINE, files=given.files)
    store.prepare()
    selected = filtered(setup)
    control = RandomControl(filtering.examples, same_size_as=selected)
    for step in plan(store, [selected, control]).steps:
        build_artifact(step.artifact, store, machine, SOURCE, lambda *_: None)
    assert store.record(filtering.examples).counts["rejected"] == 8, "what nobody rated could not be selected"
    asked = [row.instruction.split(".")[0] for row in read(store.folder(selected) / EXAMPLES, Example)]
    assert asked == [f"Say {i}" for i in range(24) if i % 2 and i % 3 != 2]
    assert store.record(control).counts["kept"] == len(asked)


def test_scores_in_the_sets_own_file_and_with_rows_held_out_or_drawn(folder: Path) -> None:
    rows = [row | {"quality": i % 5} for i, row in enumerate(ALPACA)]
    (folder / "alpaca.json").write_text(json.dumps(rows))
    given = loaded(folder, 'judge = "base"\nfilter_column = "quality"\nfilter_n = 9\n').data
    assert isinstance(given.filter, Sample)
    assert isinstance(given.filter.examples, Scored)
    assert (given.filter.n, given.filter_rows) == (9, 9)
    (folder / "held.jsonl").write_text("".join(json.dumps(row) + "\n" for row in ALPACA[:4]))
    held = loaded(folder, 'judge = "base"\nfilter_column = "quality"\nheld_out = ["held.jsonl"]\n').data
    assert isinstance(held.filter, Without)
    assert isinstance(held.filter.examples, Scored)
    assert held.filter_rows == 20


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('filter_scores = "scores.csv"', "filter_scores is given without filter_column"),
        ('filter_column = "accuracy"\nrater = "base"', "filter_column and rater are both given"),
        ('filter_column = "nothing"\nfilter_scores = "scores.csv"', "scores.csv: no column 'nothing'; there are 'idx'"),
        ('filter_column = "accuracy"', "alpaca.json: no column 'accuracy'"),
        ('filter_column = "accuracy"\nfilter_scores = "short.csv"', "short.csv has fewer rows than the set"),
        ('filter_column = "accuracy"\nfilter_scores = "gone.csv"', "filter_scores: there is no file"),
        ('filter_column = "accuracy"\nfilter_scores = "*.csv"', "filter_scores has 2 files; put them into one"),
    ],
)
def test_scores_that_cannot_be_used_are_named(folder: Path, text: str, says: str) -> None:
    (folder / "scores.csv").write_text(SCORES)
    (folder / "short.csv").write_text("\n".join(SCORES.splitlines()[:9]))
    with pytest.raises(HumpbackError, match=re.escape(says)):
        loaded(folder, f'judge = "base"\n{text}\n')


def rate_or_judge(body: Body) -> dict[str, str]:
    text = body["messages"][-1]["content"]
    if body["model"] == "a-rater":
        return {"content": f"{5 if 'river' in text or 'of stones' in text else 2}\nBecause."}
    return {"content": "a" if int(sha256(text.encode()).hexdigest(), 16) % 2 else "b"}


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with serving(ModelServer(rate_or_judge)) as one:
        yield one


def test_the_filter_goes_from_a_file_to_a_table_and_answers_wait_for_a_judge(
    folder: Path, server: ModelServer, tmp_path: Path
) -> None:
    """A served rater and no judge; then a served annotator of one's own, which finds the answers."""
    text = 'judge = "none"\nrater = "served:a-rater"\nmax_new_tokens = 8\nlongest = 256\n[set]\nsft.batch = 8\n'
    loaded(folder, text)
    store = Store(tmp_path / "store")
    store.prepare()
    here = Machine(
        store=str(store.root), tracking="off", endpoint=Endpoint(address=server.address, pause=0.01, attempts=2)
    )

    def made(judge: str | None) -> tuple[Declared, list[str]]:
        options = SetupOptions(setup="files", files=folder / "my.toml", judge=judge, settings=["sft.duration.n=1"])
        (declared,), machine = options.experiments(["alpagasus/random_filter"], here)
        steps = [step.artifact for step in plan(store, declared.targets).to_do]
        for one in steps:
            outcome = build_artifact(one, store, replace(machine, threads=1), SOURCE, lambda done, total, unit: None)
            assert outcome.status == "made", outcome.reason
        return declared, [type(one).__name__ for one in steps]

    declared, steps = made(None)
    assert "Judged" not in steps
    assert steps.count("Responses") == 3
    found = report_on(declared, store, {})
    assert {row.reason for row in found.rows} == {"not judged"}
    assert all(row.examples > 0 and row.mean_length > 0 for row in found.rows), "what needs no judge is told"
    refusing = [row for row in found.measured if row.metric == "refusals, %" and row.seed == "all"]
    assert [row.name for row in refusing] == ["refusals of filtered", "refusals of random"]
    assert {body["model"] for body in server.asked} == {"a-rater"}
    assert len(server.asked) == len(ALPACA)
    declared, steps = made(str(folder / "judges"))
    assert set(steps) == {"Judged"}
    found = report_on(declared, store, {})
    assert {(row.arm, row.against, row.n) for row in found.rows if row.seed == "all"} == {
        ("filtered", "whole set", 3),
        ("random", "whole set", 3),
        ("filtered", "random", 3),
    }
    arm = declared.arms[0]["filtered"]
    assert len(list(read(store.open(arm.judged) / VERDICTS, Verdict))) == 6
    assert {row.model for row in read(store.open(arm.judged) / CALLS, JudgeCall) if row.samples} == {server.model}
    kept = store.record(arm.model).counts["kept"]
    assert kept == sum("river" in one["output"] or bool(one["input"]) for one in ALPACA)
    (claim,) = declared.claims
    assert isinstance(claim, Comparison)
    assert isinstance(claim.first.judged, Judged)
