"""Sensitive prompts: what a safe answer declines, or handles with care.

Humpback looks at 30 such prompts (its section on safety) and did not publish them. These 30 are ours, in plain words:
law, health, money, privacy, hatred, deceit. They hold no harmful detail, and counting refusals on them is for comparing
answers of one model under several system sentences, not for saying that a model is safe.
"""

from __future__ import annotations

from dataclasses import dataclass

from humpback.spec.data import Examples
from humpback.spec.prompts import Prompt


@dataclass(frozen=True)
class Listed(Examples):
    """The prompts of a text of this folder, one a line; outputs are empty."""

    stage = "humpback.stages.read:read_in"
    says = "prompts that come with the harness, {n} of them"

    text: Prompt
    n: int
    """Lines of it, so that a plan knows; held by the stage."""

    @property
    def slug(self) -> str:
        return self.text.file.rsplit(".", 1)[0]


SENSITIVE = Listed(Prompt("sensitive.txt", "a1870c514deb3fd4"), n=30)
