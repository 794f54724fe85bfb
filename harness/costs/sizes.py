"""How many rows an artifact will have, and how long they are.

Exact from the record where the artifact is finished; else by the rule of its class, down to what is finished, declared
(an `n`, a published number of rows) or assumed (`assumptions.py`). What none of them tells stays unknown, with the name
of the artifact that has to be there first.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from humpback.core.expression import Artifact
from humpback.core.store import Damaged, Store
from humpback.core.tables import EXAMPLES
from humpback.costs import assumptions as known
from humpback.costs.size import Size, measured, sources_of, together
from humpback.spec import curation, data, files, outcomes
from humpback.spec import micro_sets as named
from humpback.spec.benchmarks import Benchmarked
from humpback.spec.curation import ExpectedScore, FirstLineScore, MicroOracle, ModelRater, Rated, SampledScore, Selected
from humpback.spec.files import InstructionSet, Scored, Source
from humpback.spec.models import ServedModel
from humpback.spec.prompts import ALPAGASUS_HELPFULNESS
from humpback.spec.sources import SOURCES


class Sizes:
    """The sizes of artifacts in one store, and what was assumed for them."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._found: dict[str, Size] = {}
        self._micro: dict[str, bool] = {}
        self._assumed: dict[str, None] = {}
        self._unmeasured: dict[str, None] = {}

    @property
    def assumed(self) -> tuple[str, ...]:
        """What the sizes asked for so far rest on, in words, in the order in which it was first used."""
        lengths = f"lengths of {', '.join(self._unmeasured)}, which were not measured"
        return (*self._assumed, *([lengths] if self._unmeasured else []))

    def of(self, artifact: Artifact) -> Size:
        """The size of an artifact, finished or not."""
        key = artifact.fingerprint
        if key not in self._found:
            self._found[key] = self._recorded(artifact) or self._ruled(artifact)
        return self._found[key]

    def micro(self, artifact: Artifact) -> bool:
        """Whether it is made of the micro world."""
        key = artifact.fingerprint
        if key not in self._micro:
            self._micro[key] = hasattr(artifact, "world") or any(self.micro(one) for one in artifact.inputs)
        return self._micro[key]

    def assume(self, words: str) -> None:
        """Put on the list of what was assumed."""
        self._assumed[words] = None

    def _recorded(self, artifact: Artifact) -> Size | None:
        try:
            counts = self._store.record(artifact)["counts"]
        except (FileNotFoundError, NotADirectoryError, Damaged):
            return None
        rows = counts.get("kept", counts.get("in"))
        if rows is None:
            return None
        lengths = measured(self._store.folder(artifact) / EXAMPLES)
        ruled = self._ruled(artifact) if lengths is None else Size(rows, *lengths)
        return replace(ruled, rows=float(rows), waits_for="", exact=True)

    def _ruled(self, artifact: Artifact) -> Size:
        match artifact:
            case data.Reversed(examples=one):
                size = self.of(one)
                return replace(size, instruction=size.output, output=size.instruction, exact=False)
            case data.Tagged(examples=one) | files.Scored(examples=one) | curation.Rated(candidates=one):
                return replace(self.of(one), exact=False)
            case files.Deduplicated(examples=one):
                self.assume("no near-duplicates")
                return replace(self.of(one), exact=False)
            case data.Joined(first=first, second=second):
                return together(self.of(first), self.of(second))
            case files.Distinct(parts=parts):
                whole = together(*map(self.of, parts))
                equal = known.EQUAL.get(frozenset(sources_of(parts)), 0)
                return replace(whole, rows=None if whole.rows is None else whole.rows - equal)
            case data.Segments(pages=pages):
                return self._segments(pages)
            case data.Backtranslated(segments=segments):
                size = self.of(segments)
                length = known.MICRO_LENGTHS[0] if self.micro(segments) else known.AUGMENTED
                return replace(size, instruction=length, exact=False)
            case curation.Selected() | curation.Best() | curation.Uniform() | curation.Sample():
                return self._drawn(artifact)
            case outcomes.Responses(prompts=prompts):
                return replace(self.of(prompts), output=self._answer(prompts), exact=False)
            case outcomes.MicroReference(prompts=prompts) | named.MicroAnswers(prompts=prompts):
                return replace(self.of(prompts), output=known.MICRO_LENGTHS[1], exact=False)
            case outcomes.Matched(to=to):
                return replace(self.of(to), exact=False)
            case outcomes.Judged(answers=answers):
                return replace(self.of(answers), exact=False)
            case Benchmarked():
                return Size(None, waits_for=f"the data of {', '.join(task.name for task in artifact.tasks)}")
        return self._from_outside(artifact)

    def _answer(self, prompts: Artifact) -> float:
        if self.micro(prompts):
            return known.MICRO_LENGTHS[1]
        self.assume(f"answers of {known.ANSWER:,.0f} characters (those of Humpback-65B)")
        return known.ANSWER

    def _segments(self, pages: data.Pages) -> Size:
        size = self.of(pages)
        if self.micro(pages):
            rows = None if size.rows is None else size.rows * known.MICRO_SEGMENTS
            return Size(rows, 0, known.MICRO_SEGMENT, size.waits_for)
        return Size(None, 0, known.SEGMENT, size.waits_for or f"the segments of {pages.slug}")

    def _drawn(self, artifact: curation.Selected | curation.Best | curation.Uniform | curation.Sample) -> Size:
        match artifact:
            case curation.Uniform(candidates=whole, as_many_as=like):
                return replace(self.of(whole), rows=self.of(like).rows, waits_for=self.of(like).waits_for, exact=False)
            case curation.Sample(examples=whole, n=n):
                size = self.of(whole)
                if size.rows is not None and size.rows < n:
                    self.assume(f"{artifact.slug}: {n:,} are to be drawn of about {size.rows:,.0f}, which would not do")
                return replace(size, rows=float(n), waits_for="", exact=False)
            case curation.Best(rated=rated, share=wanted):
                size = self.of(rated)
                return replace(size, rows=None if size.rows is None else max(1.0, wanted * size.rows), exact=False)
        size = self.of(artifact.rated)
        kept = share_of(artifact, self)
        if kept is None or size.rows is None:
            return replace(
                size, rows=None, waits_for=size.waits_for or f"the ratings of {artifact.rated.slug}", exact=False
            )
        return replace(self._curated(artifact, size), rows=kept * size.rows, exact=False)

    def _curated(self, artifact: curation.Selected, size: Size) -> Size:
        """Lengths of what Humpback's curation keeps are published; elsewhere they are those of the whole."""
        backtranslated = isinstance(artifact.rated, curation.Rated) and isinstance(
            artifact.rated.candidates, data.Backtranslated
        )
        if not backtranslated or self.micro(artifact):
            return size
        for threshold, instruction, output in known.CURATED:
            if artifact.at_least >= threshold:
                return replace(size, instruction=instruction, output=output)
        return size

    def _from_outside(self, artifact: Artifact) -> Size:
        """Data that are made of no other: their `n`, or the rows of their files as published."""
        n: Any = getattr(artifact, "n", None)
        named_sources = tuple(sources_of((artifact,)))
        rows: float | None = float(n) if isinstance(n, int) else None
        if rows is None and named_sources and not isinstance(artifact, files.OpenAssistant):
            counted = [SOURCES[name].rows if name in SOURCES else None for name in named_sources]
            rows = None if None in counted else float(sum(one or 0 for one in counted))
        instruction, output = self._lengths(artifact, named_sources)
        return Size(rows, instruction, output, "" if rows is not None else ", ".join(named_sources) or artifact.slug)

    def _lengths(self, artifact: Artifact, names: tuple[str, ...]) -> tuple[float, float]:
        match artifact:
            case data.MicroTexts():
                return (0.0, known.MICRO_TEXT)
            case data.MicroPrompts() | named.MicroTestSet():
                return (known.MICRO_LENGTHS[0], 0.0)
            case _ if self.micro(artifact):
                return known.MICRO_LENGTHS
            case data.Pages():
                return (0.0, 0.0)
            case files.OpenAssistant():
                return known.SEED_DATA
        measured = [known.LENGTHS[name] for name in names if name in known.LENGTHS]
        if not isinstance(artifact, data.Examples):
            return (0.0, 0.0)
        if not measured or len(measured) < len(names) or set(names) & set(known.GUESSED):
            self._unmeasured |= dict.fromkeys(names or (artifact.slug,))
        if not measured:
            return known.UNMEASURED
        return (sum(one for one, _ in measured) / len(measured), sum(one for _, one in measured) / len(measured))


