"""What the documentation shows in Python runs as it stands: the file of docs/extending.md, the lines of the README."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

import humpback
from humpback.analysis.experiment.gather import gather
from humpback.core.expression import FieldError
from humpback.core.machine import Machine
from humpback.core.plan import plan
from humpback.core.store import Store
from humpback.experiments.catalogue import UnknownName, experiment, experiment_names
from humpback.experiments.setups.base import Setup
from humpback.runs.executor import Progress, execute
from humpback.runs.load import load_expression
from tests.conftest import MACHINE

ROOT = Path(__file__).parent.parent


def python_in(document: str) -> str:
    """The page's blocks of Python, one after the other."""
    return "\n\n".join(re.findall(r"```python\n(.*?)```", (ROOT / document).read_text(encoding="utf-8"), re.S))


@pytest.fixture
def mine(tmp_path: Path) -> Iterator[Path]:
    """A folder of one's own experiments."""
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "shortest.py").write_text(python_in("docs/extending.md"), encoding="utf-8")
    yield folder
    for name in ("shortest", "broken", "twice"):
        sys.modules.pop(name, None)
    sys.path[:] = [one for one in sys.path if one != str(folder)]


def test_the_worked_example_goes_from_its_file_to_its_verdicts(mine: Path, tiny: Setup, shared_store: Store) -> None:
    """Its own artifact class in processes of its own, its own measure and its own kind of claim."""
    assert experiment_names(mine) == [*experiment_names(), "mine/shortest"]
    declared = experiment("mine/shortest", mine).on(tiny, [0, 1])
    result = execute(plan(shared_store, declared.targets), shared_store, MACHINE, Progress())
    assert not result.failures
    found = gather(shared_store, declared.arms, declared.claims, {}, measures=declared.measures)
    rows = {row.arm: row for row in found.rows if row.seed == "all"}
    assert (rows["shortest"].examples, rows["random"].examples) == (12, 12)
    words = {row.name: row.value for row in found.measured if row.seed == "all"}
    assert words["shortest"] < words["random"]
    assert [one.claim for one in found.findings] == [
        "short answers teach better (ours)",
        "the shortest are shorter than chance has them (ours)",
        "the shortest have at most 12 words (ours)",
    ]
    assert found.findings[2].difference is not None
    assert found.findings[2].difference.mean == pytest.approx(12 - words["shortest"])
    short = declared.measures[0]["shortest"].needs[0]
    assert shared_store.record(short).counts == {"in": 24, "kept": 12, "rejected": 12}
    assert load_expression(shared_store.folder(short)) == short
    code = f"from humpback.runs.load import load_expression as load; load(Path({str(shared_store.folder(short))!r}))"
    elsewhere = subprocess.run(
        [sys.executable, "-c", f"from pathlib import Path; {code}"],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )
    assert "names the class Shortest, which is not known here" in elsewhere.stderr


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("SHOWS = 1 +", r"broken\.py, line 1: SyntaxError"),
        ('"""Q?"""\n\nimport no_such_package', r"broken\.py, line 3: ModuleNotFoundError: No module named"),
        ("SHOWS = ''", r"broken\.py: has no docstring.* that is none has a name that begins with _"),
        ('"""Q?"""\nSHOWS = "t"', r"broken\.py: has no generator experiment\(setup, seed\)"),
    ],
)
def test_what_is_wrong_with_a_file_of_one_s_own_is_said_with_its_line(mine: Path, text: str, said: str) -> None:
    (mine / "broken.py").write_text(text)
    with pytest.raises(FieldError, match=said):
        experiment("mine/broken", mine)


def test_names_of_one_s_own_are_told_apart(mine: Path, tmp_path: Path) -> None:
    with pytest.raises(UnknownName, match="did you mean mine/shortest"):
        experiment("mine/shortes", mine)
    (mine / "json.py").write_text("")
    with pytest.raises(FieldError, match=r"another module is called 'json'"):
        experiment("mine/json", mine)
    with pytest.raises(UnknownName, match="no module in it"):
        experiment_names(tmp_path)
    (mine.parent / "humpback").mkdir()
    (mine.parent / "humpback" / "headline.py").write_text("")
    with pytest.raises(UnknownName, match="humpback/headline is the name of another experiment"):
        experiment_names(mine.parent / "humpback")


def test_two_parts_of_one_name_are_refused(mine: Path, tiny: Setup) -> None:
    text = python_in("docs/extending.md").replace(
        "yield from (short, random", "yield from (short, replace(short), random"
    )
    (mine / "twice.py").write_text(text)
    with pytest.raises(FieldError, match="two arms are called 'shortest'"):
        experiment("mine/twice", mine).on(tiny, [0])


def test_the_readme_s_lines_of_python_run(
    tiny: Setup,
    shared_store: Store,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """With a smaller world in the place of micro."""
    code = python_in("README.md")
    assert len([line for line in code.splitlines() if line.strip()]) <= 12
    monkeypatch.chdir(tmp_path)
    (tmp_path / "artifacts").symlink_to(shared_store.root)
    monkeypatch.setattr("humpback.experiments.setups.micro.MICRO", tiny)
    exec(code, {})
    shown = capsys.readouterr().out
    assert re.search(r"\d+ to make, \d+ done", shown)
    assert re.search(r"M1 \d\.\d+\nM0 \d\.\d+", shown)


def test_the_package_gives_the_whole_vocabulary_by_name() -> None:
    """Every public class of it, each once, and nothing that is not there; editors read the names from the same file."""
    text = (ROOT / "harness" / "__init__.py").read_text()
    words = set(re.findall(r"(\w+) as \1", text))
    assert {"Finetuned", "Backtranslated", "Judged", "Comparison", "Machine"} <= words
    for word in words:
        value = getattr(humpback, word)
        assert value.__name__ == word
        module = sys.modules[value.__module__]
        for name, other in vars(module).items():
            if isinstance(other, type) and other.__module__ == module.__name__ and not name.startswith("_"):
                assert name in words or module.__name__.startswith("humpback.core"), name
    with pytest.raises(AttributeError, match="has no 'Nonsense'"):
        _ = humpback.Nonsense


def test_a_set_that_came_out_empty_is_said(tiny: Setup, shared_store: Store) -> None:
    from humpback.core.store import StoreError
    from humpback.experiments.humpback.algorithm import arm, augmented_model, rated, seed_model, select
    from humpback.experiments.setups.base import AtLeast

    none = augmented_model(tiny, select(rated(tiny, by=seed_model(tiny)), AtLeast(9.0)))
    machine: Machine = replace(MACHINE, store=str(shared_store.root))
    with pytest.raises(StoreError, match="empty set"):
        humpback.run(arm(tiny, "none", none), machine=machine)
