"""A store that a run fills: its arms declared, and answers and judgements put in one after the other, some hostile."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from fastapi import FastAPI
from fastapi.testclient import TestClient

from humpback.analysis.report.begun import ExperimentRun
from humpback.analysis.report.store_view import StoreView
from humpback.analysis.report.viewer import POLICY, create_app
from humpback.annotation.guard import Guard
from humpback.cli.display import experiment_run
from humpback.core.store import Store
from humpback.core.tables import CALLS, VERDICTS, Example, JudgeCall, Verdict, write
from humpback.experiments.catalogue import experiment
from humpback.spec.claims import Arm
from humpback.spec.outcomes import AlpacaEvalJudge, Judged
from tests.analysis.measures.stored import recorded, stored
from tests.analysis.report.material import HOSTILE
from tests.conftest import tiny_setup

KEY, PORT = "the-key", 8766
JUDGE = AlpacaEvalJudge("alpaca_eval_gpt4", "0" * 16, "judge/model")
PROMPTS = 28
WORDS = ("first", "second", "tie", "unparsed")


def run_of(store: Store, seeds: tuple[int, ...] = (0, 1), name: str = "humpback/headline") -> ExperimentRun:
    """A run that begins: its arms are judged behind an endpoint."""
    setup = replace(tiny_setup(), judge=JUDGE)
    declared = experiment(name).on(setup, seeds)
    run = experiment_run(declared, f"humpback run {name} --setup tiny", f"results/tiny/{name}")
    run.write(store)
    return run


def verdicts(shift: int = 0) -> list[Verdict]:
    """In turn: won, lost, tied, flipped, half unparsed, with raw replies that are HTML."""
    found = []
    for i in range(PROMPTS):
        kind = (i + shift) % 5
        pair = (("first", "second"), ("second", "first"), ("tie", "tie"), ("first", "first"), ("unparsed", "tie"))[kind]
        for order, verdict in zip(("ab", "ba"), pair, strict=True):
            raw = f"<b>reply</b> {i} {order} {HOSTILE}" if verdict != "tie" else ""
            found.append(Verdict(f"p{i}", order, verdict, raw, 10 + i, 20, "riddles" if i % 2 else "sums"))
    return found


def finish(store: Store, judged: Judged, shift: int = 0, *, answers: bool = True) -> Judged:
    """The judgement as a stage would leave it, with calls, and the answers of both sides."""
    store.root.mkdir(exist_ok=True)
    for side, words in ((judged.answers, "ours"), (judged.against, "theirs")):
        if answers and store.state(side).status == "missing":
            rows = [
                Example(f"p{i}", f"Prompt {i}? {HOSTILE}", f"{words} {i} {HOSTILE}", system="Be <i>brief</i>")
                for i in range(PROMPTS)
            ]
            stored(store, side, rows)
    rows = verdicts(shift)
    work = store.workspace(judged)
    write(work / VERDICTS, Verdict, rows)
    calls = [
        JudgeCall(one.prompt, one.order, 1.0, None, None, "served-model", "0" * 16, "ranking", 1, 120, 7, 0.0, "")
        for one in rows
    ]
    write(work / CALLS, JudgeCall, calls)
    store.publish(judged, work, recorded(judged, {"in": PROMPTS}))
    return judged


def arm(run: ExperimentRun, name: str, seed: int = 0) -> Arm:
    return run.arms[seed][name]


def app_of(store: Store, port: int = PORT, key: str | None = KEY, results: Path | None = None) -> FastAPI:
    guard = Guard("127.0.0.1", port, key, POLICY)
    return create_app(StoreView(store, results or store.root / "results"), guard)


def reader(store: Store, **more: Path) -> TestClient:
    """Somebody who opened the printed address."""
    client = TestClient(app_of(store, **more), base_url=f"http://localhost:{PORT}")
    assert client.get(f"/?key={KEY}").status_code == 200
    return client
