"""`humpback view` as a user types it, and what a run tells it."""

from __future__ import annotations

import json
import re
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from humpback.core.store import Store, StoreError
from tests.analysis.report.store_material import arm, finish, run_of
from tests.commands import succeed, viewing


def test_it_prints_an_address_that_shows_the_store_and_ends_with_ctrl_c(tmp_path: Path) -> None:
    store = Store(tmp_path / "artifacts")
    finish(store, arm(run_of(store), "M0").judged)
    with viewing(cwd=tmp_path) as (address, said, browser):
        found = re.fullmatch(r"(http://localhost:\d+/)\?key=\S+", address)
        assert found, address
        assert said.startswith("shows artifacts to whoever has this address")
        with pytest.raises(urllib.error.HTTPError, match="403"):
            urllib.request.urlopen(found[1], timeout=60)
        page = browser.open(address, timeout=60).read().decode()
        assert "humpback/headline" in page
        assert "M0, seed 0" in page


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--store", "nowhere"), "nowhere: there is no such folder; a run makes it, or give another with --store"),
        (("--store", ".", "--results", "nowhere"), "nowhere: there is no such folder of results"),
    ],
)
def test_what_is_not_there_is_one_line(
    words: tuple[str, ...], says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(StoreError, match=says):
        succeed("view", *words)


def test_a_run_says_what_is_to_come_before_its_first_stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Stopped(Exception):
        pass

    def stop(*_: object, **__: object) -> None:
        raise Stopped

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("humpback.runs.executor._ready", stop)
    with pytest.raises(Stopped):
        succeed("run", "humpback/headline", "--store", "here", "--results", "tables")
    held = json.loads((tmp_path / "here/.runs/micro/humpback/headline.json").read_text(encoding="utf-8"))
    assert held["words"]["command"] == "humpback run humpback/headline --setup micro --seeds 0"
    assert held["results"] == str(tmp_path / "tables/micro/humpback/headline")
    assert {one["name"] for one in held["arms"]["0"]} >= {"M0", "M1", "M2"}
