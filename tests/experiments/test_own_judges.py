"""Who judges somebody's files by choice, and what a rubric or a pairwise prompt of one's own has to hold."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from humpback.core.expression import FieldError
from humpback.core.plan import plan
from humpback.core.store import Store, StoreError
from humpback.core.tables import VERDICTS, Verdict, read
from humpback.experiments.setups.files import files
from humpback.inputs.user_file import load_user_setup
from humpback.runs.build import build_artifact
from humpback.spec.curation import (
    ModelRater,
)
from humpback.spec.models import Reward
from humpback.spec.outcomes import AlpacaEvalJudge, Judged, LocalJudge, PromptedJudge, Unjudged
from humpback.spec.prompts import PromptFile
from tests.conftest import MACHINE, SOURCE
from tests.experiments.own_filter import PAIR, loaded, setup_of, table


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
