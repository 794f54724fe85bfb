"""`humpback confirm PROTOCOL`: what was registered, run once, and the verdicts of its family."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from typer import Exit

from humpback.cli.app import HERE, ExperimentsFolder, Locations, ResultsFolder, command, option_words, writing
from humpback.cli.display import make, print_sheets, report_on
from humpback.cli.register import ProtocolFile, read_protocol
from humpback.cli.terminal import Terminal
from humpback.cli.write_results import write
from humpback.core.expression import FieldError
from humpback.core.store import Store, StoreError
from humpback.experiments.catalogue import experiment, experiment_names
from humpback.experiments.registered import Plan, differences, fresh, planned
from humpback.runs.confirmation import REGISTRATION, Confirmations, Registration, registration
from humpback.spec.protocol import Protocol

if TYPE_CHECKING:
    from humpback.analysis.experiment.finding import Finding

CONFIRMED, REPEATED = "confirmed", "repeated"
"""Folders of the results, below the setup's."""


@command()
def confirm(
    protocol: ProtocolFile,
    locations: Locations = HERE,
    own: ExperimentsFolder = None,
    results: ResultsFolder = None,
) -> None:
    """A committed protocol run once, on its own seeds, to its verdicts.

    Those of its family are under one Holm. Stopped or killed, it goes on where it was. A second run is no confirmation,
    and says so."""
    given, setup, machine = read_protocol(protocol, locations.load())
    if not given.fingerprint or not given.seeds or not all(one.makes and one.matters for one in given.primary):
        raise FieldError(f"{protocol}: not filled in; humpback register {protocol} does that")
    store = Store(Path(machine.store))
    folder = (results or store.root / "results") / given.setup
    registered = registration(protocol, (store.root, folder.parent))
    plan = planned(given, setup, given.seeds, own)
    if differs := differences(given, plan):
        raise FieldError(
            f"{protocol}: not what was registered on {registered.date}: {'; '.join(differs)}. Run the code that was "
            "registered, or register anew"
        )
    earlier = Registration.read(folder / CONFIRMED / REGISTRATION)
    if earlier and (earlier.protocol, earlier.commit) != (registered.protocol, registered.commit):
        raise StoreError(
            f"{folder / CONFIRMED}: holds what {earlier.protocol} of {earlier.date} ({earlier.commit[:12]}) came to, "
            "which stays; give another folder with --results"
        )
    every = [experiment(name, own) for name in experiment_names(own)]
    going = Confirmations(store).begin(replace(registered, seeds=given.seeds), fresh(every, plan.setup, given.seeds))
    second = next((one.confirmed for one in (earlier, going) if one and one.confirmed), "")
    console = Terminal()
    said = f"{protocol.name}, registered {registered.date} by {registered.commit[:12]}"
    console.print(f"exploratory: {said}, was confirmed on {second}" if second else f"confirming {said}")
    ok, reasons = make(console, f"{len(given.primary)} claims", list(plan.to_run.values()), store, machine)
    place = folder / (REPEATED if second else CONFIRMED)
    words = f"humpback confirm {protocol.name}{option_words('--experiments', own)}"
    family = _written(plan, store, reasons, place, words)
    if ok and not second:
        going = Confirmations(store).end(going)
    _tell(console, given, going, family, place, words, second)
    if not ok:
        raise Exit(1)


def _written(plan: Plan, store: Store, reasons: dict[str, str], place: Path, words: str) -> list[Finding]:
    """Each experiment's arms and outcomes in a folder of its own, with the claims that are explored; returns what came
    of those that are registered, in the protocol's order."""
    found: dict[str, Finding] = {}
    for name, declared in plan.to_run.items():
        claims = [claim for one, claim in plan.claims if one.experiment == name]
        sides = [claim.sides for claim in claims]
        others = [claim for claim in declared.claims if claim.sides not in sides]
        came = report_on(replace(declared, claims=(*claims, *others)), store, reasons)
        found |= {f"{name} {claim.sides}": one for claim, one in zip(claims, came.findings, strict=False)}
        explored = replace(came, findings=came.findings[len(claims) :])
        write(place / name, replace(declared, claims=tuple(others)), words, explored, store)
    return [found[f"{one.experiment} {claim.sides}"] for one, claim in plan.claims]


def _tell(
    console: Terminal,
    given: Protocol,
    going: Registration,
    family: list[Finding],
    place: Path,
    words: str,
    second: str,
) -> None:
    from humpback.analysis.experiment.gather import Results
    from humpback.analysis.tables.csv_files import as_csv
    from humpback.analysis.tables.markdown import markdown

    what = "exploratory, a second run of what was confirmed" if second else "confirmed once"
    title = f"{given.setup}: {what}, as registered on {going.date} by {going.commit[:12]}"
    results = Results((), tuple(family), ())
    powers = ", ".join(f"{one.first} > {one.second} {one.power or 0:.2f}" for one in given.primary)
    told = (
        f"Seeds {', '.join(map(str, given.seeds))}. Power by simulation, for the difference that matters after Holm's "
        f"strictest correction: {powers}."
    )
    texts = {
        "table.md": f"{markdown(title, words, results)}\n{told}\n",
        **as_csv(results),
        REGISTRATION: going.to_json(),
    }
    with writing(place, "--results"):
        for name, text in texts.items():
            (place / name).write_text(text, encoding="utf-8")
    print_sheets(console, title, results)
    console.print(told)
    console.print(f"wrote {place}/ ({', '.join(sorted(texts))}, and a folder for each experiment)")
