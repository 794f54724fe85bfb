"""What one artifact costs to make: its sizes, and the work with a model, the calls and the disk that they lead to.

Stages without a model (reading, segmenting, arranging, selecting, the micro judge) take seconds to minutes and are
counted as nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from humpback.core.expression import Artifact
from humpback.core.machine import Machine
from humpback.costs import assumptions as known
from humpback.costs.hardware import Accelerator
from humpback.costs.shapes import shape_of
from humpback.costs.size import Size
from humpback.costs.sizes import Sizes
from humpback.costs.work import Run, pretraining, reading_and_writing, training
from humpback.engines.endpoint.budget import Usage
from humpback.micro.benchmark import OPTIONS
from humpback.spec import curation, data, models, outcomes
from humpback.spec.benchmarks import Benchmarked, MicroFacts
from humpback.spec.template import Model

_INPUTS = ("candidates", "rated", "examples", "segments", "pages", "prompts", "answers", "first", "second")
"""Fields that hold the rows which a stage goes through."""
NO_WORK, NO_CALLS = Run(0.0), Usage()


@dataclass(frozen=True)
class Estimate:
    """Of making one artifact."""

    rows_in: float | None = None
    """None where it is not known, or there is nothing to count."""
    rows_out: float | None = None
    tokens: float = 0.0
    """That a model here trains on, reads and writes."""
    run: Run = NO_WORK
    usage: Usage = NO_CALLS
    """Calls of the machine's endpoint; completions counted at their longest."""
    disk: float = 0.0
    """Bytes."""
    unknown: str = ""
    """What its cost is not known before."""


