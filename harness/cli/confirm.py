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
from humpback.cli.write_results import as_text, write
from humpback.core.expression import FieldError
from humpback.core.store import Store, StoreError
from humpback.experiments.catalogue import experiment, experiment_names
from humpback.experiments.registered import Plan, differences, fresh, planned
from humpback.runs.confirmation import REGISTRATION, Confirmations, Registration, registration
from humpback.spec.protocol import Protocol

if TYPE_CHECKING:
    from humpback.analysis.experiment.finding import Finding
    from humpback.analysis.experiment.gather import Results

REPEATED = "repeated"
"""Folder of a second run's results, below the setup's."""


@command()
def confirm(
    protocol: ProtocolFile,
    locations: Locations = HERE,
    own: ExperimentsFolder = None,
    results: ResultsFolder = None,
) -> None:
    """A committed protocol, run once on its own seeds.

    Those of its family are under one Holm. Stopped or killed, it goes on where it was. A second run is no confirmation,
    and says so."""
    from humpback.analysis.experiment.gather import Results
    from humpback.analysis.report.provenance import provenance
    from humpback.analysis.report.results_files import CONFIRMED

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
    written = _tables(given, going, Results((), tuple(family), ()), words, second)
    made = {"command": words, "setup": given.setup, "seeds": list(given.seeds), **provenance(store, plan.targets)}
    what = {"question": _title(given, going, second), "shows": "Confirmed claims", "falsified": _DECIDES}
    texts = {**written, REGISTRATION: going.to_json(), "made.json": as_text(what | made)}
    with writing(place, "--results"):
        for name, text in texts.items():
            (place / name).write_text(text, encoding="utf-8")
    print_sheets(console, what["question"], Results((), tuple(family), ()))
    console.print(f"wrote {place}/ ({', '.join(sorted(texts))}, and a folder for each experiment)")
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


def _title(given: Protocol, going: Registration, second: str) -> str:
    what = "exploratory, a second run of what was confirmed" if second else "confirmed once"
    return f"{given.setup}: {what}, as registered on {going.date} by {going.commit[:12]}"


_DECIDES = (
    "A claim is confirmed where it holds after Holm's correction for all that were registered with it. Power: the "
    "share of simulated runs in which it does by the strictest step of that correction, if the truth is the smallest "
    "difference that matters."
)


def _tables(given: Protocol, going: Registration, family: Results, words: str, second: str) -> dict[str, str]:
    """The family's verdicts, and what was registered of each claim."""
    from humpback.analysis.layout import text_table
    from humpback.analysis.tables.cells import number
    from humpback.analysis.tables.csv_files import as_csv
    from humpback.analysis.tables.markdown import markdown

    rows = [
        (one.name, number(one.matters, ".2f"), number(one.paper), number(one.paper_error), number(one.power, ".2f"))
        for one in given.primary
    ]
    heads = ("registered", "matters", "paper", "its error", "power")
    seeds = f"Seeds {', '.join(map(str, given.seeds))}. {_DECIDES}"
    verdicts = markdown(_title(given, going, second), words, family)
    return {"table.md": "\n".join([verdicts, text_table.markdown(heads, rows), "", seeds, ""]), **as_csv(family)}
