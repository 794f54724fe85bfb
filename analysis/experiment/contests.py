"""One judged pair of systems of an experiment as numbers, prompt by prompt."""

from __future__ import annotations

from humpback.analysis.judgements.contest import Contest, contest_of
from humpback.analysis.judgements.formats.artifact import judged_prompts
from humpback.core.store import Store
from humpback.core.tables import VERDICTS
from humpback.spec.outcomes import Judged


def contest(store: Store, judged: Judged, only: str | None = None) -> Contest:
    """The verdicts of a finished judgement; of one set of prompts alone where `only` names it."""
    items = judged_prompts(store.open(judged) / VERDICTS).items
    return contest_of([one for one in items if only is None or one.source == only])
