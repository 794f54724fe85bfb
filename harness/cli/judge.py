"""`humpback judge A B --judge NAME`: two systems' answers judged prompt by prompt, in both orders.

With `--check N` the judge itself is measured, on pairs of which it is known which answer is better.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Annotated, Any

from typer import Argument, Option, confirm, echo

from humpback.cli.app import HERE, AsJson, Locations, build, command, counts_line, print_json
from humpback.core.expression import FieldError
from humpback.core.machine import Machine, fields_as_json
from humpback.core.store import RECORD, Store, StoreError, read_record
from humpback.core.tables import REJECTED, UNREADABLE, VERDICTS, Rejected, Unreadable, read
from humpback.core.text import one_line
from humpback.spec.outcomes import AlpacaEvalJudge, Judge, Judged, Matched

_NAMED = 20
"""Rows without a partner that are named on the screen, of each side; all of them are in the artifact."""

SideName = Annotated[str, Argument(help="Folder of an artifact, or a file of answers.")]


@dataclass(frozen=True)
class ServerOptions:
    """How the judge's server is asked. What is left out is as the machine file has it."""

    address: Annotated[str | None, Option("--base-url", help="Address of any OpenAI-compatible server.")] = None
    concurrency: Annotated[int | None, Option(min=1, help="Calls in flight.", show_default="8")] = None
    timeout: Annotated[float | None, Option(help="Seconds of one attempt.", show_default="120")] = None
    price_in: Annotated[float | None, Option(help="Of a million prompt tokens.", show_default="0")] = None
    price_out: Annotated[float | None, Option(help="Of a million completion tokens.", show_default="0")] = None
    max_cost: Annotated[float | None, Option(help="That this run may spend.")] = None
    max_tokens: Annotated[int | None, Option(help="That this run may use.")] = None
    max_calls: Annotated[int | None, Option(help="That this run may make.")] = None
    key_variable: Annotated[
        str | None, Option(help="Environment variable of the key.", show_default="OPENAI_API_KEY")
    ] = None

    def on(self, machine: Machine) -> Machine:
        """The machine with its endpoint so."""
        given = {name: value for name, value in asdict(self).items() if value is not None}
        return replace(machine, endpoint=replace(machine.endpoint, **given))


AS_IN_FILE = ServerOptions()


@command()
def judge(
    a: Annotated[
        str, Argument(help="Folder of an artifact, or a file of answers; with --check, pairs with votes or a set.")
    ],
    b: Annotated[str | None, Argument(help="The other side; none with --check.")] = None,
    *,
    name: Annotated[str, Option("--judge", help="micro, an annotator of alpaca-eval, or PATH/configs.yaml.")],
    server: ServerOptions = AS_IN_FILE,
    model: Annotated[str | None, Option(help="Model to ask for.", show_default="the annotator's")] = None,
    samples: Annotated[
        int, Option(min=1, help="Ask so often while a reply cannot be parsed; once at temperature 0.")
    ] = 3,
    reply_tokens: Annotated[
        int | None, Option(min=1, help="Longest reply; more for models that think.", show_default="the judge's")
    ] = None,
    send: Annotated[list[str] | None, Option(help="NAME=VALUE that is sent too, VALUE as JSON or text.")] = None,
    drop: Annotated[list[str] | None, Option(help="NAME that is not sent.")] = None,
    ask_anew: Annotated[bool, Option("--ask-anew", help="Ask again what was answered before.")] = False,
    may_judge_itself: Annotated[str | None, Option(help="Name of a model that may judge its own answers.")] = None,
    yes: Annotated[bool, Option("--yes", help="Spend without asking.")] = False,
    check: Annotated[
        int | None, Option(min=2, help="Measure the judge on so many pairs of A with a known better answer.")
    ] = None,
    locations: Locations = HERE,
    as_json: AsJson = False,
) -> None:
    """Two systems' answers, judged prompt by prompt in both orders. A run that is stopped goes on where it was. With
    --check, how right the judge is, with its position and length bias, and what it is good for."""
    from humpback.analysis.judgements.contest import contest_of
    from humpback.analysis.judgements.formats.artifact import judged_prompts
    from humpback.cli.judge_check import known_pairs, print_check, write_sides
    from humpback.cli.sides import find_side, join_sides

    if check is not None and b is not None:
        raise FieldError(f"--check {check}: it measures the judge on the pairs of {a}, so {b} has no place")
    machine = locations.load()
    known = None
    if check is not None:
        known = known_pairs(a, check, machine)
        sides = write_sides(known, a, machine)
    elif b is not None:
        sides = find_side(a), find_side(b)
    else:
        raise FieldError(f"{a} alone: give the answers to judge it against, or --check N to measure the judge on it")
    by, machine = _judge(name, model, samples, sent_fields(send, reply_tokens), tuple(drop or ()), machine)
    machine = replace(server.on(machine), files=(*machine.files, *sides[0].places, *sides[1].places))
    if b is not None:
        ours, theirs = join_sides(*sides)
        # The second side is joined to the first, and the first to what came of that.
        _say_what_is_left_out(((b, theirs), (a, ours)), machine)
        target = Judged(ours, theirs, by=by)
    else:
        target = Judged(sides[0].examples, sides[1].examples, by=by)
    if isinstance(by, AlpacaEvalJudge):
        writers = {who for one in sides for who in one.generators(build(one.examples, machine))}
        not_itself(by.model, writers, may_judge_itself)
        _agreed(target, by, machine, yes, ask_anew)
    folder = build(target, machine)
    counts = read_record(folder / RECORD).counts
    if isinstance(by, AlpacaEvalJudge):
        from humpback.judging.messages import server_lines

        for line in server_lines(folder, by, writers):
            echo(line, err=True)
    if known is not None:
        print_check(
            known, f"{by.config} by {by.model}" if isinstance(by, AlpacaEvalJudge) else name, folder, as_json=as_json
        )
        return
    order = contest_of(judged_prompts(folder / VERDICTS).items).follows_order
    if as_json:
        cost = counts.get("cost_millionths", 0) / 1_000_000
        print_json(
            {"artifact": str(folder), "counts": counts, "cost": cost, **({"follows_order": order} if order else {})}
        )
        return
    echo("\n".join(filter(None, (counts_line(counts), order))))
    if isinstance(by, AlpacaEvalJudge):
        from humpback.judging.annotators import annotator_of
        from humpback.judging.messages import missing_lines

        greedy = annotator_of(by, machine.files).request(("", "", "")).is_greedy
        for line in missing_lines(counts, 2 * (counts["in"] - counts["equal"]), by, greedy):
            echo(line)
    echo(f"{folder}\nhumpback show reads it, humpback compare draws the conclusions")