class Estimates:
    """Estimates on one accelerator."""

    def __init__(self, sizes: Sizes, accelerator: Accelerator, machine: Machine) -> None:
        self._sizes, self._accelerator, self._machine = sizes, accelerator, machine

    def of(self, artifact: Artifact) -> Estimate:
        """What making the artifact costs."""
        match artifact:
            case models.HubModel() | models.FolderModel() | models.GgufModel() | models.ServedModel():
                return Estimate()
            case models.Pretrained():
                return self._pretrained(artifact)
            case models.Finetuned():
                return self._finetuned(artifact)
        size = self._sizes.of(artifact)
        found = Estimate(self._rows_in(artifact), size.rows, disk=self._disk(artifact, size))
        match artifact:
            case data.Backtranslated(segments=segments, by=by, sampling=sampling):
                prompt = self._of_backward(by) + self._sizes.of(segments).output
                return self._asked(found, by, segments, prompt, sampling.max_new_tokens, size.instruction)
            case curation.Rated(candidates=candidates, by=curation.ModelRater() as rater):
                return self._rated(found, candidates, rater)
            case outcomes.Responses(model=model, prompts=prompts, sampling=sampling, system=system):
                prompt = self._sizes.of(prompts).instruction + len(" ".join(system))
                return self._asked(found, model, prompts, prompt, sampling.max_new_tokens, size.output)
            case outcomes.Judged():
                return self._judged(found, artifact)
            case Benchmarked():
                return self._benchmarked(artifact)
        return found if size.rows is not None else replace(found, unknown=size.waits_for)

    def _pretrained(self, node: models.Pretrained) -> Estimate:
        size, shape = self._sizes.of(node.texts), shape_of(node, self._machine)
        if shape is None:
            return Estimate(size.rows, unknown=_no_shape(node))
        tokens = min(size.characters / self._characters(node) + 1, node.shape.context)
        run = pretraining(shape, node.updates, node.batch, tokens, self._accelerator, self._machine.workers)
        return Estimate(size.rows, None, node.updates * node.batch * tokens, run, disk=4 * shape.parameters)

    def _finetuned(self, node: models.Finetuned) -> Estimate:
        size, shape = self._sizes.of(node.examples), shape_of(node.base, self._machine)
        if shape is None:
            return Estimate(size.rows, unknown=_no_shape(node.base))
        disk = 4.0 * (shape.adapted(node.recipe.adapter) if node.recipe.adapter else shape.parameters)
        if size.rows is None:
            return Estimate(unknown=size.waits_for, disk=disk)
        recipe, rows = node.recipe, max(1, round(size.rows))
        prompt = node.template.size
        tokens = min((prompt + size.characters) / self._characters(node) + 1, recipe.longest, shape.context)
        trained = recipe.updates_for(rows) * recipe.batch_for(rows) * tokens
        return Estimate(size.rows, None, trained, training(shape, recipe, rows, tokens, self._accelerator), disk=disk)

    def _rated(self, found: Estimate, candidates: data.Examples, rater: curation.ModelRater) -> Estimate:
        scoring = rater.scoring
        prompt = len(scoring.prompt.fill(instruction="", output="")) + self._sizes.of(candidates).characters
        match scoring:
            case curation.ExpectedScore():
                return self._asked(found, rater.model, candidates, prompt, 0, 0)
            case curation.SampledScore(sampling=sampling, n=n):
                self._sizes.assume("every rating parsed at the first asking")
                return self._asked(found, rater.model, candidates, prompt, sampling.max_new_tokens, known.REASONING, n)
        return self._asked(found, rater.model, candidates, prompt, scoring.sampling.max_new_tokens, known.REASONING)

    def _judged(self, found: Estimate, node: outcomes.Judged) -> Estimate:
        ours, theirs = self._sizes.of(node.answers), self._sizes.of(node.against)
        shown = ours.instruction + ours.output + theirs.output
        match node.by:
            case outcomes.LocalJudge(model=model):
                return self._asked(found, model, node.answers, shown, 0, 0, times=2)
            case outcomes.AlpacaEvalJudge(config=config):
                text, longest = known.JUDGES.get(config, known.OTHER_JUDGE)
                if config not in known.JUDGES:
                    self._sizes.assume(f"the length of {config}'s prompt and replies")
                return self._called(found, node.answers, text + shown, longest, times=2)
        return found if found.rows_out is not None else replace(found, unknown=ours.waits_for)

    def _benchmarked(self, node: Benchmarked) -> Estimate:
        asked = [task.n for task in node.tasks if isinstance(task, MicroFacts)]
        if len(asked) < len(node.tasks):
            return Estimate(unknown=f"the data of {', '.join(task.name for task in node.tasks)}")
        rows = float(sum(min(n, node.limit or n) for n in asked))
        shown = sum(known.MICRO_LENGTHS) * (1 + (node.shots or 0))
        return self._read(Estimate(rows, rows), node.model, rows * OPTIONS, shown, 0, 0)

    def _asked(
        self,
        found: Estimate,
        model: Model,
        asked: data.Examples,
        prompt: float,
        longest: int,
        written: float,
        times: int = 1,
    ) -> Estimate:
        """A model asked `times` about each row: here, or behind the endpoint. Prompt and reply in characters, the limit
        in tokens."""
        if isinstance(model, models.ServedModel):
            return self._called(found, asked, prompt, longest, times)
        size = self._sizes.of(asked)
        if size.rows is None:
            return replace(found, unknown=size.waits_for)
        return self._read(found, model, size.rows * times, prompt, longest, written)

    def _read(
        self, found: Estimate, model: Model, rows: float, prompt: float, longest: int, written: float
    ) -> Estimate:
        shape = shape_of(model, self._machine)
        if shape is None:
            return replace(found, unknown=_no_shape(model))
        by_token = self._characters(model)
        read = min((model.template.size + prompt) / by_token, shape.context)
        run = reading_and_writing(shape, rows, read, longest, self._accelerator, self._machine)
        return replace(found, tokens=rows * (read + min(written / by_token, longest)), run=run)

    def _called(self, found: Estimate, asked: data.Examples, prompt: float, longest: int, times: int = 1) -> Estimate:
        size = self._sizes.of(asked)
        if size.rows is None:
            return replace(found, unknown=size.waits_for)
        calls = round(size.rows * times)
        return replace(found, usage=Usage(calls, round(calls * prompt / known.CHARACTERS_A_TOKEN), calls * longest))

    def _of_backward(self, by: Model) -> float:
        """Characters of the prompt that the backward model was trained under."""
        examples = by.examples if isinstance(by, models.Finetuned) else None
        return len(examples.prompt.fill(output="")) if isinstance(examples, data.Reversed) else 0.0

    def _characters(self, model: Model) -> float:
        """Of a token."""
        return known.MICRO_CHARACTERS_A_TOKEN if self._sizes.micro(model) else known.CHARACTERS_A_TOKEN

    def _rows_in(self, artifact: Artifact) -> float | None:
        given: list[Any] = [getattr(artifact, field, None) for field in _INPUTS]
        rows = [self._sizes.of(one).rows for one in given if isinstance(one, Artifact)]
        return None if not rows or None in rows else sum(one or 0.0 for one in rows)

    def _disk(self, artifact: Artifact, size: Size) -> float:
        """Of a table, its text compressed. What is drawn from or chosen lies beside what is kept."""
        match artifact:
            case curation.Selected() | curation.Best() | curation.Uniform() | curation.Sample():
                return known.SHARE_COMPRESSED * (self._rows_in(artifact) or 0.0) * size.characters
            case curation.Rated(by=curation.ModelRater(scoring=curation.SampledScore(n=replies))):
                written = replies * known.REASONING
            case curation.Rated(by=curation.ModelRater(scoring=curation.FirstLineScore())):
                written = known.REASONING
            case _:
                written = 0.0
        return known.SHARE_COMPRESSED * (size.rows or 0.0) * (size.characters + written)


def _no_shape(model: Model) -> str:
    return f"the config.json of {model.slug}"
