"""The store: whole or not at all, verified, and clear about damage."""

from __future__ import annotations

import errno
import json
import os
from pathlib import Path

import pytest

from humpback.cli.show import plan_lines
from humpback.core.expression import FieldError
from humpback.core.machine import load_machine
from humpback.core.plan import explain, plan
from humpback.core.store import RECORD, Damaged, Store, StoreError
from humpback.core.work import Counts, Work
from humpback.runs.build import build_artifact
from humpback.runs.needs import unwritable
from humpback.spec.data import MicroSeed, Tagged
from humpback.spec.micro_world import World
from humpback.spec.prompts import S_A, S_W
from tests.conftest import MACHINE, SOURCE

SEED = MicroSeed(World(), n=6)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    one = Store(tmp_path / "store")
    one.prepare()
    return one


def done(store: Store, *artifacts: MicroSeed | Tagged) -> None:
    for artifact in artifacts:
        build_artifact(artifact, store, MACHINE, SOURCE, lambda *_: None)


def test_what_is_made_is_done_and_made_once(store: Store) -> None:
    assert store.state(SEED).status == "missing"
    assert build_artifact(SEED, store, MACHINE, SOURCE, lambda *_: None).status == "made"
    assert store.state(SEED, hash_everything=True).status == "done"
    assert build_artifact(SEED, store, MACHINE, SOURCE, lambda *_: None).status == "found"


def test_the_record_says_what_made_it(store: Store) -> None:
    done(store, SEED, Tagged(SEED, S_A))
    record = store.record(Tagged(SEED, S_A))
    assert record.inputs == (SEED.name,)
    assert record.counts == {"in": 6, "kept": 6}
    assert record.expression[SEED.fingerprint]["fields"]["n"] == 6
    assert record.machine["threads"] == 1
    assert "torch" in record.packages
    assert list(record.payload) == ["examples.parquet"]
    assert str(store.root) not in json.dumps(record.to_json())


def test_a_changed_byte_is_seen_and_named(store: Store) -> None:
    done(store, SEED)
    path = store.folder(SEED) / "examples.parquet"
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    (step,) = plan(store, [SEED]).steps
    assert step.state.status == "damaged"
    assert str(path) in step.state.reason
    assert "checksum" in step.state.reason
    with pytest.raises(Damaged, match=r"move .* away and run again"):
        store.open(SEED)


def test_use_reads_every_byte_even_when_the_times_look_right(store: Store) -> None:
    done(store, SEED)
    path = store.folder(SEED) / "examples.parquet"
    times = path.stat()
    data = bytearray(path.read_bytes())
    data[-20] ^= 1
    path.write_bytes(data)
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    with pytest.raises(Damaged, match="checksum"):
        store.open(SEED)


def test_a_missing_file_and_a_short_file_are_damage(store: Store) -> None:
    done(store, SEED)
    path = store.folder(SEED) / "examples.parquet"
    data = path.read_bytes()
    path.write_bytes(data[:-5])
    assert "were published" in store.state(SEED).reason
    path.unlink()
    assert "gone" in store.state(SEED).reason


def test_a_changed_count_in_the_record_is_damage(store: Store) -> None:
    done(store, SEED)
    path = store.folder(SEED) / RECORD
    path.write_text(path.read_text().replace('"kept": 6', '"kept": 7'))
    assert "not as it was written" in Store(store.root).state(SEED).reason


@pytest.mark.parametrize("text", ["", "5", "{", "[]", "null", '{"fingerprint": "x"}', "\x00\x00"])
def test_a_damaged_record_is_named_and_nothing_runs_over_it(store: Store, text: str) -> None:
    done(store, SEED)
    path = store.folder(SEED) / RECORD
    path.write_text(text)
    fresh = Store(store.root)
    state = fresh.state(SEED)
    assert state.status == "damaged"
    assert str(path) in state.reason


