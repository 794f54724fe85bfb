"""How many rows an artifact will have, and how long they are.

Exact from the record where the artifact is finished; else by the rule of its class (`Artifact.row_count`), down to what
is finished, declared (an `n`, a published number of rows) or assumed (`assumptions.py`). What none of them tells stays
unknown, with the name of what has to be there first.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from humpback.core.expression import Artifact, Value
from humpback.core.store import Damaged, Store
from humpback.core.tables import EXAMPLES
from humpback.costs import assumptions as known
from humpback.spec import curation, data, files, micro_sets, outcomes, prompts
from humpback.spec.benchmarks import Benchmarked
from humpback.spec.curation import ExpectedScore, FirstLineScore, ModelRater, Rated, SampledScore
from humpback.spec.files import Scored
from humpback.spec.models import ServedModel
from humpback.spec.sources import SOURCES

_INPUTS = ("candidates", "rated", "examples", "segments", "pages", "prompts", "parts", "answers", "first", "second")
"""Fields that hold the rows which a stage goes through."""
_WHOLE = 1 << 25
"""Bytes up to which a finished table is read for its lengths; a larger one is taken to be as its rule says."""


@dataclass(frozen=True)
class Size:
    """Of an artifact."""

    rows: float | None
    instruction: float
    """Mean characters."""
    output: float
    waits_for: str
    """Where the rows are not known: what has to be there first."""

    @property
    def characters(self) -> float:
        """Of one row."""
        return self.instruction + self.output


class Sizes:
    """The sizes of artifacts in one store, and what was assumed for them."""

    def __init__(self, store: Store, texts: known.Texts) -> None:
        self._store, self.texts = store, texts
        self._found: dict[str, Size] = {}
        self._assumed: dict[str, None] = {}
        self._unmeasured: dict[str, None] = {}

    @property
    def assumed(self) -> tuple[str, ...]:
        """What the sizes asked for so far rest on, in words, in the order in which it was first used."""
        lengths = f"lengths of {', '.join(self._unmeasured)}, which were not measured"
        return (*self._assumed, *([lengths] if self._unmeasured else []))

    def assume(self, words: str) -> None:
        """Put on the list of what was assumed."""
        self._assumed[words] = None

    def of(self, artifact: Artifact) -> Size:
        """The size of an artifact, finished or not."""
        key = artifact.fingerprint
        if key not in self._found:
            rows = self._recorded_rows(artifact)
            lengths = None if rows is None else _measured(self._store.folder(artifact) / EXAMPLES)
            rows = self._ruled(artifact) if rows is None else rows
            waits_for = self._waits_for(artifact) if rows is None else ""
            self._found[key] = Size(rows, *(lengths or self._lengths(artifact)), waits_for)
        return self._found[key]

    def rows_in(self, artifact: Artifact) -> float | None:
        """Rows that its stage goes through; None where they are not known, or it goes through none."""
        rows = [self.of(one).rows for one in _inputs(artifact)]
        return None if not rows or None in rows else sum(one or 0.0 for one in rows)

    def _recorded_rows(self, artifact: Artifact) -> float | None:
        try:
            counts = self._store.record(artifact).counts
        except (FileNotFoundError, NotADirectoryError, Damaged):
            return None
        rows = counts.get("kept", counts.get("in"))
        return None if rows is None else float(rows)

    def _rows(self, value: Value) -> float | None:
        if isinstance(value, Artifact):
            return self.of(value).rows
        published = SOURCES.get(value.name) if isinstance(value, files.Source) else None
        return None if published is None else published.rows

    def _ruled(self, artifact: Artifact) -> float | None:
        rows = artifact.row_count(self._rows)
        match artifact:
            case data.Segments(pages=data.MicroPages(n=n)):
                return n * known.MICRO_SEGMENTS
            case curation.Selected(rated=rated, at_least=k):
                whole, shares = self.of(rated).rows, self._shares(rated)
                if shares is not None:
                    self.assume(shares.said)
                return None if whole is None or shares is None else whole * shares.at(k)
            case files.Distinct(parts=parts) if rows is not None:
                return rows - known.EQUAL.get(frozenset(name for part in parts for name in _sources(part)), 0)
            case files.Deduplicated():
                self.assume("no near-duplicates")
            case curation.Sample(examples=whole, n=n) if (self.of(whole).rows or n) < n:
                there = self.of(whole).rows
                self.assume(f"{artifact.slug}: {n:,} are to be drawn of about {there:,.0f}, which would not do")
        return rows

    def _shares(self, rated: data.Examples) -> known.Shares | None:
        """The shares that a rater's thresholds keep, as the papers published them. Raters differ by more than any rule
        can tell, so these are the least certain of all sizes."""
        match rated:
            case Rated(by=ModelRater(scoring=SampledScore() | ExpectedScore())) if self.texts is known.MICRO:
                return known.MICRO_MODEL
            case _ if self.texts is known.MICRO:
                return known.MICRO_ORACLE
            case Rated(by=ModelRater(scoring=SampledScore())):
                return known.HUMPBACK
            case Rated(by=ModelRater(scoring=FirstLineScore(prompt=prompts.ALPAGASUS_HELPFULNESS))):
                return known.ALPAGASUS.scaled(known.HELPFUL)
            case Scored(dimension="helpfulness"):
                return known.ALPAGASUS.scaled(known.HELPFUL)
            case Rated(by=ModelRater(model=ServedModel(served_as=name), scoring=FirstLineScore())) if "claude" in name:
                return known.ALPAGASUS.scaled(known.CLAUDE)
            case Scored() | Rated(by=ModelRater(scoring=FirstLineScore())):
                dolly = any("dolly" in _sources(one) for one in _inputs(rated))
                return known.ALPAGASUS.scaled(known.DOLLY) if dolly else known.ALPAGASUS
        return None

    def _waits_for(self, artifact: Artifact) -> str:
        if isinstance(artifact, Benchmarked):
            return f"the data of {', '.join(task.name for task in artifact.tasks)}"
        inputs = _inputs(artifact)
        unknown = next((one for one in inputs if self.of(one).rows is None), None)
        if unknown is not None:
            return self.of(unknown).waits_for
        if inputs:
            return f"the {type(artifact).__name__.lower()} of {inputs[0].slug}"
        return ", ".join(_sources(artifact)) or artifact.slug

    def _lengths(self, artifact: Artifact) -> tuple[float, float]:
        """Mean characters of instruction and output."""
        texts = self.texts
        sizes = [self.of(one) for one in _inputs(artifact)]
        match artifact:
            case data.Reversed():
                return sizes[0].output, sizes[0].instruction
            case data.Segments():
                return 0.0, texts.segment
            case data.Backtranslated():
                return texts.instruction, sizes[0].output
            case outcomes.Responses() | outcomes.MicroReference() | micro_sets.MicroAnswers():
                if texts is known.PAPERS:
                    self.assume(f"answers of {texts.answer:,.0f} characters (those of Humpback-65B)")
                return sizes[0].instruction, texts.answer
            case data.MicroTexts():
                return 0.0, known.MICRO_TEXT
            case data.MicroPrompts() | micro_sets.MicroTestSet():
                return texts.instruction, 0.0
            case files.OpenAssistant():
                return known.SEED_DATA
            case data.Pages():
                return 0.0, 0.0
        if sizes:
            weights = [one.rows or 1.0 for one in sizes]
            whole = sum(weights)
            return (
                sum(n * one.instruction for n, one in zip(weights, sizes, strict=True)) / whole,
                sum(n * one.output for n, one in zip(weights, sizes, strict=True)) / whole,
            )
        if hasattr(artifact, "world"):
            return texts.instruction, texts.answer
        return self._public_lengths(artifact)

    def _public_lengths(self, artifact: Artifact) -> tuple[float, float]:
        names = _sources(artifact) or [artifact.slug]
        unmeasured = [name for name in names if name not in known.LENGTHS]
        if isinstance(artifact, data.Examples):
            self._unmeasured |= dict.fromkeys(unmeasured)
        if unmeasured:
            return known.UNMEASURED
        found = [known.LENGTHS[name] for name in names]
        return sum(one for one, _ in found) / len(found), sum(one for _, one in found) / len(found)


def _inputs(artifact: Artifact) -> list[Artifact]:
    held = [getattr(artifact, name, None) for name in _INPUTS]
    flat = [one for value in held for one in (value if isinstance(value, tuple) else (value,))]
    return [one for one in flat if isinstance(one, Artifact)]


def _sources(artifact: Artifact) -> list[str]:
    """Names of the public files that it is read from."""
    return [one.name for one in getattr(artifact, "files", ()) if isinstance(one, files.Source)]


def _measured(path: Path) -> tuple[float, float] | None:
    """Mean characters of instruction and output of a finished table; None where there is none, or it is large."""
    if not path.is_file() or path.stat().st_size > _WHOLE:
        return None
    import pyarrow.parquet as pq

    with pq.ParquetFile(path) as file:
        table = file.read(columns=["instruction", "output"])
    rows = max(table.num_rows, 1)
    first, second = (sum(map(len, table.column(name).to_pylist())) / rows for name in ("instruction", "output"))
    return first, second
