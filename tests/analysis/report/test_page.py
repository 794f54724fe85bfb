"""The page of a made-up results folder: every number in its place, a dash for the rest, nothing that runs."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pytest

from humpback.analysis.report.page import build_report
from humpback.analysis.report.provenance import provenance_lines
from humpback.core.store import StoreError
from tests.analysis.report.material import DECLARED, HOSTILE, MADE, results


class Elements(HTMLParser):
    """Tags with their attributes, and the text of each section by its id."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text: dict[str, list[str]] = {}
        self.at = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag == "section":
            self.at = dict(attrs)["id"] or ""

    def handle_endtag(self, tag: str) -> None:
        if tag == "section":
            self.at = ""

    def handle_data(self, data: str) -> None:
        self.text.setdefault(self.at, []).append(data)

    def said(self, section: str) -> str:
        return " ".join(" ".join(self.text[section]).split())


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return results(tmp_path_factory.mktemp("results"))


@pytest.fixture(scope="module")
def html(folder: Path) -> str:
    return build_report("toy", folder, DECLARED).html


@pytest.fixture(scope="module")
def page(html: str) -> Elements:
    return Elements(html)


def test_claims_are_counted_by_verdict(folder: Path) -> None:
    page = build_report("toy", folder, DECLARED)
    assert [(kind.words, n) for kind, n in page.tally] == [
        ("holds", 1),
        ("does not hold", 1),
        ("cannot be told", 1),
        ("not measured", 1),
        ("not run", 4),
    ]
    assert (page.ran, page.experiments) == (3, 5)


def test_a_claim_stands_beside_the_papers_number(page: Elements) -> None:
    said = page.said("humpback-first")
    assert (
        "tagged – plain <b> tags help (table) +9.9 +3.4 (+1.0 to +5.8) head to head +2.9 (+1.4 to +4.3) 10 ✓ holds"
        in said
    )
    assert "it beats the reference – -3.4 (-5.8 to -1.0) 10 ✗ does not hold reversed" in said
    assert "share, %: x – y more, with a comma +0.050 – – – not measured" in said


def test_win_rates_and_measured_numbers_stand_beside_the_papers(page: Elements) -> None:
    said = page.said("humpback-first")
    assert "tagged reference 1,495 52.9 ± 0.7 51.4 to 54.3 66.5 8/1/1 14.3% 0 40 10" in said
    assert "plain <b> reference – – – – – – – – selected/x is an empty set (kept 0)" in said
    assert "By set of prompts or skill (1 rows)" in said
    assert "Arms by seed (2 rows)" in said
    second = page.said("alpagasus-second")
    assert "seed precision, % 61.23 ± 1.00 59.00 to 63.00 60.00 12,000" in second
    assert "votes preferred, % – – 66.5 – Not measured: votes. no votes yet: humpback annotate collects them" in second
    assert "nan" not in (said + second).lower().split()


def test_coefficients_stand_beside_the_papers(page: Elements) -> None:
    said = page.said("humpback-first")
    assert "Curves" in said
    assert re.search(r"steep\s+100, 1,600\s+\+6\.12 \(\+5\.50 to \+6\.75\)\s+6\.95\s+4\.5", said)
    assert re.search(r"bare\s+100\s+–\s+–\s+–", said)


def test_an_experiment_that_was_not_run_has_dashes_and_its_commands(page: Elements) -> None:
    said = page.said("humpback-never")
    assert "humpback plan humpback/never --setup toy humpback run humpback/never --setup toy" in said
    assert "A – B A beats B (section 3.3) +2.5 – – ○ not run" in said
    assert "A – reference A beats the reference (ours) – – – ○ not run" in said
    assert "slope of A – slope of B it rises (ours) +2.5 – – ○ not run" in said
    assert "share, %: A – 3 more than three (ours) – – – ○ not run" in said
    assert "A win rate, % 66.5 – B – – –" in said
    unable = page.said("humpback-unable")
    assert "Not run: this setup has no oracle." in unable
    assert "humpback run" not in unable


def test_an_experiment_that_was_interrupted_is_there_with_its_command(page: Elements) -> None:
    assert "humpback run humpback/third" in page.said("humpback-third")
    assert "were not recorded" in page.said("humpback-third")


def test_it_says_how_the_numbers_were_made_and_what_would_falsify_them(html: str, page: Elements) -> None:
    said = page.said("humpback-first")
    assert (
        "time 2.0 h over 12 stages, those shared with other experiments included: Finetuned 2.0 h (8); Judged 100 s (4)"
        in said
    )
    assert "not finished 3 stages" in said
    assert "2 models of 64 to 1,495 examples" in said
    assert "1.50 for 1,000 prompt and 20 completion tokens" in said
    assert "cuda, bfloat16, Linux, Python 3.11.7, torch 2.13" in said
    assert "Results of 21 November 2026." in page.said("")
    assert '<p class="falsified">It is falsified when it does not.</p>' in html
    assert provenance_lines({}) == []
    assert ("money", "none: no server was asked") in provenance_lines({**MADE, "asked": None})


