"""The card that goes with what is exported: what it is, what may be done with it, how it was made, how to load it.

A card is Markdown below YAML front matter in the fields of the Hugging Face hub; `templates/card.jinja` has its words.
Everything in it comes from the record and the rows; the part that is checked by people, the licences, stands first.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from humpback.core.store import Record
from humpback.export.licences import Holding, for_hub, notices
from humpback.export.lineage import Lineage
from humpback.export.private import cleaned
from humpback.export.target import CARD, MARK


def title(record: Record) -> str:
    """Class and slug, without the fingerprint."""
    slug = re.sub(r"-[0-9a-f]{16}$", "", record.name).split("/", 1)[1]
    return f"{record.kind}: {slug}"


def write_card(
    folder: Path, record: Record, history: Lineage, holding: Holding, fields: dict[str, Any], **parts: Any
) -> None:
    """Write the card into a folder. `fields` are the hub's, in addition to licence, language and tags; `parts` fill the
    template: the name to load it by; of a dataset its summary and what was rejected; of a model whether it is an
    adapter, its base, template, recipe and losses."""
    from huggingface_hub import CardData, RepoCard

    data: dict[str, Any] = {
        **for_hub(history.origins),
        "language": list(history.languages) or None,
        **fields,
        "tags": ["humpback", "instruction-tuning"],
    }
    card = RepoCard.from_template(
        CardData(**data),
        template_path=str(Path(__file__).parent / "templates" / "card.jinja"),
        mark=MARK,
        title=title(record),
        notices=notices(history.origins, holding),
        history=history,
        record=record,
        clean=_without_private,
        fenced=_fenced,
        json=lambda text: json.dumps(text, ensure_ascii=False),
        **parts,
    )
    (folder / CARD).write_text(card.content, encoding="utf-8")


def _without_private(caller: Callable[[], str]) -> str:
    """A block of the template without keys and local paths, line by line."""
    return "\n".join(map(cleaned, caller().split("\n")))


def _fenced(text: str) -> str:
    fence = "```"
    while fence in text:
        fence += "`"
    return f"{fence}text\n{text}\n{fence}"
