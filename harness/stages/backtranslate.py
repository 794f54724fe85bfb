"""Self-augmentation: the backward model writes an instruction for every segment (Humpback, section 2.1)."""

from __future__ import annotations

from dataclasses import replace

from humpback.core.tables import EXAMPLES, REJECTED, Example, Rejected, Writer, read
from humpback.core.work import Counts, Work
from humpback.engines.chat.marks import Marks
from humpback.engines.transformers_engine import Engine
from humpback.spec.data import Backtranslated, Reversed
from humpback.spec.models import Finetuned


def backtranslate(node: Backtranslated, work: Work) -> Counts:
    """One instruction a segment; empty and unfinished ones are kept aside with their raw text, and so is what carries
    marks of the template or of the rating prompt, in the segment (which is then not asked about) or the instruction.

    Raises:
        TypeError: when the model was not trained on `Reversed` examples, whose prompt would be used here.
    """
    if not isinstance(node.by, Finetuned) or not isinstance(node.by.examples, Reversed):
        raise TypeError(f"{node.name}: `by` is {node.by.name}; a backward model is Finetuned on Reversed examples")
    prompt = node.by.examples.prompt
    rows = list(read(work.open(node.segments) / EXAMPLES, Example))
    engine = Engine.of(node.by, work)
    marks = Marks(engine.speaker, node.rating)
    marked = {i: found for i, row in enumerate(rows) if (found := marks.found(row.output))}
    prompts = [engine.speaker.prompt(prompt.fill(output=row.output)) for i, row in enumerate(rows) if i not in marked]
    written = iter(engine.generate(prompts, node.sampling, "instructions"))
    with (
        Writer(work.out / EXAMPLES, Example) as kept,
        Writer(work.out / REJECTED, Rejected) as rejected,
    ):
        for i, row in enumerate(rows):
            if i in marked:
                rejected.add(Rejected(row.id, f"mark in the segment: {marked[i]}", row.output, origin=row.origin))
                continue
            completion = next(written)
            reason = ""
            if completion.ended != "stop":
                reason = f"instruction unfinished: {completion.ended}"
            elif not completion.text:
                reason = "instruction empty"
            elif found := marks.found(completion.text):
                reason = f"mark in the instruction: {found}"
                marked[i] = found
            if reason:
                rejected.add(Rejected(row.id, reason, completion.text, origin=row.origin))
            else:
                kept.add(replace(row, instruction=completion.text))
    return {"in": len(rows), "kept": kept.count, "rejected": rejected.count, "marked": len(marked)}
