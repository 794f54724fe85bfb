"""Which share of rated examples a threshold keeps, before anything is rated: as the papers published it.

Raters differ by more than any rule can tell, so these are the least certain of all sizes; a finished rating replaces
them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from humpback.core.expression import Artifact
from humpback.costs import assumptions as known
from humpback.spec.curation import ExpectedScore, FirstLineScore, MicroOracle, ModelRater, Rated, SampledScore, Selected
from humpback.spec.files import InstructionSet, Scored, Source
from humpback.spec.models import ServedModel
from humpback.spec.prompts import ALPAGASUS_HELPFULNESS

if TYPE_CHECKING:
    from humpback.costs.sizes import Sizes


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
