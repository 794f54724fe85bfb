"""Raters, judges and systems that no longer exist are named by a plan, each once, for whatever it would ask.

Tried: raters of accuracy and helpfulness, systems that answer, judges, versions of a retired model, names with a server
before them, and models that are there.
"""

from __future__ import annotations

import csv
import datetime
from dataclasses import replace
from pathlib import Path

import pytest

from humpback.core.machine import Machine
from humpback.core.plan import plan
from humpback.core.store import Store
from humpback.costs import retired as module
from humpback.costs.plan_cost import cost
from humpback.costs.retired import retired
from humpback.costs.show import as_json, cost_lines
from humpback.experiments.catalogue import experiment
from humpback.experiments.setups import SETUPS
from humpback.spec.outcomes import AlpacaEvalJudge

NOWHERE = Store(Path("nowhere"))


@pytest.mark.parametrize(
    ("name", "there"),
    [
        ("text-davinci-003", False),
        ("gpt-3.5-turbo-0301", False),
        ("gpt-4-0314", False),
        ("claude-v1", False),
        ("claude-v1.3", False),
        ("claude-1.3-100k", False),
        ("claude-2", False),
        ("claude-2.1", False),
        ("claude-instant-1.2", False),
        ("openai/GPT-3.5-turbo-0613", False),
        ("gpt-4", False),
        ("gpt-4-1106-preview", False),
        ("openai/gpt-3.5-turbo", False),
        ("gpt-4o", True),
        ("claude-sonnet-4-5", True),
        ("my-davinci", True),
        ("meta-llama/Llama-2-70b-chat-hf", True),
    ],
)
def test_who_is_gone(name: str, there: bool) -> None:
    assert (retired(name) is None) == there


def told(name: str, setup: object) -> list[str]:
    result = plan(NOWHERE, experiment(name).on(setup, [0]).targets)
    costs = cost(result, NOWHERE, Machine())
    named = [one.model for one in costs.retired]
    lines = [line for line in cost_lines(costs) if line.startswith("no longer at their provider")]
    assert len(lines) == bool(named)
    assert all(lines[0].count(one) == 1 for one in named)
    assert [one["model"] for one in as_json(result, costs)["cost"]["retired"]] == named
    return named


def test_a_plan_names_them_once() -> None:
    assert told("alpagasus/against_api_models", SETUPS["alpagasus-7b"]) == [
        "gpt-3.5-turbo-0301",
        "text-davinci-003",
        "gpt-4",
        "claude-v1",
    ]
    assert "claude-v1" in told("alpagasus/dimensions_and_raters", SETUPS["alpagasus-7b"])
    assert told("humpback/headline", SETUPS["llama-7b"]) == ["gpt-4"]
    assert told("humpback/headline", SETUPS["micro"]) == []
    judge = AlpacaEvalJudge("alpaca_eval_gpt4", "a3a8f993e02f921c", "gpt-4-0314")
    assert told("humpback/headline", replace(SETUPS["llama-7b"], judge=judge)) == ["gpt-4-0314"]


def test_every_row_has_a_date_and_a_source() -> None:
    with (Path(module.__file__).with_name("retired.csv")).open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len({row["model"] for row in rows}) == len(rows)
    for row in rows:
        datetime.date.fromisoformat(row["retired"])
        assert row["source"].startswith("https://")
        assert row["model"] == row["model"].lower()
