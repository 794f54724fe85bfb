"""The setup `files` has sizes that its files can give, and refuses the rest when it is loaded.

Tried: every experiment at 60, 12 and 2 pairs with 60, 12 and 1 pages; texts in the place of pages; more rows asked for
than there are, of each kind; both pages and texts; more pages than are looked at.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from humpback.core.expression import Artifact, FieldError
from humpback.experiments.catalogue import experiment, experiment_names
from humpback.experiments.setups.base import Setup
from humpback.experiments.setups.files import files
from humpback.inputs import counts as counted
from humpback.inputs.user_file import load_user_setup
from humpback.spec.curation import Best, Sample
from humpback.spec.files import Deduplicated, Texts
from tests.experiments.own_files import page

TOML = 'seed_data = ["pairs.json"]\npages = ["pages"]\nprompts = ["prompts.jsonl"]\nbase = "tiny"\njudge = "base"\n'


def written(folder: Path, pairs: int, pages: int, more: str = "") -> Path:
    (folder / "pages").mkdir()
    for i in range(pages):
        (folder / "pages" / f"{i}.html").write_text(page(i))
    rows = [{"instruction": f"How do I boil {i} eggs?", "output": f"Boil {i} eggs, for as long."} for i in range(pairs)]
    (folder / "pairs.json").write_text(json.dumps(rows))
    (folder / "prompts.jsonl").write_text('{"prompt": "Boil 3 cups."}\n{"prompt": "Boil 4 cups."}\n')
    (folder / "my.toml").write_text(TOML + more)
    return folder / "my.toml"


def loaded(path: Path) -> Setup:
    return files(load_user_setup(path, {}, Path("data")).data)


def drawn(root: Artifact) -> set[Artifact]:
    found, left = set(), [root]
    while left:
        one = left.pop()
        if one not in found:
            found.add(one)
            left += one.inputs
    return found


def declared(name: str, setup: Setup) -> list[Artifact]:
    """What an experiment makes; nothing where it is refused."""
    try:
        return list(experiment(name).on(setup, [0]).targets)
    except FieldError:
        return []


@pytest.mark.parametrize(("pairs", "pages"), [(60, 60), (12, 12), (2, 60), (400, 30)])
def test_whatever_an_experiment_draws_is_there(tmp_path: Path, pairs: int, pages: int) -> None:
    setup = loaded(written(tmp_path, pairs, pages))
    segments = 2 * pages
    sizes = set()
    for name in experiment_names():
        for artifact in {one for target in declared(name, setup) for one in drawn(target)}:
            if isinstance(artifact, Sample):
                there = round(0.0833 * segments) if isinstance(artifact.examples, Best) else segments
                sizes.add(artifact.n)
                assert 1 <= artifact.n <= there, name
            n = getattr(artifact, "n", None)
            if type(artifact) is type(setup.seed_data) and n is not None:
                assert 1 <= n <= pairs, name
    assert bool(sizes) == (pages == 60 or pages == 30)


def test_the_sizes_halve_down_from_what_there_is(tmp_path: Path) -> None:
    setup = loaded(written(tmp_path, 60, 60, "best = 0.5\n"))
    assert setup.augmented_sizes == setup.scaled_sizes == (5, 11, 22, 45)
    assert setup.seed_sizes == (7, 15, 30, 60)
    assert setup.seed_size == 60


def test_too_few_for_a_size_is_refused_with_what_there_is(tmp_path: Path) -> None:
    setup = loaded(written(tmp_path, 60, 5))
    with pytest.raises(FieldError, match=r"there are 60 pairs and 10 segments, of which 0 can be counted on"):
        experiment("humpback/joint_training").on(setup, [0])
    assert experiment("humpback/headline").on(setup, [0]).targets
    assert experiment("humpback/seed_size").on(setup, [0]).targets


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ("seed_n = 61", "seed_n is 61, and there are 60"),
        ("prompts_n = 3", "prompts_n is 3, and there are 2"),
        ("pages_n = 4", "pages_n is 4, and there are 3"),
        ("segments_at_least = 7", "segments_at_least is 7, and there are 6"),
        ('texts = ["pairs.json"]', "pages and texts are both there"),
    ],
)
def test_what_is_not_there_is_refused_when_loaded(tmp_path: Path, more: str, says: str) -> None:
    with pytest.raises(FieldError, match=f"my.toml: {says}"):
        loaded(written(tmp_path, 60, 3, more))


def test_texts_stand_for_segments(tmp_path: Path) -> None:
    path = written(tmp_path, 60, 1)
    given = load_user_setup(path, {"texts": [str(tmp_path / "pairs.json")]}, Path("data")).data
    setup = files(given)
    assert isinstance(setup.segments, Deduplicated)
    assert isinstance(setup.segments.examples, Texts)
    assert given.segment_rows == 60
    path.write_text(TOML.replace("pages = ", "texts = ").replace('["pages"]', '["pairs.json"]') + "texts_n = 61")
    with pytest.raises(FieldError, match="texts_n is 61, and there are 60"):
        loaded(path)


def test_more_pages_than_are_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counted, "PAGES", 10)
    loaded_setup = load_user_setup(written(tmp_path, 60, 12), {}, Path("data"))
    assert loaded_setup.data.segment_rows == 20
    assert "the 20 segments of the first 10 pages" in loaded_setup.notes[0]
    more = load_user_setup(tmp_path / "my.toml", {"segments_at_least": 900}, Path("data"))
    assert (more.data.segment_rows, more.notes) == (900, ())
