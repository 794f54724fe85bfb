"""Models out: a folder that plain transformers or peft loads, with a card and the template it was trained with.

Only safetensors leave. A pickle runs code where it is loaded, so a folder that holds one is refused, not cleaned.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from humpback.core.metrics import read_metrics
from humpback.core.store import METRICS, RECORD, Record, StoreError
from humpback.engines.chat.jinja import chat_template
from humpback.export.cards import write_card
from humpback.export.licences import LicenceOf, notices, unknown_licence
from humpback.export.lineage import lineage, literal
from humpback.export.target import CARD, EXPORTED, Exported, checked_record, whole_or_nothing
from humpback.spec.template import ChatTemplate, Template

ADAPTER = "adapter_config.json"
BASE = "base"
"""Folder of an adapter's base model, where it is exported too."""
TOKENIZER = "tokenizer_config.json"
CONFIG = "config.json"
_NOT_THE_MODEL_S = ("auto_map", "is_local", "local_files_only", "use_cache")
"""Training turns `use_cache` off and leaves it so; unsaid it is on."""
_PICKLES = (".bin", ".pt", ".pth", ".pkl", ".pickle", ".ckpt")


def export_model(
    folder: Path,
    out: Path,
    base_folder: Path | None = None,
    *,
    licence_of: LicenceOf = unknown_licence,
    overwrite: bool = False,
) -> Exported:
    """Write the model of the artifact in `folder` as a folder that `from_pretrained` reads.

    The tokenizer gets the model's template as its chat template. An adapter's configuration names its base as the hub
    does, or as `base`; with `base_folder` (where a base that is not on the hub lies) the base is written to `out/base`.

    Raises:
        StoreError: when the folder holds no model or a pickle, or `out` may not be written.
        Damaged: when the artifact is not as it was published.
    """
    _check_safe(folder)
    record = checked_record(folder, out)
    history = lineage(record, folder, licence_of)
    adapter = (folder / ADAPTER).is_file()
    if base_folder is not None:
        if not adapter:
            raise StoreError(f"{folder}: a whole model, which needs no base; leave the base folder out")
        _check_safe(base_folder)
        if not (base_folder / CONFIG).is_file():
            raise StoreError(f"{base_folder}: no config.json in it; a base is a whole model")
    public, template = _base_on_hub(record), _template(record)
    with whole_or_nothing(out, folder=True, overwrite=overwrite) as place:
        copies = {place: folder, **({place / BASE: base_folder} if base_folder is not None else {})}
        for to, source in copies.items():
            to.mkdir(exist_ok=True)
            for path in filter(_taken, sorted(source.iterdir())):
                shutil.copyfile(path, to / path.name)
            _without_paths(to, public or BASE)
            if template is not None:
                _set_chat_template(to, template)
        name = out.resolve().name
        write_card(
            place,
            record,
            history,
            "learned from",
            {
                "library_name": "peft" if adapter else "transformers",
                "pipeline_tag": "text-generation",
                "base_model": public,
            },
            name=name,
            adapter=adapter,
            base=public or (f"{name}/{BASE}" if base_folder is not None else "the folder of its base"),
            finetuned_from=public or _base_here(record),
            template=template,
            recipe=_recipe(record),
            losses=_losses(folder),
        )
    known = (RECORD, METRICS, CARD)
    left = sorted(path.name for path in folder.iterdir() if not _taken(path) and path.name not in known)
    told = (*notices(history.origins, "learned from"), *(f"left behind: {name}" for name in left))
    return Exported(out, 0, told)


def _check_safe(folder: Path) -> None:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    pickled = [path.name for path in files if path.suffix in _PICKLES]
    if pickled:
        raise StoreError(
            f"{folder}: holds {', '.join(pickled)}, and a pickle runs code where it is loaded; "
            "save the weights as safetensors"
        )
    if not any(path.suffix == ".safetensors" for path in files):
        raise StoreError(f"{folder}: no *.safetensors in it, so there is no model to export")
    if not (folder / TOKENIZER).is_file():
        raise StoreError(f"{folder}: no {TOKENIZER} in it; a model is exported with its tokenizer")


def _taken(path: Path) -> bool:
    return path.is_file() and path.suffix in EXPORTED and path.name not in (RECORD, METRICS)


