"""Rows on disk: one schema for examples and one for each other table, as Parquet written and read in batches.

What a stage rejects goes to `rejected.parquet` beside what it kept, with the reason, so that re-parsing never means
making it again. Reading and writing stream, so a corpus never has to fit in memory.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from types import TracebackType
from typing import Any, Generic, Self, TypeVar

# pyarrow takes longer to import than a command that reads no rows may take, so it is imported where it is used.

EXAMPLES = "examples.parquet"
REJECTED = "rejected.parquet"
UNREADABLE = "unreadable.parquet"
PAGES = "pages.parquet"
RATINGS = "ratings.parquet"
VERDICTS = "verdicts.parquet"
CALLS = "calls.parquet"
CONTAMINATED = "contaminated.parquet"
GRADES = "grades.parquet"
LOSSES = "losses.parquet"


@dataclass(frozen=True)
class Example:
    """One instruction and its output, either of which may still be empty."""

    id: str
    instruction: str = ""
    output: str = ""
    system: str = ""
    source: str = ""
    """The set that it comes from, such as "seed" or "web"."""
    score: float | None = None
    """Score of the latest rating; None before one, or when the rater's reply had no score."""
    origin: str = "{}"
    """JSON object: what is known of where it comes from."""

    @property
    def known(self) -> dict[str, Any]:
        """`origin`, parsed."""
        parsed: dict[str, Any] = json.loads(self.origin)
        return parsed


@dataclass(frozen=True)
class Rejected:
    """An example that a stage did not keep."""

    id: str
    reason: str
    text: str
    """The raw text in question."""
    score: float | None = None
    origin: str = "{}"


@dataclass(frozen=True)
class Unreadable:
    """A record of somebody's file that could not be used, kept aside with where it stands."""

    file: str
    """Name without folders."""
    place: str
    """Such as "line 12", "row 3", "record 3 at byte 40812"."""
    reason: str
    """What was found and what would do."""
    raw: str
    """The record's first RAW_SHOWN characters, undecodable bytes as backslash escapes."""


RAW_SHOWN = 2_000


@dataclass(frozen=True)
class Page:
    """One web page: HTML, or plain text where that is all there is."""

    url: str
    html: str
    text: str = ""
    """Set where html is empty."""


@dataclass(frozen=True)
class Rating:
    """One reply of a rater, as it came."""

    id: str
    sample: int
    raw: str
    score: float | None
    """Score of the reply; None when it could not be parsed."""


@dataclass(frozen=True)
class Verdict:
    """One call of a judge."""

    prompt: str
    """Id of the prompt."""
    order: str
    """Which answer was shown first: "ab" or "ba"."""
    verdict: str
    """ "first", "second", "tie" or "unparsed", of the answers as they were shown."""
    raw: str
    """The judge's reply; empty when both answers were the same text and it was not asked."""
    a_characters: int
    b_characters: int
    source: str
    """The prompt's set or category."""


@dataclass(frozen=True)
class Grade:
    """One answer rated by itself."""

    question: str
    """Id of the question."""
    category: str
    turn: int
    """1, or 2."""
    score: float | None
    """1 to 10; None when the reply held no rating."""
    raw: str
    """The judge's reply; the server's words where it refused."""
    model: str
    """As the server reports it; empty where it refused."""


@dataclass(frozen=True)
class Contaminated:
    """A prompt that stands in a training set."""

    prompt: str
    """Id of the prompt."""
    kind: str
    """How: "whole", in "part", or "near"."""
    texts: int
    """Number of training examples in which it does."""
    first: str
    """Id of the first of them."""
    shown: str
    """What that example asks, or says where it asks nothing, on one line and cut."""


@dataclass(frozen=True)
class AnswerLoss:
    """How improbable a model found the answer of a pair."""

    id: str
    tokens: int
    """Tokens of the answer with the end of its turn; 0 where the prompt left no room for one."""
    nats: float
    """Negative log-likelihood of them all."""


