"""Pulling public files: verified before they have their name, trusted on first use, from mirrors and past damage."""

from __future__ import annotations

import gzip
import hashlib
import json
import multiprocessing
from dataclasses import replace
from pathlib import Path

import pytest

from humpback.core.errors import UnknownName
from humpback.core.payload import checksum
from humpback.core.store import StoreError
from humpback.inputs.download import Manner
from humpback.inputs.pull import Pulled, place_of, pull, resolve_source, status
from humpback.spec.files import Source
from humpback.spec.public_file import MAIN, PublicFile
from humpback.spec.sources import SOURCES, public_file, source
from tests.harness.http_server import Answer, serving
from tests.shared_data import SHARED, needs_shared

QUICK = Manner(attempts=2, pause=0.0, connect=2.0, read=2.0)
BODY = b"".join(b'{"instruction": "%d", "output": "x"}\n' % n for n in range(5_000))
OTHER = BODY.replace(b'"x"', b'"y"')


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy", "HF_TOKEN"):
        monkeypatch.delenv(name, raising=False)


def sha(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


KNOWN = PublicFile(
    "small",
    "a small set",
    "http://127.0.0.1:9/small.jsonl",
    "c0ffee",
    "CC BY-NC 4.0",
    "instructions",
    len(BODY),
    sha(BODY),
    5_000,
)
FIRST_SEEN = replace(KNOWN, sha256=None, bytes=None, revision=MAIN)


def get(row: PublicFile, data: Path, mirror: Path | None = None) -> Pulled:
    return pull(row, data, mirror=mirror, manner=QUICK)


def one_line(told: pytest.ExceptionInfo[StoreError]) -> str:
    assert "\n" not in str(told.value)
    return str(told.value)


def test_a_download_is_verified_and_counted(tmp_path: Path) -> None:
    seen: list[tuple[int, int | None]] = []
    with serving(BODY) as server:
        row = replace(KNOWN, address=server.address("small.jsonl"))
        got = pull(row, tmp_path, manner=QUICK, report=lambda done, total: seen.append((done, total)))
        again = get(row, tmp_path)
    assert got == Pulled(row, tmp_path / "small/small.jsonl", sha(BODY), len(BODY), 5_000, "download")
    assert got.path.read_bytes() == BODY
    assert seen[-1] == (len(BODY), len(BODY))
    assert again.came == "here"
    assert len(server.asked) == 1
    assert [path.name for path in (tmp_path / ".partial").iterdir()] == []


def test_a_wrong_checksum_is_refused_and_the_file_kept_aside(tmp_path: Path) -> None:
    with serving(OTHER) as server, pytest.raises(StoreError) as told:
        get(replace(KNOWN, address=server.address("small.jsonl")), tmp_path)
    said = one_line(told)
    assert sha(BODY) in said
    assert sha(OTHER) in said
    kept = tmp_path / f"small/small.jsonl.not-as-published-{sha(OTHER)[:16]}"
    assert str(kept) in said
    assert kept.read_bytes() == OTHER
    assert not (tmp_path / "small/small.jsonl").exists()
    with pytest.raises(StoreError, match="is not in"):
        place_of(KNOWN, tmp_path)


def test_the_file_has_its_name_only_once_it_is_verified(tmp_path: Path) -> None:
    target = tmp_path / "small/small.jsonl"
    with serving(BODY, Answer(cut_after=100_000)) as server:
        row = replace(KNOWN, address=server.address("small.jsonl"))
        pull(
            row,
            tmp_path,
            manner=QUICK,
            report=lambda done, total: pytest.fail("unverified") if target.exists() else None,
        )
    assert target.read_bytes() == BODY


def test_a_cut_download_goes_on_with_the_next_command(tmp_path: Path) -> None:
    with serving(BODY, Answer(cut_after=150_000), *[Answer(status=503)] * 2) as server:
        row = replace(KNOWN, address=server.address("small.jsonl"))
        with pytest.raises(StoreError, match="answered 503, 2 times in a row"):
            get(row, tmp_path)
        assert get(row, tmp_path).sha256 == sha(BODY)
        assert "range" in server.asked[-1]


def test_offline_says_so_in_one_line_with_the_way_round(tmp_path: Path) -> None:
    row = replace(KNOWN, address="http://127.0.0.1:1/small.jsonl")
    with pytest.raises(StoreError) as told:
        get(row, tmp_path)
    said = one_line(told)
    assert said.startswith("small was not downloaded: 127.0.0.1: no connection")
    assert said.endswith("humpback data pull small --from DIR takes small.jsonl from a folder")


@pytest.mark.parametrize(
    ("row", "wrong"),
    [
        (replace(FIRST_SEEN, bytes=len(BODY) + 1), f"{len(BODY)} bytes, not {len(BODY) + 1}"),
        (replace(FIRST_SEEN, rows=5_001), "5000 rows, not 5001"),
    ],
    ids=["size", "rows"],
)
def test_size_and_rows_are_checked_where_the_checksum_is_not_known(tmp_path: Path, row: PublicFile, wrong: str) -> None:
    with serving(BODY) as server, pytest.raises(StoreError, match=wrong):
        get(replace(row, address=server.address("small.jsonl")), tmp_path)
    assert not (tmp_path / "checksums.json").exists()


def test_a_first_download_is_trusted_and_other_bytes_are_refused_ever_after(tmp_path: Path) -> None:
    hub = {"X-Repo-Commit": "feed"}
    with serving(BODY, Answer(headers=hub)) as server:
        row = replace(FIRST_SEEN, address=server.address("small.jsonl"))
        got = get(row, tmp_path)
        entry = json.loads((tmp_path / "checksums.json").read_text())["small"]
        assert entry["sha256"] == sha(BODY)
        assert entry["commit"] == "feed"
        assert place_of(row, tmp_path) == got.path

        got.path.write_bytes(OTHER)
        with pytest.raises(StoreError, match="was changed since"):
            place_of(row, tmp_path)

        server.body, server.tag = OTHER, '"two"'
        got.path.unlink()
        with pytest.raises(StoreError) as told:
            get(row, tmp_path)
        assert f"checksum {sha(OTHER)}, not {sha(BODY)} as it first came" in one_line(told)
        assert "remove small from" in str(told.value)
        assert not got.path.exists()

        elsewhere = replace(row, revision="another")
        assert get(elsewhere, tmp_path).sha256 == sha(OTHER)


def test_every_first_download_has_an_entry_and_a_mirror_must_hold_to_it(tmp_path: Path) -> None:
    data, mirror = tmp_path / "data", tmp_path / "mirror/deep"
    mirror.mkdir(parents=True)
    (mirror / "small.jsonl").write_bytes(BODY)
    for name in ("one", "two"):
        got = get(replace(FIRST_SEEN, name=name), data, mirror.parent)
        got.path.unlink()
    assert set(json.loads((data / "checksums.json").read_text())) == {"one", "two"}
    assert get(replace(FIRST_SEEN, name="one"), data, mirror.parent).came == "mirror"
    (mirror / "small.jsonl").write_bytes(OTHER)
    with pytest.raises(StoreError, match=f"has checksum {sha(OTHER)}, not {sha(BODY)}"):
        get(replace(FIRST_SEEN, name="two"), data, mirror.parent)


def test_what_was_put_there_by_hand_is_used_once_pull_has_recorded_it(tmp_path: Path) -> None:
    (tmp_path / "small").mkdir()
    (tmp_path / "small/small.jsonl").write_bytes(BODY)
    with pytest.raises(StoreError, match="humpback data pull small records it"):
        place_of(FIRST_SEEN, tmp_path)
    assert get(FIRST_SEEN, tmp_path).came == "here"
    assert place_of(FIRST_SEEN, tmp_path).read_bytes() == BODY
    assert place_of(KNOWN, tmp_path).read_bytes() == BODY


def test_a_changed_file_is_set_aside_and_brought_anew(tmp_path: Path) -> None:
    (tmp_path / "small").mkdir()
    (tmp_path / "small/small.jsonl").write_bytes(OTHER)
    with serving(BODY) as server:
        got = get(replace(KNOWN, address=server.address("small.jsonl")), tmp_path)
    assert got.path.read_bytes() == BODY
    assert got.aside is not None
    assert got.aside.read_bytes() == OTHER


def test_checksums_that_cannot_be_read_are_not_written_over(tmp_path: Path) -> None:
    (tmp_path / "checksums.json").write_text('{"small": ')
    (tmp_path / "small").mkdir()
    (tmp_path / "small/small.jsonl").write_bytes(BODY)
    with pytest.raises(StoreError, match="not a file of checksums"):
        get(FIRST_SEEN, tmp_path)
    assert (tmp_path / "checksums.json").read_text() == '{"small": '


def test_a_damaged_archive_is_not_trusted(tmp_path: Path) -> None:
    whole = gzip.compress(BODY)
    row = replace(FIRST_SEEN, rows=None)
    with serving(whole[:-100]) as server, pytest.raises(StoreError, match=r"not readable as small\.jsonl\.gz"):
        get(replace(row, address=server.address("small.jsonl.gz")), tmp_path)
    with serving(whole) as server:
        assert get(replace(row, address=server.address("small.jsonl.gz")), tmp_path).rows == 5_000


def _pull_in_a_process(row: PublicFile, data: Path) -> None:
    pull(row, data, manner=QUICK)


def test_two_processes_that_pull_the_same_file_download_it_once(tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")
    with serving(BODY) as server:
        row = replace(KNOWN, address=server.address("small.jsonl"))
        both = [context.Process(target=_pull_in_a_process, args=(row, tmp_path)) for _ in range(2)]
        for one in both:
            one.start()
        for one in both:
            one.join()
        assert [one.exitcode for one in both] == [0, 0]
        assert len(server.asked) == 1


@pytest.mark.parametrize("where", ["small/small.jsonl", "deep/down/small.jsonl", "under/another/name.txt"])
def test_a_mirror_is_searched_by_name_then_by_checksum(tmp_path: Path, where: str) -> None:
    mirror = tmp_path / "mirror"
    (mirror / where).parent.mkdir(parents=True)
    (mirror / where).write_bytes(BODY)
    got = get(KNOWN, tmp_path / "data", mirror)
    assert got.came == "mirror"
    assert place_of(KNOWN, tmp_path / "data").read_bytes() == BODY
    assert (mirror / where).read_bytes() == BODY


def test_a_mirror_with_a_wrong_file_of_that_name_and_the_right_one_gives_the_right_one(tmp_path: Path) -> None:
    mirror = tmp_path / "mirror"
    (mirror / "small").mkdir(parents=True)
    (mirror / "small/small.jsonl").write_bytes(OTHER)
    with pytest.raises(StoreError) as told:
        get(KNOWN, tmp_path / "data", mirror)
    assert sha(BODY) in one_line(told)
    assert sha(OTHER) in str(told.value)
    (mirror / "copy.jsonl").write_bytes(BODY)
    assert get(KNOWN, tmp_path / "data", mirror).sha256 == sha(BODY)


def test_a_mirror_is_not_guessed_from(tmp_path: Path) -> None:
    mirror = tmp_path / "mirror"
    with pytest.raises(StoreError, match="is not a folder"):
        get(FIRST_SEEN, tmp_path / "data", mirror)
    for name, body in (("a", BODY), ("b", OTHER)):
        (mirror / name).mkdir(parents=True)
        (mirror / name / "other.jsonl").write_bytes(body)
    with pytest.raises(StoreError, match=r"there is no small\.jsonl in it"):
        get(FIRST_SEEN, tmp_path / "data", mirror)
    for name in ("a", "b"):
        (mirror / name / "other.jsonl").rename(mirror / name / "small.jsonl")
    with pytest.raises(StoreError, match=r"2 files in .* differ"):
        get(FIRST_SEEN, tmp_path / "data", mirror)
    (mirror / "b/small.jsonl").write_bytes(BODY)
    assert get(FIRST_SEEN, tmp_path / "data", mirror).rows == 5_000


def test_a_copy_from_a_mirror_is_not_gone_on_with_by_a_download(tmp_path: Path) -> None:
    """A download begins, is given up for a mirror, that copy breaks off: the next download must not splice them."""
    data, mirror = tmp_path / "data", tmp_path / "mirror"
    (mirror / "small").mkdir(parents=True)
    (mirror / "small/small.jsonl").write_bytes(OTHER * 9)

    def break_off(done: int, total: int | None) -> None:
        raise KeyboardInterrupt

    with serving(BODY, Answer(cut_after=100_000), *[Answer(status=503)] * 2) as server:
        row = replace(FIRST_SEEN, address=server.address("small.jsonl"))
        with pytest.raises(StoreError):
            get(row, data)
        with pytest.raises(KeyboardInterrupt):
            pull(row, data, mirror=mirror, report=break_off)
        assert get(row, data).sha256 == sha(BODY)


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file")
    with pytest.raises(StoreError, match="small cannot be kept in"):
        get(KNOWN, tmp_path / "data")


def test_what_is_absent_is_named_with_the_command_that_brings_it(tmp_path: Path) -> None:
    with pytest.raises(StoreError) as told:
        resolve_source(source("alpaca"), tmp_path)
    said = one_line(told)
    assert f"alpaca is not in {tmp_path}: humpback data pull alpaca" in said
    assert "--from DIR" in said
    with pytest.raises(UnknownName, match="the closest: alpaca"):
        resolve_source(Source("alpacca", "761dc5b"), tmp_path)
    with pytest.raises(StoreError, match="at revision other is not in the table"):
        resolve_source(Source("alpaca", "other"), tmp_path)


def test_the_list_says_what_is_here_and_what_cannot_be_right(tmp_path: Path) -> None:
    other = replace(KNOWN, name="absent")
    (tmp_path / "small").mkdir()
    (tmp_path / "small/small.jsonl").write_bytes(BODY)
    here, absent = status(tmp_path, (KNOWN, other))
    assert (here.path, here.bytes, here.problem) == (tmp_path / "small/small.jsonl", len(BODY), "")
    assert (absent.path, absent.bytes) == (None, len(BODY))
    (tmp_path / "small/small.jsonl").write_bytes(BODY[:-1])
    assert status(tmp_path, (KNOWN,))[0].problem == f"{len(BODY) - 1} bytes, not {len(BODY)}"
    assert [one.file.name for one in status(tmp_path)] == list(SOURCES)


HELD = (
    "oasst1-validation-en", "oasst-trees-100-en", "alpaca", "lima", "alpagasus-claude", "alpagasus-helpfulness",
    "alpagasus-dolly", "lima-test", "vicuna-80", "koala-180", "wizardlm-218", "self-instruct-252",
    "alpaca-eval-leaderboard", "alpaca-eval-2-leaderboard", "cherry-vicuna-gpt4", "cherry-koala-gpt4",
    "cherry-vicuna-gpt3.5", "cherry-koala-gpt3.5",
    *(f"alpaca-eval-outputs-{model}" for model in ("humpback-llama-65b", "humpback-llama2-70b", "guanaco-7b")),
    *(f"alpaca-eval-verdicts-{m}" for m in ("alpaca-7b", "guanaco-65b", "llama-2-7b-chat-hf", "vicuna-13b")),
    *(f"alpaca-eval-2-verdicts-{model}" for model in ("alpaca-7b", "humpback-llama2-70b")),
)  # fmt: skip
"""Rows of the table whose files lie in the shared folder, under that folder's own names."""


@needs_shared
@pytest.mark.parametrize("name", HELD)
def test_the_table_holds_for_the_real_files_and_they_are_pulled_from_a_folder(tmp_path: Path, name: str) -> None:
    row = public_file(name)
    got = pull(row, tmp_path, mirror=SHARED)
    assert (got.sha256, got.bytes) == (row.sha256, row.bytes)
    assert got.rows == row.rows
    assert resolve_source(source(name), tmp_path) == got.path
    assert checksum(got.path) == row.sha256
