"""The vocabulary of data: where examples come from and what is done to them.

Every class here names a set of examples (or pages) by how it comes about. Nothing is computed at import or when an
expression is built.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from humpback.core.expression import Artifact, FieldError, Value
from humpback.spec.micro_world import World
from humpback.spec.prompts import Prompt, PromptFile
from humpback.spec.template import Model

PAPER_SHORTEST, PAPER_LONGEST = 600, 3_000
"""Characters of a web segment (Humpback v3, second-hand)."""


@dataclass(frozen=True)
class Examples(Artifact):
    """Any set of examples: rows of id, instruction, output, system, source, score, origin."""


@dataclass(frozen=True)
class Pages(Artifact):
    """Any set of web pages: rows of url and html."""


@dataclass(frozen=True)
class MicroPages(Pages):
    """Web pages of the micro world, as HTML; a bit under half of their sections are good text."""

    stage = "humpback.stages.micro:make"
    says = "web pages of the micro world, {n} of them"
    slug_format = "{n}-draw{draw}"

    world: World
    n: int
    """Pages."""
    draw: int = 0
    """Which random draw."""


@dataclass(frozen=True)
class MicroSeed(Examples):
    """Human-like pairs of the micro world, only of the few kinds of instruction that the seed covers."""

    stage = "humpback.stages.micro:make"
    says = "human-like pairs of the micro world, {n} of them"
    slug_format = "seed{draw}"

    world: World
    n: int
    """Pairs."""
    draw: int = 0


@dataclass(frozen=True)
class MicroPrompts(Examples):
    """Held-out prompts of the micro world, over all kinds of instruction; outputs are empty. None stands in what may be
    asked in training."""

    VERSION = 2
    stage = "humpback.stages.micro:make"
    says = "prompts of the micro world, {n} of them"
    slug_format = "{n}-draw{draw}"

    world: World
    n: int
    draw: int = 0


@dataclass(frozen=True)
class MicroDevPrompts(MicroPrompts):
    """Held-out prompts of the micro world to choose settings by: none asks, in any wording, what those of `besides`
    ask. Kinds of instruction of which the tests have used up every request are not among them."""

    says = "development prompts of the micro world, {n} of them"
    slug_format = "dev-{n}-after{after}"

    besides: tuple[Examples, ...] = field(kw_only=True)
    """The test prompts."""
    after: int = field(default=0, kw_only=True)
    """Number of prompts of the same draw that come before these and are left out: parts of one draw have no prompt in
    common."""


@dataclass(frozen=True)
class Repeats(Value):
    """When two sentences of a segment count as one said twice (Humpback v3: n-gram Jaccard between sentence pairs)."""

    words: int = 3
    """n of the n-grams. The paper's value is not known: an assumption."""
    jaccard: float = 0.6
    """Similarity of the sentences' sets of n-grams from which on they do: an assumption."""


@dataclass(frozen=True)
class Boilerplate(Value):
    """What a page says about itself and other pages. Its words are in `harness/segmenter/boilerplate.py`; that
    segments are freed of it, and every value here, are assumptions."""

    link_share: float = 0.3
    """Largest share of a segment's characters that may stand in links."""
    prose_share: float = 0.5
    """Least share of a segment's characters in sentences, code, tables, or items of lists that a sentence opens."""


@dataclass(frozen=True)
class Segments(Examples):
    """The text under each header of each page with its lower headers, as outputs without instruction.

    Humpback, section 2.1. The fields default to the paper's values where they are known; docs/segments.md shows what
    each rule does to real pages.
    """

    VERSION = 4
    stage = "humpback.stages.segment:segment"
    says = "the text under each header of the pages, {shortest} to {longest} characters"
    counted = "sections of pages"
    losses = ("kept", "rejected")

    pages: Pages
    shortest: int = PAPER_SHORTEST
    """Characters; a shorter segment is rejected."""
    longest: int = PAPER_LONGEST
    """Characters; a longer segment is rejected, and the sections inside it are considered."""
    header_capitals: float = 0.5
    """Largest share of capital letters among a header's letters. The paper's value is not known: an assumption."""
    header_stop_words: tuple[str, ...] = ("advertisement", "forum", "quick link", "free newsletter")
    """A segment whose header contains one of these (any case) is rejected as navigation."""
    repeats: Repeats | None = Repeats()
    """A segment with a repeated sentence is rejected; None keeps it."""
    language: str | None = "en"
    """Language of the text itself, whatever the page says of it: a code of `harness/spec/languages.py`; None takes any.
    The paper's corpus is English."""
    boilerplate: Boilerplate | None = Boilerplate()
    """What is left out of segments, and rejected where it is most of one; None leaves all in."""
    between: str = "\n\n"
    """What stands between paragraphs."""


@dataclass(frozen=True)
class Reversed(Examples):
    """(instruction, output) turned round into (output, instruction), to train the backward model M_yx on."""

    stage = "humpback.stages.arrange:arrange"
    says = "instruction and output exchanged, to train a backward model on"
    slug_format = "reversed-{examples.slug}"
    rows_of = ("examples",)

    examples: Examples
    prompt: Prompt
    """How the output is shown; the paper does not give its prompt."""


@dataclass(frozen=True)
class Tagged(Examples):
    """The same examples with a system sentence put on each (S_a on seed data, S_w on augmented data), below the
    example's own where it has one."""

    stage = "humpback.stages.arrange:arrange"
    says = "the system sentence {system!r} on each"
    slug_format = "{examples.slug}"
    rows_of = ("examples",)

    examples: Examples
    system: str


@dataclass(frozen=True)
class Joined(Examples):
    """The rows of the first, then the rows of the second. Ids keep apart by their source."""

    stage = "humpback.stages.arrange:arrange"
    says = "the first set, then the second"
    slug_format = "{first.slug}+{second.slug}"
    rows_of = ("first", "second")

    first: Examples
    second: Examples


@dataclass(frozen=True)
class Sampling(Value):
    """How text is drawn from a model."""

    temperature: float = 0.7
    """0 means greedy. Humpback, section 3.1."""
    top_p: float = 0.9
    max_new_tokens: int = 1_024
    seed: int = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        for name, fits, takes in (
            ("temperature", self.temperature >= 0, "0 or more"),
            ("top_p", 0 < self.top_p <= 1, "a share, above 0 and up to 1"),
            ("max_new_tokens", self.max_new_tokens >= 1, "1 or more"),
        ):
            if not fits:
                raise FieldError(f"Sampling.{name} is {getattr(self, name)!r}; it takes {takes}")


@dataclass(frozen=True)
class Backtranslated(Examples):
    """Candidates A: for each segment an instruction written by the backward model (self-augmentation, section 2.1)."""

    VERSION = 3
    stage = "humpback.stages.backtranslate:backtranslate"
    says = "an instruction written for each segment by the backward model"
    slug_format = "candidates"
    rows_of = ("segments",)
    counted = "instructions written"
    losses = ("kept", "rejected")

    segments: Examples
    by: Model
    """M_yx, trained on `Reversed` examples; its prompt is theirs."""
    sampling: Sampling
    rating: Prompt | PromptFile
    """Prompt in which candidates will be shown to a rater: what carries its marks, or the template's, is rejected."""


@dataclass(frozen=True)
class MicroTexts(Examples):
    """What the micro base model reads in pretraining: short documents of the micro world."""

    stage = "humpback.stages.micro:make"
    says = "texts of the micro world, {n} of them"

    world: World
    n: int
    """Documents."""
    draw: int = 0
