"""`humpback mt-bench`: a model's answers to MT-Bench's two turns, each rated by a judge, with scores by category."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Annotated

from typer import Argument, Option, confirm, echo

from humpback.cli.app import (
    BESIDE_MODEL,
    AsJson,
    AsMarkdown,
    ModelLocations,
    build,
    command,
    counts_line,
    name_files,
    print_json,
)
from humpback.cli.judge import AS_IN_FILE, ServerOptions, not_itself, sent_fields
from humpback.core.machine import Machine
from humpback.core.store import RECORD, Store, StoreError, read_record
from humpback.core.tables import EXAMPLES, GRADES, Example, Grade, read
from humpback.spec.data import Examples, Sampling
from humpback.spec.files import File, Source
from humpback.spec.mt_bench import TEMPERATURES, MtBenchAnswers, MtBenchGraded, MtBenchJudge, MtBenchTurn
from humpback.spec.outcomes import Responses

QUESTIONS, PROMPTS, REFERENCES = "mt-bench", "mt-bench-judge-prompts", "mt-bench-answers-gpt-4"

Parts = tuple[tuple[Examples, ...], tuple[Examples, ...]]
"""Answers to the first turns and to the second ones."""


@command("mt-bench")
def mt_bench(
    model: Annotated[str, Argument(help="A model, or FastChat's file of answers (.jsonl).")],
    judge_model: Annotated[str, Option(help="Model that the judge's server is asked for.")],
    server: ServerOptions = AS_IN_FILE,
    temperature: Annotated[
        float | None, Option(min=0.0, help="Of the answers.", show_default="FastChat's, by category")
    ] = None,
    max_new_tokens: Annotated[int, Option(min=1, help="Of each answer.")] = 1_024,
    seed: Annotated[int, Option(min=0, help="Of the sampling.")] = 0,
    reply_tokens: Annotated[int | None, Option(min=1, help="Longest rating.", show_default="2048")] = None,
    send: Annotated[list[str] | None, Option(help="NAME=VALUE that is sent too, VALUE as JSON or text.")] = None,
    drop: Annotated[list[str] | None, Option(help="NAME that is not sent.")] = None,
    questions: Annotated[str, Option(help="File of the questions, or its public name.")] = QUESTIONS,
    prompts: Annotated[str, Option(help="File of the judge's prompts.")] = PROMPTS,
    references: Annotated[str, Option(help="File of the reference answers.")] = REFERENCES,
    may_judge_itself: Annotated[str | None, Option(help="Name of a model that may judge its own answers.")] = None,
    yes: Annotated[bool, Option("--yes", help="Spend without asking.")] = False,
    locations: ModelLocations = BESIDE_MODEL,
    markdown: AsMarkdown = False,
    as_json: AsJson = False,
) -> None:
    """MT-Bench: two turns, each answer rated by a judge.

    80 questions, rated from 1 to 10; scores by category and turn."""
    from humpback.analysis.judgements import single_scores

    if Path(model).suffix == ".jsonl":
        (answers,), machine = name_files([model], locations.load())
        asked, machine = _questions(questions, machine)
        parts: Parts = tuple((MtBenchAnswers(answers, asked, turn),) for turn in (1, 2))  # type: ignore[assignment]
    else:
        who, machine = locations.model(model)
        asked, machine = _questions(questions, machine)
        groups = TEMPERATURES if temperature is None else {temperature: ()}
        first, second = [], []
        for heat, of in groups.items():
            turn, sampling = MtBenchTurn(asked, of), Sampling(heat, 1.0, max_new_tokens, seed)
            first.append(Responses(who, turn, sampling))
            second.append(Responses(who, replace(turn, answered=first[-1]), sampling))
        parts = tuple(first), tuple(second)
    machine = server.on(machine)
    (by_prompts, by_references), machine = name_files([prompts, references], machine)
    by = MtBenchJudge(judge_model, by_prompts, by_references, sent_fields(send, reply_tokens), tuple(drop or ()))
    target = MtBenchGraded(asked, *parts, by)
    writers: set[str] = set()
    for one in (*parts[0], *parts[1]):
        folder = build(one, machine)
        writers |= _writers(folder)
        if lacking := read_record(folder / RECORD).counts.get("without an answer"):
            echo(f"{one.name}: {lacking:,} questions have no answer and no part in the scores", err=True)
    not_itself(judge_model, writers, may_judge_itself)
    _agreed(target, machine, yes, lambda said: echo(said, err=True))
    folder = build(target, machine)
    found = single_scores.scores(list(read(folder / GRADES, Grade)))
    counts = read_record(folder / RECORD).counts
    if as_json:
        print_json(
            {"artifact": str(folder), "judge": judge_model, "scores": single_scores.as_json(found), "counts": counts}
        )
        return
    echo(f"MT-Bench, single answers, rated from 1 to 10 by {judge_model}")
    echo(single_scores.as_text(found, as_markdown=markdown))
    echo(f"{counts_line(counts)}\n{folder}")


def _questions(name: str, machine: Machine) -> tuple[File | Source, Machine]:
    (found,), machine = name_files([name], machine)
    return found, machine


def _writers(folder: Path) -> set[str]:
    from humpback.judging.self_judging import answered_by, generators_of

    return answered_by(folder) | generators_of(read(folder / EXAMPLES, Example))


def _agreed(target: MtBenchGraded, machine: Machine, yes: bool, say: Callable[[str], None]) -> None:
    """Say what is to be asked and what it may cost, before the first call.

    Raises:
        StoreError: when it costs something and that is not agreed to.
    """
    from humpback.core.work import Work, new_log
    from humpback.engines.endpoint.budget import expected_usage
    from humpback.engines.endpoint.calls import Usage
    from humpback.stages.mt_bench import grading_requests

    store, at = Store(Path(machine.store)), machine.endpoint
    if store.state(target).status == "done":
        return
    work = Work(store.open, store.root, machine, new_log(store.root, lambda done, total, unit: None))
    usage = sum((expected_usage(request) for _, _, request in grading_requests(target, work)), Usage())
    cost = usage.cost(at)
    price = (
        f"at most about {cost:,.2f}" if at.price_in or at.price_out else "no price is given (--price-in, --price-out)"
    )
    say(
        f"{usage.calls:,} answers to rate by {target.by.model} at {at.address}; about {usage.prompt_tokens:,} tokens "
        f"to read (estimated) and at most {usage.completion_tokens:,} to write: {price}"
    )
    if cost > 0 and not yes and not confirm("spend that?", err=True):
        raise StoreError("nothing was asked and nothing spent; --yes answers the question beforehand")
