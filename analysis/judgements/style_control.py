"""Arena-Hard's style control: what systems' rates would be if the answers of all differed alike from the baseline's.

A Bradley-Terry model with four features of style, as the benchmark's published code (lmarena/arena-hard-auto,
`show_result.py`) has them: the relative difference in tokens, and the relative differences of headers, list items and
bold spans a token, each to mean 0 and deviation 1 over all battles. The published scores are medians of 100 resamples
of battles with 90 % intervals; here the score is the fit of all battles, and its 95 % interval resamples prompts,
because the battles of one prompt are not independent. As the features are centred on all battles that are fitted, a
rate is at the systems' mean style and not at the baseline's, and that of one system alone hardly moves.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

RESAMPLES = 200
_MOST = 12.0
"""Log odds beyond which a system won or lost everything that the features leave, and the fit has no end."""
_CODE = re.compile(r"```([^`]*)```")
_HEADERS = (re.compile(r"^#{1,6}\s", re.MULTILINE),)
_LISTS = (re.compile(r"^\s*\d+\.\s", re.MULTILINE), re.compile(r"^\s*[-*+]\s", re.MULTILINE))
_BOLD = (re.compile(r"\*\*[^*\n]+\*\*"), re.compile(r"__[^_\n]+__"))
Floats = NDArray[np.float64]
Style = tuple[float, float, float, float]
"""Tokens (characters where nobody counted tokens), headers, list items, bold spans."""


@dataclass(frozen=True)
class Battle:
    """One verdict of a system against its baseline, once for each time that it counts."""

    system: str
    prompt: str
    points: float
    """1 won, 0.5 tie, 0 lost."""
    style: Style
    """Of the system's answer."""
    baseline: Style
    """Of the baseline's answer."""


@dataclass(frozen=True)
class StyleControlled:
    """A system's rate against its baseline in percent, at the mean style of all systems."""

    system: str
    rate: float | None
    """None where it won or lost everything, so that no rate can be fitted."""
    low: float | None
    high: float | None
    prompts: int


def style_of_text(answer: str) -> Style:
    """Counted in the answer's text: characters, and the markdown outside of code blocks. As in the benchmark's code,
    what stands in a block is taken out wherever it stands, and its fences stay."""
    prose = answer
    for block in _CODE.findall(answer):
        prose = prose.replace(block, "")
    headers, lists, bold = (
        float(sum(len(one.findall(prose)) for one in patterns)) for patterns in (_HEADERS, _LISTS, _BOLD)
    )
    return float(len(answer)), headers, lists, bold


def style_of_metadata(metadata: Mapping[str, Any]) -> Style | None:
    """As the benchmark's answer files hold it; None where they do not."""
    tokens = metadata.get("token_len")
    counts = [metadata.get(name) for name in ("header_count", "list_count", "bold_count")]
    if not isinstance(tokens, int) or not all(isinstance(one, dict) for one in counts):
        return None
    headers, lists, bold = (float(sum(one.values())) for one in counts if isinstance(one, dict))
    return float(tokens), headers, lists, bold


def features(battles: Sequence[Battle]) -> Floats:
    """The four of each battle, to mean 0 and deviation 1; a feature that never differs is 0."""
    ours, theirs = (np.array([getattr(one, side) for one in battles], float) for side in ("style", "baseline"))
    both = ours[:, :1] + theirs[:, :1]
    length = np.divide(ours[:, :1] - theirs[:, :1], both, out=np.zeros_like(both), where=both > 0)
    dense, dense_theirs = (one[:, 1:] / np.maximum(one[:, :1], 1) for one in (ours, theirs))
    found = np.hstack([length, (dense - dense_theirs) / (dense + dense_theirs + 1)])
    deviation = found.std(axis=0, ddof=1) if len(battles) > 1 else np.zeros(4)
    normed: Floats = np.divide(found - found.mean(axis=0), deviation, out=np.zeros_like(found), where=deviation > 0)
    return normed


def bradley_terry(design: Floats, points: Floats) -> Floats:
    """Coefficients that make the points most probable, ties half a win and half a loss: Newton's method. A column
    without variance keeps 0."""
    coefficients = np.zeros(design.shape[1])
    for _ in range(50):
        p = 1 / (1 + np.exp(-np.clip(design @ coefficients, -30, 30)))
        gradient = design.T @ (points - p)
        step = np.linalg.lstsq(design.T @ (design * (p * (1 - p))[:, None]), gradient, rcond=None)[0]
        coefficients += np.clip(step, -2, 2)
        if np.abs(step).max() < 1e-9 or np.abs(coefficients).max() > 2 * _MOST:
            break
    return coefficients


def style_controlled(battles: Sequence[Battle], seed: int = 0) -> list[StyleControlled]:
    """Each system, the best first. All are fitted together: they share the features' coefficients."""
    systems = sorted({one.system for one in battles})
    prompts = sorted({one.prompt for one in battles})
    place = {name: number for number, name in enumerate(prompts)}
    design = np.hstack([_one_hot([one.system for one in battles], systems), features(battles)])
    points, of = np.array([one.points for one in battles]), np.array([place[one.prompt] for one in battles])
    rows = [np.flatnonzero(of == number) for number in range(len(prompts))]
    fitted = _rates(design, points, len(systems))
    rng = np.random.default_rng(seed)
    again = []
    for _ in range(RESAMPLES):
        taken = np.concatenate([rows[number] for number in rng.integers(0, len(rows), len(rows))])
        again.append(_rates(design[taken], points[taken], len(systems)))
    found = []
    for column, system in enumerate(systems):
        rate, n = fitted[column], len({one.prompt for one in battles if one.system == system})
        low, high = np.percentile([one[column] for one in again], (2.5, 97.5))
        known = 1 / (1 + np.exp(_MOST)) < rate < 1 / (1 + np.exp(-_MOST))
        point, least, most = (100 * float(one) if known else None for one in (rate, low, high))
        found.append(StyleControlled(system, point, least, most, n))
    return sorted(found, key=lambda one: -(one.rate if one.rate is not None else -1.0))


def _one_hot(names: Sequence[str], systems: Sequence[str]) -> Floats:
    return np.array([[float(name == system) for system in systems] for name in names])


def _rates(design: Floats, points: Floats, systems: int) -> Floats:
    strengths: Floats = bradley_terry(design, points)[:systems]
    return 1 / (1 + np.exp(-strengths))
