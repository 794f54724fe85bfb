"""`humpback push`: an export to the Hugging Face hub."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from typer import Argument, Option, echo

from humpback.cli.app import command


@command()
def push(
    folder: Annotated[Path, Argument(help="What humpback data export wrote.")],
    name: Annotated[str, Argument(help="OWNER/NAME on the hub.")],
    public: Annotated[bool, Option("--public", help="For everybody to see; else a new repository is private.")] = False,
) -> None:
    """Data or a model, exported, to the Hugging Face hub."""
    from humpback.export.push import push as send

    done = send(folder, name, public=public)
    echo(f"sent the {done.kind}, {len(done.files)} files of {done.bytes / 1e6:,.1f} MB, to {done.address}")
