"""Arena-Hard's verdicts below a folder with the answers beside them: a style-controlled table a judge and category.

The layout is the benchmark's own: files of verdicts (`games` in each row) and files of answers (`messages`), anywhere
below the folder; `uid` joins them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from humpback.analysis.judgements.formats import arena_hard
from humpback.analysis.judgements.formats.items import NoJudgements
from humpback.analysis.judgements.formats.source import Unfit, rows_of
from humpback.analysis.judgements.style_control import (
    Battle,
    Style,
    StyleControlled,
    style_controlled,
    style_of_metadata,
    style_of_text,
)

ALONE = "style is taken at the mean of the systems compared, so next to nothing is taken out; compare several"


@dataclass(frozen=True)
class StyleTable:
    """The systems of one judge on one category."""

    judge: str
    category: str
    systems: tuple[StyleControlled, ...]
    """The best first; none where `reason` says why."""
    counted: str = ""
    """What an answer's length was counted in: "tokens" or "characters"."""
    reason: str = ""


_Answers = dict[tuple[str, str], dict[str, Any]]
"""By system and prompt."""


def style_tables(files: Sequence[Path]) -> list[StyleTable]:
    """One for each judge and category of the verdicts in these files; answers are found among the files too."""
    verdicts: list[dict[str, Any]] = []
    answers: _Answers = {}
    for value in _rows(files):
        if arena_hard.GAMES in value:
            verdicts.append(value)
        elif "messages" in value and isinstance(value.get("uid"), str):
            answers[_system(value.get("model")), value["uid"]] = value
    groups: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for value in verdicts:
        groups.setdefault((str(value.get("judge") or ""), str(value.get("category") or "")), []).append(value)
    return [_table(*key, group, answers) for key, group in sorted(groups.items())]


def _rows(files: Sequence[Path]) -> Iterator[dict[str, Any]]:
    for path in files:
        try:
            yield from (row.value for row in rows_of(path).rows)
        except NoJudgements:
            continue  # the leaderboard itself names what cannot be read


def _table(judge: str, category: str, verdicts: Sequence[dict[str, Any]], answers: _Answers) -> StyleTable:
    found, lacking = [], set()
    for value in verdicts:
        try:
            points = arena_hard.battles(value)
        except Unfit:
            continue
        sides = [answers.get((_system(value.get(side)), str(value.get("uid")))) for side in ("model", "baseline")]
        lacking |= {str(value.get(side)) for side, one in zip(("model", "baseline"), sides, strict=True) if one is None}
        found += [(value, sides, one) for one in points]
    if lacking or not found:
        why = f"answers of {', '.join(sorted(lacking))} are not below the folder" if lacking else "no verdict was read"
        return StyleTable(judge, category, (), reason=why)
    whole = [one for _, sides, _ in found for one in sides if one is not None]
    in_tokens = all(_counted(one) is not None for one in whole)
    battles = [
        Battle(_system(value.get("model")), str(value.get("uid")), points, *(_style(one, in_tokens) for one in sides))
        for value, sides, points in found
    ]
    return StyleTable(judge, category, tuple(style_controlled(battles)), "tokens" if in_tokens else "characters")


def _system(name: object) -> str:
    """A system's name without its maker's folder, as the benchmark's own code has it."""
    return str(name or "").split("/")[-1]


def _counted(answer: dict[str, Any]) -> Style | None:
    metadata = answer.get("metadata")
    return style_of_metadata(metadata) if isinstance(metadata, dict) else None


def _style(answer: dict[str, Any] | None, in_tokens: bool) -> Style:
    assert answer is not None
    counted = _counted(answer) if in_tokens else None
    return counted if counted is not None else style_of_text(_text(answer))


def _text(answer: dict[str, Any]) -> str:
    messages = answer.get("messages")
    last = messages[-1] if isinstance(messages, list) and messages else {}
    content = last.get("content") if isinstance(last, dict) else None
    content = content.get("answer") if isinstance(content, dict) else content
    return content if isinstance(content, str) else ""


def style_lines(tables: Sequence[StyleTable]) -> list[str]:
    """For the reader."""
    lines = []
    for one in tables:
        head = f"style-controlled, {one.category or 'no category'}, judge {one.judge or 'not named'}"
        if one.reason:
            lines.append(f"{head}: not known: {one.reason}")
            continue
        lines.append(
            f"{head} (Bradley-Terry; length in {one.counted}, headers, lists, bold; 95 % interval over prompts)"
        )
        for system in one.systems:
            rate = "cannot be told: won or lost everything" if system.rate is None else (
                f"{system.rate:.2f} ({system.low:.2f} to {system.high:.2f})"
            )  # fmt: skip
            lines.append(f"    {system.system}: {rate}, {system.prompts:,} prompts")
        if len(one.systems) == 1:
            lines.append(f"    one system alone: {ALONE}")
    return lines
