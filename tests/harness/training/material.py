"""A workshop of one folder: a tiny base, examples, and the weights that a recipe makes of them."""

from __future__ import annotations

import random
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from transformers import PreTrainedTokenizerFast

from humpback.core.expression import Artifact
from humpback.core.machine import Machine
from humpback.core.tables import EXAMPLES, Example, Writer
from humpback.core.work import Counts, Work, new_log
from humpback.inputs.locate import digest, model_files
from humpback.spec.data import Examples, MicroSeed
from humpback.spec.micro_world import World
from humpback.spec.models import Finetuned, FolderModel
from humpback.spec.recipe import Llama
from humpback.stages.finetune import finetune
from humpback.stages.pretrain import byte_level_bpe
from tests.architectures import save_tiny
from tests.conftest import MACHINE

ONE = replace(MACHINE, workers=1)
SEED = MicroSeed(World(), n=40)
"""Examples to train on; a workshop puts its own rows there."""

_NOUNS = ("kettle", "river", "lantern", "orchard", "bridge", "candle", "harbour", "meadow", "pencil", "basket")
_VERBS = ("holds", "warms", "mends", "paints", "lifts", "keeps", "carries", "finds")


def words(n: int, seed: int = 0) -> str:
    """n words of English of a sort."""
    rng = random.Random(seed)
    return " ".join(rng.choice(_NOUNS if i % 2 else _VERBS) for i in range(n))


def examples(n: int = 40) -> list[Example]:
    """Pairs of different lengths."""
    return [
        Example(f"e/{i}", instruction=f"What {words(2 + i % 5, i)}?", output=words(4 + 3 * (i % 7), 100 + i))
        for i in range(n)
    ]


def tokenizer() -> PreTrainedTokenizerFast:
    """A byte-level BPE of 400 entries."""
    texts = [row.instruction + row.output for row in examples()]
    return byte_level_bpe(texts, replace(Llama(), vocabulary=400))


@dataclass
class Workshop:
    """Where stages run by hand: what they read lies in folders that are named here."""

    root: Path
    machine: Machine = ONE
    folders: dict[str, Path] = field(default_factory=dict)

    def base(self, kind: str, **fields: Any) -> FolderModel:
        """A tiny model of this architecture as a base."""
        folder = save_tiny(self.root / kind, kind, tokenizer(), **fields)
        return self.folder(folder)

    def folder(self, folder: Path) -> FolderModel:
        """A folder that holds a model, as a base."""
        model = FolderModel(folder.name, digest(model_files(folder)))
        self.machine = replace(self.machine, files=(*self.machine.files, (model.sha256, str(folder))))
        self.folders[model.fingerprint] = folder
        return model

    def put(self, node: Examples, rows: list[Example]) -> None:
        """Make these the rows of the artifact."""
        folder = self.root / node.fingerprint[:12]
        folder.mkdir(exist_ok=True)
        with Writer(folder / EXAMPLES, Example) as out:
            for row in rows:
                out.add(row)
        self.folders[node.fingerprint] = folder

    def work(self, name: str, **machine: Any) -> Work:
        out = self.root / name
        out.mkdir()
        return Work(self._open, out, replace(self.machine, **machine), new_log(out, lambda *_: None))

    def _open(self, artifact: Artifact) -> Path:
        return self.folders[artifact.fingerprint]

    def finetuned(self, node: Finetuned, **machine: Any) -> tuple[Path, Counts]:
        """The folder of the finetuned model and its counts."""
        work = self.work(f"{len(list(self.root.iterdir()))}", **machine)
        counts = finetune(node, work)
        self.folders[node.fingerprint] = work.out
        return work.out, counts


def weights(folder: Path) -> dict[str, torch.Tensor]:
    """What a stage saved: all weights, or the adapter's."""
    (path,) = folder.glob("*.safetensors")
    return load_file(path)


def same(one: dict[str, torch.Tensor], two: dict[str, torch.Tensor]) -> bool:
    """Bit for bit."""
    return one.keys() == two.keys() and all(torch.equal(one[name], two[name]) for name in one)