def test_a_folder_without_a_record_is_unfinished_and_kept_aside_when_remade(store: Store) -> None:
    done(store, SEED)
    (store.folder(SEED) / RECORD).unlink()
    fresh = Store(store.root)
    assert fresh.state(SEED).status == "missing"
    assert "without record.json" in fresh.state(SEED).reason
    done(fresh, SEED)
    assert fresh.state(SEED).status == "done"
    assert [p.name for p in (store.root / ".aside").glob("*/examples.parquet")] == ["examples.parquet"]


def test_a_store_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="file"):
        Store(tmp_path / "file" / "store").prepare()


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP])
def test_a_store_on_a_disk_without_locks_is_named_and_not_locked_by_a_mere_file(
    number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr("fcntl.flock", none)
    store = Store(tmp_path / "store")
    with pytest.raises(StoreError, match=r"store cannot be written: .*takes no locks \(flock\): .*; give a folder"):
        store.prepare()
    lacking = unwritable(store)
    assert lacking is not None
    assert lacking.stops
    assert "takes no locks" in lacking.text


def test_a_full_disk_publishes_nothing_and_says_where(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(artifact: MicroSeed, work: Work) -> Counts:
        (work.out / "half").write_text("half")
        raise OSError(errno.ENOSPC, "No space left on device", str(work.out / "half"))

    monkeypatch.setattr("humpback.runs.build.stage_for", lambda artifact: full)
    with pytest.raises(StoreError, match=r"half: No space left on device.*Make room"):
        build_artifact(SEED, store, MACHINE, SOURCE, lambda *_: None)
    assert store.state(SEED).status == "missing"
    assert not store.folder(SEED).exists()


def test_plan_names_the_field_that_differs_from_the_nearest_finished(store: Store) -> None:
    done(store, SEED, Tagged(SEED, S_A), MicroSeed(World(seed=3), n=9, draw=2))
    lines = "\n".join(plan_lines(explain(plan(store, [Tagged(MicroSeed(World(), n=7), S_A)]), store)))
    assert "n: 7, not 6" in lines
    assert "examples.n: 7, not 6" in lines
    assert "world.seed" not in lines


def test_plan_shows_what_needs_no_input_as_done(store: Store) -> None:
    done(store, SEED, Tagged(SEED, S_A))
    assert [s.state.status for s in plan(store, [Tagged(SEED, S_A)]).steps] == ["done"]
    assert [s.state.status for s in plan(store, [Tagged(SEED, S_W)]).steps] == ["done", "missing"]


def test_a_machine_file_with_a_wrong_field_names_it_and_the_closest(tmp_path: Path) -> None:
    path = tmp_path / "machine.toml"
    path.write_text("micro_bach = 4\n")
    with pytest.raises(FieldError, match=r"machine\.toml.*'micro_bach'.*micro_batch\?"):
        load_machine(path)
    path.write_text("micro_batch = 'four'\n")
    with pytest.raises(FieldError, match=r"micro_batch is 'four'"):
        load_machine(path)
    path.write_text("micro_batch = 4\n")
    assert load_machine(path).micro_batch == 4
    path.write_text('device = "gpu"\n')
    with pytest.raises(FieldError, match=r"machine\.toml: Machine\.device is 'gpu' \(str\); it takes 'cpu' or 'cuda'"):
        load_machine(path)


def test_the_folders_of_a_machine_file_are_read_as_a_shell_would(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert load_machine(None, store="~/made", data="~").store == str(tmp_path / "made")
    assert load_machine(None, data="~").data == str(tmp_path)
    assert load_machine(None, store="a~b/~").store == "a~b/~"
    path = tmp_path / "machine.toml"
    for wrong in ("", " ", "a\\u0000b"):
        path.write_text(f'store = "{wrong}"\n')
        with pytest.raises(FieldError, match=r"machine\.toml: Machine\.store is '.*'; it takes the path of a folder"):
            load_machine(path)


def test_a_file_of_an_editor_of_windows_is_read(tmp_path: Path) -> None:
    path = tmp_path / "machine.toml"
    path.write_bytes(b"\xef\xbb\xbfworkers = 3\r\nthreads = 2\r\n")
    assert (load_machine(path).workers, load_machine(path).threads) == (3, 2)