def _judge(
    name: str,
    model: str | None,
    samples: int,
    send: tuple[tuple[str, str], ...],
    drop: tuple[str, ...],
    machine: Machine,
) -> tuple[Judge, Machine]:
    """The judge, and the machine that knows where its file lies. What the machine file has sent or left out becomes the
    judge's own, since replies depend on it."""
    if name != "micro":
        from humpback.judging.annotators import judge_named, place_of

        endpoint = machine.endpoint
        named = {**dict(endpoint.send), **dict(send)}
        left_out = tuple(dict.fromkeys((*endpoint.drop, *drop)))
        if both := [one for one in left_out if one in named]:
            raise FieldError(f"{both[0]} is to be sent and to be left out; say one of them")
        by = judge_named(name, model, samples, tuple(sorted(named.items())), left_out)
        return by, replace(
            machine, files=(*machine.files, *place_of(by, name)), endpoint=replace(endpoint, send=(), drop=())
        )
    if model is not None or send or drop:
        raise FieldError("--model, --send, --drop and --reply-tokens go with an annotator; the judge micro is no model")
    from humpback.experiments.setups.micro import MICRO

    return MICRO.judge, machine


def sent_fields(send: list[str] | None, reply_tokens: int | None) -> tuple[tuple[str, str], ...]:
    """What is to be sent as names with values in JSON."""
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


def _say_what_is_left_out(sides: tuple[tuple[str, Matched], ...], machine: Machine) -> None:
    """Join the sides, and name every row that found no partner.

    Raises:
        StoreError: when no prompt is in both.
    """
    for name, one in sides:
        source, folder = build(one.examples, machine), build(one, machine)
        strange = [f"unreadable {row.place}: {row.reason}" for row in read(source / UNREADABLE, Unreadable)]
        left = [
            f"left out {row.id}: {row.reason}: {one_line(row.text, 80)}" for row in read(folder / REJECTED, Rejected)
        ]
        counts = read_record(folder / RECORD).counts
        echo(
            f"{name}: {counts['kept']:,} of {counts['in']:,} answers joined "
            f"({counts['exact']:,} on the very text, {counts['normalised']:,} but for case, punctuation and spacing), "
            f"{counts['empty']:,} of them empty" + (f"; {len(strange):,} unreadable" if strange else ""),
            err=True,
        )
        for lines, table in ((strange, source / UNREADABLE), (left, folder / REJECTED)):
            for line in lines[:_NAMED]:
                echo(f"    {line}", err=True)
            if len(lines) > _NAMED:
                echo(f"    and {len(lines) - _NAMED:,} more, all in {table}", err=True)
        if not counts["kept"]:
            raise StoreError(f"{sides[1][0]} and {sides[0][0]} have no prompt in common, so there is nothing to judge")


def not_itself(model: str, writers: set[str], allowed: str | None) -> None:
    from humpback.judging.self_judging import normal_name, same_model

    itself = same_model(model, writers)
    if itself is not None and normal_name(allowed or "") != normal_name(model):
        raise FieldError(
            f"{model} would judge its own answers (their generator is {itself!r}), and models favour their own; take "
            f"another judge, or say --may-judge-itself {model}"
        )


def _agreed(target: Judged, by: AlpacaEvalJudge, machine: Machine, yes: bool, ask_anew: bool) -> None:
    """Say what is to be asked and what it may cost, before the first call.

    Raises:
        StoreError: when it costs something and that is not agreed to.
    """
    from humpback.core.work import Work, new_log
    from humpback.judging.endpoint_judge import forecast, forget
    from humpback.judging.messages import forecast_lines, reuse_line
    from humpback.judging.pairs import pair_answers

    store = Store(Path(machine.store))
    if store.state(target).status == "done" and not ask_anew:
        echo(reuse_line(store.record(target), machine), err=True)
        return
    work = Work(store.open, store.root, machine, new_log(store.root, lambda done, total, unit: None))
    if ask_anew:
        forget(target, by, lambda: pair_answers(target, work), store, machine)
    found = forecast(by, pair_answers(target, work), machine)
    for line in forecast_lines(found, by, machine):
        echo(line, err=True)
    if found.cost > 0 and not yes and not confirm("spend that?", err=True):
        raise StoreError("nothing was asked and nothing spent; --yes answers the question beforehand")
