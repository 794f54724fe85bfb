"""What one artifact costs to make: its rows and their lengths, and the work with a model, the calls and the disk that
they lead to.

Rows are exact from the record where the artifact is finished; else by the rule of its class (`Artifact.row_count`),
down to what is finished, declared (an `n`, a published number of rows) or assumed. What none of them tells stays
unknown, with the name of what has to be there first. Stages without a model (reading, segmenting, arranging, selecting,
the micro judge) take seconds to minutes and are counted as nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from pathlib import Path

from humpback.core.expression import Artifact, Value
from humpback.core.machine import Machine
from humpback.core.store import Damaged, Store
from humpback.core.tables import EXAMPLES
from humpback.costs import assumptions
from humpback.costs.hours import Accelerator, Run, reading_and_writing, training
from humpback.costs.shapes import shape_of
from humpback.costs.shares import shares_of, sources_of
from humpback.engines.endpoint.calls import Usage
from humpback.inputs.prompt_file import load_prompt
from humpback.micro.benchmark import OPTIONS
from humpback.spec import curation, data, files, micro_sets, outcomes
from humpback.spec.benchmarks import Benchmarked
from humpback.spec.contamination import Contamination
from humpback.spec.models import Finetuned, Pretrained, Reward, ServedModel
from humpback.spec.sources import SOURCES
from humpback.spec.template import Model

_ASIDE = ("against", "to", "same_size_as", "without", "besides")
"""Fields whose rows a stage looks at and does not go through."""
_WHOLE = 1 << 25
"""Bytes up to which a finished table is read for its lengths; a larger one is taken to be as its rule says."""


@dataclass(frozen=True)
class Estimate:
    """Of making one artifact, or several together."""

    rows_in: float | None = None
    """None where it is not known, or there is nothing to count."""
    rows_out: float | None = None
    instruction: float = 0.0
    """Mean characters of a row."""
    output: float = 0.0
    tokens: float = 0.0
    """Tokens that a model here trains on, reads and writes."""
    run: Run = field(default_factory=Run)
    usage: Usage = field(default_factory=Usage)
    """Calls of the machine's endpoint; completions counted at their longest."""
    disk: float = 0.0
    """Bytes."""
    unknown: str = ""
    """What has to be there before its cost is assumptions."""

    @property
    def characters(self) -> float:
        """Of one row."""
        return self.instruction + self.output

    def __add__(self, other: Estimate) -> Estimate:
        return Estimate(
            rows_in=(self.rows_in or 0.0) + (other.rows_in or 0.0),
            rows_out=(self.rows_out or 0.0) + (other.rows_out or 0.0),
            tokens=self.tokens + other.tokens,
            run=self.run + other.run,
            usage=self.usage + other.usage,
            disk=self.disk + other.disk,
            unknown=self.unknown or other.unknown,
        )


