"""The setup `files`: what somebody points at goes through the whole loop, and the counts are right."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from humpback.core.expression import FieldError
from humpback.core.machine import Machine
from humpback.core.plan import plan
from humpback.core.store import Store
from humpback.core.tables import VERDICTS, Verdict, read
from humpback.experiments.catalogue import experiment
from humpback.experiments.setups.base import AtLeast, BestShare, Setup
from humpback.experiments.setups.files import files
from humpback.inputs.file_index import named_files
from humpback.inputs.user_file import load_user_setup
from humpback.runs.build import build_artifact
from humpback.spec.claims import Comparison
from humpback.spec.data import Sampling, Segments
from humpback.spec.files import Deduplicated, InstructionSet, OpenAssistant, PromptSet, WebPages
from humpback.spec.models import FolderModel, Pretrained
from humpback.spec.outcomes import LocalJudge, Responses
from humpback.spec.recipe import LinearTo, Llama, Lora, Sft, Steps
from humpback.spec.user_data import UserData
from tests.conftest import MACHINE, SOURCE
from tests.experiments.own_files import folder as folder
from tests.experiments.own_files import no_files, page


def test_the_file_means_the_same_on_every_machine(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Paths are relative to it, and nothing of where it lies is in the expression."""
    loaded = load_user_setup(folder / "my.toml", {}, Path("data"))
    given = loaded.data
    assert isinstance(given.seed_data, InstructionSet)
    assert isinstance(given.pages, WebPages)
    assert [one.name for one in given.pages.files] == ["0.html", "1.html", "2.html"]
    assert given.base is None
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "copy"
    folder.rename(elsewhere)
    moved = load_user_setup(elsewhere / "my.toml", {}, Path("data"))
    assert moved.data == given
    assert {Path(path).parent for _, path in moved.files} == {elsewhere, elsewhere / "pages"}
    (elsewhere / "pages" / "0.html").write_text(page(9))
    assert load_user_setup(elsewhere / "my.toml", {}, Path("data")).data != given


def test_open_assistant_is_recognised_and_options_win(folder: Path) -> None:
    messages = [
        {"message_id": "a", "parent_id": None, "role": "prompter", "text": "Hi?", "lang": "en", "rank": None},
        {"message_id": "b", "parent_id": "a", "role": "assistant", "text": "Hello.", "lang": "en", "rank": 0},
    ]
    oasst = folder / "oasst.jsonl"
    oasst.write_text("".join(json.dumps({**one, "message_tree_id": "a", "deleted": False}) + "\n" for one in messages))
    loaded = load_user_setup(folder / "my.toml", {"seed_data": [str(oasst)]}, Path("data"))
    assert isinstance(loaded.data.seed_data, OpenAssistant)
    assert loaded.data.seed_data.language == "en"
    assert isinstance(loaded.data.prompts, PromptSet)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("seed_data = 'x'", "seed_data is 'x'; it takes a list of paths"),
        ("sed_data = ['x']", "no field 'sed_data'; did you mean seed_data?"),
        ("pages = []", "pages is []; it takes a list"),
        ("base = 3", "base is 3; it takes a text"),
        ("best = 'all'", "best is 'all'; it takes a number"),
        ("base = 'tiny'", "seed_data, pages (or texts), prompts, judge missing; give --files"),
        ("base = ", "not TOML"),
    ],
)
def test_a_wrong_file_is_named_with_what_would_do(text: str, says: str, tmp_path: Path) -> None:
    path = tmp_path / "wrong.toml"
    path.write_text(text)
    with pytest.raises(FieldError) as error:
        load_user_setup(path, {}, Path("data"))
    assert str(path) in str(error.value)
    assert says in str(error.value)


