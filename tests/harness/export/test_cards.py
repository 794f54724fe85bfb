"""The card: counts, licences that are inherited, how the data were made."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from humpback.core.store import read_record
from humpback.core.tables import Example, Rejected
from humpback.export.datasets import export_dataset
from humpback.export.licences import for_hub, non_commercial
from humpback.export.lineage import lineage
from humpback.spec.curation import ModelRater, RandomControl, Rated, SampledScore
from humpback.spec.data import Joined, Sampling
from humpback.spec.files import Deduplicated
from humpback.spec.models import Finetuned, HubModel
from humpback.spec.prompts import HUMPBACK_RATING
from humpback.spec.recipe import Sft
from tests.harness.export.material import (
    ALPACA,
    LICENCES,
    OASST,
    OWN,
    RATED,
    ROWS,
    SELECTED,
    Put,
    own_set,
)


def test_the_card_says_what_it_is(put: Put, load: Any, tmp_path: Path) -> None:
    from huggingface_hub import DatasetCard

    put(ALPACA, ROWS, {"in": 6, "kept": 4, "unreadable": 2})
    put(RATED, ROWS, {"in": 4, "kept": 4, "unparsed": 1})
    lost = [
        Rejected("r1", "score 3.2 below 4.5", "", 3.2),
        Rejected("r2", "score 4 below 4.5", "", 4.0),
        Rejected("r3", "unparsed", ""),
    ]
    folder = put(
        SELECTED,
        [Example("1", "ab", "abcd"), Example("2", "abcd", "abcdefgh")],
        {"in": 5, "kept": 2, "rejected": 3},
        rejected=lost,
    )
    done = export_dataset(folder, tmp_path / "humpback", "messages", licence_of=LICENCES.get)
    card = DatasetCard.load(tmp_path / "humpback" / "README.md")
    told = card.data.to_dict()
    assert told["license"] == "cc-by-nc-4.0"
    assert "language" not in told
    assert told["size_categories"] == ["n<1K"]
    assert told["task_categories"] == ["text-generation"]
    assert told["pretty_name"].startswith("Selected: k4.5")
    assert told["configs"][0]["data_files"] == [{"split": "train", "path": "data/train.jsonl"}]
    text = card.text
    assert "2 examples: instructions of 3 ± 1 characters, outputs of 6 ± 2" in text
    assert "**Contains data under CC BY-NC 4.0: not for commercial use (alpaca).**" in text
    assert done.notices == ("contains data under CC BY-NC 4.0: not for commercial use (alpaca)",)
    assert "- oasst1 (revision fdf72ae0827c): Apache-2.0; through a model" in text
    assert "candidates rated 4.5 or better. In 5, kept 2, rejected 3" in text
    assert "each candidate rated by step" in text
    assert "In 6, kept 4, unreadable 2" in text
    assert "- 2 rejected, such as: score 3.2 below 4.5" in text
    assert "- 1 rejected, unparsed" in text
    assert SELECTED.fingerprint in text
    assert "torch " in text
    code = text.split("```python\n")[1].split("```")[0]
    assert 'load_dataset("humpback", split="train")' in code
    assert text.count("\n1. **") == 1


def test_the_steps_stand_in_the_order_in_which_they_are_made(put: Put) -> None:
    folder = put(SELECTED, ROWS)
    history = lineage(read_record(folder / "record.json"), folder, LICENCES.get)
    for step in history.steps:
        assert all(one < step.number for one in step.inputs)
    assert history.steps[-1].kind == "Selected"
    assert {step.kind for step in history.steps} == {
        "InstructionSet",
        "OpenAssistant",
        "HubModel",
        "Finetuned",
        "Rated",
        "Selected",
    }
    assert history.steps[-1].counts == {"in": 4, "kept": 4}
    assert history.steps[0].counts is None
    assert all(step.words for step in history.steps)


def test_a_class_without_words_shows_its_fields(put: Put) -> None:
    from humpback.export.lineage import _in_words

    assert _in_words("Newcomer", {"share": 0.5, "from_": {"artifact": "f"}}, {"f": 1}) == "share 0.5"


ASKED = SampledScore(HUMPBACK_RATING, Sampling())
TAUGHT = Finetuned(HubModel("org/base", "c" * 40), ALPACA, Sft())
THROUGH = {"alpaca": "compared", "org/base": "compared"}
INHERITED = {
    "for no commerce": (ALPACA, {"alpaca": "contained"}, {"license": "cc-by-nc-4.0"}),
    "open": (OASST, {"oasst1": "contained"}, {"license": "apache-2.0"}),
    "own file, by checksum": (OWN, {"mine.jsonl": "contained"}, {"license": "mit"}),
    "unknown": (own_set("x"), {"x": "contained"}, {"license": "unknown"}),
    "a rater that learned from it": (
        Rated(OASST, ModelRater(TAUGHT, ASKED)),
        {"oasst1": "contained", "alpaca": "used", "org/base": "used"},
        {"license": "other", "license_name": "cc-by-nc-4.0"},
    ),
    "only counted": (
        RandomControl(OASST, same_size_as=SELECTED),
        {"oasst1": "contained", **THROUGH},
        {"license": "apache-2.0"},
    ),
    "two": (Joined(OASST, OWN), {"oasst1": "contained", "mine.jsonl": "contained"}, {"license": "other"}),
    "handed on": (Deduplicated(OWN), {"mine.jsonl": "contained"}, {"license": "mit"}),
}


@pytest.mark.parametrize("name", INHERITED)
def test_licences_are_inherited(put: Put, name: str) -> None:
    artifact, reach, hub = INHERITED[name]
    folder = put(artifact, ROWS)
    origins = lineage(read_record(folder / "record.json"), folder, LICENCES.get).origins
    assert {one.name: one.reach.name.lower() for one in origins} == reach
    assert hub.items() <= for_hub(origins).items()


def test_what_is_not_for_commerce_is_known_by_its_name() -> None:
    assert all(map(non_commercial, ("CC BY-NC 4.0", "cc-by-nc-sa-3.0", "Non-commercial use only", "CC BY-NC-SA")))
    assert not any(map(non_commercial, ("Apache-2.0", "CC BY-SA 3.0", "Encumbered", "MIT")))


def test_unknown_licences_are_said_aloud(put: Put, tmp_path: Path) -> None:
    done = export_dataset(put(own_set("x.json"), ROWS), tmp_path / "out", "parquet")
    assert done.notices == ("no licence is known here for x.json: find it out before you pass this on",)
