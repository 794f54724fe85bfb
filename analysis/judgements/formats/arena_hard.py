"""Arena-Hard's verdicts, as its own code writes them: both orders of a prompt in one row, in five degrees.

In the first of `games` the baseline is assistant A, in the second the system is. `score` is a label such as "A>>B",
null where the reply could not be read.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from humpback.analysis.judgements.formats.items import Placed, Systems, judged_in_both
from humpback.analysis.judgements.formats.source import Row, Rows, Unfit
from humpback.analysis.judgements.verdicts import BothOrders, Winner

KIND = "Arena-Hard verdicts, both orders"
GAMES = "games"
CLEAR = 3
"""How often Arena-Hard counts a clear win ("A>>B"); any other verdict counts once."""
_OF_A = {">": 1.0, "=": 0.5, "<": 0.0}
_LABELS = {
    f"{first}{sign * times}{second}": (_OF_A[sign] if first == "A" else 1 - _OF_A[sign], CLEAR if times > 1 else 1)
    for first, second in ("AB", "BA")
    for sign, most in ((">", 2), ("=", 1), ("<", 2))
    for times in range(1, most + 1)
}
"""Label -> points of assistant A, and how often they count."""


def read(row: Row, rows: Rows) -> tuple[Systems, Placed]:
    """One prompt.

    Raises:
        Unfit: naming the field.
    """
    value = row.value
    name, against, prompt = (_text(value, field) for field in ("model", "baseline", "uid"))
    second, first = (None if label is None else _LABELS[label][0] for label in _labels(value))
    games = BothOrders(_winner(first), _winner(None if second is None else 1 - second))
    category, judge = (value.get(field) for field in ("category", "judge"))
    item = judged_in_both(prompt, "", games, category=category if isinstance(category, str) else "")
    return (name, against, judge if isinstance(judge, str) else ""), Placed(row.place, item)


def as_published(rows: Rows, systems: Systems, placed: Sequence[Placed]) -> tuple[str, ...]:
    """Arena-Hard's own count, over prompts of which both replies were read."""
    mine = {row.place for row in placed}
    points = [one for row in rows.rows if row.place in mine for one in battles(row.value)]
    if not points:
        return ()
    return (f"by Arena-Hard's rule (a clear win counts {CLEAR} times): {100 * sum(points) / len(points):.2f}",)


def battles(value: dict[str, Any]) -> list[float]:
    """A row's points for the system, each as often as it counts; none where a reply was not read.

    Raises:
        Unfit: naming the field.
    """
    baseline_first, system_first = _labels(value)
    if baseline_first is None or system_first is None:
        return []
    (first, often), (baseline, times) = _LABELS[system_first], _LABELS[baseline_first]
    return [first] * often + [1 - baseline] * times


def _labels(value: dict[str, Any]) -> tuple[str | None, str | None]:
    games = value.get(GAMES)
    if not isinstance(games, list) or len(games) != 2:
        raise Unfit(f"field {GAMES} is {str(games)[:40]!r}; it is a list of two, the baseline shown first in the first")
    found: list[str | None] = []
    for game in games:
        label = game.get("score") if isinstance(game, dict) else game
        if label is not None and label not in _LABELS:
            raise Unfit(f"field score is {str(label)[:40]!r}; it is {', '.join(_LABELS)}, or null")
        found.append(label)
    return found[0], found[1]


def _winner(points: float | None) -> Winner | None:
    return None if points is None else "a" if points > 0.5 else "b" if points < 0.5 else "tie"


def _text(value: dict[str, Any], field: str) -> str:
    found = value.get(field)
    if not isinstance(found, str) or not found:
        raise Unfit(f"field {field} is {str(found)[:40]!r}; it is a name")
    return found
