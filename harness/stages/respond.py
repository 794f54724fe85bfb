"""Answers of a model to prompts, under the system sentences chosen at inference."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from humpback.core.store import StoreError
from humpback.core.tables import Example, to_json
from humpback.core.work import Counts, Work
from humpback.engines.completion import Completion
from humpback.engines.generator import open_generator
from humpback.spec.outcomes import Responses
from humpback.stages.rows import read_examples, write_tables


def respond(node: Responses, work: Work) -> Counts:
    """One answer a prompt, in order. Empty and cut answers are answers: kept and counted. An answer from a server says
    in `origin` which model the server reports as its `generator`, and where the server refused the prompt, also for its
    length, its words, as `refused`.

    Raises:
        StoreError: when a server refuses every prompt.
    """
    rows = list(read_examples(node.prompts, work))
    system = " ".join(node.system)
    with open_generator(node.model, work, system) as engine:
        written = engine.generate([row.instruction for row in rows], node.sampling, "answers")
        spent = engine.counts()
    if written and all(one.problem for one in written):
        raise StoreError(f"{node.name}: the server refuses every prompt: it {written[0].problem}")
    return {
        **write_tables(map(partial(_answered, system), rows, written), work, Example),
        "empty": sum(not one.text for one in written),
        "cut": sum(one.ended == "length" for one in written),
        "prompt_too_long": sum(one.ended == "prompt too long" for one in written),
        **({"refused": refused} if (refused := sum(one.ended == "refused" for one in written)) else {}),
        **spent,
    }


def _answered(system: str, row: Example, answer: Completion) -> Example:
    of_server = {"generator": answer.by, "refused": answer.problem}
    of_server = {name: said for name, said in of_server.items() if said}
    origin = to_json({**row.known, **of_server}) if of_server else row.origin
    return replace(row, output=answer.text, system=system, origin=origin)
