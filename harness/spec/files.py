"""The vocabulary of data from elsewhere: files, and what is read from them.

A file is named by its checksum, so an expression says what was read and not where it lay. Where it lies is the
machine's business (`Machine.files`, `Machine.data`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from humpback.core.expression import Value
from humpback.spec.data import Examples, Pages


@dataclass(frozen=True)
class File(Value):
    """Somebody's own file."""

    name: str
    """Its name without folders, for people and for `source`."""
    sha256: str
    """64 hexadecimal digits, of the bytes as they lie on disk (compressed, where they are)."""


@dataclass(frozen=True)
class Source(Value):
    """A public file of the table in `harness/spec/sources.py`, as `humpback data pull` brings it."""

    name: str
    revision: str
    """The commit or revision that the table pins."""


@dataclass(frozen=True)
class FirstTurn(Value):
    """Humpback's choice: the opening prompt of a conversation with its reply (section 3.1)."""


@dataclass(frozen=True)
class EveryTurn(Value):
    """Guanaco's choice: every human turn with its reply. What was said before stands above the turn, as "User: ..." and
    "Assistant: ..." paragraphs; the layout is an assumption."""


class _FromFiles:
    """What is called by the first of the files that it is read from."""

    files: tuple[File | Source, ...]
    n: int | None

    @property
    def slug(self) -> str:
        head = self.files[0].name.split(".")[0].replace("/", "-") if self.files else "nothing"
        more = "" if len(self.files) == 1 else f"-and-{len(self.files) - 1}"
        return f"{head}{more}-{self.n or 'all'}"


@dataclass(frozen=True)
class OpenAssistant(Examples):
    """Pairs from Open Assistant's conversations, from flat messages or nested trees.

    Kept are replies of the wanted rank, neither they nor their prompt deleted, both in the language, prompter and
    assistant in the right roles. Where `n` is given, so many are drawn uniformly without replacement: an assumption,
    since how the paper chose its 3,200 among the candidates is not known.
    """

    stage = "humpback.stages.read:read_in"
    says = "Open Assistant replies of rank {rank}, language {language}, {n} of them, from {files}"

    files: tuple[File | Source, ...]
    n: int | None = None
    language: str | None = "en"
    """Language of reply and prompt; None takes every language."""
    rank: int = 0
    """0 is the reply that people ranked best. A reply without a rank has none."""
    turns: FirstTurn | EveryTurn = FirstTurn()
    without: Examples | None = None
    """Pairs whose prompt (of several turns, any) equals one of these (case, punctuation and spacing aside) are left
    out: AlpacaEval asks 188 prompts of Open Assistant's."""
    draw: int = 0

    @property
    def slug(self) -> str:
        return f"oasst-{self.n or 'all'}-draw{self.draw}"


@dataclass(frozen=True)
class InstructionSet(_FromFiles, Examples):
    """Instructions with outputs, in any of the layouts that `harness/readers/instructions.py` recognises.

    An Alpaca `input` stands below its instruction after an empty line; both parts stay in `origin`. What becomes of
    other fields beside a pair is in docs/data.md.
    """

    VERSION = 4
    stage = "humpback.stages.read:read_in"
    says = "instructions with outputs, {n} of them, from {files}"
    rows_of = ("files",)

    files: tuple[File | Source, ...]
    n: int | None = None
    """Drawn uniformly without replacement; None takes all."""
    draw: int = 0


@dataclass(frozen=True)
class PromptSet(_FromFiles, Examples):
    """Prompts to answer, with their category as `source`. An output in the file is kept: it can be a reference. A row's
    own system sentence stands above its prompt, for models answer under the experiment's."""

    VERSION = 4
    stage = "humpback.stages.read:read_in"
    says = "prompts, {n} of them, from {files}"
    rows_of = ("files",)

    files: tuple[File | Source, ...]
    n: int | None = None
    without: Examples | None = None
    """Prompts that equal one of these (case, punctuation and spacing aside) are left out."""
    draw: int = 0


@dataclass(frozen=True)
class Distinct(Examples):
    """The union of several sets in their order, without the later of two prompts that are equal but for case,
    punctuation and spacing: Humpback's test prompts are AlpacaEval's 805 and LIMA's 300 less 39."""

    stage = "humpback.stages.read:read_in"
    says = "the union, each prompt once"
    rows_of = ("parts",)

    parts: tuple[Examples, ...]


@dataclass(frozen=True)
class WebPages(_FromFiles, Pages):
    """Pages from WARC files, HTML files, and JSON Lines or Parquet of HTML or text."""

    VERSION = 3
    stage = "humpback.stages.pages:read_pages"
    says = "web pages, {n} of them, from {files}"
    rows_of = ("files",)

    files: tuple[File | Source, ...]
    n: int | None = None
    """The first n pages; None takes all."""


@dataclass(frozen=True)
class Texts(_FromFiles, Examples):
    """Ready outputs that stand for segments of web pages: LIMA's completions, or any column of text. The rules for web
    pages are not applied to them. Of pairs the outputs are taken, and the instructions are held back."""

    VERSION = 3
    stage = "humpback.stages.read:read_in"
    says = "texts, {n} of them, from {files}"
    rows_of = ("files",)

    files: tuple[File | Source, ...]
    n: int | None = None
    """Drawn uniformly without replacement; None takes all."""
    draw: int = 0


@dataclass(frozen=True)
class ClueWeb22(Pages):
    """English pages of ClueWeb22, Humpback's web corpus, as the setups of the papers name it. It is licensed to each
    user, so nothing is read here: a run puts pages of the user's in its place (`--pages`)."""

    stage = "humpback.stages.pages:not_supplied"
    says = "English web pages of ClueWeb22"
    MISSING: ClassVar[str] = "ClueWeb22 has to be licensed and cannot be downloaded"
    REMEDY: ClassVar[str] = "give pages of your own with --pages, such as Common Crawl's WARC files"


@dataclass(frozen=True)
class Deduplicated(Examples):
    """One of each group of near-duplicates across documents, the first, by MinHash over word shingles.

    The paper does not name its method: an assumption. Two outputs with Jaccard similarity s are found with probability
    1 - (1 - s ** rows) ** bands: 0.77 at s = 0.75, 0.92 at 0.8.
    """

    VERSION = 2
    stage = "humpback.stages.deduplicate:deduplicate"
    says = "one of each group of near-duplicates"
    slug_format = "{examples.slug}-distinct"
    rows_of = ("examples",)

    examples: Examples
    shingle: int = 5
    """Words, or characters of scripts without spaces."""
    bands: int = 14
    rows: int = 8


@dataclass(frozen=True)
class Scored(Examples):
    """Rated examples whose scores stand in a file already: a column of it, or a second file's rows in the same order.

    AlpaGasus rates (instruction, input, response) from 0 to 5 on accuracy or helpfulness (section 2).
    """

    stage = "humpback.stages.read:read_in"
    says = "scores for {dimension} from column {column} of {scores}"
    slug_format = "by-{column}"
    rows_of = ("examples",)

    examples: Examples
    scores: File | Source
    column: str
    """Field of the score; an empty cell is unrated: kept aside as unparsed, never a number."""
    dimension: Literal["accuracy", "helpfulness"] = "accuracy"
    rated_alone: bool = False
    """Whether rows without a score are rejected, so that what is compared with the filtered rows is drawn from those
    that could have been among them."""
