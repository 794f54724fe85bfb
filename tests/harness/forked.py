"""A stage that counts what its process had loaded before the stage began. Run with a device, it prints that."""

from __future__ import annotations

import json
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from humpback.core.expression import Artifact
from humpback.core.machine import Machine
from humpback.core.store import Store
from humpback.core.work import Counts, Work
from humpback.runs.stage_process import StageProcess, last


@dataclass(frozen=True)
class Loaded(Artifact):
    stage: ClassVar[str] = "tests.harness.forked:tell"


def tell(node: Loaded, work: Work) -> Counts:
    (work.out / "payload").write_text("", encoding="utf-8")
    return {name: int(name in sys.modules) for name in ("torch", "transformers", "humpback.cli.main")}


def main(device: str) -> None:
    import humpback.cli.main  # noqa: F401  # as a command has it loaded, and this module by itself has not

    machine = Machine(device=device)  # type: ignore[arg-type]
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder))
        store.prepare()
        process = StageProcess(Loaded(), Path(folder), machine, {}, "0")
        while not last(process.hear()):
            pass
        (record,) = Path(folder).rglob("record.json")
        print(json.dumps(json.loads(record.read_text(encoding="utf-8"))["counts"]))


if __name__ == "__main__":
    from tests.harness import forked  # so that the class has the name that the stage's process finds it by

    forked.main(sys.argv[1])
