"""The stages: how each class of artifact is made.

A stage is a function of the artifact and its `Work`: it reads its inputs through `work.open`, writes its payload into
`work.out`, and returns counts. Each class names its own (`Artifact.stage`), and the module is imported when the stage
runs, so a machine needs only the packages of the stages that it runs.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from humpback.core.expression import Artifact
from humpback.core.functions import load_function
from humpback.core.work import Counts, Work

Stage = Callable[[Any, Work], Counts]


def stage_for(artifact: Artifact) -> Stage:
    """The stage that makes artifacts of this class.

    Raises:
        TypeError: for a class without a stage.
    """
    if not artifact.stage:
        raise TypeError(f"{type(artifact).__name__} has no stage")
    stage: Stage = load_function(artifact.stage)
    return stage
