"""One judged pair of systems of an experiment as numbers, prompt by prompt."""

from __future__ import annotations

from collections.abc import Collection

from humpback.analysis.judgements.contest import Contest, contest_of
from humpback.analysis.judgements.formats.artifact import judged_prompts
from humpback.core.store import Store
from humpback.core.tables import EXAMPLES, VERDICTS, Example, read
from humpback.spec.outcomes import Judged


def contest(store: Store, judged: Judged, only: Collection[str] | None = None) -> Contest:
    """The verdicts of a finished judgement; of some prompts alone where `only` has their ids."""
    items = judged_prompts(store.open(judged) / VERDICTS).items
    return contest_of([one for one in items if only is None or one.prompt in only])


def prompts_by(store: Store, judged: Judged, what: str) -> dict[str, set[str]]:
    """Ids of the judged prompts by their "set" or by their "skill", in the order of the prompts; those that carry no
    skill are in none. Nothing where the judged answers are no longer in the store."""
    found: dict[str, set[str]] = {}
    if not store.state(judged.answers).readable:
        return found
    for row in read(store.open(judged.answers) / EXAMPLES, Example):
        known = row.known
        # Of the skill, or of the micro world's kind of instruction.
        skill = str(known.get("skill") or known.get("kind") or "")
        categories = {known.get("skill"), known.get("category")}
        # A file of prompts by category gives the category for the source; the set is then the file.
        of_set = str(known.get("file", row.source)).split(".")[0] if row.source in categories else row.source
        if name := skill if what == "skill" else of_set:
            found.setdefault(name, set()).add(row.id)
    return found
