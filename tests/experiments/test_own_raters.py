"""AlpaGasus's experiments on somebody's files, and whoever judges and rates there by choice."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest

from humpback.cli.display import report_on
from humpback.cli.run import SetupOptions, read_annotator
from humpback.core.errors import HumpbackError
from humpback.core.expression import FieldError
from humpback.core.machine import Endpoint, Machine
from humpback.core.plan import plan
from humpback.core.store import Store, StoreError
from humpback.core.tables import CALLS, EXAMPLES, VERDICTS, Example, JudgeCall, Verdict, read
from humpback.experiments.alpagasus.algorithm import filtered
from humpback.experiments.catalogue import Declared, experiment
from humpback.experiments.setups.base import BestShare, Filtering, Setup
from humpback.experiments.setups.files import files
from humpback.inputs.user_file import UserSetup, load_user_setup
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
from humpback.spec.outcomes import AlpacaEvalJudge, Judged, LocalJudge, PromptedJudge, Unjudged
from humpback.spec.prompts import ALPAGASUS_ACCURACY, HUMPBACK_RATING, PromptFile
from humpback.spec.recipe import Epochs
from tests.architectures import save_tiny
from tests.conftest import MACHINE, SOURCE
from tests.harness.engines.small_models import LINES, byte_bpe
from tests.harness.model_server import Body, ModelServer, serving

ALPACA = [{"instruction": f"Say {i}.", "input": "of stones" * (i % 2), "output": LINES[i]} for i in range(24)]
HEAD = 'filter = ["alpaca.json"]\nprompts = ["prompts.jsonl"]\nbase = "base"\n'


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model that writes, and one that gives rewards."""
    folder = tmp_path_factory.mktemp("models")
    save_tiny(folder / "base", "llama", byte_bpe(), max_position_embeddings=512)
    save_tiny(folder / "reward", "llama", byte_bpe(), reward=True, max_position_embeddings=512)
    return folder


@pytest.fixture
def folder(tmp_path: Path, models: Path) -> Path:
    for name in ("base", "reward"):
        (tmp_path / name).symlink_to(models / name)
    (tmp_path / "alpaca.json").write_text(json.dumps(ALPACA))
    (tmp_path / "prompts.jsonl").write_text("".join(json.dumps({"prompt": f"Say {i} now."}) + "\n" for i in range(3)))
    asked = "    <|im_start|>user\n    {instruction} (a) {output_1} (b) {output_2}\n    <|im_end|>\n"
    judge = f"mine:\n  prompt_template: |\n{asked}  completions_kwargs: {{model_name: j}}\n"
    parser = "  fn_completion_parser: regex_parser\n  completion_parser_kwargs: {outputs_to_match: {1: 'a', 2: 'b'}}\n"
    (tmp_path / "judges").mkdir()
    (tmp_path / "judges" / "configs.yaml").write_text(judge + parser)
    return tmp_path


def loaded(folder: Path, text: str) -> UserSetup:
    (folder / "my.toml").write_text(HEAD + text)
    return load_user_setup(folder / "my.toml", {}, Path("data"), read_annotator=read_annotator)


def setup_of(folder: Path, text: str) -> Setup:
    return files(loaded(folder, text).data)


def filtering_of(folder: Path, text: str) -> Filtering:
    found = setup_of(folder, text).filtering
    assert found is not None
    return found


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


def table(folder: Path, name: str, text: str, **fields: str) -> str:
    (folder / f"{name}.txt").write_text(text)
    fields = {"file": f"{name}.txt", "sha256": sha256(text.encode()).hexdigest(), **fields}
    return f"[{name}]\n" + "".join(f'{key} = "{value}"\n' for key, value in fields.items())


PAIR = "Q: {q}\nA: {output_1}\nB: {output_2}\nBetter:"


