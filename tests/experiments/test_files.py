"""The setup `files`: what somebody points at goes through the whole loop, and the counts are right."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from pathlib import Path

import pytest

from humpback.core.expression import FieldError, below
from humpback.core.machine import Machine
from humpback.core.plan import plan
from humpback.core.store import Store
from humpback.core.tables import VERDICTS, Verdict, read
from humpback.experiments.catalogue import experiment
from humpback.experiments.setups.base import AtLeast, BestShare, Setup, drawn
from humpback.experiments.setups.files import files
from humpback.inputs.file_index import named_files
from humpback.inputs.user_file import load_user_setup
from humpback.runs.build import build_artifact
from humpback.spec.claims import Comparison
from humpback.spec.contamination import Contamination
from humpback.spec.curation import HeldOut, Without
from humpback.spec.data import Joined, Sampling, Segments
from humpback.spec.files import Deduplicated, File, InstructionSet, OpenAssistant, PromptSet, WebPages
from humpback.spec.measures import Greater, HeldOutLoss
from humpback.spec.models import Finetuned, FolderModel, Pretrained
from humpback.spec.outcomes import LocalJudge, Responses
from humpback.spec.prompts import S_A, S_W
from humpback.spec.recipe import LinearTo, Llama, Lora, Sft, Steps
from humpback.spec.user_data import UserData
from tests.conftest import MACHINE, SOURCE

NOUNS = ("kettle", "lid", "spout", "stove", "handle", "water", "steam", "kitchen", "chalk", "cup", "table", "spoon")
VERBS = ("warms", "holds", "needs", "cleans", "leaves", "moves", "closes", "opens", "finds", "keeps", "makes", "covers")


def prose(rng: random.Random, sentences: int) -> str:
    """English of a sort, no two sentences alike."""
    said = []
    for _ in range(sentences):
        one, two, three, four = rng.sample(NOUNS, 4)
        said.append(f"The {one} {rng.choice(VERBS)} the {two} when the {three} and {four} are {rng.randint(2, 99)}.")
    return " ".join(said)


def page(i: int) -> str:
    rng = random.Random(i)
    sections = "".join(
        f"<h2>How to boil water {i}-{j}</h2><p>{prose(rng, 6)}</p><p>{prose(rng, 6)}</p>" for j in range(2)
    )
    return f"<html><head><title>Kettles</title></head><body><h1>Kettles</h1>{sections}</body></html>"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Somebody's files, and the TOML file beside them."""
    (tmp_path / "pages").mkdir()
    for i in range(3):
        (tmp_path / "pages" / f"{i}.html").write_text(page(i))
    pairs = [{"instruction": f"How do I boil {i} eggs?", "output": f"Boil them for {i} minutes."} for i in range(12)]
    (tmp_path / "pairs.json").write_text(json.dumps(pairs))
    (tmp_path / "prompts.jsonl").write_text("".join(json.dumps({"prompt": f"Boil {i} cups."}) + "\n" for i in range(4)))
    (tmp_path / "my.toml").write_text(
        'seed_data = ["pairs.json"]\npages = ["pages"]\nprompts = ["prompts.jsonl"]\nbase = "tiny"\njudge = "base"\n'
    )
    return tmp_path


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
        UserData(*_nothing(), base=None, judge=None, best=1.5)


def _nothing() -> tuple[InstructionSet, WebPages, PromptSet]:
    given = (File("x", "0" * 64),)
    return InstructionSet(given), WebPages(given), PromptSet(given)


def test_the_setup_follows_what_was_given() -> None:
    model = FolderModel("mine", "1" * 64)
    setup = files(UserData(*_nothing(), base=model, judge=None, at_least=4.5, reference="prompts", lora_rank=8))
    assert setup.base == model
    assert setup.judge == LocalJudge(model)
    assert setup.selection == AtLeast(4.5)
    assert setup.reference == setup.prompts
    assert setup.sft.learning_rate == 2e-4, "a rate for adapters"
    assert setup.sft.adapter == Lora(8)
    assert files(UserData(*_nothing(), base=model, judge=None)).sft == Sft()
    tiny = files(UserData(*_nothing(), base=None, judge=None))
    assert isinstance(tiny.base, Pretrained)
    assert tiny.selection == BestShare(0.0833)
    assert isinstance(tiny.reference, Responses)
    assert isinstance(tiny.segments, Deduplicated)
    other = files(UserData(*_nothing(), base=None, judge=None, language="de"))
    assert isinstance(other.segments, Deduplicated)
    assert isinstance(other.segments.examples, Segments)
    assert other.segments.examples.language == "de"


RECIPE = """lora_rank = 4
lora_alpha = 6.5
lora_targets = ["query_key_value", "dense"]
learning_rate = 1e-3
dropout = 0.05
longest = 512
max_new_tokens = 128
"""