def test_what_was_run_is_told_in_its_own_words_not_in_todays(page: Elements) -> None:
    assert "Does it work?" in page.said("humpback-first")
    assert re.search(r"tagged, seed 0 Judged [0-9a-f]{8} by MicroJudge", page.said("humpback-first"))
    assert "Old" not in page.said("humpback-first")


def test_the_contents_lead_to_every_experiment_tables_with_numbers_first(page: Elements) -> None:
    links = [attrs["href"] for tag, attrs in page.tags if tag == "a" and str(attrs.get("href")).startswith("#")]
    ids = [attrs["id"] for _, attrs in page.tags if attrs.get("id")]
    assert len(ids) == len(set(ids))
    assert {str(link)[1:] for link in links} <= set(ids)
    sections = [attrs["id"] for tag, attrs in page.tags if tag == "section"]
    assert sections == ["humpback-first", "humpback-never", "humpback-third", "humpback-unable", "alpagasus-second"]
    assert all(f"#{one}" in links for one in sections)
    levels = [int(tag[1]) for tag, _ in page.tags if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(here <= before + 1 for before, here in pairwise(levels))


def test_nothing_from_a_model_is_markup_and_nothing_can_run_or_load(html: str, page: Elements) -> None:
    (text,) = re.findall(r'<div class="text">(&lt;script.*?)</div>', html, re.DOTALL)
    assert Elements(f"<section id=x>{text}</section>").text["x"] == [HOSTILE]
    tags = {tag for tag, _ in page.tags}
    assert not tags & {"script", "img", "iframe", "object", "embed", "link", "form", "foreignobject"}
    assert "7 * 7" in html
    assert html.count("<svg") == 3
    assert "<b>reference" in html
    assert "plain <b>" not in html
    for _, attrs in page.tags:
        assert not [name for name in attrs if name.startswith("on")]
        assert str(attrs.get("href", "#")).startswith("#")
        assert "src" not in attrs
    (policy,) = [attrs["content"] for tag, attrs in page.tags if attrs.get("http-equiv") == "Content-Security-Policy"]
    assert policy is not None
    assert "default-src 'none'" in policy
    assert "script-src" not in policy


def test_what_was_cut_from_an_answer_is_said(page: Elements) -> None:
    said = page.said("humpback-first")
    assert "Cut: 1,800 more characters are not shown." in said
    assert "shown first: win; shown second: tie" in said
    assert "(empty)" in said
    assert "Not finished: plain <b>." in said


def test_many_claims_are_spoken_of(folder: Path, tmp_path: Path, page: Elements) -> None:
    assert "nothing is corrected for their number. Of 4 claims with nothing behind them, about 0.1" in page.said("")
    place = tmp_path / "toy" / "humpback" / "first"
    place.mkdir(parents=True)
    text = (folder / "humpback/first/comparisons.csv").read_text().splitlines()
    adjusted = ["p_holm,holds_after_holm", "0.0623,false", "1,", ",", "0,true"]
    (place / "comparisons.csv").write_text("\n".join(f"{line},{p}" for line, p in zip(text, adjusted, strict=True)))
    other = Elements(build_report("toy", tmp_path / "toy", ()).html)
    assert "adjusted by Holm's method" in other.said("")
    assert "Of 1 that hold, 0 hold after it." in other.said("")
    said = other.said("humpback-first")
    assert "10 0.062 ✓ holds not after Holm's correction" in said
    assert "holds before correction" in other.said(""), "counted apart from what holds"
    assert "10 1.000 ✗ does not hold reversed" in said
    assert "10 – ? cannot be told" in said
    assert "– <0.001 – not measured" in said


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("arms.json", "{", "not JSON"),
        ("made.json", "[]", "holds a JSON list where a dict belongs"),
        ("rows.csv", "a,b\n1\n", "line 2 has not as many cells"),
        ("rows.csv", "arm,win_rate\nM1,much\n", "line 2, win_rate is 'much', not a number"),
        ("curves.csv", "name,sizes\nsteep,100 many\n", "line 2, sizes is '100 many', not whole numbers"),
        (
            "comparisons.csv",
            "first,holds_after_holm\nM1,perhaps\n",
            "line 2, holds_after_holm is 'perhaps', not true or false",
        ),
        ("comparisons.csv", 'a,b\n"1,2\n', "not CSV"),
        ("samples.json", "\udcff", "utf-8"),
        ("figure.svg", "<svg", "not XML"),
        ("figure.svg", "<html/>", "not svg"),
    ],
)
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, name: str, text: str, says: str) -> None:
    place = tmp_path / "toy" / "humpback" / "first"
    place.mkdir(parents=True)
    (place / "measures.csv").write_text("name\n")
    (place / name).write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(StoreError, match=f"{name}.*{says}"):
        build_report("toy", tmp_path / "toy", ())


def test_the_page_is_the_same_bytes_for_the_same_files(folder: Path, html: str) -> None:
    assert build_report("toy", folder, DECLARED).html == html
    assert json.dumps(MADE)  # The material is JSON, as a run writes it.
