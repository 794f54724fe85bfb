"""What the figures of data say, read from their SVG."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections import Counter
from pathlib import Path

import pytest
from matplotlib.figure import Figure

from humpback.analysis.datasets.data_figures import diversity_figure, histogram_figure
from humpback.analysis.datasets.diversity import Pair, tally
from humpback.analysis.datasets.scores import histogram
from humpback.analysis.layout.drawing import TIE, WIN, save

COMMAND = "humpback data filter scores.csv --at-least 4.5"


def drawn(figure: Figure, folder: Path) -> tuple[list[str], str]:
    """The texts of the SVG, and the SVG."""
    save(figure, folder, "figure", COMMAND)
    svg = (folder / "figure.svg").read_text(encoding="utf-8")
    assert COMMAND.encode() in (folder / "figure.png").read_bytes()
    assert f"<dc:description>{COMMAND}" in svg
    texts = ET.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")
    return ["".join(one.itertext()) for one in texts], svg


def test_scores_with_threshold_and_unrated(tmp_path: Path) -> None:
    found = histogram([3.5] * 1_200 + [4.5] * 30 + [5] * 4 + [None] * 7, threshold=4.5)
    texts, svg = drawn(histogram_figure(found, COMMAND, title="$5 and $6 sets"), tmp_path)
    for label in (
        "3.5",
        "4",
        "4.5",
        "5",
        "unrated",
        "1,200",
        "30",
        "7",
        "$5 and $6 sets",
        COMMAND,
        "score",
        "rows",
    ):
        assert label in texts
    assert "at least 4.5: 34 of 1,241 (2.74 %)" in texts
    fills = Counter(re.findall(r'<path d="[^"]*" clip-path="[^"]*" style="fill: (#\w+)', svg))
    assert fills[WIN.lower()] == 2
    assert fills[TIE.lower()] == 2
    assert "stroke-dasharray" in svg


@pytest.mark.parametrize("scores", [[], [None], [1.0], [x / 7 for x in range(50)]])
def test_scores_of_every_shape_are_drawn(scores: list[float | None], tmp_path: Path) -> None:
    texts, _ = drawn(histogram_figure(histogram(scores, threshold=4.5), COMMAND), tmp_path)
    assert "unrated" in texts


def test_verbs_with_their_nouns(tmp_path: Path) -> None:
    pairs = Counter({Pair(f"verb{v:02}", f"noun{n}"): 100 - 3 * v - n for v in range(25) for n in range(6)})
    found = tally(pairs, instructions=20_000, parser="p 1.0")
    texts, _ = drawn(diversity_figure(found, COMMAND, title="Alpaca"), tmp_path)
    assert "Alpaca" in texts
    assert "verb00 585" in texts
    assert "verb19 243" in texts
    assert found.verbs[19].count == 243
    assert not any(text.startswith("verb20") for text in texts)
    assert texts.count("noun3 97") == 1
    assert not any(text.startswith("noun4") for text in texts)
    assert "% of 20,000 instructions" in texts
    assert any("150 distinct pairs" in text for text in texts)
    assert any("parsed by p 1.0" in text for text in texts)


def test_no_verbs_are_drawn_too(tmp_path: Path) -> None:
    texts, _ = drawn(diversity_figure(tally(Counter(), instructions=0, parser="p"), COMMAND), tmp_path)
    assert any("0 of 0 instructions" in text for text in texts)


def test_the_same_numbers_are_the_same_bytes(tmp_path: Path) -> None:
    found = histogram([3, 4, None])
    _, first = drawn(histogram_figure(found, COMMAND), tmp_path)
    _, second = drawn(histogram_figure(found, COMMAND), tmp_path)
    assert first == second
