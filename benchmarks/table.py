"""The table of what was measured beside its targets, from the results that lie here, written into README.md.

.venv/bin/python benchmarks/table.py
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import reduce
from pathlib import Path

HERE = Path(__file__).parent
BEGIN, END = "<!-- table.py: begin -->\n", "<!-- table.py: end -->\n"


@dataclass(frozen=True)
class Target:
    """A figure in a result, and what it is to be."""

    what: str
    at: tuple[str, ...]
    """The result's file, and the keys that lead to the figure."""
    least: float | None = None
    most: float | None = None
    note: str = ""
    """Where it is missed: why, and what would be tried next."""

    @property
    def measured(self) -> float | None:
        file = HERE / self.at[0]
        if not file.is_file():
            return None
        try:
            return float(reduce(lambda value, key: value[key], self.at[1:], json.loads(file.read_text("utf-8"))))
        except KeyError:
            return None

    @property
    def row(self) -> str:
        found = self.measured
        limits = {"at least": self.least, "at most": self.most}
        wanted = ", ".join(f"{word} {limit:g}" for word, limit in limits.items() if limit is not None)
        if found is None:
            return f"| {self.what} | {wanted} | not measured | – | {self.note} |"
        met = (self.least is None or found >= self.least) and (self.most is None or found <= self.most)
        return f"| {self.what} | {wanted} | {found:g} | {'yes' if met else '**no**'} | {'' if met else self.note} |"


_TRL, _BARE = "TRL's SFTTrainer", "bare PyTorch loop, grouped by length"
_RATIO = "our stage, ratio to"
TARGETS = (
    Target("micro: our training / a bare PyTorch loop", ("training.json", _RATIO, _BARE), 0.95),
    Target("micro: our training / TRL's SFTTrainer", ("training.json", _RATIO, _TRL), 1.3),
    Target("SmolLM2: our training / a bare PyTorch loop", ("training-smollm2.json", _RATIO, _BARE), 0.95),
    Target("SmolLM2: our training / TRL's SFTTrainer", ("training-smollm2.json", _RATIO, _TRL), 1.3),
    Target("writing through vLLM / a bare asyncio client", ("serving.json", "harness / bare client"), 0.9),
    Target(
        "writing through vLLM / our own engine",
        ("serving.json", "harness / own engine"),
        1.5,
        note="the target is from when our engine sorted the vocabulary for each token; it writes 2.5 times what "
        "`generate` does now. On a GPU, where a server's batches pay, it was not measured",
    ),
    Target("our own engine / `generate` over batches as they come", ("serving.json", "own engine / generate"), 1.5),
    Target("ratings, rubric read once / with each, own engine", ("rating.json", "once / with each", "own engine"), 1.5),
    Target("ratings, rubric read once / with each, vLLM", ("rating.json", "once / with each", "vLLM"), 1.5),
    Target(
        "share that the run loop adds to the stages' time",
        ("commands.json", "a headline run, one stage after another", "share added"),
        most=0.02,
        note="11 seconds for fifty stages: 4 to 5 load the packages that stages are forked with, 2 are the command's "
        "start and its table with the figure, the rest are 50 ms a stage, to start and publish it. Next: load the "
        "packages while the first stages run, which have no model",
    ),
    Target("seconds to plan a thousand finished nodes", ("commands.json", "a thousand finished nodes planned"), most=2),
    Target(
        "two Ray workers, stages beside each other, efficiency",
        ("cluster.json", "stages beside each other", "efficiency"),
        0.85,
        note="it was 0.883 on another day of such a machine. The local executor has 0.99 here, whose stages are forked "
        "from a loaded process; that Ray's load torch anew is the likely loss, not looked into. Next: a profile of one",
    ),
    Target(
        "two Ray workers, one stage, efficiency",
        ("cluster.json", "one stage", "efficiency"),
        0.85,
        note="two minutes of work, of which 33 seconds are lost; the start of Ray Train's two processes is the "
        "likely part, which a stage of hours would not notice. Next: a profile of one",
    ),
    Target(
        "pages to segments / trafilatura",
        ("segmenting.json", "ratio"),
        15,
        note="it was 10.9, on another processor, before formulas, emoji, hidden words, lists and names of page "
        "builders were read as they show, which more of the walk asks for. Next: what a page's names mean, asked "
        "once a page",
    ),
    Target(
        "near-duplicates / rensa",
        ("signatures.json", "ours / rensa"),
        1,
        note="both find the words by our function (three times as fast as it was); rensa's hashing is in Rust, ours in "
        "numpy. Next: its signatures of our shingles, which joins other borderline pairs and so means a new version of "
        "`Deduplicated`",
    ),
    Target(
        "endpoint client, share of concurrency / latency",
        ("endpoint.json", "clients", "ours", "median, share of concurrency / latency"),
        0.95,
    ),
    Target(
        "endpoint client / alpaca-eval's own",
        ("endpoint.json", "ours / alpaca-eval's"),
        5,
        note="alpaca-eval's client reaches about a third of what is possible here, so three times that is all there is",
    ),
    Target("H200, 7B's full finetuning, share of the bf16 rate", ("gpu.json", "full", "share of that rate"), 0.5),
    Target(
        "H200, 7B's full finetuning, memory measured / planned", ("gpu.json", "full", "measured / planned"), 0.8, 1.2
    ),
    Target("H200, adapters on 7B, memory measured / planned", ("gpu.json", "lora", "measured / planned"), 0.8, 1.2),
    Target(
        "H200, QLoRA on 13B, memory measured / planned",
        ("gpu.json", "qlora", "measured / planned"),
        0.8,
        1.2,
        note="planned for transformers' own operations, with which it was 0.90; liger's keep less. Next: plan for "
        "those that are there",
    ),
    Target(
        "H200, our own engine / `generate`, answers that reach their limit",
        ("gpu.json", "writing", "our engine / generate, without the first"),
        1.5,
        note="of random weights, whose answers do not end: rounds read prompts again and nothing left early. Since "
        "then keys and values are kept from round to round: to be measured again",
    ),
    Target("H200, vLLM / `generate`", ("gpu.json", "vllm"), 1.5, note="next: in an environment of its own there"),
)


def main() -> None:
    readme = HERE / "README.md"
    before, rest = readme.read_text(encoding="utf-8").split(BEGIN)
    _, after = rest.split(END)
    rows = ["| what | target | measured | met | if not, why, and what next |", "|---|---|---:|---|---|"]
    rows += [one.row for one in TARGETS]
    readme.write_text(f"{before}{BEGIN}\n" + "\n".join(rows) + f"\n\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
