"""The stages: how each class of artifact is made.

A stage is a function of the artifact and its `Work`: it reads its inputs through `work.open`, writes its payload into
`work.out`, and returns counts. Modules are imported when their stage runs, so a machine needs only the packages of the
stages that it runs.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from humpback.core.expression import Artifact
from humpback.core.work import Counts, Work
from humpback.spec import benchmarks, curation, data, files, models, outcomes, sensitive
from humpback.spec import micro_sets as named

Stage = Callable[[Any, Work], Counts]


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
            from humpback.stages.micro import make

            return make
        case data.Reversed() | data.Tagged() | data.Joined():
            from humpback.stages.arrange import arrange

            return arrange
        case data.Segments():
            from humpback.stages.segment import segment

            return segment
        case files.WebPages():
            from humpback.stages.pages import read_pages

            return read_pages
        case files.ClueWeb22():
            from humpback.stages.pages import not_supplied

            return not_supplied
        case files.Deduplicated():
            from humpback.stages.deduplicate import deduplicate

            return deduplicate
        case (
            files.OpenAssistant()
            | files.InstructionSet()
            | files.PromptSet()
            | files.Texts()
            | files.Distinct()
            | files.Scored()
        ):
            from humpback.stages.read import read_in

            return read_in
        case sensitive.Listed():
            from humpback.stages.listed import listed

            return listed
        case models.HubModel() | models.FolderModel():
            from humpback.stages.base import base

            return base
        case models.GgufModel():
            from humpback.stages.gguf import unpacked

            return unpacked
        case models.ServedModel():
            from humpback.stages.base import served

            return served
        case models.Pretrained():
            from humpback.stages.pretrain import pretrain

            return pretrain
        case models.Finetuned():
            from humpback.stages.finetune import finetune

            return finetune
        case data.Backtranslated():
            from humpback.stages.backtranslate import backtranslate

            return backtranslate
        case curation.Rated():
            from humpback.stages.rate import rate

            return rate
        case curation.Selected() | curation.Best() | curation.Uniform() | curation.Sample():
            from humpback.stages.select import select

            return select
        case outcomes.Responses():
            from humpback.stages.respond import respond

            return respond
        case outcomes.Matched():
            from humpback.stages.match import match

            return match
        case outcomes.Judged():
            from humpback.stages.judge import judge

            return judge
        case benchmarks.Benchmarked():
            from humpback.stages.benchmark import benchmark

            return benchmark
    raise TypeError(f"{type(artifact).__name__} has no stage")
