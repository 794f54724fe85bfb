"""Downloading from a server that cuts, refuses, changes its file, and sends one elsewhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from humpback.core.store import StoreError
from humpback.inputs.download import CHUNK, Manner, fetch
from tests.harness.http_server import Answer, serving

QUICK = Manner(attempts=3, pause=0.0, connect=2.0, read=2.0)
BODY = bytes(range(256)) * 4_000


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy", "HF_TOKEN"):
        monkeypatch.delenv(name, raising=False)


def get(address: str, part: Path, manner: Manner = QUICK) -> tuple[str, list[tuple[int, int | None]]]:
    seen: list[tuple[int, int | None]] = []
    commit = fetch(address, part, manner=manner, report=lambda done, total: seen.append((done, total)))
    return commit, seen


def begun(asked: dict[str, str]) -> int:
    """Where the rest was asked for from."""
    return int(asked["range"].removeprefix("bytes=").removesuffix("-"))


def test_a_cut_connection_is_gone_on_with_where_it_stopped(tmp_path: Path) -> None:
    with serving(BODY, Answer(cut_after=600_000), Answer(cut_after=100_000)) as server:
        _, seen = get(server.address("a.json"), tmp_path / "a.part")
    assert (tmp_path / "a.part").read_bytes() == BODY
    first, second, third = server.asked
    assert "range" not in first
    assert 600_000 - CHUNK < begun(second) <= 600_000
    assert begun(second) + 100_000 - CHUNK < begun(third) <= begun(second) + 100_000
    assert server.asked[1]["if-range"] == '"one"'
    assert seen[-1] == (len(BODY), len(BODY))
    assert all(total == len(BODY) for _, total in seen)


def test_what_another_process_had_is_gone_on_with(tmp_path: Path) -> None:
    with serving(BODY, Answer(cut_after=400_000), *[Answer(status=503)] * 3) as server:
        with pytest.raises(StoreError, match="in a row"):
            get(server.address("a.json"), tmp_path / "a.part")
        server.answers.clear()
        get(server.address("a.json"), tmp_path / "a.part")
        assert 400_000 - CHUNK < begun(server.asked[-1]) <= 400_000
    assert (tmp_path / "a.part").read_bytes() == BODY


def test_a_server_without_ranges_is_taken_from_the_start(tmp_path: Path) -> None:
    with serving(BODY, Answer(cut_after=600_000), Answer(ranges=False)) as server:
        get(server.address("a.json"), tmp_path / "a.part")
    assert (tmp_path / "a.part").read_bytes() == BODY


@pytest.mark.parametrize("wrong_part", [False, True], ids=["sends the whole file", "sends a part of the other file"])
def test_a_file_that_changes_between_attempts_is_not_spliced(tmp_path: Path, wrong_part: bool) -> None:
    new = BODY[::-1]
    with serving(BODY, Answer(cut_after=600_000)) as server:
        server.answers.append(Answer(status=503))
        server.answers += [Answer(wrong_part=wrong_part)] * 3

        def changed(done: int, total: int | None) -> None:
            server.body, server.tag = new, '"two"'

        fetch(server.address("a.json"), tmp_path / "a.part", manner=QUICK, report=changed)
    assert (tmp_path / "a.part").read_bytes() == new


def test_a_weak_tag_is_not_gone_on_with(tmp_path: Path) -> None:
    with serving(BODY, Answer(cut_after=600_000)) as server:
        server.tag = 'W/"one"'
        get(server.address("a.json"), tmp_path / "a.part")
    assert "range" not in server.asked[1]
    assert (tmp_path / "a.part").read_bytes() == BODY


def test_a_part_of_another_address_is_not_gone_on_with(tmp_path: Path) -> None:
    with serving(BODY, Answer(cut_after=600_000), *[Answer(status=503)] * 3) as server:
        with pytest.raises(StoreError):
            get(server.address("old.json"), tmp_path / "a.part")
        get(server.address("new.json"), tmp_path / "a.part")
        assert "range" not in server.asked[-1]
    assert (tmp_path / "a.part").read_bytes() == BODY


def test_busy_then_well(tmp_path: Path) -> None:
    with serving(BODY, Answer(status=503), Answer(status=429, headers={"Retry-After": "0"})) as server:
        get(server.address("a.json"), tmp_path / "a.part")
    assert len(server.asked) == 3
    assert (tmp_path / "a.part").read_bytes() == BODY


def test_busy_for_good_is_given_up_and_says_so(tmp_path: Path) -> None:
    with serving(BODY, *[Answer(status=503)] * 9) as server, pytest.raises(StoreError) as told:
        get(server.address("a.json"), tmp_path / "a.part")
    assert str(told.value) == "127.0.0.1: answered 503, 3 times in a row"
    assert len(server.asked) == 3


def test_attempts_are_counted_from_the_last_that_brought_something(tmp_path: Path) -> None:
    bits = [Answer(cut_after=200_000), Answer(status=503), Answer(status=503)] * 4
    with serving(BODY, *bits) as server:
        get(server.address("a.json"), tmp_path / "a.part")
    assert (tmp_path / "a.part").read_bytes() == BODY


def test_a_range_that_cannot_be_met_starts_anew(tmp_path: Path) -> None:
    with serving(BODY, Answer(cut_after=600_000), Answer(status=416)) as server:
        get(server.address("a.json"), tmp_path / "a.part")
        assert "range" not in server.asked[-1]
    assert (tmp_path / "a.part").read_bytes() == BODY


@pytest.mark.parametrize("status", [404, 410])
def test_what_is_not_there_is_not_asked_for_again(tmp_path: Path, status: int) -> None:
    with serving(BODY, Answer(status=status)) as server, pytest.raises(StoreError, match=f"answered {status} where"):
        get(server.address("a.json"), tmp_path / "a.part")
    assert len(server.asked) == 1


def test_the_token_goes_to_its_host_and_never_to_where_that_redirects(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    manner = Manner(attempts=2, pause=0.0, token_hosts=("localhost",))
    with serving(BODY) as storage, serving(b"") as hub:
        there = {"Location": storage.address("signed"), "X-Repo-Commit": "c0ffee"}
        hub.answers = [Answer(status=302, headers=there)]
        commit, _ = get(hub.address("a.json", "localhost"), tmp_path / "a.part", manner)
        assert hub.asked[0]["authorization"] == "Bearer hf_secret"
        assert "authorization" not in storage.asked[0]
        assert commit == "c0ffee"

        get(storage.address("b.json"), tmp_path / "b.part", manner)
        assert "authorization" not in storage.asked[1]
    assert (tmp_path / "a.part").read_bytes() == BODY
    assert Manner().token_hosts == ("huggingface.co",)


def test_a_refusal_names_the_terms_and_the_token_but_never_shows_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    manner = Manner(attempts=2, pause=0.0, token_hosts=("127.0.0.1",))
    with serving(BODY, Answer(status=401)) as server, pytest.raises(StoreError) as told:
        get(server.address("a.json"), tmp_path / "a.part", manner)
    assert "accept the terms" in str(told.value)
    assert "HF_TOKEN" in str(told.value)
    assert "hf_secret" not in str(told.value)


def test_nobody_there(tmp_path: Path) -> None:
    with serving(BODY) as server:
        address = server.address("a.json")
    with pytest.raises(StoreError, match=r"^127\.0\.0\.1: no connection.*, 3 times in a row$"):
        get(address, tmp_path / "a.part")


def test_a_proxy_of_the_environment_is_used_and_its_password_not_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(BODY) as proxy:
        monkeypatch.setenv("http_proxy", f"http://me:secret@127.0.0.1:{proxy.port}")
        get("http://files.invalid/a.json", tmp_path / "a.part")
        assert proxy.asked[0]["host"] == "files.invalid"
    with pytest.raises(StoreError, match="the proxy that the environment names") as told:
        get("http://files.invalid/a.json", tmp_path / "b.part")
    assert "secret" not in str(told.value)


def test_bytes_are_asked_for_as_they_are(tmp_path: Path) -> None:
    with serving(BODY) as server:
        get(server.address("a.json"), tmp_path / "a.part")
    assert server.asked[0]["accept-encoding"] == "identity"
