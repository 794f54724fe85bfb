"""Prompts of a judgement by set and by skill: by hand, and of AlpaGasus's real test sets."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from humpback.analysis.experiment.contests import contest, prompts_by
from humpback.analysis.experiment.design import matters
from humpback.analysis.experiment.gather import gather
from humpback.core.store import Store
from humpback.core.tables import EXAMPLES, Example, Verdict, write
from humpback.readers.instructions import prompts
from humpback.spec.claims import Arm, Curve
from humpback.spec.data import Sampling
from humpback.spec.micro_world import World
from humpback.spec.models import Finetuned, HubModel
from humpback.spec.outcomes import Judged, MicroJudge, Responses
from humpback.spec.recipe import Sft
from tests.analysis.measures.stored import a_set, new_store, recorded, stored
from tests.shared_data import SHARED, needs_shared

JUDGED = Judged(
    Responses(HubModel("toy/base", "0" * 40), a_set("p"), Sampling()), a_set("r"), MicroJudge(World(), 0.0, 0.0)
)


def judged(store: Store, rows: list[Example]) -> Judged:
    """Every first answer wins in both orders."""
    verdicts = [
        Verdict(row.id, order, won, "", 1, 1, row.source)
        for row in rows
        for order, won in (("ab", "first"), ("ba", "second"))
    ]
    stored(store, JUDGED.answers, rows)
    return stored(store, JUDGED, verdicts)


def test_prompts_are_told_by_set_and_by_skill(tmp_path: Path) -> None:
    store = new_store(tmp_path)
    rows = [
        Example("1/q/0", "a", "x", source="questions", origin='{"kind": "ask"}'),
        Example("1/q/1", "b", "x", source="questions", origin='{"kind": "ask"}'),
        Example("2/w/0", "c", "x", source="Math", origin='{"file": "wiz.jsonl", "skill": "Math"}'),
        Example("3/v/0", "d", "x", source="generic", origin='{"file": "vic.jsonl", "category": "generic"}'),
    ]
    one = judged(store, rows)
    assert prompts_by(store, one, "skill") == {"ask": {"1/q/0", "1/q/1"}, "Math": {"2/w/0"}}
    by_set = prompts_by(store, one, "set")
    assert {name: len(ids) for name, ids in by_set.items()} == {"questions": 2, "wiz": 1, "vic": 1}
    found = contest(store, one, by_set["questions"])
    assert (found.wins, found.ties, found.losses, len(found.points)) == (2, 0, 0, 2)


def test_an_arm_of_all_there_is_lies_where_its_model_s_examples_put_it(tmp_path: Path) -> None:
    """And on no curve where that is no longer known."""
    store, curve = new_store(tmp_path), Curve("humpback")
    one = judged(store, [Example(str(i), f"q{i}", "x") for i in range(30)])
    model = Finetuned(JUDGED.answers.model, a_set("t"), Sft())
    arms = {0: {"all": Arm("all", model, one, curve), "two": Arm("two", model, one, curve, 2)}}

    def sizes() -> list[int | None]:
        return [row.size for row in gather(store, arms, [], {}).rows if row.seed == "all"]

    assert sizes() == [None, 2]
    work = store.workspace(model)
    write(work / EXAMPLES, Example, [])
    store.publish(model, work, recorded(model, {"in": 50, "kept": 45}))
    assert sizes() == [45, 2]
    found = gather(store, arms, [curve.rises("")], {})
    assert found.curves[0].sizes == (2, 45)
    assert found.outcomes is not None
    assert matters(curve.rises(""), found.outcomes.arms, 5.0) == pytest.approx(5 / math.log(45 / 2))


@needs_shared
def test_the_real_test_sets_are_four_and_wizardlm_s_skills_are_29(tmp_path: Path) -> None:
    folder = SHARED / "alpagasus" / "test_sets"
    rows = [row for path in sorted(folder.glob("*.jsonl")) for row in prompts(path) if isinstance(row, Example)]
    one = judged(new_store(tmp_path), rows)
    assert {name: len(ids) for name, ids in prompts_by(new_store(tmp_path), one, "set").items()} == {
        "koala_test_set": 180,
        "sinstruct_test_set": 252,
        "vicuna_test_set": 80,
        "wizardlm_test_set": 218,
    }
    skills = prompts_by(new_store(tmp_path), one, "skill")
    assert (len(skills), sum(map(len, skills.values()))) == (29, 218)
