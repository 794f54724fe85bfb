"""The stages: how each class of artifact is made.

A stage is a function of the artifact and its `Work`: it reads its inputs through `work.open`, writes its payload into
`work.out`, and returns counts. Modules are imported when their stage runs, so a machine needs only the packages of the
stages that it runs.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness import benchmarks, curation, data, files, models, outcomes
from harness.files import File, Source
from harness.fingerprint import Artifact
from harness.micro import named
from harness.prompts import sensitive
from harness.store import METRICS

if TYPE_CHECKING:
    from harness.machine import Machine

Counts = dict[str, int]
"""What went in and what came of it. Where rows are filtered, `in` = `kept` + `rejected`."""
Stage = Callable[[Any, "Work"], Counts]


class TooFew(Exception):
    """A set has fewer rows than are to be drawn from it. What depends on it is left without a number, with the message
    as the reason; everything else goes on."""


@dataclass
class Log:
    """What a stage says on the way: progress for people, metrics for `metrics.jsonl`."""

    path: Path
    report: Callable[[int, int, str], None]
    started: float = field(default_factory=time.monotonic)

    def progress(self, done: int, total: int, unit: str) -> None:
        """So many of so many units are done."""
        self.report(done, total, unit)

    def metrics(self, step: int, **values: float | int | str | None) -> None:
        """Append one line, flushed, so that a killed run keeps what it measured."""
        row = {"step": step, "seconds": round(time.monotonic() - self.started, 3), **values}
        with self.path.open("a", encoding="utf-8") as out:
            out.write(json.dumps(row) + "\n")


@dataclass(frozen=True)
class Work:
    """What a stage is given beside the artifact that it makes."""

    open: Callable[[Artifact], Path]
    """The folder of a finished input, its checksums verified."""
    out: Path
    """An empty folder for the payload."""
    machine: Machine
    log: Log

    def file(self, given: File | Source) -> Path:
        """Where a file lies on this machine, its checksum verified.

        Raises:
            StoreError: when it is not there or not what it was, saying how to get it.
        """
        from harness.located import located

        return located(given, self.machine)


def new_log(folder: Path, report: Callable[[int, int, str], None]) -> Log:
    """A log that writes into the artifact's folder."""
    return Log(folder / METRICS, report)


def stage_for(artifact: Artifact) -> Stage:
    """The stage that makes artifacts of this class.

    Raises:
        TypeError: for a class without a stage.
    """
    match artifact:
        case (
            data.MicroPages()
            | data.MicroSeed()
            | data.MicroPrompts()
            | data.MicroTexts()
            | outcomes.MicroReference()
            | named.MicroInstructions()
            | named.MicroTestSet()
            | named.MicroAnswers()
        ):
            from harness.stages.micro import make

            return make
        case data.Reversed() | data.Tagged() | data.Joined():
            from harness.stages.arrange import arrange

            return arrange
        case data.Segments():
            from harness.stages.segment import segment

            return segment
        case files.WebPages():
            from harness.stages.pages import read_pages

            return read_pages
        case files.ClueWeb22():
            from harness.stages.pages import not_supplied

            return not_supplied
        case files.Deduplicated():
            from harness.stages.deduplicate import deduplicate

            return deduplicate
        case (
            files.OpenAssistant()
            | files.InstructionSet()
            | files.PromptSet()
            | files.Texts()
            | files.Distinct()
            | files.Scored()
        ):
            from harness.stages.read import read_in

            return read_in
        case sensitive.Listed():
            from harness.stages.listed import listed

            return listed
        case models.HubModel() | models.FolderModel():
            from harness.stages.base import base

            return base
        case models.GgufModel():
            from harness.stages.gguf import unpacked

            return unpacked
        case models.ServedModel():
            from harness.stages.base import served

            return served
        case models.Pretrained():
            from harness.stages.pretrain import pretrain

            return pretrain
        case models.Finetuned():
            from harness.stages.finetune import finetune

            return finetune
        case data.Backtranslated():
            from harness.stages.backtranslate import backtranslate

            return backtranslate
        case curation.Rated():
            from harness.stages.rate import rate

            return rate
        case curation.Selected() | curation.Best() | curation.Uniform() | curation.Sample():
            from harness.stages.select import select

            return select
        case outcomes.Responses():
            from harness.stages.respond import respond

            return respond
        case outcomes.Matched():
            from harness.stages.match import match

            return match
        case outcomes.Judged():
            from harness.stages.judge import judge

            return judge
        case benchmarks.Benchmarked():
            from harness.stages.benchmark import benchmark

            return benchmark
    raise TypeError(f"{type(artifact).__name__} has no stage")
