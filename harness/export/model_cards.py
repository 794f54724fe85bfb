"""The card that goes with an exported model: what it learned from, how, and how it is to be spoken to."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from humpback.core.metrics import rows_of
from humpback.core.store import METRICS
from humpback.export.cards import cleaned_lines, front_matter, licence_section, made_section, record_section, title
from humpback.export.licences import for_hub
from humpback.export.lineage import Lineage, literal
from humpback.spec.template import ChatTemplate, Template

ADAPTER = "adapter_config.json"
BASE = "base"
"""Folder of an adapter's base model, where it is exported too."""
_ASKED = "Name the three primary colours."


def card(record: dict[str, Any], folder: Path, history: Lineage, *, name: str, with_base: bool) -> str:
    """The card of the model in `folder`, to be loaded as `name`; `with_base` says that its base goes with it."""
    adapter = (folder / ADAPTER).is_file()
    public, template = base_name(record), template_of(record)
    fields: dict[str, Any] = {
        **for_hub(history.origins),
        "language": list(history.languages) or None,
        "library_name": "peft" if adapter else "transformers",
        "pipeline_tag": "text-generation",
        "base_model": public,
        "tags": ["humpback", "instruction-tuning"],
    }
    base = public or (f"{name}/{BASE}" if with_base else "the folder of its base")
    head = [
        f"# {title(record)}",
        _what(record, adapter, public),
        *licence_section(history, "learned from"),
        *made_section(history),
    ]
    tail = [
        *_recipe_section(record),
        *_metrics_section(folder),
        *record_section(record),
        *_loading(name, base, adapter),
    ]
    spoken = _template_section(template) if template else []
    # The template is exact text: it is the one part that is not cleaned.
    middle = "\n\n".join(spoken) + "\n\n" if spoken else ""
    return front_matter({key: value for key, value in fields.items() if value is not None}) + "\n".join(
        (cleaned_lines("\n\n".join(head)), middle + cleaned_lines("\n\n".join(tail)))
    )


def template_of(record: dict[str, Any]) -> Template | ChatTemplate | None:
    """The template of a model's base; None where the record names none."""
    table, at = record["expression"], record["fingerprint"]
    while at is not None:
        fields = table[at]["fields"]
        for value in fields.values():
            if isinstance(value, dict) and value.get("class") == "ChatTemplate":
                return ChatTemplate(jinja=value["jinja"])
            if isinstance(value, dict) and value.get("class") == "Template":
                return Template(system=value["system"], instruction=value["instruction"])
        at = (fields.get("base") or {}).get("artifact")
    return None


def base_name(record: dict[str, Any]) -> str | None:
    """The hub's name of the model's base, where the base is on the hub."""
    base = record["expression"][record["fingerprint"]]["fields"].get("base")
    fields = record["expression"][base["artifact"]]["fields"] if base else {}
    return str(fields["repository"]) if "repository" in fields else None


def _what(record: dict[str, Any], adapter: bool, public: str | None) -> str:
    kind = "A low-rank adapter (peft)" if adapter else "A causal language model"
    base = record["expression"][record["fingerprint"]]["fields"].get("base")
    if not base:
        return f"{kind}."
    named = public or f"{record['expression'][base['artifact']]['class']} {base['artifact'][:16]}"
    return f"{kind}, finetuned from {named}."


def _template_section(template: Template | ChatTemplate) -> list[str]:
    if isinstance(template, ChatTemplate):
        return [
            "## How to speak to it",
            "It learned to answer in this chat template, which `tokenizer.apply_chat_template` writes, and to end its "
            "turn as that does:",
            _fenced(template.jinja),
        ]
    return [
        "## How to speak to it",
        "It learned to write its output after exactly this text, and then its end-of-sequence token; "
        "`tokenizer.apply_chat_template` writes the same. As JSON strings, the head where there is a system sentence, "
        "and then the instruction:",
        _fenced("\n".join(json.dumps(text, ensure_ascii=False) for text in (template.system, template.instruction))),
        f"For {_ASKED!r} without a system sentence:",
        _fenced(template.prompt(_ASKED)),
    ]


def _recipe_section(record: dict[str, Any]) -> list[str]:
    fields = record["expression"][record["fingerprint"]]["fields"]
    recipe = fields.get("recipe")
    told = recipe if isinstance(recipe, dict) else {key: item for key, item in fields.items() if key != "speaks"}
    lines = [
        f"- {key}: {'none' if value is None else literal(value)}"
        for key, value in told.items()
        if key != "class" and not (isinstance(value, dict) and "artifact" in value)
    ]
    return ["## Recipe", "\n".join(lines)]


def _metrics_section(folder: Path) -> list[str]:
    path = folder / METRICS
    if not path.is_file():
        return []
    losses = []
    for row in rows_of(path)[0]:
        if isinstance(row.get("loss"), (int, float)):
            losses.append((row["step"], row["loss"]))
    shown = [*losses[:1], *losses[-3:]] if len(losses) > 3 else losses
    told = ", ".join(f"{loss:.4g} at update {step:,}" for step, loss in shown)
    return ["## Training loss", f"{told} (mean over the updates since the one before)."] if losses else []


def _loading(name: str, base: str, adapter: bool) -> list[str]:
    if adapter:
        code = (
            "from peft import PeftModel\nfrom transformers import AutoModelForCausalLM, AutoTokenizer\n\n"
            f'base = AutoModelForCausalLM.from_pretrained("{base}")\n'
            f'model = PeftModel.from_pretrained(base, "{name}")\n'
        )
    else:
        code = (
            "from transformers import AutoModelForCausalLM, AutoTokenizer\n\n"
            f'model = AutoModelForCausalLM.from_pretrained("{name}")\n'
        )
    return ["## Loading", f'```python\n{code}tokenizer = AutoTokenizer.from_pretrained("{name}")\n```']


def _fenced(text: str) -> str:
    fence = "```"
    while fence in text:
        fence += "`"
    return f"{fence}text\n{text}\n{fence}"
