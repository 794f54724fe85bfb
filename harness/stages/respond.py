"""Answers of a model to prompts, under the system sentences chosen at inference."""

from __future__ import annotations

from dataclasses import replace

from humpback.core.store import StoreError
from humpback.core.tables import EXAMPLES, Example, Writer, read, to_json
from humpback.core.work import Counts, Work
from humpback.engines.generator import engine_for
from humpback.spec.outcomes import Responses


def respond(node: Responses, work: Work) -> Counts:
    """One answer a prompt, in order. Empty and cut answers are answers: kept and counted. An answer from a server says
    in `origin` which model the server reports as its `generator`, and where the server refused the prompt its words,
    as `refused`.

    Raises:
        StoreError: when a server refuses every prompt.
    """
    rows = list(read(work.open(node.prompts) / EXAMPLES, Example))
    system = " ".join(node.system)
    with engine_for(node.model, work, system) as engine:
        written = engine.generate([row.instruction for row in rows], node.sampling, "answers")
        spent = engine.counts()
    if written and all(one.ended == "refused" for one in written):
        raise StoreError(f"{node.name}: the server refuses every prompt: it {written[0].problem}")
    with Writer(work.out / EXAMPLES, Example) as out:
        for row, one in zip(rows, written, strict=True):
            of_server = {"generator": one.by, "refused": one.problem if one.ended == "refused" else ""}
            of_server = {name: said for name, said in of_server.items() if said}
            origin = to_json({**row.known, **of_server}) if of_server else row.origin
            out.add(replace(row, output=one.text, system=system, origin=origin))
    return {
        "in": len(rows),
        "kept": out.count,
        "empty": sum(not one.text for one in written),
        "cut": sum(one.ended == "length" for one in written),
        "prompt_too_long": sum(one.ended == "prompt too long" for one in written),
        **({"refused": refused} if (refused := sum(one.ended == "refused" for one in written)) else {}),
        **spent,
    }
