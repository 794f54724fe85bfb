"""What one artifact costs to make: its sizes, and the work with a model, the calls and the disk that they lead to.

Stages without a model (reading, segmenting, arranging, selecting, the micro judge) take seconds to minutes and are
counted as nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from humpback.core.expression import Artifact
from humpback.core.machine import Machine
from humpback.costs import assumptions as known
from humpback.costs.hours import Accelerator, Run, pretraining, reading_and_writing, training
from humpback.costs.shapes import shape_of
from humpback.costs.sizes import Sizes
from humpback.engines.endpoint.calls import Usage
from humpback.micro.benchmark import OPTIONS
from humpback.spec.benchmarks import Benchmarked
from humpback.spec.curation import ExpectedScore, ModelRater, Rated, SampledScore
from humpback.spec.data import Backtranslated
from humpback.spec.models import Finetuned, Pretrained, ServedModel
from humpback.spec.outcomes import AlpacaEvalJudge, Judged, LocalJudge, Responses
from humpback.spec.template import Model


@dataclass(frozen=True)
class Estimate:
    """Of making one artifact."""

    rows_in: float | None = None
    """None where it is not known, or there is nothing to count."""
    rows_out: float | None = None
    tokens: float = 0.0
    """That a model here trains on, reads and writes."""
    run: Run = field(default_factory=Run)
    usage: Usage = field(default_factory=Usage)
    """Calls of the machine's endpoint; completions counted at their longest."""
    disk: float = 0.0
    """Bytes."""
    unknown: str = ""
    """What has to be there before its cost is known."""

    def __add__(self, other: Estimate) -> Estimate:
        return Estimate(
            (self.rows_in or 0.0) + (other.rows_in or 0.0),
            (self.rows_out or 0.0) + (other.rows_out or 0.0),
            self.tokens + other.tokens,
            self.run + other.run,
            self.usage + other.usage,
            self.disk + other.disk,
            self.unknown or other.unknown,
        )


@dataclass(frozen=True)
class _Asking:
    """A model that is asked about each row."""

    model: Model | None
    """None for a judge behind the endpoint."""
    prompt: float
    """Characters."""
    longest: int = 0
    """Tokens of a reply, at most; 0 reads alone."""
    written: float = 0.0
    """Characters of a reply."""
    times: int = 1


class Estimates:
    """Estimates on one accelerator."""

    def __init__(self, sizes: Sizes, accelerator: Accelerator, machine: Machine) -> None:
        self._sizes, self._accelerator, self._machine = sizes, accelerator, machine

    def of(self, artifact: Artifact) -> Estimate:
        """What making the artifact costs."""
        if isinstance(artifact, (Pretrained, Finetuned)):
            return self._trained(artifact)
        if isinstance(artifact, Model):
            return Estimate()
        size, rows_in = self._sizes.of(artifact), self._sizes.rows_in(artifact)
        asking = self._asking(artifact)
        characters = size.characters
        if asking and isinstance(artifact, Rated):
            characters += asking.times * asking.written
        # What is drawn from or chosen lies beside what is kept.
        disk = known.COMPRESSED * max(rows_in or 0.0, size.rows or 0.0) * characters
        found = Estimate(rows_in, size.rows, disk=disk, unknown=size.waits_for)
        return self._asked(found, asking, size.rows) if asking and size.rows is not None else found

    def _trained(self, node: Pretrained | Finetuned) -> Estimate:
        base, texts = (node.base, node.examples) if isinstance(node, Finetuned) else (node, node.texts)
        size, shape = self._sizes.of(texts), shape_of(base, self._machine)
        if shape is None:
            return Estimate(size.rows, unknown=_no_shape(base))
        around = node.template.size if isinstance(node, Finetuned) else 0
        tokens = min((around + size.characters) / self._sizes.texts.token + 1, shape.context)
        if isinstance(node, Pretrained):
            run = pretraining(shape, node.updates, node.batch, tokens, self._accelerator, self._machine.workers)
            return Estimate(size.rows, tokens=node.updates * node.batch * tokens, run=run, disk=4 * shape.parameters)
        recipe = node.recipe
        disk = 4.0 * (shape.adapted(recipe.adapter) if recipe.adapter else shape.parameters)
        if size.rows is None:
            return Estimate(unknown=size.waits_for, disk=disk)
        rows, tokens = max(1, round(size.rows)), min(tokens, recipe.longest)
        trained = recipe.updates_for(rows) * recipe.batch_for(rows) * tokens
        run = training(shape, recipe, rows, tokens, self._accelerator)
        return Estimate(size.rows, tokens=trained, run=run, disk=disk)

    def _asking(self, artifact: Artifact) -> _Asking | None:
        sizes = self._sizes
        match artifact:
            case Backtranslated(segments=segments, by=model, sampling=sampling):
                written = sizes.texts.instruction
                return _Asking(model, sizes.of(segments).output, sampling.max_new_tokens, written)
            case Rated(candidates=candidates, by=ModelRater(model=model, scoring=scoring)):
                prompt = len(scoring.prompt.fill(instruction="", output="")) + sizes.of(candidates).characters
                if isinstance(scoring, ExpectedScore):
                    return _Asking(model, prompt)
                times = scoring.n if isinstance(scoring, SampledScore) else 1
                if isinstance(scoring, SampledScore):
                    sizes.assume("every rating parsed at the first asking")
                return _Asking(model, prompt, scoring.sampling.max_new_tokens, known.REASONING, times)
            case Responses(model=model, prompts=prompts, sampling=sampling, system=system):
                prompt = sizes.of(prompts).instruction + len(" ".join(system))
                return _Asking(model, prompt, sampling.max_new_tokens, sizes.of(artifact).output)
            case Judged(answers=ours, against=theirs, by=LocalJudge(model=model)):
                return _Asking(model, sizes.of(ours).characters + sizes.of(theirs).output, times=2)
            case Judged(answers=ours, against=theirs, by=AlpacaEvalJudge(config=config)):
                text, longest = known.JUDGES.get(config, known.OTHER_JUDGE)
                if config not in known.JUDGES:
                    sizes.assume(f"the length of {config}'s prompt and replies")
                return _Asking(None, text + sizes.of(ours).characters + sizes.of(theirs).output, longest, times=2)
            case Benchmarked(model=model, shots=shots):
                question = known.MICRO.instruction + known.MICRO.answer
                return _Asking(model, question * (1 + (shots or 0)), times=OPTIONS)
        return None

    def _asked(self, found: Estimate, asking: _Asking, rows: float) -> Estimate:
        """With the work of asking here, or behind the endpoint."""
        model, times = asking.model, rows * asking.times
        if model is None or isinstance(model, ServedModel):
            calls = round(times)
            prompts = round(calls * asking.prompt / known.PAPERS.token)
            return replace(found, usage=Usage(calls, prompts, calls * asking.longest))
        shape = shape_of(model, self._machine)
        if shape is None:
            return replace(found, unknown=_no_shape(model))
        token = self._sizes.texts.token
        read = min((model.template.size + asking.prompt) / token, shape.context)
        run = reading_and_writing(shape, times, read, asking.longest, self._accelerator, self._machine)
        return replace(found, tokens=times * (read + min(asking.written / token, asking.longest)), run=run)


def _no_shape(model: Model) -> str:
    return f"the config.json of {model.slug}"