@dataclass(frozen=True)
class JudgeCall:
    """How a verdict of a judge behind an endpoint came about: a row for each row of the verdicts, in their order."""

    prompt: str
    order: str
    preference: float | None
    """Preference from 1 (the answer shown first) to 2, as alpaca-eval has it; 1.5 is a tie, None unparsed. Judges that
    are asked for probabilities give every value between."""
    score_first: float | None
    """Score of the answer shown first, where the judge gives one to each, such as 1 to 10."""
    score_second: float | None
    model: str
    """Name of the model that answered, as the server reported it; empty where nothing was asked or the server
    refused."""
    prompt_hash: str
    """First 16 hexadecimal digits of SHA-256 over what was sent: messages with both answers filled in."""
    parser: str
    """Name of alpaca-eval's parser that read the reply."""
    samples: int
    """Number of replies asked for until one could be parsed; 0 for equal answers, which are a tie unasked."""
    prompt_tokens: int
    """Prompt tokens of all the replies, as the server reports them."""
    completion_tokens: int
    cost: float
    """Cost of all the replies at the machine's prices."""
    problem: str
    """Reason why there is no verdict: the server's words where it refused the request, or what is amiss with the
    reply."""
    finish_reason: str = ""
    """Reason why the reply ended, as the server reports it."""
    mass: float | None = None
    """Probability of all the verdict's tokens together, from 0 to 1, where the judge is read by probabilities."""
    mended: str = ""
    """What of the request was said otherwise because the server did not take it as it was."""
    system_fingerprint: str = ""
    """Name of the server's configuration, as it reported it."""


Row = TypeVar("Row", Example, Rejected, Unreadable, Page, Rating, Verdict, JudgeCall, Grade, Contaminated, AnswerLoss)
_TYPES = {"str": "string", "float": "float64", "float | None": "float64", "int": "int64"}
"""Name of pyarrow's type for a field's annotation."""


_HELD = 1 << 24
"""Characters held before they are written: pages can be megabytes each."""


class Writer(Generic[Row]):
    """Writes rows of one kind to a Parquet file, a few thousand at a time. Use it as a context manager."""

    def __init__(self, path: Path, kind: type[Row]) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        self.count = 0
        self._schema = pa.schema([(f.name, pa.type_for_alias(_TYPES[str(f.type)])) for f in fields(kind)])
        self._file = pq.ParquetWriter(path, self._schema, compression="zstd")
        self._held: list[dict[str, Any]] = []
        self._characters = 0

    def add(self, row: Row) -> None:
        """Append a row."""
        self._held.append(asdict(row))
        self._characters += sum(len(value) for value in self._held[-1].values() if isinstance(value, str))
        self.count += 1
        if len(self._held) >= 4_096 or self._characters >= _HELD:
            self._flush()

    def _flush(self) -> None:
        import pyarrow as pa

        if self._held:
            self._file.write_table(pa.Table.from_pylist(self._held, schema=self._schema))
            self._held, self._characters = [], 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self._flush()
        self._file.close()


def write(path: Path, kind: type[Row], rows: Iterable[Row]) -> int:
    """Write all rows; returns how many."""
    with Writer(path, kind) as out:
        for row in rows:
            out.add(row)
    return out.count


def read(path: Path, kind: type[Row]) -> Iterator[Row]:
    """The rows of a file, streamed."""
    import pyarrow.parquet as pq

    # Buffering ahead would keep every column chunk that was read, and so the whole file, until it is closed.
    with pq.ParquetFile(path, pre_buffer=False) as file:
        for batch in file.iter_batches(batch_size=64 if kind is Page else 1_024):
            for row in batch.to_pylist():
                yield kind(**row)


def count(path: Path) -> int:
    """Number of rows, from the file's footer."""
    import pyarrow.parquet as pq

    return int(pq.read_metadata(path).num_rows)


def to_json(value: dict[str, Any]) -> str:
    """A compact JSON object with keys in order, for `origin`."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True)
