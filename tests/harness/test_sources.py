"""The table of public files, and the papers' sets made of it."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import pytest

from humpback.core.errors import UnknownName
from humpback.core.expression import Artifact, FieldError
from humpback.spec import datasets as named_sets
from humpback.spec.files import InstructionSet, OpenAssistant, PromptSet, Source
from humpback.spec.public_file import MAIN, PublicFile
from humpback.spec.sources import _ROWS, SOURCES, public_file, source


def test_names_make_folders_anywhere_and_none_hides_another() -> None:
    assert len(SOURCES) == len(_ROWS)
    assert all(re.fullmatch(r"[a-z0-9][a-z0-9.-]*", name) and row.name == name for name, row in SOURCES.items())


@pytest.mark.parametrize("row", SOURCES.values(), ids=lambda row: row.name)
def test_every_row_is_pinned_or_says_that_it_is_not(row: PublicFile) -> None:
    parts = urlsplit(row.address)
    assert f"/{row.revision}/" in parts.path or row.archive
    if row.package is None:
        assert parts.scheme == "https"
        hosts = ("raw.githubusercontent.com", "github.com", "huggingface.co", "files.pythonhosted.org")
        assert parts.hostname in hosts
    else:
        assert row.package[1] == row.revision, "a package is pinned by its version, and its file by the checksum"
        assert row.sha256
        assert row.package[2].endswith(f"/{row.filename}")
    if row.package is not None:
        assert row.pinned
    elif row.archive is not None:
        assert row.archive[0].endswith((f"-{row.revision}.tar.gz", f"/archive/{row.revision}.tar.gz")), "as a package"
        assert row.sha256
    elif row.revision == MAIN:
        assert not row.pinned
        assert "not pinned" in row.note
    elif not re.fullmatch(r"[0-9a-f]{40}", row.revision):
        assert re.fullmatch(r"[0-9a-f]{7,39}", row.revision)
        assert row.sha256
        assert "abbreviation" in row.note
    assert row.sha256 is None or re.fullmatch(r"[0-9a-f]{64}", row.sha256)
    assert (row.sha256 is None) == (row.checksum == "not known: recorded at the first download")
    assert row.sha256 is None or row.bytes
    assert row.licence
    assert row.noncommercial == ("NC" in row.licence)


def test_a_row_that_claims_nonsense_is_refused() -> None:
    with pytest.raises(FieldError, match="read_as"):
        PublicFile("a", "b", "https://x/y", "r", "MIT", "pictures")  # type: ignore[arg-type]


def test_a_name_that_is_not_there_is_answered_with_the_closest() -> None:
    with pytest.raises(UnknownName, match=r"no public file is called 'vicuna'; the closest: vicuna-80"):
        public_file("vicuna")
    with pytest.raises(UnknownName, match="there are oasst1"):
        source("????")


def test_an_expression_names_the_file_by_name_and_revision() -> None:
    assert source("alpaca") == Source("alpaca", "761dc5bfbdeeffa89b8bff5d038781a4055f796a")
    assert public_file("alpaca").filename == "alpaca_data.json"


def test_the_papers_sets_name_files_of_the_table_that_can_be_read_so() -> None:
    kinds = {InstructionSet: {"instructions"}, OpenAssistant: {"open assistant"}, PromptSet: {"prompts"}}
    found = 0
    for value in vars(named_sets).values():
        if isinstance(value, (InstructionSet, OpenAssistant, PromptSet)):
            for file in value.files:
                assert isinstance(file, Source)
                assert public_file(file.name).source == file
                assert public_file(file.name).read_as in kinds[type(value)]
                found += 1
    assert found >= 20
    every = [*named_sets.COMPARISONS.values(), *named_sets.ALPAGASUS_TEST, named_sets.HUMPBACK_TEST]
    assert len({one.fingerprint for one in every}) == len(every)


def test_the_comparisons_are_the_papers() -> None:
    assert set(named_sets.COMPARISONS) == {
        "WizardLLM", "Alpaca-GPT4", "Vicuna (ShareGPT)", "Open Assistant", "LIMA", "Alpaca", "FLAN v2",
        "Dolly", "Guanaco",
    }  # fmt: skip


def test_the_test_prompts_are_the_two_public_sets_once_each() -> None:
    assert named_sets.HUMPBACK_TEST.parts == (named_sets.ALPACA_EVAL, named_sets.LIMA_TEST)
    rows = [public_file(file.name).rows for one in named_sets.ALPAGASUS_TEST for file in one.files]
    assert rows == [80, 180, 218, 252]


@pytest.mark.parametrize("sample", [named_sets.DEV, named_sets.GENERATION_QUALITY], ids=["dev", "generation quality"])
def test_samples_to_look_at_keep_alpaca_evals_prompts_out(sample: PromptSet) -> None:
    def reached(artifact: Artifact) -> set[str]:
        return {artifact.fingerprint}.union(*(reached(one) for one in artifact.inputs))

    assert sample.n == 250
    assert sample.without is not None
    assert named_sets.ALPACA_EVAL.fingerprint in reached(sample.without)