def _without_paths(place: Path, base: str) -> None:
    """Take out the folders that models were loaded from, which transformers and peft write down, how they were loaded,
    and the names of code that came with a base and is never taken along."""
    for path in sorted(place.glob("*config.json")):
        settings = json.loads(path.read_text(encoding="utf-8"))
        for key in [key for key in settings if key.endswith(("name_or_path", "_file")) or key in _NOT_THE_MODEL_S]:
            del settings[key]
        if path.name == ADAPTER:
            settings["base_model_name_or_path"] = base
        elif path.name == CONFIG:
            settings |= _positions_by_older_names(settings)
        elif path.name == TOKENIZER:
            if settings.get("tokenizer_class") == "TokenizersBackend":
                settings["tokenizer_class"] = "PreTrainedTokenizerFast"
            if isinstance(extra := settings.get("extra_special_tokens"), list):
                settings["additional_special_tokens"] = extra
                del settings["extra_special_tokens"]
        _write_json(path, settings)


def _positions_by_older_names(config: dict[str, Any]) -> dict[str, Any]:
    """What a configuration says of rotary positions under the names that transformers 4, and whatever stands on it,
    looks for: without them it takes its own default in silence, and every answer is wrong."""
    rope = config.get("rope_parameters")
    if not isinstance(rope, dict):
        return {}
    whole, local = rope.get("full_attention", rope), rope.get("sliding_attention")
    found = {key: whole[key] for key in ("rope_theta", "partial_rotary_factor") if key in whole}
    if whole.get("rope_type", "default") != "default":
        found["rope_scaling"] = {key: value for key, value in whole.items() if key not in found}
    return found | ({"rope_local_base_freq": local["rope_theta"]} if local else {})


def _set_chat_template(place: Path, template: Template | ChatTemplate) -> None:
    """Write the template into the tokenizer's configuration; a chat template of the base's may be another one."""
    if isinstance(template, ChatTemplate):
        jinja = template.jinja
    else:
        from transformers import AutoTokenizer

        tokenizer = AutoTokenizer.from_pretrained(place, trust_remote_code=False)
        bos = tokenizer.bos_token_id
        jinja = chat_template(template, begins_with_bos=bos is not None and tokenizer("a")["input_ids"][:1] == [bos])
    (place / "chat_template.jinja").unlink(missing_ok=True)
    path = place / TOKENIZER
    _write_json(path, json.loads(path.read_text(encoding="utf-8")) | {"chat_template": jinja})


def _write_json(path: Path, settings: dict[str, Any]) -> None:
    path.write_text(json.dumps(settings, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def _fields(record: Record) -> dict[str, Any]:
    fields: dict[str, Any] = record.expression[record.fingerprint]["fields"]
    return fields


def _base_on_hub(record: Record) -> str | None:
    """The hub's name of the model's base, where the base is on the hub."""
    base = _fields(record).get("base")
    return record.expression[base["artifact"]]["fields"].get("repository") if base else None


def _template(record: Record) -> Template | ChatTemplate | None:
    """The template of a model's base; None where the record names none."""
    at: str | None = record.fingerprint
    while at is not None:
        fields = record.expression[at]["fields"]
        for value in fields.values():
            match value:
                case {"class": "ChatTemplate"}:
                    return ChatTemplate(jinja=value["jinja"])
                case {"class": "Template"}:
                    return Template(system=value["system"], instruction=value["instruction"])
        at = (fields.get("base") or {}).get("artifact")
    return None


def _base_here(record: Record) -> str | None:
    """What the base is, where it is not on the hub."""
    base = _fields(record).get("base")
    return f"{record.expression[base['artifact']]['class']} {base['artifact'][:16]}" if base else None


def _recipe(record: Record) -> list[tuple[str, str]]:
    """The literal fields of the recipe; of a model without one, its own."""
    fields = _fields(record)
    recipe = fields["recipe"] if isinstance(fields.get("recipe"), dict) else fields
    return [
        (key, "none" if value is None else literal(value))
        for key, value in recipe.items()
        if key not in ("class", "speaks") and not (isinstance(value, dict) and "artifact" in value)
    ]


def _losses(folder: Path) -> list[tuple[int, float]]:
    """The first and the last three updates' training losses."""
    rows = read_metrics(folder / METRICS)[0]
    losses = [(row["step"], row["loss"]) for row in rows if isinstance(row.get("loss"), (int, float))]
    return losses if len(losses) <= 3 else [losses[0], *losses[-3:]]