def test_rubric_and_pairwise_prompt_are_files_of_ones_own(folder: Path) -> None:
    rubric = table(folder, "rater_prompt", "Rate {instruction} {output}")
    pair = table(folder, "judge_prompt", PAIR, first=" A", second=" B", instruction="{q}")
    found = loaded(folder, f'judge = "base"\nrater = "served:r"\n{rubric}{pair}')
    setup = files(found.data)
    assert isinstance(setup.judge, PromptedJudge)
    assert (setup.judge.model, setup.judge.prompt.first) == (setup.base, " A")
    assert setup.filtering is not None
    assert isinstance(setup.filtering.rater, ModelRater)
    assert isinstance(setup.filtering.rater.scoring.prompt, PromptFile)
    assert setup.filtering.helpfulness is None, "whose prompt is not known"
    assert {setup.judge.prompt.sha256, setup.filtering.rater.scoring.prompt.sha256} <= dict(found.files).keys()


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ('judge = "alpaca_eval_gpt4"', AlpacaEvalJudge),
        ('judge = "alpaca_eval_gpt4"\njudge_model = "mine"', AlpacaEvalJudge),
        ('judge = "judges"', AlpacaEvalJudge),
        ('judge = "judges/configs.yaml"', AlpacaEvalJudge),
        ('judge = "reward"', Reward),
        ('judge = "base"', LocalJudge),
        ('judge = "./base"', LocalJudge),
        ('judge = "none"', Unjudged),
    ],
)
def test_the_judge_is_a_choice(folder: Path, text: str, kind: type) -> None:
    found = loaded(folder, text)
    judge = files(found.data).judge
    assert isinstance(judge, kind)
    if isinstance(judge, AlpacaEvalJudge):
        assert judge.model == ("mine" if "mine" in text else "j" if "judges" in text else "gpt-4")
        assert (judge.sha256 in dict(found.files)) == ("judges" in text)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (
            'judge = "alpaca_eval_gpt5"',
            "judge is 'alpaca_eval_gpt5': no annotator 'alpaca_eval_gpt5'; did you",
        ),
        ('judge = "served:mine"', 'judge = "alpaca_eval_gpt4", judge_model = "mine"'),
        ('judge = "nowhere/configs.yaml"', "No such file"),
        ('judge = "empty"', "a folder without the config.json of a model or the configs.yaml of an annotator; found x"),
        ('judge = "base"\njudge_model = "m"', "judge_model is given, and judge = 'base' is a model on this machine"),
        (
            'judge = "alpaca_eval_gpt4"\njudge_template = "plain"',
            "judge_template is given, and judge = 'alpaca",
        ),
        ('judge = "base"\nrater = "served:"', 'it takes the name that the server knows: "served:NAME"'),
        ('judge = "base"\nrater = "served:x"\nrater_reads = "expected"', "it takes first line or last line"),
        ('judge = "base"\nrater_reads = "best"', "rater_reads is 'best'; it is expected or first line or last line"),
        ('judge = "base"\nrater = "no/where/at all"', "rater is 'no/where/at all'; there is no such folder"),
        ('judge = "base"\nanother_rater = "base"', "another_rater is 'base'"),
        ('judge = "base"\nfilter_at_least = 4\nfilter_best = 0.2', "filter_at_least and filter_best are both there"),
        ('judge = "base"\nfilter_best = 2', "filter_best is 2"),
        ('judge = "base"\nfilter_n = 30', "filter_n is 30, and there are 24"),
        ('judge = "base"\n[endpoint]\naddress = "x"', "endpoint belongs into the machine file (--machine)"),
    ],
)
def test_what_cannot_be_is_named_before_anything_is_asked(folder: Path, text: str, says: str) -> None:
    (folder / "empty").mkdir()
    (folder / "empty" / "x").touch()
    with pytest.raises((FieldError, StoreError)) as error:
        setup_of(folder, text)
    assert says in str(error.value)


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"first": None}, "judge_prompt: first is missing; it takes the reply"),
        ({"second": " A"}, "first and second are both ' A'"),
        ({"instruction": None}, "no {instruction} in it, where the instruction would go; there is {q}"),
        ({"instruction": "output_1"}, "one is in the other"),
        ({"output": "x"}, "no field 'output'"),
    ],
)
def test_a_wrong_pairwise_prompt_is_named(folder: Path, changed: dict[str, str | None], says: str) -> None:
    told = {"first": " A", "second": " B", "instruction": "{q}", **changed}
    pair = table(folder, "judge_prompt", PAIR, **{key: value for key, value in told.items() if value is not None})
    with pytest.raises(FieldError) as error:
        setup_of(folder, f'judge = "base"\n{pair}')
    assert says in str(error.value)


def test_data_that_are_not_given_leave_prompts_and_sets_to_their_own(folder: Path) -> None:
    (folder / "my.toml").write_text('prompts = ["prompts.jsonl"]\nbase = "base"\njudge = "base"\nrater = "base"\n')
    with pytest.raises(FieldError, match=r"seed_data, pages \(or texts\) missing; .* or with filter"):
        load_user_setup(folder / "my.toml", {}, Path("data"))


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


def test_a_prompted_judge_and_a_reward_judge_give_verdicts(folder: Path, tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    store.prepare()
    pair = table(folder, "judge_prompt", PAIR, first=" A", second=" B", instruction="{q}")
    raws = []
    for text in (f'judge = "base"\nmax_new_tokens = 4\n{pair}', 'judge = "reward"\nmax_new_tokens = 4\n'):
        found = loaded(folder, text)
        setup = files(found.data)
        answers = setup.reference
        target = Judged(answers, against=replace(answers, sampling=replace(setup.answering, seed=7)), by=setup.judge)  # type: ignore[call-arg]
        for step in plan(store, [target]).to_do:
            build_artifact(step.artifact, store, replace(MACHINE, files=found.files), SOURCE, lambda *_: None)
        verdicts = list(read(store.open(target) / VERDICTS, Verdict))
        assert len(verdicts) == 6
        assert "unparsed" not in {one.verdict for one in verdicts}
        raws.append({one.raw for one in verdicts})
    assert raws[0] <= {" A", " B", ""}
    assert all(len(raw.split()) in (0, 2) for raw in raws[1])
