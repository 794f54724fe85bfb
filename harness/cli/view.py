"""`humpback view`: what lies in a store in a browser, growing while runs go on, with the samples behind each number."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Annotated

from typer import Option, echo

from humpback.cli.app import ExperimentsFolder, command
from humpback.core.store import Store, StoreError

_HOST = "127.0.0.1"


@command()
def view(
    store: Annotated[Path, Option(help="Folder of the artifacts.")] = Path("artifacts"),
    results: Annotated[
        Path | None, Option(help="Folder of tables and figures.", show_default="<store>/results")
    ] = None,
    port: Annotated[int, Option(min=0, max=65_535, help="0 takes any free one.")] = 8766,
    own: ExperimentsFolder = None,
) -> None:
    """The report of whatever is in a store, in a browser here.

    It grows while a run goes on. Each number leads to its samples: prompt, both answers, both orders' verdicts, the raw
    replies. It reads the store and changes nothing; Ctrl-C ends it."""
    from humpback.annotation.guard import Guard
    from humpback.annotation.serving import listen, require_packages, serve
    from humpback.experiments.catalogue import experiment, experiment_names

    require_packages()
    from humpback.analysis.report.store_view import StoreView
    from humpback.analysis.report.viewer import POLICY, create_app

    if not store.is_dir():
        raise StoreError(f"{store}: there is no such folder; a run makes it, or give another with --store")
    if results is not None and not results.is_dir():
        raise StoreError(f"{results}: there is no such folder of results; leave --results out for {store / 'results'}")
    for name in experiment_names(own) if own else ():
        experiment(name, own)  # its classes are known from here on
    listening = listen(_HOST, port)
    port = listening.getsockname()[1]
    key = secrets.token_urlsafe(24)  # others may work on this machine, and its loopback is theirs too
    guard = Guard(_HOST, port, key, POLICY)
    echo(f"http://localhost:{port}/?key={key}")
    echo(
        f"shows {store} to whoever has this address; from another machine: ssh -L {port}:localhost:{port} THIS-MACHINE"
    )
    serve(create_app(StoreView(Store(store), results or store / "results"), guard), listening)