def test_a_missing_file_and_an_unknown_set_are_named(folder: Path) -> None:
    with pytest.raises(FieldError, match=r"seed_data: there is no file .*none.json"):
        load_user_setup(folder / "my.toml", {"seed_data": [str(folder / "none.json")]}, Path("data"))
    with pytest.raises(FieldError, match="did you mean the public set alpaca"):
        named_files(["alpacca"])
    with pytest.raises(
        FieldError, match=r"base is './nowhere'; there is no such folder or .gguf file, and a hub name is OWNER/NAME"
    ):
        load_user_setup(folder / "my.toml", {"base": "./nowhere"}, Path("data"))
    with pytest.raises(FieldError, match=r"best is 1.5; it is a share"):
        UserData(*no_files(), base=None, judge=None, best=1.5)


def test_the_setup_follows_what_was_given() -> None:
    model = FolderModel("mine", "1" * 64)
    setup = files(UserData(*no_files(), base=model, judge=None, at_least=4.5, reference="prompts", lora_rank=8))
    assert setup.base == model
    assert setup.judge == LocalJudge(model)
    assert setup.selection == AtLeast(4.5)
    assert setup.reference == setup.prompts
    assert setup.sft.learning_rate == 2e-4, "a rate for adapters"
    assert setup.sft.adapter == Lora(8)
    assert files(UserData(*no_files(), base=model, judge=None)).sft == Sft()
    tiny = files(UserData(*no_files(), base=None, judge=None))
    assert isinstance(tiny.base, Pretrained)
    assert tiny.selection == BestShare(0.0833)
    assert isinstance(tiny.reference, Responses)
    assert isinstance(tiny.segments, Deduplicated)
    other = files(UserData(*no_files(), base=None, judge=None, language="de"))
    assert isinstance(other.segments, Deduplicated)
    assert isinstance(other.segments.examples, Segments)
    assert other.segments.examples.language == "de"


def small(setup: Setup) -> Setup:
    """The same setup with a base and recipes of seconds."""
    assert isinstance(setup.base, Pretrained)
    shape = Llama(layers=1, width=32, heads=2, feed_forward=64, context=2_048, vocabulary=512)
    base = replace(setup.base, shape=shape, updates=20, batch=4)
    recipe = replace(setup.sft, duration=Steps(20), batch=4, learning_rate=3e-3, schedule=LinearTo(3e-3))
    answering = Sampling(max_new_tokens=8)
    return replace(
        setup,
        base=base,
        sft=recipe,
        backward=recipe,
        answering=answering,
        augmentation=Sampling(temperature=1.0, top_p=1.0, max_new_tokens=200),
        reference=Responses(base, setup.prompts, answering),
        judge=LocalJudge(base),
        selection=BestShare(0.5),
    )


def test_the_whole_loop_runs_on_somebody_s_files(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    """From files to verdicts for every arm and both orders, with the counts that the files have."""
    loaded = load_user_setup(folder / "my.toml", {}, Path("data"))
    machine: Machine = replace(MACHINE, files=loaded.files)
    store = Store(tmp_path_factory.mktemp("files-store"))
    store.prepare()
    setup = small(files(loaded.data))
    declared = experiment("humpback/headline").on(setup, [0])
    by_name = declared.arms[0]
    assert set(by_name) == {"M0", "uncurated", "M1", "M2"}
    targets = [arm.judged for arm in by_name.values()]
    direct = [one for one in declared.claims if isinstance(one, Comparison) and one.head_to_head]
    targets += [one.first.against(one.second) for one in direct]
    counts = {}
    for step in plan(store, list(targets)).to_do:
        outcome = build_artifact(step.artifact, store, machine, SOURCE, lambda done, total, unit: None)
        assert outcome.status == "made", outcome.reason
        counts[type(step.artifact).__name__] = store.record(step.artifact).counts
    assert counts["InstructionSet"]["kept"] == 12
    assert counts["WebPages"]["kept"] == 3
    assert counts["Segments"]["kept"] == 6
    assert counts["Backtranslated"]["in"] == counts["Deduplicated"]["kept"]
    for target in targets:
        assert len(list(read(store.open(target) / VERDICTS, Verdict))) == 8
    record = (store.folder(targets[0].answers.prompts) / "record.json").read_text()
    assert str(folder) not in record
