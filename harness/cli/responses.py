"""`humpback responses` and `humpback improvement`: answers under each system prompt, and where one model fails.

Humpback shows its 30 sensitive prompts under its system prompts ("safety"), and lists the prompts on which the seed
model fails and the finetuned one does not (41 of 251). The 30 are not published: any file of prompts will do.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

from typer import Argument, Option, echo

from humpback.cli.app import BESIDE_MODEL, AsJson, ModelLocations, build, command, name_files, print_json, writing
from humpback.core.store import StoreError
from humpback.core.tables import EXAMPLES, Example, read
from humpback.core.text import one_line
from humpback.spec.data import Sampling
from humpback.spec.files import PromptSet
from humpback.spec.outcomes import Responses
from humpback.spec.prompts import S_A, S_W

SYSTEMS: Mapping[str, tuple[str, ...]] = {"none": (), "S_a": (S_A,), "S_w": (S_W,), "S_a and S_w": (S_A, S_W)}


@command()
def responses(
    model: Annotated[str, Argument(help="An artifact's folder, a transformers folder, or a hub name.")],
    prompts: Annotated[list[str], Argument(help="Files of prompts, or names that `data list` shows.")],
    out: Annotated[Path, Option(help="Folder for responses.md and responses.json.")],
    max_new_tokens: Annotated[int, Option(min=1, help="Of each answer.")] = 1_024,
    temperature: Annotated[float, Option(min=0.0, help="0 is greedy.")] = 0.7,
    seed: Annotated[int, Option(min=0, help="Of the sampling.")] = 0,
    locations: ModelLocations = BESIDE_MODEL,
    as_json: AsJson = False,
) -> None:
    """Answers to prompts under each system prompt, side by side. Without one, under S_a, under S_w and under both."""
    if out.exists() and not out.is_dir():
        raise StoreError(f"--out {out}: there is a file of that name; it takes a folder")
    asked, machine = locations.model(model)
    files, machine = name_files(prompts, machine)
    sampling = Sampling(temperature=temperature, max_new_tokens=max_new_tokens, seed=seed)
    answers = {}
    for name, system in SYSTEMS.items():
        folder = build(Responses(asked, PromptSet(files), sampling, system), machine)
        answers[name] = list(read(folder / EXAMPLES, Example))
    told = side_by_side(asked.name, answers)
    with writing(out, "--out"):
        (out / "responses.json").write_text(json.dumps(told, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        (out / "responses.md").write_text(as_markdown(told), encoding="utf-8")
    if as_json:
        print_json(told)
    else:
        echo(_rates(told))
        echo(f"wrote {out}/responses.md and responses.json")


def side_by_side(model: str, answers: Mapping[str, Sequence[Example]]) -> dict[str, Any]:
    """Every prompt with its answer under each system prompt, and how often each refuses."""
    from humpback.analysis.datasets.refusals import refusals, refuses

    rates = {name: refusals(row.output for row in rows) for name, rows in answers.items()}
    return {
        "model": model,
        "systems": {name: " ".join(SYSTEMS[name]) for name in answers},
        "refusals": {name: {**asdict(one.rate), "empty": one.empty} for name, one in rates.items()},
        "prompts": [
            {
                "id": rows[0].id,
                "prompt": rows[0].instruction,
                "answers": {
                    name: {"text": row.output, "refused": refuses(row.output)}
                    for name, row in zip(answers, rows, strict=True)
                },
            }
            for rows in zip(*answers.values(), strict=True)
        ],
    }


def as_markdown(told: dict[str, Any]) -> str:
    """A section for each prompt. Texts stand in fences longer than any in them, so that no answer is rendered."""
    lines = [f"# Answers of {_code(told['model'])}", "", _rates(told, markdown=True), ""]
    for one in told["prompts"]:
        lines += [f"## {_code(one['id'])}", "", _fenced(one["prompt"]), ""]
        for name, answer in one["answers"].items():
            lines += [f"**{name}**{' (refuses)' * answer['refused']}", "", _fenced(answer["text"]), ""]
    return "\n".join(lines)


def _fenced(text: str) -> str:
    fence = "```"
    while fence in text:
        fence += "`"
    return f"{fence}text\n{text}\n{fence}"


def _code(text: str) -> str:
    """A name in a heading, which it can neither leave nor add markup to."""
    told = one_line(text).replace("`", "'")
    return f"`{told}`"


def _rates(told: dict[str, Any], *, markdown: bool = False) -> str:
    from humpback.analysis.layout import text_table as layout

    heads = ["system prompt", "refusals", "of", "%", "95 % interval", "empty"]
    rows = []
    for name, one in told["refusals"].items():
        share = layout.cell(100 * one["count"] / one["of"] if one["of"] else None, ".1f")
        interval = layout.between(100 * one["low"], 100 * one["high"], ".1f")
        rows.append([name, str(one["count"]), str(one["of"]), share, interval, str(one["empty"])])
    return layout.markdown(heads, rows) if markdown else layout.aligned(heads, rows)


@command()
def improvement(
    first: Annotated[Path, Argument(help="Judgement of the first model: an artifact's folder or a file.")],
    second: Annotated[Path, Argument(help="Judgement of the second, against the same opponent.")],
    prompts: Annotated[int, Option(min=0, help="So many prompts of each kind are listed.")] = 20,
    as_json: AsJson = False,
) -> None:
    """Prompts on which one model fails and the other does not. By category, and the reverse."""
    from humpback.analysis.judgements import improvement as rule
    from humpback.analysis.judgements.formats import votes
    from humpback.analysis.judgements.formats.reading import read_judgements, spelled_alike

    both = [read_judgements([path]) for path in (first, second)]
    for path, found in zip((first, second), both, strict=True):
        if found[0].format == votes.KIND:
            raise StoreError(f"{path}: votes of people have no two orders; give judgements of a judge")
        if len(found) != 1:
            raise StoreError(
                f"{path}: holds {len(found)} judgements ({', '.join(one.name for one in found)}); give one"
            )
    one, two = spelled_alike([both[0][0], both[1][0]])
    if one.against != two.against and one.named and two.named:
        raise StoreError(
            f"{first} is against {one.against}, {second} against {two.against}; a common opponent is needed"
        )
    try:
        result = rule.improvement(one.items, two.items)
    except ValueError as error:
        raise StoreError(f"{first} and {second}: {error}") from error
    unreadable = len(one.unreadable) + len(two.unreadable)
    if as_json:
        print_json({**rule.as_json(result), "unreadable": unreadable})
        return
    echo(rule.as_text(result, one_line))
    if unreadable:
        echo(f"{unreadable} rows of the two could not be read; humpback compare names each")
    for fate in ("mended", "broken"):
        listed = [row for row in result.prompts if row.fate == fate]
        echo(f"\n{fate}:{'' if listed else ' none'}")
        for row in listed[:prompts]:
            echo(f"  [{one_line(row.category)}] {one_line(row.prompt, 160)}")
        if len(listed) > prompts:
            echo(f"  and {len(listed) - prompts} more; --json has them all")
