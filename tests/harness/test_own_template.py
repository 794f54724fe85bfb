"""How somebody's model is spoken to: its own chat template wherever its folder keeps it, or the one that is named.

Tried: a file of its own, a field of the tokenizer's configuration, several with names, none, an empty one; folder and
base in one TOML file, a judge's apart; a choice that does nothing is refused.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from humpback.core.expression import FieldError
from humpback.inputs.file_index import FileIndex
from humpback.inputs.own_template import choose_template, template_in_folder
from humpback.inputs.user_file import load_user_setup
from humpback.spec.template import INSTRUCTION_RESPONSE, ChatTemplate

JINJA = "{% for m in messages %}{{ m['content'] }}{{ eos_token }}{% endfor %}"
OTHER = "other: " + JINJA


@pytest.fixture
def model(tmp_path: Path) -> Path:
    folder = tmp_path / "model"
    folder.mkdir()
    header = b"{}"
    (folder / "model.safetensors").write_bytes(len(header).to_bytes(8, "little") + header)
    (folder / "config.json").write_text(json.dumps({"model_type": "llama", "architectures": ["LlamaForCausalLM"]}))
    (folder / "tokenizer.json").write_text("{}")
    return folder


def settings(folder: Path, said: Any) -> None:
    (folder / "tokenizer_config.json").write_text(json.dumps({"chat_template": said}))


def test_a_template_is_found_wherever_a_folder_keeps_it(model: Path) -> None:
    assert template_in_folder(model) is None
    settings(model, "")
    assert template_in_folder(model) is None
    settings(model, OTHER)
    assert template_in_folder(model) == OTHER
    settings(model, [{"name": "tool_use", "template": OTHER}, {"name": "default", "template": JINJA}])
    assert template_in_folder(model) == JINJA
    settings(model, [{"name": "rag", "template": OTHER}])
    with pytest.raises(FieldError, match=r"rag and none called default; give one of them as a \.jinja file"):
        template_in_folder(model)
    (model / "chat_template.jinja").write_text(JINJA)
    assert template_in_folder(model) == JINJA


def test_unsaid_it_is_the_model_s_own_and_a_choice_is_held_to(tmp_path: Path) -> None:
    (tmp_path / "mine.jinja").write_text(OTHER)
    assert (
        choose_template("template", None, JINJA, tmp_path)
        == choose_template("template", "own", JINJA, tmp_path)
        == ChatTemplate(JINJA)
    )
    assert choose_template("template", None, None, tmp_path) == choose_template("template", "plain", JINJA, tmp_path)
    assert choose_template("template", "plain", JINJA, tmp_path) == INSTRUCTION_RESPONSE
    assert choose_template("template", "mine.jinja", JINJA, tmp_path) == ChatTemplate(OTHER)
    for value, own, why in (("own", None, "has no chat template"), ("nothing.jinja", JINJA, "it takes own")):
        with pytest.raises(FieldError, match=why):
            choose_template("template", value, own, tmp_path)


def test_the_template_is_part_of_what_a_model_is(model: Path) -> None:
    found = FileIndex()
    plain = found.model("base", "model", model.parent)
    (model / "chat_template.jinja").write_text(JINJA)
    spoken = found.model("base", "model", model.parent)
    assert spoken.speaks == ChatTemplate(JINJA)
    assert found.model("base", "model", model.parent, template="plain").fingerprint not in (
        plain.fingerprint,
        spoken.fingerprint,
    )


def test_base_and_judge_choose_in_the_setup_file(model: Path, tmp_path: Path) -> None:
    (model / "chat_template.jinja").write_text(JINJA)
    (tmp_path / "rows.jsonl").write_text('{"instruction": "a", "output": "b"}\n')
    (tmp_path / "page.html").write_text("<p>x</p>")
    head = 'seed_data = ["rows.jsonl"]\npages = ["page.html"]\nprompts = ["rows.jsonl"]\n'
    toml = tmp_path / "my.toml"

    def given(rest: str) -> Any:
        toml.write_text(head + rest)
        return load_user_setup(toml, {}, tmp_path).data

    both = given('base = "model"\ntemplate = "plain"\njudge = "model"\n')
    assert both.base.speaks == INSTRUCTION_RESPONSE
    assert both.judge.speaks == ChatTemplate(JINJA)
    apart = given('base = "model"\njudge = "model"\njudge_template = "plain"\n')
    assert (apart.base.speaks, apart.judge.speaks) == (ChatTemplate(JINJA), INSTRUCTION_RESPONSE)
    for rest in (
        'base = "tiny"\ntemplate = "plain"\njudge = "base"\n',
        'base = "model"\njudge = "base"\njudge_template = "own"\n',
    ):
        with pytest.raises(FieldError, match="has its own; leave it out"):
            given(rest)
