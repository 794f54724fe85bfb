"""`humpback judge A B --judge NAME`: two systems' answers judged prompt by prompt, in both orders."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from humpback.cli.terminal import Terminal
from humpback.core.expression import Artifact, FieldError
from humpback.core.machine import Machine, load_machine
from humpback.core.store import RECORD, StoreError, read_record
from humpback.core.tables import REJECTED, UNREADABLE
from humpback.core.text import one_line
from humpback.spec.outcomes import AlpacaEvalJudge, Judged, LocalJudge, Matched, MicroJudge

_NAMED = 20
"""Rows without a partner that are named on the screen, of each side; all of them are in the artifact."""

SideName = Annotated[str, typer.Argument(help="Folder of an artifact, or a file of answers.", show_default=False)]
Default = {"show_default": False}


def judge(
    a: SideName,
    b: SideName,
    name: Annotated[
        str,
        typer.Option("--judge", help="micro, an annotator of alpaca-eval, or PATH/configs.yaml.", show_default=False),
    ],
    base_url: Annotated[str | None, typer.Option(help="Address of any OpenAI-compatible server.", **Default)] = None,
    model: Annotated[str | None, typer.Option(help="Model to ask for.", show_default="the annotator's")] = None,
    samples: Annotated[
        int, typer.Option(min=1, help="Ask so often while a reply cannot be parsed; once at temperature 0.")
    ] = 3,
    reply_tokens: Annotated[
        int | None, typer.Option(min=1, help="Longest reply; more for models that think.", show_default="the judge's")
    ] = None,
    send: Annotated[
        list[str] | None, typer.Option("--send", help="NAME=VALUE that is sent too, VALUE as JSON or text.", **Default)
    ] = None,
    drop: Annotated[list[str] | None, typer.Option("--drop", help="NAME that is not sent.", **Default)] = None,
    ask_anew: Annotated[bool, typer.Option("--ask-anew", help="Ask again what was answered before.")] = False,
    concurrency: Annotated[int | None, typer.Option(min=1, help="Calls in flight.", show_default="8")] = None,
    timeout: Annotated[float | None, typer.Option(help="Seconds of one attempt.", show_default="120")] = None,
    price_in: Annotated[float | None, typer.Option(help="Of a million prompt tokens.", show_default="0")] = None,
    price_out: Annotated[float | None, typer.Option(help="Of a million completion tokens.", show_default="0")] = None,
    max_cost: Annotated[float | None, typer.Option(help="That this run may spend.", **Default)] = None,
    max_tokens: Annotated[int | None, typer.Option(help="That this run may use.", **Default)] = None,
    max_calls: Annotated[int | None, typer.Option(help="That this run may make.", **Default)] = None,
    key_variable: Annotated[
        str | None, typer.Option(help="Environment variable of the key.", show_default="OPENAI_API_KEY")
    ] = None,
    may_judge_itself: Annotated[
        str | None, typer.Option(help="Name of a model that may judge its own answers.", **Default)
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Spend without asking.")] = False,
    machine: Annotated[Path | None, typer.Option(help="A TOML file that says where stages run.", **Default)] = None,
    data: Annotated[Path, typer.Option(help="Folder of the public files.")] = Path("data"),
    store: Annotated[Path | None, typer.Option(help="Folder of the artifacts.", show_default="artifacts")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")] = False,
) -> None:
    """Two systems' answers, judged prompt by prompt in both orders. A run that is stopped goes on where it was."""
    from humpback.cli.sides import joined, side

    sides = side(a, data), side(b, data)
    where = load_machine(machine, data=str(data), **({"store": str(store)} if store else {}))
    by, where = _judge(name, model, samples, _fields(send, reply_tokens), tuple(drop or ()), where)
    given: dict[str, Any] = {
        "address": base_url,
        "concurrency": concurrency,
        "timeout": timeout,
        "price_in": price_in,
        "price_out": price_out,
        "max_cost": max_cost,
        "max_tokens": max_tokens,
        "max_calls": max_calls,
        "key_variable": key_variable,
    }
    endpoint = replace(where.endpoint, **{key: value for key, value in given.items() if value is not None})
    where = replace(where, endpoint=endpoint, files=(*where.files, *sides[0].places, *sides[1].places))
    ours, theirs = joined(*sides)
    # The second side is joined to the first, and the first to what came of that.
    _say_what_is_left_out(((b, theirs), (a, ours)), where)
    node = Judged(ours, theirs, by=by)
    if isinstance(by, AlpacaEvalJudge):
        writers = {who for one in sides for who in one.generators(_made(one.examples, where))}
        _not_itself(by.model, writers, may_judge_itself)
        _agreed(node, by, where, yes, ask_anew)
    result = _made(node, where)
    if isinstance(by, AlpacaEvalJudge):
        from humpback.judging.saying import who_answered

        for line in who_answered(result, by, writers):
            typer.echo(line, err=True)
    counts = read_record(result / RECORD)["counts"]
    if as_json:
        cost = counts.get("cost_millionths", 0) / 1_000_000
        typer.echo(json.dumps({"artifact": str(result), "counts": counts, "cost": cost}, indent=1))
        return
    typer.echo(", ".join(f"{key.replace('_', ' ')} {value:,}" for key, value in counts.items()))
    if isinstance(by, AlpacaEvalJudge):
        from humpback.judging.annotators import annotator_of
        from humpback.judging.saying import what_is_missing

        greedy = annotator_of(by, where.files).request(("", "", "")).is_greedy
        for line in what_is_missing(counts, 2 * (counts["in"] - counts["equal"]), by, greedy):
            typer.echo(line)
    typer.echo(f"{result}\nhumpback show reads it, humpback compare draws the conclusions")


