"""The micro world's own artifacts: texts to pretrain on, pages, seed pairs, prompts, a reference system."""

from __future__ import annotations

from dataclasses import asdict, replace

from humpback.core.tables import EXAMPLES, PAGES, Example, Page, read, to_json, write
from humpback.core.work import Counts, Work
from humpback.micro.corpus import texts
from humpback.micro.dev import dev_prompts
from humpback.micro.pages import pages
from humpback.micro.people import evaluation_prompts, reference_answer, seed_pairs
from humpback.micro.sets import held_out_prompts, instruction_set, made_answer
from humpback.spec.data import MicroDevPrompts, MicroPages, MicroPrompts, MicroSeed, MicroTexts
from humpback.spec.micro_sets import MicroAnswers, MicroInstructions, MicroTestSet
from humpback.spec.outcomes import MicroReference

Micro = (
    MicroPages
    | MicroSeed
    | MicroPrompts
    | MicroTexts
    | MicroReference
    | MicroInstructions
    | MicroTestSet
    | MicroAnswers
)


def make(node: Micro, work: Work) -> Counts:
    """Generate the artifact; everything follows from the world and the draw."""
    out = work.out / EXAMPLES
    match node:
        case MicroPages():
            made = pages(node.world, node.n, node.draw)
            n = write(work.out / PAGES, Page, (Page(page.url, page.html) for page in made))
        case MicroSeed():
            pairs = seed_pairs(node.world, node.n, node.draw)
            n = write(out, Example, (Example(f"seed/{i}", a, b, source="seed") for i, (a, b) in enumerate(pairs)))
        case MicroInstructions():
            rows = instruction_set(node.world, node.n, node.kinds, asdict(node.lapses), node.draw)
            n = write(
                out,
                Example,
                (
                    Example(f"{node.label}/{i}", a, b, source=node.label, origin=to_json({"kind": kind, "made": how}))
                    for i, (a, b, kind, how) in enumerate(rows)
                ),
            )
        case MicroDevPrompts():
            tested = {row.instruction for one in node.besides for row in read(work.open(one) / EXAMPLES, Example)}
            asked = dev_prompts(node.world, node.n, node.draw, besides=tested, after=node.after)
            at = enumerate(asked, node.after)
            n = write(out, Example, (_prompt(f"dev/{i}", text, kind, kind) for i, (text, kind) in at))
        case MicroPrompts():
            asked = evaluation_prompts(node.world, node.n, node.draw)
            n = write(out, Example, (_prompt(f"prompt/{i}", text, kind, kind) for i, (text, kind) in enumerate(asked)))
        case MicroTestSet():
            asked = held_out_prompts(node.world, node.n, node.kinds, node.draw)
            label = node.label
            n = write(
                out, Example, (_prompt(f"{label}/{i}", text, kind, label) for i, (text, kind) in enumerate(asked))
            )
        case MicroAnswers():
            rates = asdict(node.lapses)
            rows_in = read(work.open(node.prompts) / EXAMPLES, Example)
            n = write(
                out,
                Example,
                (_answered(row, *made_answer(node.world, row.instruction, rates, node.label)) for row in rows_in),
            )
        case MicroTexts():
            read_in = texts(node.world, node.n, node.draw)
            n = write(out, Example, (Example(f"text/{i}", output=text) for i, text in enumerate(read_in)))
        case MicroReference():
            prompts = read(work.open(node.prompts) / EXAMPLES, Example)
            world = node.prompts.world
            n = write(
                out, Example, (replace(row, output=reference_answer(world, row.instruction, 0)) for row in prompts)
            )
    return {"in": n, "kept": n}


def _prompt(id: str, text: str, kind: str, source: str) -> Example:
    return Example(id, text, source=source, origin=to_json({"kind": kind}))


def _answered(row: Example, output: str, how: str) -> Example:
    return replace(row, output=output, origin=to_json({**row.known, "made": how}))