class Estimates:
    """Estimates on one accelerator, and what they rest on."""

    def __init__(self, store: Store, texts: assumptions.Texts, accelerator: Accelerator, machine: Machine) -> None:
        self._store, self._texts, self._accelerator, self._machine = store, texts, accelerator, machine
        self._found: dict[str, Estimate] = {}
        self._assumed: dict[str, None] = {}
        self._unmeasured: dict[str, None] = {}

    @property
    def assumed(self) -> tuple[str, ...]:
        """What the estimates so far rest on, in words, in the order in which it was first used."""
        lengths = f"lengths of {', '.join(self._unmeasured)}, which were not measured"
        return (*self._assumed, *([lengths] if self._unmeasured else []))

    def of(self, artifact: Artifact) -> Estimate:
        """What making the artifact costs; of a finished one its rows and lengths alone."""
        key = artifact.fingerprint
        if key not in self._found:
            self._found[key] = self._finished(artifact) or self._unfinished(artifact)
        return self._found[key]

    def _finished(self, artifact: Artifact) -> Estimate | None:
        try:
            counts = self._store.record(artifact).counts
        except (FileNotFoundError, NotADirectoryError, Damaged):
            return None
        rows = counts.get("kept", counts.get("in"))
        lengths = _measured(self._store.folder(artifact) / EXAMPLES) or self._lengths(artifact)
        return None if rows is None else Estimate(None, float(rows), *lengths)

    def _unfinished(self, artifact: Artifact) -> Estimate:
        if isinstance(artifact, Finetuned) or (isinstance(artifact, Pretrained) and not artifact.shipped):
            return self._trained(artifact)
        if isinstance(artifact, Model):
            return Estimate()
        rows_in, rows = self._rows_in(artifact), self._rows(artifact)
        if isinstance(artifact, Contamination):
            return Estimate(rows_in)
        found = Estimate(rows_in, rows, *self._lengths(artifact))
        # What is drawn from or chosen lies beside what is kept.
        disk = assumptions.COMPRESSED * max(rows_in or 0.0, rows or 0.0) * found.characters
        if rows is None:
            return replace(found, disk=disk, unknown=self._waits_for(artifact))
        return self._with_model(artifact, replace(found, disk=disk), rows)

    def _rows_in(self, artifact: Artifact) -> float | None:
        rows = [self.of(one).rows_out for one in _inputs(artifact)]
        return None if not rows or None in rows else sum(one or 0.0 for one in rows)

    def _rows_of(self, value: Value) -> float | None:
        if isinstance(value, Artifact):
            return self.of(value).rows_out
        published = SOURCES.get(value.name) if isinstance(value, files.Source) else None
        return None if published is None or published.rows is None else float(published.rows)

    def _rows(self, artifact: Artifact) -> float | None:
        rows = artifact.row_count(self._rows_of)
        match artifact:
            case data.Segments(pages=data.MicroPages(n=n)):
                return n * assumptions.MICRO_SEGMENTS
            case curation.Selected(rated=rated, at_least=k):
                whole, shares = self.of(rated).rows_out, shares_of(rated, micro=self._texts is assumptions.MICRO)
                if shares is not None:
                    self._assumed[shares.said] = None
                return None if whole is None or shares is None else whole * shares.at(k)
            case files.Distinct(parts=parts) if rows is not None:
                return rows - assumptions.EQUAL.get(frozenset(name for part in parts for name in sources_of(part)), 0)
            case files.Deduplicated():
                self._assumed["no near-duplicates"] = None
            case curation.Sample(examples=whole, n=n) if 0 < (there := self.of(whole).rows_out or 0.0) < n:
                words = f"{artifact.slug}: {n:,} are to be drawn of about {there:,.0f}, which would not do"
                self._assumed[words] = None
        return rows

    def _waits_for(self, artifact: Artifact) -> str:
        if isinstance(artifact, Benchmarked):
            return f"the data of {', '.join(task.name for task in artifact.tasks)}"
        inputs = _inputs(artifact)
        unknown = next((one for one in map(self.of, inputs) if one.rows_out is None), None)
        if unknown is not None:
            return unknown.unknown
        if inputs:
            return f"the {type(artifact).__name__.lower()} of {inputs[0].slug}"
        return ", ".join(sources_of(artifact)) or artifact.slug

    def _lengths(self, artifact: Artifact) -> tuple[float, float]:
        """Mean characters of instruction and output."""
        texts, inputs = self._texts, list(map(self.of, _inputs(artifact)))
        match artifact:
            case data.Reversed():
                return inputs[0].output, inputs[0].instruction
            case data.Segments():
                return 0.0, texts.segment
            case data.Backtranslated():
                return texts.instruction, inputs[0].output
            case outcomes.Responses() | outcomes.MicroReference() | micro_sets.MicroAnswers():
                if texts is assumptions.PAPERS:
                    self._assumed[f"answers of {texts.answer:,.0f} characters (those of Humpback-65B)"] = None
                return inputs[0].instruction, texts.answer
            case data.MicroTexts():
                return 0.0, assumptions.MICRO_TEXT
            case data.MicroPrompts() | micro_sets.MicroTestSet():
                return texts.instruction, 0.0
            case files.OpenAssistant():
                return assumptions.SEED_DATA
            case data.Pages() | Benchmarked() | outcomes.AnswerLosses():
                return 0.0, 0.0
        if inputs:
            weights = [one.rows_out or 1.0 for one in inputs]
            instruction, output = (
                sum(n * length for n, length in zip(weights, lengths, strict=True)) / sum(weights)
                for lengths in ([one.instruction for one in inputs], [one.output for one in inputs])
            )
            return instruction, output
        if hasattr(artifact, "world"):
            return texts.instruction, texts.answer
        names = sources_of(artifact) or [artifact.slug]
        self._unmeasured |= {name: None for name in names if name not in assumptions.LENGTHS}
        found = [assumptions.LENGTHS.get(name, assumptions.UNMEASURED) for name in names]
        return sum(one for one, _ in found) / len(found), sum(one for _, one in found) / len(found)

    def _trained(self, node: Pretrained | Finetuned) -> Estimate:
        base, texts = (node.base, node.examples) if isinstance(node, Finetuned) else (node, node.texts)
        rows, shape, on = self.of(texts), shape_of(base, self._machine), self._accelerator
        if shape is None:
            return Estimate(rows.rows_out, unknown=_no_shape(base))
        around = node.template.size if isinstance(node, Finetuned) else 0
        tokens = min((around + rows.characters) / self._texts.token + 1, shape.context)
        if isinstance(node, Pretrained):
            units = 1 if on.memory else self._machine.workers  # a CPU's cores all go to it
            run = training(shape, node.updates, node.batch, tokens, on, units=units)
            trained = node.updates * node.batch * tokens
            return Estimate(rows.rows_out, tokens=trained, run=run, disk=4.0 * shape.parameters)
        recipe = node.recipe
        disk = 4.0 * (shape.adapted(recipe.adapter) if recipe.adapter else shape.parameters)
        if rows.rows_out is None:
            return Estimate(disk=disk, unknown=rows.unknown)
        n, tokens = max(1, round(rows.rows_out)), min(tokens, recipe.longest)
        updates, batch = recipe.updates_for(n), recipe.batch_for(n)
        in_bf16 = bool(on.memory) and (self._machine.device, self._machine.precision) != ("cuda", "float32")
        frozen = shape.frozen(recipe.adapter, 2 if in_bf16 else 4)
        run = training(shape, updates, batch, tokens, on, recipe.longest, recipe.adapter, frozen, autocast=in_bf16)
        return Estimate(rows.rows_out, tokens=updates * batch * tokens, run=run, disk=disk)

    def _with_model(self, artifact: Artifact, found: Estimate, rows: float) -> Estimate:
        """With what asking a model about each row takes, where its stage does."""
        match artifact:
            case data.Backtranslated(segments=segments, by=model, sampling=sampling):
                prompt, written = self.of(segments).output, self._texts.instruction
                return self._asked(found, model, rows, prompt, sampling.max_new_tokens, written)
            case curation.Rated(candidates=candidates, by=curation.ModelRater(model=model, scoring=scoring)):
                asked = load_prompt(scoring.prompt, self._machine).fill(instruction="", output="")
                prompt = len(asked) + self.of(candidates).characters
                if isinstance(scoring, curation.ExpectedScore):
                    return self._asked(found, model, rows, prompt)
                if isinstance(scoring, curation.SampledScore):
                    self._assumed["every rating parsed at the first asking"] = None
                    rows *= scoring.n
                written = assumptions.REASONING
                found = replace(found, disk=found.disk + assumptions.COMPRESSED * rows * written)
                return self._asked(found, model, rows, prompt, scoring.sampling.max_new_tokens, written)
            case outcomes.Responses(model=model, prompts=prompts, sampling=sampling, system=system):
                prompt = self.of(prompts).instruction + len(" ".join(system))
                return self._asked(found, model, rows, prompt, sampling.max_new_tokens, self._texts.answer)
            case outcomes.AnswerLosses(model=model, pairs=pairs, system=system):
                return self._asked(found, model, rows, self.of(pairs).characters + len(" ".join(system)))
            case outcomes.Judged(answers=ours, against=theirs, by=outcomes.LocalJudge(model=model)):
                return self._asked(found, model, 2 * rows, self.of(ours).characters + self.of(theirs).output)
            case outcomes.Judged(answers=read, by=Reward(model=model)) | curation.Rated(read, by=Reward(model=model)):
                texts = rows * (2 if isinstance(artifact, outcomes.Judged) else 1)
                return self._asked(found, model, texts, self.of(read).characters)
            case outcomes.Judged(answers=ours, against=theirs, by=outcomes.AlpacaEvalJudge(config=config)):
                text, longest = assumptions.JUDGES.get(config, assumptions.OTHER_JUDGE)
                if config not in assumptions.JUDGES:
                    self._assumed[f"the length of {config}'s prompt and replies"] = None
                prompt = text + self.of(ours).characters + self.of(theirs).output
                return _called(found, 2 * rows, prompt, longest)
            case Benchmarked(model=model, shots=shots):
                question = assumptions.MICRO.instruction + assumptions.MICRO.answer
                return self._asked(found, model, OPTIONS * rows, question * (1 + (shots or 0)))
        return found

    def _asked(
        self, found: Estimate, model: Model, times: float, prompt: float, longest: int = 0, written: float = 0.0
    ) -> Estimate:
        """With a model that is asked so often, here or behind the endpoint. `longest` limits a reply, in tokens; prompt
        and what is written count characters."""
        if isinstance(model, ServedModel):
            return _called(found, times, prompt, longest)
        shape = shape_of(model, self._machine)
        if shape is None:
            return replace(found, unknown=_no_shape(model))
        read = min((model.template.size + prompt) / self._texts.token, shape.context)
        run = reading_and_writing(shape, times, read, longest, self._accelerator, self._machine)
        return replace(found, tokens=times * (read + min(written / self._texts.token, longest)), run=run)


def _called(found: Estimate, times: float, prompt: float, longest: int) -> Estimate:
    calls = round(times)
    return replace(found, usage=Usage(calls, round(calls * prompt / assumptions.PAPERS.token), calls * longest))


def _inputs(artifact: Artifact) -> list[Artifact]:
    held = [getattr(artifact, one.name) for one in fields(artifact) if one.name not in _ASIDE]
    flat = [one for value in held for one in (value if isinstance(value, tuple) else (value,))]
    return [one for one in flat if isinstance(one, (data.Examples, data.Pages))]


def _no_shape(model: Model) -> str:
    return f"the config.json of {model.slug}"


def _measured(path: Path) -> tuple[float, float] | None:
    """Mean characters of instruction and output of a finished table; None where there is none, or it is large."""
    if not path.is_file() or path.stat().st_size > _WHOLE:
        return None
    import pyarrow.parquet as pq

    with pq.ParquetFile(path) as file:
        table = file.read(columns=["instruction", "output"])
    first, second = (
        sum(map(len, table.column(name).to_pylist())) / max(table.num_rows, 1) for name in ("instruction", "output")
    )
    return first, second
