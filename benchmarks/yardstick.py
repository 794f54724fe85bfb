"""What every experiment asks, as text: the yardstick of a change that should leave it as it is.

For every experiment, every setup that it is declared on, and seeds 0 and 1: each arm's and each measure's fingerprints,
each claim with its number of the paper, each number cited. `python benchmarks/yardstick.py` writes yardstick.txt anew;
`git diff benchmarks/yardstick.txt` is what the change did. Lines of seed 1 have fingerprints alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from humpback.core.expression import FieldError
from humpback.experiments.catalogue import experiment, experiment_names
from humpback.experiments.setups import SETUPS
from humpback.experiments.setups.files import files
from humpback.spec.files import File, InstructionSet, PromptSet, WebPages
from humpback.spec.user_data import UserData

HERE = Path(__file__).parent


def somebody() -> Any:
    """The setup `files` on files that need not be there."""
    one = File("pairs.json", "0" * 64)
    return files(
        UserData(
            seed_data=InstructionSet((one,)),
            pages=WebPages((one,)),
            prompts=PromptSet((one,)),
            base=None,
            judge=None,
            seed_rows=3_200,
            segment_rows=50_000,
        )
    )


def lines(name: str, setup: Any) -> Iterator[str]:
    """Of one experiment on one setup."""
    try:
        declared = experiment(name).on(setup, [0, 1])
    except FieldError as error:
        yield f"refused: {error}"
        return
    for seed in declared.seeds:
        for arm_name, arm in declared.arms[seed].items():
            at = f" at {arm.curve.name}, {arm.n}" if arm.curve else ""
            yield f"{seed} arm {arm_name}: {arm.model.fingerprint[:16]} {arm.judged.fingerprint[:16]}{at}"
        for of, measure in declared.measures[seed].items():
            yield f"{seed} {type(measure).__name__} {of}: {' '.join(x.fingerprint[:16] for x in measure.needs)}"
    yield f"targets: {len(declared.targets)}"
    for claim in declared.claims:
        told = claim.described()
        paper = told.pop("paper", None)
        yield f"claim {told}" + ("" if paper is None else f" paper {paper:g}")
    for of, by_metric in declared.printed.items():
        for metric, number in by_metric.items():
            yield f"cited {of}: {metric} {number:g}"


def main() -> None:
    """Writes yardstick.txt beside this file."""
    with (HERE / "yardstick.txt").open("w", encoding="utf-8") as out:
        for name in experiment_names():
            for setup in [*SETUPS.values(), somebody()]:
                out.write(f"\n{name} on {setup.name}\n" + "".join(f"    {line}\n" for line in lines(name, setup)))


if __name__ == "__main__":
    main()
