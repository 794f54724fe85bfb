"""The chat template that a model brings along, read without loading anything of the model."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from humpback.core.expression import FieldError
from humpback.inputs.model_folder import json_object
from humpback.spec.template import INSTRUCTION_RESPONSE, ChatTemplate, Template

FILE, SETTINGS = "chat_template.jinja", "tokenizer_config.json"
"""Where transformers keeps it: a file of its own, or a field of the tokenizer's configuration."""
CHOICES = "own (the model's), plain (instruction and response, for a base that was never spoken to) or a .jinja file"


def template_in_folder(folder: Path) -> str | None:
    """The chat template of a model's folder, if it has one."""
    return _found(lambda name: folder / name if (folder / name).is_file() else None)


def template_on_hub(repository: str, revision: str) -> str | None:
    """The chat template of a hub model, from the cache or the hub; None where neither can be asked."""
    return _found(lambda name: file_on_hub(repository, revision, name))


def file_on_hub(repository: str, revision: str, name: str) -> Path | None:
    """A file of a hub model, likewise."""
    from huggingface_hub import hf_hub_download
    from huggingface_hub.errors import HfHubHTTPError

    try:
        return Path(hf_hub_download(repository, name, revision=revision))
    except (HfHubHTTPError, OSError):
        return None


def choose_template(key: str, value: str | None, own: str | None, folder: Path) -> Template | ChatTemplate:
    """The template that `value` names, of a model whose own is `own`; unsaid, its own where it has one.

    Raises:
        FieldError: when there is no such template.
    """
    if value == "plain" or (value is None and not own):
        return INSTRUCTION_RESPONSE
    if value in ("own", None):
        if own is None:
            raise FieldError(f"{key} is 'own', and the model has no chat template; it takes {CHOICES}")
        return ChatTemplate(own)
    path = folder / value
    if path.suffix not in (".jinja", ".jinja2", ".j2") or not path.is_file():
        raise FieldError(f"{key} is {value!r}; it takes {CHOICES}")
    return ChatTemplate(path.read_text(encoding="utf-8"))


def _found(file: Callable[[str], Path | None]) -> str | None:
    jinja = file(FILE)
    if jinja is not None:
        return jinja.read_text(encoding="utf-8") or None
    settings = file(SETTINGS)
    if settings is None:
        return None
    said = json_object(settings).get("chat_template")
    if isinstance(said, list):  # several, each with its name
        said = {str(one.get("name")): one.get("template") for one in said if isinstance(one, dict)}
    if isinstance(said, dict):
        if said and "default" not in said:
            raise FieldError(
                f"{settings}: has the chat templates {', '.join(sorted(said))} and none called default; "
                "give one of them as a .jinja file"
            )
        said = said.get("default")
    return said if isinstance(said, str) and said else None
