"""Models out: a folder that plain transformers or peft loads, with a card and the template it was trained with.

Only safetensors leave. A pickle runs code where it is loaded, so a folder that holds one is refused, not cleaned.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from humpback.core.store import METRICS, RECORD, StoreError
from humpback.engines.chat.jinja import chat_template
from humpback.export import Exported, apart, nothing_known, record_of
from humpback.export.licences import LicenceOf, notices
from humpback.export.lineage import lineage
from humpback.export.model_cards import ADAPTER, BASE, base_name, card, template_of
from humpback.export.target import CARD, EXPORTED, written
from humpback.spec.template import ChatTemplate, Template

TOKENIZER = "tokenizer_config.json"
_PICKLES = (".bin", ".pt", ".pth", ".pkl", ".pickle", ".ckpt")


def export_model(
    folder: Path,
    out: Path,
    base_folder: Path | None = None,
    *,
    licence_of: LicenceOf = nothing_known,
    overwrite: bool = False,
) -> Exported:
    """Write the model of the artifact in `folder` as a folder that `from_pretrained` reads.

    The tokenizer gets the model's template as its chat template. An adapter's configuration names its base as the hub
    does, or as `base`; with `base_folder` (where a base that is not on the hub lies) the base is written to `out/base`.

    Raises:
        StoreError: when the folder holds no model or a pickle, or `out` may not be written.
        Damaged: when the artifact is not as it was published.
    """
    _safe(folder)
    record = record_of(folder)
    apart(folder, out)
    history = lineage(record, folder, licence_of)
    adapter = (folder / ADAPTER).is_file()
    if base_folder is not None:
        if not adapter:
            raise StoreError(f"{folder}: a whole model, which needs no base; leave the base folder out")
        _safe(base_folder)
        if not (base_folder / "config.json").is_file():
            raise StoreError(f"{base_folder}: no config.json in it; a base is a whole model")
    left = _left_behind(folder)
    with written(out, folder=True, overwrite=overwrite) as place:
        _copy(folder, place)
        if base_folder is not None:
            (place / BASE).mkdir()
            _copy(base_folder, place / BASE)
            _without_paths(place / BASE, None)
        _without_paths(place, base_name(record) or BASE)
        template = template_of(record)
        if template is not None:
            for one in (place, place / BASE) if base_folder is not None else (place,):
                _speak(one, template)
        text = card(record, folder, history, name=out.resolve().name, with_base=base_folder is not None)
        (place / CARD).write_text(text, encoding="utf-8")
    told = (*notices(history.origins, "learned from"), *(f"left behind: {name}" for name in left))
    return Exported(out, 0, told)


def model_card(folder: Path, *, licence_of: LicenceOf = nothing_known) -> str:
    """The README.md of the model in `folder`, front matter included.

    Raises:
        StoreError: when it is no finished artifact.
    """
    record = record_of(folder)
    return card(record, folder, lineage(record, folder, licence_of), name=folder.name, with_base=False)


def _safe(folder: Path) -> None:
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


def _left_behind(folder: Path) -> list[str]:
    known = (RECORD, METRICS, CARD)
    return sorted(path.name for path in folder.iterdir() if not _taken(path) and path.name not in known)


def _copy(source: Path, place: Path) -> None:
    for path in sorted(source.iterdir()):
        if _taken(path):
            shutil.copyfile(path, place / path.name)


def _without_paths(place: Path, base: str | None) -> None:
    """Take out the folders that models were loaded from, which transformers and peft write down."""
    for path in sorted(place.glob("*config.json")):
        settings = json.loads(path.read_text(encoding="utf-8"))
        for key in [key for key in settings if key.endswith(("name_or_path", "_file"))]:
            del settings[key]
        if path.name == ADAPTER:
            settings["base_model_name_or_path"] = base
        path.write_text(json.dumps(settings, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def _speak(place: Path, template: Template | ChatTemplate) -> None:
    """Write the template into the tokenizer's configuration; a chat template of the base's may be another one."""
    jinja = template.jinja if isinstance(template, ChatTemplate) else _as_jinja(place, template)
    (place / "chat_template.jinja").unlink(missing_ok=True)
    path = place / TOKENIZER
    settings = json.loads(path.read_text(encoding="utf-8")) | {"chat_template": jinja}
    path.write_text(json.dumps(settings, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def _as_jinja(place: Path, template: Template) -> str:
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(place, trust_remote_code=False)
    first = tokenizer("a")["input_ids"][:1]
    return chat_template(
        template, begins_with_bos=tokenizer.bos_token_id is not None and first == [tokenizer.bos_token_id]
    )
