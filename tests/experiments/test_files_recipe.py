"""The recipe and the held-out pairs of the setup `files`, as the file says them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from humpback.core.expression import FieldError, below
from humpback.experiments.catalogue import experiment
from humpback.experiments.setups.base import drawn
from humpback.experiments.setups.files import files
from humpback.inputs.user_file import load_user_setup
from humpback.spec.contamination import Contamination
from humpback.spec.curation import HeldOut, Without
from humpback.spec.data import Joined
from humpback.spec.files import InstructionSet
from humpback.spec.measures import Greater, HeldOutLoss
from humpback.spec.models import Finetuned
from humpback.spec.outcomes import Responses
from humpback.spec.prompts import S_A, S_W
from humpback.spec.recipe import LinearTo, Lora
from humpback.spec.user_data import UserData
from tests.experiments.own_files import folder as folder
from tests.experiments.own_files import no_files

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
    seed_data, pages, prompts = no_files()
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
