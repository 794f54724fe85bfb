"""The gates that the micro world is designed by, on design seeds, from the base, M0 and the oracle's arm alone.

Run as `python benchmarks/micro_gates.py --seeds 0,1,2,3,4,5`; it goes on where it was stopped. Writes
results/micro/gates.json and results/micro/gates.md, which docs/micro.md shows. No claim's outcome is looked at here.
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from pathlib import Path
from statistics import mean
from typing import Any

import humpback
from humpback import Machine, Rated, SampledScore
from humpback.analysis.experiment.contamination import gather_contamination
from humpback.core.machine import load_machine
from humpback.core.store import Store
from humpback.experiments.humpback.algorithm import (
    arm,
    augmented_model,
    candidates,
    curated,
    seed_model,
)
from humpback.experiments.setups.base import Setup
from humpback.experiments.setups.micro import MICRO
from humpback.micro.answers import answer
from humpback.micro.corpus import REVIEW_SHARE
from humpback.micro.instructions import KINDS, parse
from humpback.micro.judge import verdict
from humpback.micro.oracle import grade, rating
from humpback.spec.contamination import LARGEST_SHARE, asked
from humpback.spec.curation import ModelRater
from humpback.spec.micro_world import SEED_KINDS, World
from humpback.spec.models import Pretrained
from humpback.spec.outcomes import MicroJudge
from humpback.stages.pretrain import BASES

RESULTS = Path(__file__).parent.parent / "results" / "micro"
ABLE = 0.8
"""The grade that a model of the oracle's set has to reach on a kind of instruction."""


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--seeds", default="0,1,2,3,4,5")
    options.add_argument("--machine", type=Path)
    options.add_argument("--out", type=Path, default=RESULTS)
    chosen = options.parse_args()
    machine = load_machine(chosen.machine)
    seeds = [int(seed) for seed in chosen.seeds.split(",")]
    found = [measured(MICRO.at(seed), machine) | {"seed": seed} for seed in seeds]
    for one in found:
        print(json.dumps({key: value for key, value in one.items() if not isinstance(value, dict)}))
    chosen.out.mkdir(parents=True, exist_ok=True)
    (chosen.out / "gates.json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    (chosen.out / "gates.md").write_text(table(found), encoding="utf-8")
    print(table(found))


def measured(setup: Setup, machine: Machine) -> dict[str, Any]:
    """What one seed's world shows."""
    assert isinstance(setup.oracle, humpback.MicroOracle)
    assert isinstance(setup.scoring, SampledScore)
    world, pool = setup.oracle.world, candidates(setup)
    models = {
        "base": setup.base,
        "M0": seed_model(setup),
        "oracle": augmented_model(setup, curated(setup, by=setup.oracle)),
    }
    ratings = {name: Rated(pool, by=ModelRater(model, setup.scoring)) for name, model in models.items()}
    arms = {name: arm(setup, name, model) for name, model in models.items()}
    answers = {name: one.judged.answers for name, one in arms.items()}
    overlaps = [overlap for one in arms.values() for of in asked(one) for overlap in of.contaminations]
    humpback.run(*ratings.values(), *arms.values(), *dict.fromkeys(overlaps), machine=machine)
    good = [rating(grade(world, row.instruction, row.output)) == 5 for row in humpback.load(pool, machine)]
    assert isinstance(setup.base, Pretrained)
    counts = Store(Path(machine.store)).record(setup.base).counts
    if setup.base.shipped:
        counts = json.loads((BASES / "made.json").read_text(encoding="utf-8"))[setup.base.slug]
    found: dict[str, Any] = {
        "tokens a parameter": counts["tokens"] / counts["parameters"],
        "opinions, share of texts": REVIEW_SHARE,
        "kinds": len(KINDS),
        "kinds in the seed, share": len(SEED_KINDS) / len(KINDS),
        "good, share of the pool": mean(good),
        "pool": len(good),
        "largest N": setup.grid.augmented[-1],
    }
    for row in gather_contamination(Store(Path(machine.store)), [{0: arms}], {}):
        found[f"prompts in training data, {row.name}"] = row.share
    for name, one in ratings.items():
        scores = [row.score for row in humpback.load(one, machine)]
        found[f"AUC, {name}"] = auc([0.0 if score is None else score for score in scores], good)
        found[f"unparsed, {name}"] = mean(score is None for score in scores)
        chosen = [is_good for score, is_good in zip(scores, good, strict=True) if score == 5]
        found[f"A5, {name}"] = len(chosen)
        found[f"precision of A5, {name}"] = mean(chosen) if chosen else None
    found["win rate, a perfect answer"] = perfect_wins(setup, world, machine)
    for name, one in arms.items():
        found[f"win rate, {name}"] = 100 * mean(humpback.load(one, machine).points)
        by_kind: dict[str, list[float]] = defaultdict(list)
        for row in humpback.load(answers[name], machine):
            request = parse(world, row.instruction)
            assert request is not None
            by_kind[request.kind].append(grade(world, row.instruction, row.output).score)
        found[f"grade by kind, {name}"] = {kind: round(mean(by_kind[kind]), 3) for kind in KINDS}
    able = [value >= ABLE for value in found["grade by kind, oracle"].values()]
    found[f"kinds with a grade of {ABLE:g}, share"] = mean(able)
    return found


def perfect_wins(setup: Setup, world: World, machine: Machine) -> float:
    """The win rate of perfect answers against the reference, in both orders, ties half."""
    import random

    judge = setup.judge
    assert isinstance(judge, MicroJudge)
    faults = {"noise": judge.noise, "position_bias": judge.position_bias, "seed": judge.seed}
    points = []
    for row in humpback.load(setup.reference, machine):
        request = parse(world, row.instruction)
        assert request is not None
        perfect = answer(world, request, random.Random(row.instruction))
        for first, own in ((True, "first"), (False, "second")):
            shown = (perfect, row.output) if first else (row.output, perfect)
            said = verdict(world, row.instruction, *shown, **faults)
            points.append(0.5 if said == "tie" else float(said == own))
    return 100 * mean(points)


def auc(scores: list[float], good: list[bool]) -> float:
    """Probability that a good candidate is scored above another one, equal scores half."""
    from scipy.stats import mannwhitneyu

    above = [score for score, is_good in zip(scores, good, strict=True) if is_good]
    below = [score for score, is_good in zip(scores, good, strict=True) if not is_good]
    return float(mannwhitneyu(above, below).statistic / (len(above) * len(below)))


GATES: tuple[tuple[str, float, float], ...] = (
    ("tokens a parameter", 13, float("inf")),
    ("opinions, share of texts", 0, 0.1),
    ("kinds", 60, float("inf")),
    ("kinds in the seed, share", 0.05, 0.15),
    ("good, share of the pool", 0.15, 0.25),
    ("prompts in training data, base", 0, LARGEST_SHARE),
    ("prompts in training data, oracle", 0, LARGEST_SHARE),
    ("AUC, base", 0, 0.70),
    ("AUC, M0", 0, 1),
    ("AUC, oracle", 0.85, 1),
    ("win rate, a perfect answer", 90, 100),
    ("win rate, M0", 25, 45),
    (f"kinds with a grade of {ABLE:g}, share", 0.9, 1),
    ("A5, M0", MICRO.grid.augmented[-1], float("inf")),
)
"""What has to lie between what. M0's AUC has to lie between the base's and the oracle's."""


def table(found: list[dict[str, Any]]) -> str:
    """Each gate with its figure, mean over the seeds and by seed. The mean has to pass; what does not is marked."""
    lines = ["| gate | wanted | mean | " + " | ".join(f"seed {one['seed']}" for one in found) + " |"]
    lines.append("|---|---|---:|" + "---:|" * len(found))
    for name, low, high in GATES:
        between, cells = name == "AUC, M0", []
        for some in (found, *([one] for one in found)):
            value = mean(one[name] for one in some)
            if between:
                low, high = (mean(one[f"AUC, {model}"] for one in some) for model in ("base", "oracle"))
            cells.append(f"{value:.3g}" + ("" if low <= value <= high else " **fails**"))
        wanted = "between" if between else f"{low:g} or more" if high > 1e9 else f"{low:g} to {high:g}"
        lines.append(f"| {name} | {wanted} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
