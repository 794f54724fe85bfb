"""The vocabulary of recipes: everything of a training that bears on its result.

What does not (device, micro-batch, GPUs) is the machine's business.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from typing import ClassVar, Literal

from humpback.core.expression import FieldError, Value


def _check(value: Value, name: str, fits: bool, takes: str) -> None:
    if not fits:
        raise FieldError(f"{type(value).__name__}.{name} is {getattr(value, name)!r}; it takes {takes}")


@dataclass(frozen=True)
class Llama(Value):
    """The shape of a small Llama."""

    layers: int = 4
    width: int = 128
    heads: int = 4
    feed_forward: int = 352
    context: int = 256
    """Tokens."""
    vocabulary: int = 1_024
    """Entries of the byte-level BPE trained on the same texts, at most."""
    initializer_range: float = 0.02
    """Standard deviation of the first weights."""


@dataclass(frozen=True)
class LinearTo(Value):
    """Falls in a straight line from the recipe's learning rate at the first update to `final` at the last."""

    final: float = 9e-6
    """Humpback, section 3.1: 1e-5 falling to 9e-6. A rate, not a multiplier."""
    warm_up: float = 0.0
    """Share of all updates over which the rate first rises linearly; Humpback names none: an assumption."""

    def __post_init__(self) -> None:
        super().__post_init__()
        _check(self, "final", self.final >= 0, "a rate of 0 or more")
        _check(self, "warm_up", 0 <= self.warm_up <= 1, "a share of all updates, from 0 to 1")


@dataclass(frozen=True)
class CosineTo(Value):
    """Rises linearly over the first `warm_up` share of updates, then falls along half a cosine to `final`."""

    final: float = 0.0
    warm_up: float = 0.03
    """Share of all updates (AlpaGasus: 0.03)."""

    def __post_init__(self) -> None:
        super().__post_init__()
        _check(self, "final", self.final >= 0, "a rate of 0 or more")
        _check(self, "warm_up", 0 <= self.warm_up <= 1, "a share of all updates, from 0 to 1")


@dataclass(frozen=True)
class WarmStableDecay(Value):
    """Rises linearly over the first `warm_up` share of updates, is held, and falls linearly to `final` over the last
    `decay` share."""

    final: float
    warm_up: float
    decay: float

    def __post_init__(self) -> None:
        super().__post_init__()
        _check(self, "final", self.final >= 0, "a rate of 0 or more")
        _check(self, "warm_up", 0 <= self.warm_up <= 1, "a share of all updates, from 0 to 1")
        _check(self, "decay", 0 <= self.decay <= 1 - self.warm_up, "a share of the updates after the rise")


@dataclass(frozen=True)
class Steps(Value):
    """So many optimizer updates."""

    n: int

    def __post_init__(self) -> None:
        super().__post_init__()
        _check(self, "n", self.n >= 1, "1 or more")

    def for_examples(self, n: int, batch: int) -> int:
        """Updates, whatever the number of examples."""
        return self.n


@dataclass(frozen=True)
class Epochs(Value):
    """So many passes over the examples."""

    n: float

    def __post_init__(self) -> None:
        super().__post_init__()
        _check(self, "n", self.n > 0, "more than 0")

    def for_examples(self, n: int, batch: int) -> int:
        """Updates for n examples; a last partial batch counts."""
        return max(1, math.ceil(self.n * math.ceil(n / batch)))


@dataclass(frozen=True)
class StepsBySize(Value):
    """Updates read off a table by number of examples; between two entries, linear in log N. At the ends, the first
    and the last entry hold."""

    table: tuple[tuple[int, int], ...] = (
        (100, 30),
        (800, 300),
        (1_600, 600),
        (3_200, 500),
        (6_400, 600),
        (12_800, 600),
        (25_600, 1_200),
        (51_200, 1_600),
    )
    """(examples, updates); the default is Humpback's for its 7B scaling runs. Interpolating is an assumption, and
    that the final models took as many is one too."""

    def __post_init__(self) -> None:
        super().__post_init__()
        sizes = [n for n, _ in self.table]
        rising = bool(sizes) and sizes[0] >= 1 and all(a < b for a, b in itertools.pairwise(sizes))
        _check(
            self,
            "table",
            rising and all(updates >= 1 for _, updates in self.table),
            "pairs of examples, from 1 and rising, and updates, 1 or more",
        )

    def for_examples(self, n: int, batch: int) -> int:
        """Updates for n examples."""
        if n <= self.table[0][0]:
            return self.table[0][1]
        for (small, low), (large, high) in zip(self.table, self.table[1:], strict=False):
            if n <= large:
                share = math.log(n / small) / math.log(large / small)
                return round(low + share * (high - low))
        return self.table[-1][1]


