"""Tests whose data are public files that were pulled: their task files, laid out so that nothing is asked of the hub.

The prompts, what ends an answer and how it is scored are lm-eval's: IFEval's file includes a copy of its own,
HumanEval's has the tests run by `harness/evals/sandbox.py` in the place of a metric of the hub's, and Social IQa's
1,954 validation questions are BIG-bench's copy, in which context and question are one text. BBH and MMLU
are groups of tasks.
"""

from __future__ import annotations

import json
import shutil
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from humpback.core.store import StoreError
from humpback.evals.pulled_groups import lay_out_group
from humpback.spec.benchmarks import PulledTask
from humpback.spec.files import File, Source

_NLTK_DATA = "nltk_data"
_TASKS = {
    "ifeval": """
include: ifeval_yaml
task: ifeval
dataset_path: json
dataset_kwargs: {{data_files: {{train: {data}}}}}
""",
    "humaneval": """
task: humaneval
dataset_path: json
dataset_kwargs: {{data_files: {{test: {data}}}}}
unsafe_code: true
output_type: generate_until
test_split: test
num_fewshot: 0
doc_to_text: "{{{{prompt}}}}"
doc_to_target: "{{{{canonical_solution}}}}"
generation_kwargs:
  until: ["\\nclass", "\\ndef", "\\n#", "\\nif", "\\nprint"]
  max_gen_toks: 1024
  do_sample: false
process_results: !function humpback.evals.checks.human_eval
metric_list: [{{metric: pass@1, aggregation: mean, higher_is_better: true}}]
metadata: {{version: 1.0}}
""",
    "social_iqa": """
task: social_iqa
dataset_path: json
dataset_kwargs: {{data_files: {{validation: {data}}}}}
output_type: multiple_choice
validation_split: validation
num_fewshot: 0
doc_to_text: "Q: {{{{question}}}}\\nA:"
doc_to_choice: answers
doc_to_target: right
metric_list: [{{metric: acc, aggregation: mean, higher_is_better: true}}]
metadata: {{version: 0.0}}
""",
}


def lay_out_pulled(task: PulledTask, place: Path, file: Callable[[File | Source], Path]) -> None:
    """Write a task's YAML, or a group's, into `place`, and its data beside it; `file` says where each lies.

    Raises:
        StoreError: when a file was not pulled, or is not what was published.
    """
    import lm_eval  # type: ignore[import-untyped]

    rows, *others = [file(source) for source in task.data]
    if task.name in ("bbh", "mmlu"):
        lay_out_group(task.name, rows, place)
        return
    if task.name == "social_iqa":
        _write_big_bench(rows, place / rows.name)
    else:
        shutil.copyfile(rows, place / rows.name)
    for path in others:
        try:
            with zipfile.ZipFile(path) as archive:
                archive.extractall(place / _NLTK_DATA / "tokenizers")
        except zipfile.BadZipFile as error:
            raise StoreError(f"{path}: no zip archive ({error})") from error
    if task.name == "ifeval":
        of_lm_eval = Path(lm_eval.__file__).parent / "tasks" / "ifeval"
        shutil.copyfile(of_lm_eval / "ifeval.yaml", place / "ifeval_yaml")
        shutil.copyfile(of_lm_eval / "utils.py", place / "utils.py")
    text = _TASKS[task.name].format(data=rows.name)
    (place / f"{task.name}.yaml").write_text(text, encoding="utf-8")


def _write_big_bench(source: Path, target: Path) -> None:
    """Write the questions of a multiple-choice task of BIG-bench as JSON Lines.

    Raises:
        StoreError: where it holds a question without one right answer.
    """
    found = []
    for number, row in enumerate(json.loads(source.read_text(encoding="utf-8"))["examples"]):
        scores = list(row["target_scores"].values())
        if sorted(scores) != [*[0] * (len(scores) - 1), 1]:
            raise StoreError(f"{source}: examples[{number}] has the scores {scores}; one answer is to have 1, others 0")
        asked = {"question": row["input"].strip(), "answers": list(row["target_scores"]), "right": scores.index(1)}
        found.append(json.dumps(asked) + "\n")
    target.write_text("".join(found), encoding="utf-8")


@contextmanager
def nltk_data_below(place: Path) -> Iterator[None]:
    """Within it, NLTK finds the data that were laid out anywhere below a folder before any other."""
    found = [str(path) for path in sorted(place.rglob(_NLTK_DATA))]
    if not found:
        yield
        return
    import nltk  # type: ignore[import-untyped]

    before = list(nltk.data.path)
    nltk.data.path[:0] = found
    try:
        yield
    finally:
        nltk.data.path[:] = before
