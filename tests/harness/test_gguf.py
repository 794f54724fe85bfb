"""A GGUF file as base: what is in it comes out as transformers' own folder has it, or one line says why not.

Neighbours tried: SmolLM2 (byte-level BPE, digits alone) as the real one; files that are cut in the header, cut in the
weights, pointers, empty, of an old version, other files of that name. Other families, as tiny files made by the tests,
are in test_gguf_families.py. Not tried: a real file of any other family.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from humpback.core.payload import checksum
from humpback.core.store import StoreError
from humpback.inputs.file_index import FileIndex
from humpback.inputs.gguf_file import header, is_gguf
from humpback.spec.models import FolderModel, GgufModel
from humpback.spec.template import ChatTemplate
from tests.real_model import FILE


def test_the_file_is_a_base_named_by_its_checksum(smollm2: Path) -> None:
    found = FileIndex()
    base = found.model("base", str(smollm2))
    assert isinstance(base, GgufModel)
    assert (base.label, base.sha256) == (FILE, checksum(smollm2))
    assert base.template == ChatTemplate(header(smollm2).values["tokenizer.chat_template"])
    assert found.paths == {base.sha256: str(smollm2.resolve())}
    told = header(smollm2)
    assert (told.architecture, told.number("context_length"), len(told.types)) == ("llama", 8_192, 272)


def test_smollm2_comes_out_as_it_is_known(smollm2_folder: Path) -> None:
    from transformers import AutoConfig, AutoTokenizer, GenerationConfig

    tokenizer, config = AutoTokenizer.from_pretrained(smollm2_folder), AutoConfig.from_pretrained(smollm2_folder)
    assert (smollm2_folder / "model.safetensors").stat().st_size == pytest.approx(269e6, rel=0.01)
    assert not hasattr(config, "quantization_config")
    assert (config.max_position_embeddings, config.vocab_size, len(tokenizer)) == (8_192, 49_152, 49_152)
    assert (tokenizer.bos_token, tokenizer.eos_token) == ("<|im_start|>", "<|im_end|>")
    assert (tokenizer.bos_token_id, tokenizer.eos_token_id, tokenizer.model_max_length) == (1, 2, 8_192)
    assert GenerationConfig.from_pretrained(smollm2_folder).eos_token_id == 2
    assert tokenizer("a")["input_ids"] == tokenizer("a", add_special_tokens=False)["input_ids"]
    said = tokenizer.apply_chat_template(
        [{"role": "user", "content": "Hi"}], add_generation_prompt=True, tokenize=False
    )
    assert said == (
        "<|im_start|>system\nYou are a helpful AI assistant named SmolLM, trained by Hugging Face<|im_end|>\n"
        "<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n"
    )


def test_smollm2_cuts_text_as_it_learned_to(smollm2_folder: Path) -> None:
    """Each digit by itself: without that "2024" is one token that it met in no number. Every text comes back."""
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(smollm2_folder)
    assert tokenizer.tokenize("In 2024") == ["In", "Ġ", "2", "0", "2", "4"]
    for text in ("  two  spaces\n\n\ttab\r\n", "naïve 日本語 👩‍🔬 مرحبا e\u0301", "x" * 300, " lead", "trail "):
        assert tokenizer.decode(tokenizer(text)["input_ids"]) == text


def test_a_file_that_cannot_be_used_is_told_in_one_line(smollm2: Path, tmp_path: Path) -> None:
    start = smollm2.open("rb").read(4_000_000)
    bad = {
        "cut.gguf": (start, "cut; .* ends at byte .* bring the file again"),
        "cut-header.gguf": (start[:5_000], "no whole GGUF file"),
        "pointer.gguf": (b"version https://git-lfs.github.com/spec/v1\nsize 12345\n", "a Git LFS pointer"),
        "empty.gguf": (b"", "no whole GGUF file"),
        "other.gguf": (b"PK\x03\x04" * 100, "does not begin with GGUF"),
        "old.gguf": (b"GGUF" + (1).to_bytes(4, "little") + start[8:], "version 1, and 2 and 3 are read"),
    }
    for name, (data, why) in bad.items():
        (tmp_path / name).write_bytes(data)
        with pytest.raises(StoreError, match=why) as told:
            FileIndex().model("base", name, tmp_path)
        assert str(tmp_path / name) in str(told.value)
        assert "\n" not in str(told.value)


def test_a_missing_package_is_called_by_its_extra(smollm2: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "gguf", None)
    monkeypatch.setitem(sys.modules, "gguf.constants", None)
    with pytest.raises(StoreError, match=r"the package gguf; install it with pip install 'humpback-harness\[gguf\]'"):
        header(smollm2)


def test_folders_and_other_files_are_no_gguf(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("GG")
    assert not is_gguf(tmp_path)
    assert not is_gguf(tmp_path / "notes.txt")
    assert not is_gguf(tmp_path / "nothing.gguf")
    assert FolderModel("a", "0" * 64) != GgufModel("a", "0" * 64)
