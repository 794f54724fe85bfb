"""The micro world's own artifacts: texts to pretrain on, pages, seed pairs, prompts, a reference system."""

from __future__ import annotations

from dataclasses import replace

from harness.data import MicroPages, MicroPrompts, MicroSeed, MicroTexts
from harness.micro.corpus import texts
from harness.micro.pages import pages
from harness.micro.people import evaluation_prompts, reference_answer, seed_pairs
from harness.outcomes import MicroReference
from harness.rows import EXAMPLES, PAGES, Example, Page, read, to_json, write
from harness.stages import Counts, Work


def make(node: MicroPages | MicroSeed | MicroPrompts | MicroTexts | MicroReference, work: Work) -> Counts:
    """Generate the artifact; everything follows from the world and the draw."""
    out = work.out / EXAMPLES
    match node:
        case MicroPages():
            made = pages(node.world, node.n, node.draw)
            n = write(work.out / PAGES, Page, (Page(page.url, page.html) for page in made))
        case MicroSeed():
            pairs = seed_pairs(node.world, node.n, node.draw)
            n = write(out, Example, (Example(f"seed/{i}", a, b, source="seed") for i, (a, b) in enumerate(pairs)))
        case MicroPrompts():
            asked = evaluation_prompts(node.world, node.n, node.draw)
            n = write(
                out,
                Example,
                (
                    Example(f"prompt/{i}", instruction, source=kind, origin=to_json({"kind": kind}))
                    for i, (instruction, kind) in enumerate(asked)
                ),
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