def test_the_recipe_is_what_the_file_says(folder: Path) -> None:
    """For any base, the tiny one too."""
    plain = files(load_user_setup(folder / "my.toml", {}, Path("data")).data)
    with (folder / "my.toml").open("a") as file:
        file.write(RECIPE)
    setup = files(load_user_setup(folder / "my.toml", {}, Path("data")).data)
    asked = {
        "adapter": Lora(4, 6.5, ("query_key_value", "dense")),
        "learning_rate": 1e-3,
        "schedule": LinearTo(0.9 * 1e-3),
        "dropout": 0.05,
        "longest": 512,
    }
    assert setup.sft == setup.backward == replace(plain.sft, **asked)
    assert (setup.answering.max_new_tokens, setup.augmentation.max_new_tokens) == (128, 128)
    assert (plain.answering.max_new_tokens, plain.augmentation.max_new_tokens) == (64, 64)
    assert isinstance(setup.reference, Responses)
    assert setup.reference.sampling.max_new_tokens == 128


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("lora_alpha = 8", "lora_alpha is given without lora_rank"),
        ('lora_targets = ["q_proj"]', "lora_targets is given without lora_rank"),
        ('lora_targets = "q_proj"', "lora_targets is 'q_proj'; it takes a list of names of modules"),
        ("lora_rank = 4.5", "lora_rank is 4.5"),
        ("lora_rank = 0", "rank is 0; it takes 1 or more"),
        ("learning_rate = 0", "learning_rate is 0.0; it takes more than 0"),
        ("dropout = 1", "dropout is 1.0; it takes a probability"),
        ("longest = 1", "longest is 1; it takes 2 or more"),
        ("max_new_tokens = 0", "max_new_tokens is 0; it takes 1 or more"),
        ('max_new_tokens = "all"', "max_new_tokens is 'all'; it takes a number"),
    ],
)
def test_a_recipe_that_cannot_be_is_refused(folder: Path, line: str, says: str) -> None:
    with (folder / "my.toml").open("a") as file:
        file.write(line + "\n")
    with pytest.raises(FieldError) as error:
        files(load_user_setup(folder / "my.toml", {}, Path("data")).data)
    assert says in str(error.value)


def test_another_seed_draws_seed_data_anew_and_keeps_the_base() -> None:
    seed_data, pages, prompts = _nothing()
    setup = files(UserData(replace(seed_data, n=5), pages, prompts, base=None, judge=None))
    zero, three = setup.at(0), setup.at(3)
    assert isinstance(three.seed_data, InstructionSet)
    assert three.seed_data.draw == 3
    assert zero.base == three.base == setup.base
    assert zero.segments == three.segments
    assert drawn(Joined(seed_data, seed_data), 4) == Joined(replace(seed_data, draw=4), replace(seed_data, draw=4))


def test_pairs_are_held_out_of_the_seed_data_and_their_loss_is_claimed_about(folder: Path) -> None:
    """The same pairs at every seed, whichever seed data are drawn, and no claim more where none are held out."""
    plain = experiment("humpback/headline").on(files(load_user_setup(folder / "my.toml", {}, Path("data")).data), [0])
    assert not plain.measures[0]
    with (folder / "my.toml").open("a") as file:
        file.write('held_out = ["pairs.json"]\nheld_out_n = 5\nseed_n = 4\n')
    given = load_user_setup(folder / "my.toml", {}, Path("data")).data
    assert isinstance(given.seed_data, Without)
    assert (given.held_out, given.seed_rows) == (HeldOut(InstructionSet(given.seed_data.examples.files), 5), 4)  # type: ignore[attr-defined]
    declared = experiment("humpback/headline").on(files(given), [0, 3])
    measured = [f"held-out loss of {name}" for name in ("base", "M0", "uncurated", "M1", "M2")]
    for seed in (0, 3):
        losses = [one.losses for one in declared.measures[seed].values() if isinstance(one, HeldOutLoss)]
        assert list(declared.measures[seed]) == measured
        assert {one.pairs for one in losses} == {given.held_out}
        assert [one.system for one in losses] == [(), *[(S_A, S_W)] * 4]
        sets = {one.fingerprint for one in below(*losses).values() if isinstance(one, HeldOut)}
        assert sets == {given.held_out.fingerprint}, "seed data of every draw are without these very pairs"
    claims = [one for one in declared.claims if isinstance(one, Greater)]
    assert len(claims) == 5
    assert claims[1].sides == ("nats a token: held-out loss of M0", "held-out loss of M2")
    asked_for = [one for one in declared.targets if isinstance(one, Contamination) and one.prompts == given.held_out]
    assert {one.training for one in asked_for} >= {
        arm.model.examples for arm in declared.arms[0].values() if isinstance(arm.model, Finetuned)
    }


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        ("held_out_n = 5", "held_out_n is given without held_out; name the files"),
        ('held_out = ["pairs.json"]\nheld_out_n = 13', "held_out_n is 13, and there are 12; ask for fewer"),
        ('held_out = ["pairs.json"]\nheld_out_n = 5\nseed_n = 8', "seed_n is 8, and there are 7; ask for fewer"),
        ('held_out = ["pairs.json"]', "nothing is left of seed_data without the pairs held out"),
        ('held_out = ["none.json"]', "held_out: there is no file"),
        ("held_out = 5", "held_out is 5; it takes a list of paths"),
    ],
)
def test_pairs_that_cannot_be_held_out_are_refused(folder: Path, lines: str, says: str) -> None:
    with (folder / "my.toml").open("a") as file:
        file.write(lines + "\n")
    with pytest.raises(FieldError) as error:
        load_user_setup(folder / "my.toml", {}, Path("data"))
    assert says in str(error.value)


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
