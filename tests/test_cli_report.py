"""`humpback report` as a user runs it: with results, without any, and pointed at the wrong place."""

from __future__ import annotations

from pathlib import Path

import pytest

from humpback.core.errors import UnknownName
from humpback.core.store import StoreError
from humpback.experiments.catalogue import experiment_names
from tests.analysis.report.material import COMPARISONS, MADE
from tests.commands import succeed


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def said(*words: str) -> str:
    return " ".join(succeed("report", *words).output.split())


def results(at: Path) -> None:
    place = at / "humpback" / "headline"
    place.mkdir(parents=True)
    (place / "comparisons.csv").write_text(COMPARISONS)


def test_a_setup_of_which_nothing_was_run_has_every_claim_the_papers_number_and_the_command() -> None:
    told = said("--setup", "llama-7b")
    assert told.startswith("wrote artifacts/results/llama-7b/report.html (")
    assert f": 0 of {len(experiment_names())} experiments; claims: " in told
    assert told.endswith(" not run")
    page = Path("artifacts/results/llama-7b/report.html").read_text(encoding="utf-8")
    for name in experiment_names():
        assert f'<section id="{name.replace("/", "-")}"' in page
    assert "humpback run humpback/headline --setup llama-7b" in page
    assert ">+20.5<" in page
    assert "has results on this setup" not in page


def test_committed_results_are_read_and_written_only_when_asked_for() -> None:
    results(Path("results/micro"))
    assert "0 of " in said("--setup", "micro")
    assert not Path("results/micro/report.html").exists()
    assert "wrote results/micro/report.html" in said("--results", "results")


def test_the_folder_and_the_page_can_be_named() -> None:
    results(Path("mine/micro"))
    told = said("--results", "mine", "--out", "pages/here.html")
    assert "wrote pages/here.html" in told
    assert MADE["experiment"] not in Path("pages/here.html").read_text(encoding="utf-8")
    assert not Path("mine/micro/report.html").exists()


def test_the_setup_of_ones_own_files_is_told_from_its_results() -> None:
    results(Path("artifacts/results/files"))
    assert "1 of 1 experiments" in said("--setup", "files")


@pytest.mark.parametrize(
    ("words", "error", "says"),
    [
        (
            ("--results", "nowhere"),
            StoreError,
            "nowhere: .* humpback run humpback/headline --setup micro --results nowhere",
        ),
        (("--setup", "files"), StoreError, "there are no results; humpback run EXPERIMENT --setup files"),
        (("--setup", "mikro"), UnknownName, "did you mean micro"),
        (("--out", "."), StoreError, "give another with --out"),
    ],
)
def test_what_can_be_mended_is_one_line(words: tuple[str, ...], error: type[Exception], says: str) -> None:
    with pytest.raises(error, match=says) as caught:
        said(*words)
    assert "\n" not in str(caught.value)
    assert not list(Path.cwd().rglob("*.html"))
