"""`results/recompute.py`, which knows nothing of this harness, finds the intervals of the tables in the outcomes."""

from __future__ import annotations

import csv
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from humpback.analysis.experiment.finding import Finding, Outcomes, findings
from humpback.analysis.judgements.contest import Contest, contest_of
from humpback.analysis.judgements.formats.items import judged_in_both
from humpback.analysis.judgements.verdicts import BothOrders, Winner
from humpback.analysis.tables.csv_files import FindingLine, read_csv
from humpback.analysis.tables.outcome_files import OUTCOMES, outcome_files
from humpback.spec.claims import Curve
from tests.analysis.declared import arm

ROOT = Path(__file__).parent.parent
SCRIPT = ROOT / "results" / "recompute.py"
COMMITTED = sorted(path.parent for path in (ROOT / "results").rglob(OUTCOMES))
WORDS: tuple[Winner | None, ...] = ("a", "tie", "b", None)


def recomputed(folder: Path, *words: str) -> list[float]:
    command = [sys.executable, str(SCRIPT), str(folder), *words]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return [float(word) for word in done.stdout.split()]


def told(finding: Finding) -> list[float]:
    assert finding.difference is not None
    return [finding.difference.mean, finding.difference.low, finding.difference.high]


def contests(rng: np.random.Generator, better: float, bases: dict[int, int]) -> dict[int, Contest]:
    """Prompts, seeds and bases of their own ease, and one prompt in twenty calls without a verdict."""
    of_base = 0.3 * rng.standard_normal(3)
    found = {}
    for seed, base in bases.items():
        lean = better + of_base[base] + 0.2 * rng.standard_normal() + rng.standard_normal(40)
        calls = np.where(rng.random((2, 40)) < 0.05, 3, np.digitize(-lean + rng.standard_normal((2, 40)), [-0.3, 0.3]))
        pairs = [BothOrders(WORDS[ab], WORDS[ba]) for ab, ba in calls.T]
        found[seed] = contest_of([judged_in_both(f"p{i}", "", pair) for i, pair in enumerate(pairs)])
    return found


@pytest.mark.parametrize("several", [True, False], ids=["three bases", "one base"])
def test_a_difference_a_rate_and_a_slope_come_out_as_in_the_tables(several: bool, tmp_path: Path) -> None:
    rng, curve = np.random.default_rng(5), Curve("A5")
    bases = {seed: seed % 3 if several else 0 for seed in range(100, 106)}
    arms = [arm(f"A5 {n}, joined", curve=curve, n=n) for n in (60, 120, 240)]
    judged = {one.name: contests(rng, better, bases) for one, better in zip(arms, (-0.5, 0.1, 0.4), strict=True)}
    outcomes = Outcomes({one.name: one for one in arms}, judged, bases=bases if several else {})
    claims = (arms[2].beats(arms[0], "", only=""), arms[1].beats_opponent(""), curve.rises(""))
    for name, content in outcome_files(outcomes, bases).items():
        (tmp_path / name).write_bytes(content)
    names = [one.name for one in arms]
    cells = ((names[2], names[0]), (names[1],), tuple(f"{one.name}={one.n}" for one in arms))
    for finding, words in zip(findings(claims, outcomes), cells, strict=True):
        assert recomputed(tmp_path, *words) == pytest.approx(told(finding), abs=1e-6)
    assert len(SCRIPT.read_text().splitlines()) <= 40


@pytest.mark.skipif(not COMMITTED, reason="no committed results hold outcomes")
def test_committed_differences_come_out_of_committed_outcomes() -> None:
    compared = 0
    for folder in COMMITTED:
        with (folder / "rows.csv").open(encoding="utf-8") as file:
            arms = {row["arm"] for row in csv.DictReader(file)}
        # Of a confirmed family one file has all lines.
        files = [one for one in (folder, folder.parent.parent) if (one / "comparisons.csv").is_file()]
        found = [line for one in files for line in read_csv(one / "comparisons.csv", FindingLine)]
        lines = [line for line in found if line.difference_low is not None]
        for line in [one for one in lines if {one.first, one.second} <= arms][:2]:
            wanted = (line.difference_mean, line.difference_low, line.difference_high)
            assert recomputed(folder, line.first, line.second) == pytest.approx(wanted, rel=1e-4), folder
            compared += 1
    assert compared
