"""A made-up results folder: an experiment with hostile texts, one that only measures, one that is not finished."""

from __future__ import annotations

import json
from pathlib import Path

from matplotlib import rc_context
from matplotlib.figure import Figure

from humpback.analysis.layout.drawing import save
from humpback.analysis.report.results_files import Declaration, Quoted
from humpback.core.expression import Artifact, expression
from humpback.spec.claims import Curve, Paper
from humpback.spec.curation import Best, MicroOracle, Rated
from humpback.spec.data import Joined, MicroPages, MicroPrompts, MicroSeed, Sampling, Segments, Tagged
from humpback.spec.micro_world import World
from humpback.spec.models import Finetuned, HubModel
from humpback.spec.outcomes import Judged, MicroJudge, MicroReference, Responses
from humpback.spec.recipe import Sft
from tests.analysis.declared import arm, measure

HOSTILE = (
    "<script>document.title = 'owned'</script><img src=x onerror=\"document.title = 'owned'\">"
    "</div></details><a href='javascript:alert(1)'>{{ 7 * 7 }} & \u202e desrever\n\n  kept space"
)
COMMAND = "humpback run humpback/first --setup toy --seeds 0,1"
WORLD = World()


def judged(seed: int, tagged: bool) -> Judged:
    """An arm's judgement, with a shared base and prompts."""
    seed_data = MicroSeed(WORLD, n=8, draw=seed)
    pool = Rated(Segments(MicroPages(WORLD, n=3, draw=seed)), MicroOracle(WORLD))
    examples = Joined(Tagged(seed_data, system="S_a") if tagged else seed_data, Best(pool, share=0.5))
    model = Finetuned(HubModel("toy/base", "0" * 40), examples, Sft(seed=seed))
    prompts = MicroPrompts(WORLD, n=5)
    answers = Responses(model, prompts, Sampling(seed=seed))
    return Judged(answers, against=MicroReference(prompts), by=MicroJudge(WORLD))


def arms_json() -> dict[str, object]:
    arms = {seed: {"tagged": judged(seed, True), "plain <b>": judged(seed, False)} for seed in (0, 1)}
    roots: list[Artifact] = [one for by_name in arms.values() for one in by_name.values()]
    return {
        "command": COMMAND,
        "arms": {
            str(seed): {
                name: {"judged": one.fingerprint, "model": one.inputs[0].inputs[0].fingerprint}
                for name, one in by_name.items()
            }
            for seed, by_name in arms.items()
        },
        "artifacts": expression(*roots),
    }


MADE = {
    "experiment": "humpback/first",
    "question": "Does it work? It does, and here is why.",
    "falsified": "The claim (Humpback, table 1): it works.\nIt is falsified when it does not.",
    "shows": "Table 1: how it works",
    "setup": "toy",
    "seeds": [0, 1],
    "command": COMMAND,
    "finished": "2026-11-21T12:28:37+00:00",
    "artifacts": {"finished": 12, "unfinished": 3},
    "seconds": 7_300.0,
    "by_class": {"Judged": {"artifacts": 4, "seconds": 100.0}, "Finetuned": {"artifacts": 8, "seconds": 7_200.0}},
    "training_sets": [{"model": "on-x", "fingerprint": "0", "examples": n} for n in (64, 1_495)],
    "asked": {"prompt_tokens": 1_000, "completion_tokens": 20, "cost": 1.5},
    "machines": [{"device": "cuda", "precision": "bfloat16", "system": "Linux", "python": "3.11.7", "torch": "2.13"}],
    "commits": ["abcdef012345"],
}
ROWS = """arm,against,seed,examples,win_rate,standard_error,low,high,wins,ties,losses,flip_rate,first_preferred,\
unparsed,mean_length,n,reason,set,size,paper
tagged,reference,all,1495,52.857,0.733,51.41,54.28,8,1,1,0.1426,0.55,0,39.5,10,,all,,66.5
tagged,reference,0,1495,53,1,51,55,4,0,1,0.1,0.5,0,39.5,5,,all,,66.5
tagged,reference,1,1495,52,1,50,54,4,1,0,0.1,0.5,0,39.5,5,,all,,66.5
tagged,reference,all,1495,51,1,50,54,4,1,0,0.1,0.5,0,39.5,5,,riddles,,
plain <b>,reference,all,,,,,,,,,,,,,0,selected/x is an empty set (kept 0),all,,
"""
COMPARISONS = """first,second,difference_mean,difference_standard_error,difference_low,difference_high,\
head_to_head_mean,head_to_head_standard_error,head_to_head_low,head_to_head_high,n,paper,verdict,claim
tagged,plain <b>,3.41615,1.2,1.00621,5.8014,2.9,0.7,1.4,4.3,10,9.9,holds,tags help (table)
tagged,reference,-3.4,1.2,-5.8,-1.0,,,,,10,,does not hold: reversed,it beats the reference
slope of a,level,1,3,-5,7,,,,,10,6.95,cannot be told at this n,it grows
"share, %: x",y,,,,,,,,,0,0.05,not measured,"more, with a comma"
"""
MEASURES = """name,metric,seed,value,standard_error,low,high,n,form,paper,reason
seed,"precision, %",all,61.234,1,59,63,12000,.2f,60,
seed,"precision, %",0,61,1,59,63,6000,.2f,60,
seed,"precision, %",1,62,1,59,63,6000,.2f,60,
votes,"preferred, %",all,,,,,0,.1f,66.5,no votes yet: humpback annotate collects them
"""