def add_to(app: typer.Typer) -> None:
    """Give the app this command."""
    app.command()(judge)


def _judge(
    name: str,
    model: str | None,
    samples: int,
    send: tuple[tuple[str, str], ...],
    drop: tuple[str, ...],
    machine: Machine,
) -> tuple[AlpacaEvalJudge | MicroJudge | LocalJudge, Machine]:
    """The judge, and the machine that knows where its file lies. What the machine file has sent or left out becomes the
    judge's own, since replies depend on it."""
    if name != "micro":
        from humpback.judging.annotators import judge_named
        from humpback.judging.configurations import own_file

        endpoint = machine.endpoint
        named = {**dict(endpoint.send), **dict(send)}
        left_out = tuple(dict.fromkeys((*endpoint.drop, *drop)))
        if both := [one for one in left_out if one in named]:
            raise FieldError(f"{both[0]} is to be sent and to be left out; say one of them")
        by = judge_named(name, model, samples, tuple(sorted(named.items())), left_out)
        own = own_file(name)
        files = machine.files if own is None else (*machine.files, (by.sha256, str(own.resolve())))
        return by, replace(machine, files=files, endpoint=replace(endpoint, send=(), drop=()))
    if model is not None or send or drop:
        raise FieldError("--model, --send, --drop and --reply-tokens go with an annotator; the judge micro is no model")
    from humpback.experiments.setups.micro import MICRO

    return MICRO.judge, machine


def _fields(send: list[str] | None, reply_tokens: int | None) -> tuple[tuple[str, str], ...]:
    """What is to be sent as names with values in JSON."""
    from humpback.core.machine import fields_as_json

    found: dict[str, Any] = {} if reply_tokens is None else {"max_tokens": reply_tokens}
    for one in send or ():
        name, equals, value = one.partition("=")
        if not equals or not name.strip():
            raise FieldError(f"--send {one!r}: it takes NAME=VALUE, such as reasoning_effort=low")
        try:
            found[name.strip()] = json.loads(value)
        except ValueError:
            found[name.strip()] = value
    return fields_as_json(found)


def _made(target: Artifact, machine: Machine) -> Path:
    from humpback.runs.build_one import made

    return made(target, machine, Terminal(stderr=True))


def _say_what_is_left_out(sides: tuple[tuple[str, Matched], ...], machine: Machine) -> None:
    """Join the sides, and name every row that found no partner.

    Raises:
        StoreError: when no prompt is in both.
    """
    from humpback.cli.sides import unmatched, unreadable

    for name, one in sides:
        source, folder = _made(one.examples, machine), _made(one, machine)
        strange = unreadable(source)
        counts = read_record(folder / RECORD)["counts"]
        left = unmatched(folder)
        typer.echo(
            f"{name}: {counts['kept']:,} of {counts['in']:,} answers joined "
            f"({counts['exact']:,} on the very text, {counts['normalised']:,} but for case, punctuation and spacing), "
            f"{counts['empty']:,} of them empty" + (f"; {len(strange):,} unreadable" if strange else ""),
            err=True,
        )
        _name([f"unreadable {row.place}: {row.reason}" for row in strange], source / UNREADABLE)
        _name([f"left out {row.id}: {row.reason}: {one_line(row.text, 80)}" for row in left], folder / REJECTED)
        if not counts["kept"]:
            raise StoreError(f"{sides[1][0]} and {sides[0][0]} have no prompt in common, so there is nothing to judge")


def _name(lines: list[str], table: Path) -> None:
    for line in lines[:_NAMED]:
        typer.echo(f"    {line}", err=True)
    if len(lines) > _NAMED:
        typer.echo(f"    and {len(lines) - _NAMED:,} more, all in {table}", err=True)


def _not_itself(model: str, writers: set[str], allowed: str | None) -> None:
    from humpback.judging.itself import own, plain

    itself = own(model, writers)
    if itself is not None and plain(allowed or "") != plain(model):
        raise FieldError(
            f"{model} would judge its own answers (their generator is {itself!r}), and models favour their own; take "
            f"another judge, or say --may-judge-itself {model}"
        )


def _agreed(node: Judged, by: AlpacaEvalJudge, machine: Machine, yes: bool, ask_anew: bool) -> None:
    """Say what is to be asked and what it may cost, before the first call.

    Raises:
        StoreError: when it costs something and that is not agreed to.
    """
    from humpback.core.store import Store
    from humpback.core.work import Work, new_log
    from humpback.judging.asking import forecast, forget
    from humpback.judging.pairs import paired
    from humpback.judging.saying import before, judged_before

    store = Store(Path(machine.store))
    if store.state(node).word == "done" and not ask_anew:
        typer.echo(judged_before(store.record(node), machine), err=True)
        return
    work = Work(store.open, store.root, machine, new_log(store.root, lambda done, total, unit: None))
    if ask_anew:
        forget(node, by, lambda: paired(node, work), store, machine)
    found = forecast(by, paired(node, work), machine)
    for line in before(found, by, machine):
        typer.echo(line, err=True)
    if found.cost > 0 and not yes and not typer.confirm("spend that?", err=True):
        raise StoreError("nothing was asked and nothing spent; --yes answers the question beforehand")
