"""Answers side by side for a few prompts, so that a reader sees what the numbers are about.

The prompts are chosen by their places alone, evenly through all of them, before any answer or verdict is looked at.
Every text here was written by a model: it is data, and whoever shows it has to escape it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from humpback.analysis.judgements.verdicts import winner
from humpback.core.store import Store
from humpback.core.tables import EXAMPLES, VERDICTS, Example, Verdict, read
from humpback.spec.claims import Arm
from humpback.spec.outcomes import Judged

LONGEST = 1_200
"""Characters of a prompt or an answer that are kept."""
_OUTCOMES = {"a": "win", "b": "lose", "tie": "tie", None: "unparsed"}


def samples(store: Store, arms_of_first_seed: Mapping[str, Arm], n: int = 6) -> list[dict[str, Any]]:
    """What samples.json holds: for each of `n` prompts

    - "prompt": its id, "set", and "text" as below
    - "answers": for each finished arm that was given it, {"arm", "against", "text", "outcome"}, where "outcome" has the
      arm's "win", "tie", "lose" or "unparsed" for both orders ("ab": the arm's answer was shown first); none where
      nobody judged
    - "opponents": for each opponent, {"name", "text"}
    - "missing": arms whose answers, or their opponent's, are not finished

    A text is {"shown": at most LONGEST characters, "characters": of the whole}. With fewer prompts than `n`, all of
    them; without any finished arm, none.
    """
    done = {name: arm for name, arm in arms_of_first_seed.items() if _done(store, arm)}
    missing = [name for name in arms_of_first_seed if name not in done]
    # Several arms can share their answers, and most share the opponent: each file is read once.
    answers = {arm.judged.answers.fingerprint: arm.judged.answers for arm in done.values()}
    everything = answers | {arm.judged.against.fingerprint: arm.judged.against for arm in done.values()}
    files = {fingerprint: store.open(one) / EXAMPLES for fingerprint, one in everything.items()}
    prompts = dict.fromkeys(row.id for fingerprint in answers for row in read(files[fingerprint], Example))
    chosen = _evenly(list(prompts), n)
    texts = {
        fingerprint: {row.id: row for row in read(path, Example) if row.id in chosen}
        for fingerprint, path in files.items()
    }
    outcomes = {name: _outcomes(store, arm.judged, chosen) for name, arm in done.items()}
    return [{**_sample(prompt, done, texts, outcomes), "missing": missing} for prompt in chosen]


def _sample(
    prompt: str,
    arms: Mapping[str, Arm],
    texts: Mapping[str, Mapping[str, Example]],
    outcomes: Mapping[str, Mapping[str, dict[str, str]]],
) -> dict[str, Any]:
    answers: list[dict[str, Any]] = []
    opponents: dict[str, dict[str, Any]] = {}
    asked = Example("")
    for name, arm in arms.items():
        own, opponent = arm.judged.answers, arm.judged.against
        row, other = texts[own.fingerprint].get(prompt), texts[opponent.fingerprint].get(prompt)
        if row is None:
            continue
        asked = asked if answers else row
        if other is not None:
            opponents[opponent.fingerprint] = {"name": opponent.slug, "text": _text(other.output)}
        outcome = outcomes[name].get(prompt, {})
        answers.append({"arm": name, "against": opponent.slug, "text": _text(row.output), "outcome": outcome})
    return {
        "prompt": prompt,
        "set": asked.source,
        "text": _text(asked.instruction),
        "answers": answers,
        "opponents": list(opponents.values()),
    }


def _evenly(prompts: list[str], n: int) -> list[str]:
    """`n` of them, each from the middle of an equal part."""
    n = min(n, len(prompts))
    return [prompts[(2 * i + 1) * len(prompts) // (2 * n)] for i in range(n)]


def _outcomes(store: Store, judged: Judged, chosen: Collection[str]) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    if store.state(judged).status != "done":
        return found
    for row in read(store.open(judged) / VERDICTS, Verdict):
        if row.prompt in chosen:
            found.setdefault(row.prompt, {})[row.order] = _OUTCOMES[winner(row.order, row.verdict)]
    return found


def _done(store: Store, arm: Arm) -> bool:
    return all(store.state(one).status == "done" for one in (arm.judged.answers, arm.judged.against))


def _text(text: str) -> dict[str, Any]:
    return {"shown": text[:LONGEST], "characters": len(text)}