def sample(text: str) -> dict[str, object]:
    return {"shown": text[:1_200], "characters": len(text)}


SAMPLES = [
    {
        "prompt": "p/<i>",
        "set": "riddles",
        "text": sample("What is it?"),
        "answers": [
            {"arm": "tagged", "against": "reference", "text": sample(HOSTILE), "outcome": {"ab": "win", "ba": "tie"}},
            {"arm": "other", "against": "reference", "text": sample("x" * 3_000), "outcome": {}},
        ],
        "opponents": [{"name": "reference", "text": sample("")}],
        "missing": ["plain <b>"],
    }
]


CURVES = """name,sizes,slope,standard_error,low,high,level,paper
steep,100 1600,6.125,0.5,5.5,6.75,4.5,6.95
bare,100,,,,,,
"""


def figure(place: Path, name: str) -> None:
    """Drawn alike each time, so that two of them have the same ids."""
    with rc_context({"svg.fonttype": "none", "svg.hashsalt": "humpback"}):
        drawn = Figure(figsize=(9.5, 3))
        axes = drawn.subplots()
        axes.plot([1, 2], [1, 3], "o-", clip_on=True)
        axes.set_title("a < b & c")
        save(drawn, place, name, COMMAND)


def results(root: Path) -> Path:
    """`results/toy` below `root`."""
    folder = root / "toy"
    first, second, third = (folder / one for one in ("humpback/first", "alpagasus/second", "humpback/third"))
    for place in (first, second, third):
        place.mkdir(parents=True)
    figure(first, "figure")
    figure(first, "curves")
    figure(second, "measures")
    (first / "arms.json").write_text(json.dumps(arms_json()))
    (first / "made.json").write_text(json.dumps(MADE))
    (first / "samples.json").write_text(json.dumps(SAMPLES))
    (first / "rows.csv").write_text(ROWS)
    (first / "comparisons.csv").write_text(COMPARISONS)
    (first / "curves.csv").write_text(CURVES)
    (second / "measures.csv").write_text(MEASURES)
    # Interrupted before its tables were written.
    (third / "arms.json").write_text(
        json.dumps({"command": "humpback run humpback/third", "arms": {}, "artifacts": {}})
    )
    return folder


HUMPBACK, OWN_SEED = (Paper("humpback-alpha", row, metric="alpha") for row in ("Humpback", "Open Assistant"))

DECLARED = (
    Declaration("humpback/first", "Old words?", "Old.", "old", "old"),
    Declaration("alpagasus/second", "Is it counted? Yes.", "Words.", "figure: counts", "humpback run alpagasus/second"),
    Declaration(
        "humpback/never",
        "What if it is never run? Then there is a dash.",
        "The claim. It is falsified when there is no dash.",
        "figure: nothing yet",
        "humpback run humpback/never --setup toy",
        claims=(
            arm("A").beats(arm("B"), "A beats B", only="examples", stated_in="section 3.3", paper=(HUMPBACK, OWN_SEED)),
            arm("A").beats_opponent("A beats the reference"),
            Curve("A", HUMPBACK).rises("it rises", over=Curve("B", OWN_SEED)),
            measure("A").exceeds(3.0, "share, %", "more than three", matters=1.0),
        ),
        quoted=(Quoted("A", "win rate, %", 66.47), Quoted("B", "", None)),
    ),
    Declaration("humpback/unable", "Can it?", "", "text", "humpback run x", note="this setup has no oracle"),
)