def share_of(selected: Selected, sizes: Sizes) -> float | None:
    """The share that will be kept, or None where nothing published tells."""
    rated, k = selected.rated, selected.at_least
    if sizes.micro(selected):
        sizes.assume("shares that raters keep on micro: those of a run of its seed 0")
        return known.share(_micro_table(rated), k)
    match rated:
        case Scored(dimension=dimension, examples=examples):
            return _alpagasus(k, examples, dimension == "helpfulness", False, sizes)
        case Rated(by=ModelRater(model=model, scoring=FirstLineScore(prompt=prompt)), candidates=candidates):
            claude = isinstance(model, ServedModel) and model.served_as.startswith("claude")
            return _alpagasus(k, candidates, prompt == ALPAGASUS_HELPFULNESS, claude, sizes)
        case Rated(by=ModelRater(scoring=SampledScore())):
            sizes.assume("shares that self-curation keeps: Humpback's 8.33 % at 4.5 and 38.84 % at 4")
            return known.share(known.HUMPBACK, k)
    return None


def _micro_table(rated: Artifact) -> tuple[tuple[float, float], ...]:
    match rated:
        case Rated(by=MicroOracle(noise=noise)):
            return known.MICRO_MADE if noise else known.MICRO_ORACLE
        case Rated(by=ModelRater(scoring=ExpectedScore() | SampledScore())):
            return known.MICRO_MODEL
    return known.MICRO_MADE


def _alpagasus(k: float, examples: Artifact, helpful: bool, claude: bool, sizes: Sizes) -> float:
    sizes.assume("shares that AlpaGasus's filter keeps: those of its published scores (17.75 % at 4.5, 75.9 % at 4)")
    found = known.share(known.ALPAGASUS, k)
    at_45 = known.HELPFUL if helpful else known.CLAUDE if claude else known.DOLLY if _is_dolly(examples) else None
    return found if at_45 is None else min(1.0, found * at_45 / known.share(known.ALPAGASUS, 4.5))


def _is_dolly(examples: Artifact) -> bool:
    return isinstance(examples, InstructionSet) and any(
        isinstance(one, Source) and one.name == "dolly" for one in examples.files
    )
