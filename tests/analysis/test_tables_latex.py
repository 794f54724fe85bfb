"""LaTeX: what has to be escaped is, and a fragment's structure is one that compiles."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from humpback.analysis.experiment.finding import Finding
from humpback.analysis.experiment.gather import Results
from humpback.analysis.stats.statistics import Estimate
from humpback.analysis.tables.latex import escaped, latex
from tests.analysis.test_tables import MEASURES_ONLY, RESULTS


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("95 %", r"95 \%"),
        ("{S_a, S_w}", r"\{S\_a, S\_w\}"),
        ("a & b", r"a \& b"),
        ("#1 costs $4", r"\#1 costs \$4"),
        ("~x^2", r"\textasciitilde{}x\textasciicircum{}2"),
        ("C:\\n", r"C:\textbackslash{}n"),
        ("k >= 4.5 | x < y", r"k \textgreater{}= 4.5 \textbar{} x \textless{} y"),
        ("47.6 ± 1.3", r"47.6 $\pm$ 1.3"),
        ("ours – paper", "ours -- paper"),
        ("-1.1 (-2.8 to +0.4)", "$-$1.1 ($-$2.8 to +0.4)"),
        ("text-davinci-003 on llama-7b", "text-davinci-003 on llama-7b"),
        ("run x --seeds 0", "run x -{}-seeds 0"),
        ("[x] *y", "{[}x{]} {*}y"),
        ("two\nlines", "two lines"),
        ("\\{%", r"\textbackslash{}\{\%"),
    ],
)
def test_text_is_printed_as_it_stands(text: str, written: str) -> None:
    assert escaped(text) == written


def bare(text: str) -> str:
    """Without comments and escaped marks, in which the structure shows."""
    lines = [line for line in text.splitlines() if not line.startswith("%")]
    return re.sub(r"\\[%_&#${}]", "", "\n".join(lines))


@pytest.mark.parametrize("results", [RESULTS, MEASURES_ONLY])
def test_every_row_has_its_columns_and_every_brace_its_partner(results: Results) -> None:
    text = bare(latex("humpback/headline: 100 % & {more}?", "humpback run x", results))
    tables = re.findall(r"\\begin\{table\}.*?\\end\{table\}", text, re.DOTALL)
    assert len(tables) == text.count(r"\begin{") / 2 == text.count(r"\end{") / 2
    for table in tables:
        found = re.search(
            r"\\begin\{tabular\}\{((?:[lr]|p\{[\d.]+cm\})+)\}\n\\toprule\n(.*)\\bottomrule", table, re.DOTALL
        )
        assert found
        columns = len(re.sub(r"p\{.*?\}", "p", found[1]))
        lines = [line for line in found[2].splitlines() if line != r"\midrule"]
        assert len(lines) >= 2
        assert all(line.endswith(r" \\") and line.count("&") == columns - 1 for line in lines)
        assert table.count("{") == table.count("}")
        assert table.count("$") % 2 == 0
        assert not re.search(r"[%#^~]", table)


def test_the_fragment_says_what_made_it_and_has_the_rows_over_all_seeds() -> None:
    text = latex("humpback/headline: Does it?", "humpback run x\n--seeds 0", RESULTS)
    head = text.splitlines()[:3]
    assert head[:2] == ["% humpback/headline: Does it?", "% Made by humpback run x --seeds 0"]
    assert r"\usepackage{booktabs}" in head[2]
    assert re.findall(r"\\label\{(.*?)\}", text) == [
        f"tab:humpback-headline-{x}" for x in ("arms", "measured", "claims")
    ]
    assert r"M0 & reference & 64 & 47.6 $\pm$ 1.3 & 45.0 to 50.2 & 53.6 & " in text
    beside = latex("humpback/headline: Does it?", "humpback run x", replace(RESULTS, beside_paper=True))
    assert r"45.0 to 50.2 & 53.6 & $-$6.0 ($-$8.6 to $-$3.4)" in beside
    assert "$-$8.6" not in text
    assert "holds (not after Holm's correction)" in text


def test_a_table_by_set_of_prompts_is_there_and_seeds_apart_are_not() -> None:
    by_set = replace(RESULTS.rows[0], set="Koala")
    text = latex("a/b: ?", "c", replace(RESULTS, rows=(*RESULTS.rows, by_set)))
    assert "tab:a-b-by-set-of-prompts" in text
    assert "by seed" not in text.lower()


def test_hostile_names_stay_inside_their_cells() -> None:
    names = ("{S_a, S_w}", "50 % & more \\\\ #1", "*star", "[x]", "a^b~c_d$")
    found = tuple(Finding(n, n, n, None, Estimate(1.0, 0.2, 0.6, 1.4), (), 3) for n in names)
    rows = [line for line in bare(latex("a: b", "c", Results((), found, ()))).splitlines() if line.endswith(r" \\")]
    assert len(rows) == 1 + len(names)
    assert {row.count("&") for row in rows} == {rows[0].count("&")}
    assert not [row for row in rows if row[0] in "[*"]
