"""A benchmark of the micro world in lm-eval's own terms: a task file and its questions, made from the world and a draw.

Each question is a held-out request for one fact, worded as people word it; the four answers are whole sentences that
differ in one word. Chance is 25 %.
"""

from __future__ import annotations

import json
import random
from dataclasses import asdict, dataclass
from pathlib import Path

from humpback.micro.instructions import Request, paraphrases, pool, predicate
from humpback.spec.micro_world import PROPERTIES, VALUES, World, facts

NAME = "micro_facts"
OPTIONS = 4
SHOTS = 16
"""Questions kept for showing before others; none of them is held out."""
_KINDS = tuple(f"{form}_{name}" for form in ("ask", "short") for name in PROPERTIES)


@dataclass(frozen=True)
class Question:
    """One multiple-choice question."""

    question: str
    choices: tuple[str, ...]
    answer: int
    """Place of the true one among the choices."""
    kind: str


def questions(world: World, n: int, seed: int, *, held_out: bool = True) -> list[Question]:
    """n questions, kinds and facts in a random order, no request twice.

    Raises:
        ValueError: when the world does not have so many.
    """
    rng = random.Random(f"benchmark/{world.seed}/{seed}/{held_out}")
    there = [
        request
        for kind in _KINDS
        for request in sorted(pool(world, kind, held_out), key=lambda one: (one.creature, one.wanted))
    ]
    if not 1 <= n <= len(there):
        raise ValueError(f"n is {n}; this world has 1 to {len(there)} questions on {'held-out ' * held_out}requests")
    return [_question(world, request, rng) for request in rng.sample(there, n)]


def _question(world: World, request: Request, rng: random.Random) -> Question:
    form, _, about = request.kind.partition("_")
    true = facts(world)[request.creature][about]
    values = [true, *rng.sample([value for value in VALUES[about] if value != true], OPTIONS - 1)]
    rng.shuffle(values)
    says = ": {}." if form == "short" else " {}."
    told = values if form == "short" else [predicate(value, first=True) for value in values]
    choices = tuple(f"The {request.creature}{says.format(one)}" for one in told)
    return Question(rng.choice(paraphrases(request)), choices, values.index(true), request.kind)


def write_task(folder: Path, world: World, n: int, seed: int, *, chat_template: bool) -> list[Path]:
    """Write the task file and its two files of questions; returns the paths, the task file first.

    Without a chat template the question stands as in the pages that the micro base read.
    """
    plain = {"doc_to_text": "Question: {{question}}\nAnswer:", "target_delimiter": "\n", "fewshot_delimiter": "\n"}
    task = {
        "task": NAME,
        "dataset_path": "json",
        "dataset_kwargs": {"data_files": {"test": f"{NAME}.jsonl", "train": f"{NAME}_shots.jsonl"}},
        "output_type": "multiple_choice",
        "training_split": "train",
        "test_split": "test",
        "fewshot_split": "train",
        "fewshot_config": {"sampler": "first_n"},
        **({"doc_to_text": "{{question}}", "target_delimiter": ""} if chat_template else plain),
        "doc_to_choice": "choices",
        "doc_to_target": "answer",
        "metric_list": [
            {"metric": metric, "aggregation": "mean", "higher_is_better": True} for metric in ("acc", "acc_norm")
        ],
        "metadata": {"version": 1.0},
    }
    paths = [folder / f"{NAME}.yaml", folder / f"{NAME}.jsonl", folder / f"{NAME}_shots.jsonl"]
    paths[0].write_text(json.dumps(task, indent=1) + "\n", encoding="utf-8")  # JSON is YAML
    for path, rows in zip(
        paths[1:], (questions(world, n, seed), questions(world, SHOTS, seed, held_out=False)), strict=True
    ):
        path.write_text("".join(json.dumps(asdict(row)) + "\n" for row in rows), encoding="utf-8")
    return paths
