"""Answers of a model to prompts, under the system sentences chosen at inference."""

from __future__ import annotations

from dataclasses import replace

from harness.engines.local import Engine
from harness.outcomes import Responses
from harness.rows import EXAMPLES, Example, Writer, read
from harness.stages import Counts, Work


def respond(node: Responses, work: Work) -> Counts:
    """One answer a prompt, in order. Empty and cut answers are answers: kept and counted."""
    rows = list(read(work.open(node.prompts) / EXAMPLES, Example))
    system = " ".join(node.system)
    prompts = [node.model.template.prompt(row.instruction, system) for row in rows]
    written = Engine.of(node.model, work).generate(prompts, node.sampling, "answers")
    with Writer(work.out / EXAMPLES, Example) as out:
        for row, completion in zip(rows, written, strict=True):
            out.add(replace(row, output=completion.text, system=system))
    return {
        "in": len(rows),
        "kept": out.count,
        "empty": sum(not one.text for one in written),
        "cut": sum(one.ended == "length" for one in written),
        "prompt_too_long": sum(one.ended == "prompt too long" for one in written),
    }
