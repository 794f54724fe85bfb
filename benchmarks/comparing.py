"""How long `humpback compare` takes on 805 rows (wanted: 1 s after start-up) and `leaderboard` on 50 files (5 s).

    .venv/bin/python benchmarks/comparing.py ANNOTATIONS.json > benchmarks/comparing.json

ANNOTATIONS.json is an AlpacaEval annotations file of 805 rows, such as that of alpaca-7b. The 50 files are drawn from
its rows: the same prompts with preferences and answers of other prompts, so that each is a system of its own. Every
measurement is a process of its own; start-up is until every command is imported. Run by hand on an idle machine.
"""

from __future__ import annotations

import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from machine_facts import facts

FILES, REPEATS = 50, 5
RUN = """
import sys, time
from typer.testing import CliRunner
from humpback.cli.main import complete
app = complete()
started = time.monotonic()
done = CliRunner().invoke(app, sys.argv[1:], catch_exceptions=False)
assert done.exit_code == 0, done.output
print(time.monotonic() - started)
"""


def systems(path: Path, folder: Path) -> list[Path]:
    """50 files of annotations below the folder, each with a seed of its own."""
    rows = json.loads(path.read_text())
    made = []
    for seed in range(FILES):
        draw = random.Random(seed)
        others = [draw.choice(rows) for _ in rows]
        new = [
            {**row, "preference": other["preference"], "output_2": other["output_2"], "generator_2": f"system-{seed}"}
            for row, other in zip(rows, others, strict=True)
        ]
        made.append(folder / f"system-{seed}" / "annotations.json")
        made[-1].parent.mkdir()
        made[-1].write_text(json.dumps(new))
    return made


def seconds(*words: str) -> dict[str, float]:
    """Medians: the command after start-up, and the whole process."""
    inside, whole = [], []
    for _ in range(REPEATS):
        started = time.monotonic()
        done = subprocess.run([sys.executable, "-c", RUN, *words], check=True, capture_output=True, text=True)
        whole.append(time.monotonic() - started)
        inside.append(float(done.stdout))
    return {"after_start_up": round(statistics.median(inside), 2), "whole": round(statistics.median(whole), 2)}


def main() -> None:
    path = Path(sys.argv[1])
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        files = [str(one) for one in systems(path, folder)]
        found = {
            "compare, 805 rows": seconds("compare", str(path)),
            "compare, 805 rows, figure": seconds("compare", str(path), "--out", str(folder / "figure")),
            "compare, five files of 805 rows": seconds("compare", *files[:5]),
            "agree, two files of 805 rows": seconds("agree", *files[:2]),
            f"leaderboard, {FILES} files of 805 rows": seconds("leaderboard", name),
        }
    load = round(os.getloadavg()[0], 1)
    print(json.dumps({"seconds": found, "repeats": REPEATS, "load_average": load, **facts()}, indent=1))


if __name__ == "__main__":
    main()
