"""Self-augmentation: the backward model writes an instruction for every segment (Humpback, section 2.1)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from humpback.core.tables import Example, Rejected
from humpback.core.work import Counts, Work
from humpback.engines.chat.marks import Marks
from humpback.engines.generator import open_engine
from humpback.inputs.prompt_file import load_prompt
from humpback.spec.data import Backtranslated, Reversed
from humpback.spec.models import Finetuned
from humpback.stages.rows import read_examples, reject, write_tables


def backtranslate(node: Backtranslated, work: Work) -> Counts:
    """One instruction a segment; empty and unfinished ones are kept aside with their raw text, and so is what carries
    marks of the template or of the rating prompt, in the segment (which is then not asked about) or the instruction.

    Raises:
        TypeError: when the model was not trained on `Reversed` examples, whose prompt would be used here.
    """
    if not isinstance(node.by, Finetuned) or not isinstance(node.by.examples, Reversed):
        raise TypeError(f"{node.name}: `by` is {node.by.name}; a backward model is Finetuned on Reversed examples")
    rows = list(read_examples(node.segments, work))
    with open_engine(node.by, work) as engine:
        marks = Marks(engine.chat, load_prompt(node.rating, work.machine))
        marked = {i: found for i, row in enumerate(rows) if (found := marks.find(row.output))}
        prompt, unmarked = node.by.examples.prompt, (row for i, row in enumerate(rows) if i not in marked)
        asked = [prompt.fill(output=row.output) for row in unmarked]
        written = iter(engine.generate(asked, node.sampling, "instructions"))

    def candidates() -> Iterator[Example | Rejected]:
        for i, row in enumerate(rows):
            if i in marked:
                yield reject(row, f"mark in the segment: {marked[i]}", row.output)
                continue
            completion = next(written)
            if completion.ended != "stop":
                reason = f"instruction unfinished: {completion.ended}"
            elif not completion.text:
                reason = "instruction empty"
            elif found := marks.find(completion.text):
                reason = f"mark in the instruction: {found}"
                marked[i] = found
            else:
                yield replace(row, instruction=completion.text)
                continue
            yield reject(row, reason, completion.text)

    return {**write_tables(candidates(), work, Example, Rejected), "marked": len(marked)}