@dataclass(frozen=True)
class BatchBySize(Value):
    """Humpback's global batch: 32 examples, 8 for training sets below 3,000 examples."""

    below: int = 3_000
    small: int = 8
    large: int = 32

    def __post_init__(self) -> None:
        super().__post_init__()
        _check(self, "small", self.small >= 1, "1 or more")
        _check(self, "large", self.large >= 1, "1 or more")

    def for_examples(self, n: int) -> int:
        """Examples an update."""
        return self.small if n < self.below else self.large


@dataclass(frozen=True)
class Lora(Value):
    """Low-rank adapters by peft in place of full finetuning."""

    divisible: ClassVar[bool] = True
    """Whether the base below may be shared out over processes."""
    rank: int = 16
    alpha: float = 32.0
    """What an adapter adds is scaled by alpha / rank."""
    targets: tuple[str, ...] | Literal["all-linear"] = "all-linear"
    """Names of the modules that take adapters, as the architecture calls them; by default every linear layer but the
    output layer. Experts, which are no layers but one tensor, have none, nor what would be taken for them by its name.
    Which took them, and how many weights are trained, stands in the record."""

    def __post_init__(self) -> None:
        super().__post_init__()
        _check(self, "rank", self.rank >= 1, "1 or more")
        _check(self, "alpha", self.alpha > 0, "more than 0")
        _check(self, "targets", bool(self.targets), 'names of modules, or "all-linear"')


@dataclass(frozen=True)
class QLora(Lora):
    """The same over a base whose linear layers, but for the output layer, are held in four bits while it is trained:
    NormalFloat4 with quantised constants (Dettmers et al. 2023, arXiv 2305.14314, section 3). The adapter is then put
    on the base as it was published."""

    divisible = False


@dataclass(frozen=True)
class Sft(Value):
    """Supervised finetuning with the loss on output tokens only. Defaults are Humpback's, section 3.1."""

    learning_rate: float = 1e-5
    """At the first update (after warm-up, if any)."""
    schedule: LinearTo | CosineTo = LinearTo()
    weight_decay: float = 0.1
    """AdamW: an assumption, for Humpback does not name its optimizer."""
    dropout: float = 0.1
    """Probability of every dropout that the architecture has: a Llama in transformers has one, on attention weights
    (that Humpback's 0.1 means this is an assumption), GPT-2 three. An architecture without any takes only 0. With an
    adapter it is the dropout on the adapters' inputs, as in the LoRA papers, and the frozen base has none. Whole
    layers are never left out."""
    batch: int | BatchBySize = BatchBySize()
    """Global batch, in examples."""
    duration: Steps | Epochs | StepsBySize = StepsBySize()
    longest: int = 2_048
    """Tokens of a sequence at most, or the base's context where that is less. Humpback gives no length and does not say
    whether it packs; nothing is packed here: assumptions. What is longer is cut at the end and
    counted; where no output is left, the example is left out. A backward model is shown less of a long text instead."""
    adapter: Lora | QLora | None = None
    """None finetunes every weight."""
    seed: int = 0
    """Of the order of examples and of dropout. The papers name no seeds: an assumption."""

    def __post_init__(self) -> None:
        super().__post_init__()
        _check(self, "learning_rate", self.learning_rate > 0, "more than 0")
        _check(self, "weight_decay", self.weight_decay >= 0, "0 or more")
        _check(self, "dropout", 0 <= self.dropout < 1, "a probability, from 0 to less than 1")
        _check(self, "batch", not isinstance(self.batch, int) or self.batch >= 1, "1 or more")
        _check(self, "longest", self.longest >= 2, "2 or more")

    def batch_for(self, n: int) -> int:
        """Global batch for n training examples."""
        return self.batch if isinstance(self.batch, int) else self.batch.for_examples(n)

    def updates_for(self, n: int) -> int:
        """Optimizer updates for n training examples."""
        return self.duration.for_examples(n, self.batch_for(n))
