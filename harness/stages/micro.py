"""The micro world's own artifacts: texts to pretrain on, pages, seed pairs, prompts, a reference system."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict, replace

from humpback.core.tables import Example, Page, to_json
from humpback.core.work import Counts, Work
from humpback.micro.corpus import texts
from humpback.micro.pages import pages
from humpback.micro.sets import (
    dev_prompts,
    evaluation_prompts,
    instruction_set,
    prompts_of_kinds,
    reference_answer,
    seed_pairs,
    system_answer,
)
from humpback.spec.data import MicroDevPrompts, MicroPages, MicroPrompts, MicroSeed, MicroTexts
from humpback.spec.micro_sets import MicroAnswers, MicroInstructions, MicroTestSet
from humpback.spec.outcomes import MicroReference
from humpback.stages.rows import read_examples, write_tables

MicroExamples = MicroSeed | MicroPrompts | MicroTexts | MicroReference | MicroInstructions | MicroTestSet | MicroAnswers


def make(node: MicroPages | MicroExamples, work: Work) -> Counts:
    """Generate the artifact; everything follows from the world and the draw."""
    if isinstance(node, MicroPages):
        generated = pages(node.world, node.n, node.draw)
        return write_tables((Page(page.url, page.html) for page in generated), work, Page)
    return write_tables(_examples(node, work), work, Example)


def _examples(node: MicroExamples, work: Work) -> Iterator[Example]:
    match node:
        case MicroSeed():
            for i, (asked, answer) in enumerate(seed_pairs(node.world, node.n, node.draw)):
                yield Example(f"seed/{i}", asked, answer, source="seed")
        case MicroInstructions():
            rows = instruction_set(node.world, node.n, node.kinds, asdict(node.lapses), node.draw)
            for i, (asked, answer, kind, how) in enumerate(rows):
                origin = to_json({"kind": kind, "made": how})
                yield Example(f"{node.label}/{i}", asked, answer, source=node.label, origin=origin)
        case MicroDevPrompts():
            tested = {row.instruction for one in node.besides for row in read_examples(one, work)}
            asked_kinds = dev_prompts(node.world, node.n, node.draw, besides=tested, after=node.after)
            yield from _prompts("dev", asked_kinds, first=node.after)
        case MicroPrompts():
            yield from _prompts("prompt", evaluation_prompts(node.world, node.n, node.draw))
        case MicroTestSet():
            asked_kinds = prompts_of_kinds(node.world, node.n, node.kinds, node.draw)
            yield from _prompts(node.label, asked_kinds, source=node.label)
        case MicroAnswers():
            for row in read_examples(node.prompts, work):
                output, how = system_answer(node.world, row.instruction, asdict(node.lapses), node.label)
                yield replace(row, output=output, origin=to_json({**row.known, "made": how}))
        case MicroTexts():
            for i, text in enumerate(texts(node.world, node.n, node.draw)):
                yield Example(f"text/{i}", output=text)
        case MicroReference():
            for row in read_examples(node.prompts, work):
                yield replace(row, output=reference_answer(node.prompts.world, row.instruction, 0))


def _prompts(name: str, asked: Iterable[tuple[str, str]], *, source: str = "", first: int = 0) -> Iterator[Example]:
    for i, (text, kind) in enumerate(asked, first):
        yield Example(f"{name}/{i}", text, source=source or kind, origin=to_json({"kind": kind}))
