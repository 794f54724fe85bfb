"""A folder of somebody's own files with a set to filter, prompts, models and an annotator."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.architectures import save_tiny
from tests.experiments.own_filter import ALPACA
from tests.harness.engines.small_models import byte_bpe


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model that writes, and one that gives rewards."""
    folder = tmp_path_factory.mktemp("models")
    save_tiny(folder / "base", "llama", byte_bpe(), max_position_embeddings=512)
    save_tiny(folder / "reward", "llama", byte_bpe(), reward=True, max_position_embeddings=512)
    return folder


@pytest.fixture
def folder(tmp_path: Path, models: Path) -> Path:
    for name in ("base", "reward"):
        (tmp_path / name).symlink_to(models / name)
    (tmp_path / "alpaca.json").write_text(json.dumps(ALPACA))
    (tmp_path / "prompts.jsonl").write_text("".join(json.dumps({"prompt": f"Say {i} now."}) + "\n" for i in range(3)))
    asked = "    <|im_start|>user\n    {instruction} (a) {output_1} (b) {output_2}\n    <|im_end|>\n"
    judge = f"mine:\n  prompt_template: |\n{asked}  completions_kwargs: {{model_name: j}}\n"
    parser = "  fn_completion_parser: regex_parser\n  completion_parser_kwargs: {outputs_to_match: {1: 'a', 2: 'b'}}\n"
    (tmp_path / "judges").mkdir()
    (tmp_path / "judges" / "configs.yaml").write_text(judge + parser)
    return tmp_path
