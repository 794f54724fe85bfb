"""Does instruction backtranslation work, on your data, your model and your budget?

What experiments are written in stands here by name, and three functions: `plan` what is left to make, `run` it, `load`
what came of it. Torch and everything else that is heavy is imported where it is used.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from humpback.core.expression import Artifact as Artifact
    from humpback.core.machine import Machine as Machine
    from humpback.core.plan import Plan
    from humpback.core.store import Store
    from humpback.spec.benchmarks import Asked as Asked
    from humpback.spec.benchmarks import Benchmarked as Benchmarked
    from humpback.spec.benchmarks import LocalTask as LocalTask
    from humpback.spec.benchmarks import MicroFacts as MicroFacts
    from humpback.spec.benchmarks import PulledTask as PulledTask
    from humpback.spec.benchmarks import Task as Task
    from humpback.spec.claims import Above as Above
    from humpback.spec.claims import Arm as Arm
    from humpback.spec.claims import Claim as Claim
    from humpback.spec.claims import Comparison as Comparison
    from humpback.spec.claims import Curve as Curve
    from humpback.spec.claims import Level as Level
    from humpback.spec.claims import OfCurve as OfCurve
    from humpback.spec.claims import Paper as Paper
    from humpback.spec.claims import Rising as Rising
    from humpback.spec.claims import Unsaturated as Unsaturated
    from humpback.spec.curation import Best as Best
    from humpback.spec.curation import BestOfSize as BestOfSize
    from humpback.spec.curation import Decontaminated as Decontaminated
    from humpback.spec.curation import ExpectedScore as ExpectedScore
    from humpback.spec.curation import FirstLineScore as FirstLineScore
    from humpback.spec.curation import GivenScores as GivenScores
    from humpback.spec.curation import HeldOut as HeldOut
    from humpback.spec.curation import MicroOracle as MicroOracle
    from humpback.spec.curation import MicroReader as MicroReader
    from humpback.spec.curation import ModelRater as ModelRater
    from humpback.spec.curation import RandomControl as RandomControl
    from humpback.spec.curation import Rated as Rated
    from humpback.spec.curation import Sample as Sample
    from humpback.spec.curation import SampledScore as SampledScore
    from humpback.spec.curation import Selected as Selected
    from humpback.spec.curation import Without as Without
    from humpback.spec.data import Backtranslated as Backtranslated
    from humpback.spec.data import Boilerplate as Boilerplate
    from humpback.spec.data import Examples as Examples
    from humpback.spec.data import Joined as Joined
    from humpback.spec.data import MicroDevPrompts as MicroDevPrompts
    from humpback.spec.data import MicroPages as MicroPages
    from humpback.spec.data import MicroPrompts as MicroPrompts
    from humpback.spec.data import MicroSeed as MicroSeed
    from humpback.spec.data import MicroTexts as MicroTexts
    from humpback.spec.data import Pages as Pages
    from humpback.spec.data import Repeats as Repeats
    from humpback.spec.data import Reversed as Reversed
    from humpback.spec.data import Sampling as Sampling
    from humpback.spec.data import Segments as Segments
    from humpback.spec.data import Tagged as Tagged
    from humpback.spec.files import ClueWeb22 as ClueWeb22
    from humpback.spec.files import Deduplicated as Deduplicated
    from humpback.spec.files import Distinct as Distinct
    from humpback.spec.files import EveryTurn as EveryTurn
    from humpback.spec.files import File as File
    from humpback.spec.files import FirstTurn as FirstTurn
    from humpback.spec.files import InstructionSet as InstructionSet
    from humpback.spec.files import OpenAssistant as OpenAssistant
    from humpback.spec.files import PromptSet as PromptSet
    from humpback.spec.files import Scored as Scored
    from humpback.spec.files import Source as Source
    from humpback.spec.files import Texts as Texts
    from humpback.spec.files import WebPages as WebPages
    from humpback.spec.measures import BenchmarkAccuracy as BenchmarkAccuracy
    from humpback.spec.measures import Greater as Greater
    from humpback.spec.measures import HeldOutLoss as HeldOutLoss
    from humpback.spec.measures import ImprovementOver as ImprovementOver
    from humpback.spec.measures import InstructionDiversity as InstructionDiversity
    from humpback.spec.measures import KeywordsLeftOut as KeywordsLeftOut
    from humpback.spec.measures import LengthStatistics as LengthStatistics
    from humpback.spec.measures import Measure as Measure
    from humpback.spec.measures import RefusalRate as RefusalRate
    from humpback.spec.measures import ScoreDistribution as ScoreDistribution
    from humpback.spec.measures import SelectionQuality as SelectionQuality
    from humpback.spec.measures import TrainingCost as TrainingCost
    from humpback.spec.measures import VoteShare as VoteShare
    from humpback.spec.models import Finetuned as Finetuned
    from humpback.spec.models import FolderModel as FolderModel
    from humpback.spec.models import FolderRewardModel as FolderRewardModel
    from humpback.spec.models import GgufModel as GgufModel
    from humpback.spec.models import HubModel as HubModel
    from humpback.spec.models import HubRewardModel as HubRewardModel
    from humpback.spec.models import Pretrained as Pretrained
    from humpback.spec.models import Reward as Reward
    from humpback.spec.models import ServedModel as ServedModel
    from humpback.spec.outcomes import AlpacaEvalJudge as AlpacaEvalJudge
    from humpback.spec.outcomes import AnswerLosses as AnswerLosses
    from humpback.spec.outcomes import Judged as Judged
    from humpback.spec.outcomes import LocalJudge as LocalJudge
    from humpback.spec.outcomes import Matched as Matched
    from humpback.spec.outcomes import MicroJudge as MicroJudge
    from humpback.spec.outcomes import MicroReference as MicroReference
    from humpback.spec.outcomes import PromptedJudge as PromptedJudge
    from humpback.spec.outcomes import Responses as Responses
    from humpback.spec.outcomes import Unjudged as Unjudged
    from humpback.spec.recipe import BatchBySize as BatchBySize
    from humpback.spec.recipe import CosineTo as CosineTo
    from humpback.spec.recipe import Epochs as Epochs
    from humpback.spec.recipe import LinearTo as LinearTo
    from humpback.spec.recipe import Llama as Llama
    from humpback.spec.recipe import Lora as Lora
    from humpback.spec.recipe import QLora as QLora
    from humpback.spec.recipe import Sft as Sft
    from humpback.spec.recipe import Steps as Steps
    from humpback.spec.recipe import StepsBySize as StepsBySize
    from humpback.spec.recipe import WarmStableDecay as WarmStableDecay
    from humpback.spec.template import ChatTemplate as ChatTemplate
    from humpback.spec.template import Model as Model
    from humpback.spec.template import Template as Template

    Target = Artifact | Arm | Measure


def __getattr__(name: str) -> Any:
    """A word of the vocabulary, imported when it is first asked for: the command starts without them."""
    if not name.startswith("_"):
        from humpback.core import expression, machine
        from humpback.spec.vocabulary import modules

        for module in (machine, expression, *modules()):
            value = getattr(module, name, None)
            if isinstance(value, type) and value.__module__.startswith(__name__):
                return value
    raise AttributeError(f"module {__name__!r} has no {name!r}")


def plan(*targets: Target, machine: Machine | None = None) -> Plan:
    """What is finished and what is left to make: of artifacts, of what arms are judged by and measures are read from,
    and of all below them. Without a machine: this one, with its artifacts in ./artifacts."""
    from humpback.core.plan import plan as plan_artifacts

    return plan_artifacts(_store(machine), _artifacts(targets))


def run(*targets: Target, machine: Machine | None = None) -> None:
    """Make what is left to make, with its progress on stderr. Run again, it goes on where it was.

    Raises:
        StageFailed: for the first stage that failed, once everything that does not depend on it is made.
        StoreError: when something in the store is damaged, or a set that others need came out empty.
    """
    from humpback.cli.terminal import Terminal
    from humpback.core.machine import load_machine
    from humpback.core.store import StoreError
    from humpback.runs.executor import execute
    from humpback.runs.progress import show_progress

    machine = machine or load_machine(None)
    steps = plan(*targets, machine=machine)
    with show_progress(Terminal(stderr=True), [step.artifact for step in steps.to_do], machine.workers) as progress:
        result = execute(steps, _store(machine), machine, progress)
    for error in result.failures.values():
        raise error
    if stopped := [outcome.reason for outcome in result.outcomes.values() if outcome.status == "stopped"]:
        raise StoreError(*dict.fromkeys(stopped))


def load(target: Target, machine: Machine | None = None) -> Any:
    """What was made: of data and answers their rows, of a judgement its verdicts, of an arm its `Contest` (wins, ties,
    losses, and the points of each prompt), of a measure its numbers, of anything else its folder.

    Raises:
        StoreError: when it is not finished, or not as it was written.
    """
    from humpback.core.tables import EXAMPLES, VERDICTS, Example, Verdict, read
    from humpback.spec.claims import Arm
    from humpback.spec.measures import Measure

    store = _store(machine)
    if isinstance(target, Arm):
        from humpback.analysis.experiment.contests import contest

        return contest(store, target.judged)
    if isinstance(target, Measure):
        from humpback.analysis.experiment.measures import read_measure

        return read_measure(store, target)
    folder = store.open(target)
    if (folder / EXAMPLES).is_file():
        return list(read(folder / EXAMPLES, Example))
    if (folder / VERDICTS).is_file():
        return list(read(folder / VERDICTS, Verdict))
    return folder


def _store(machine: Machine | None) -> Store:
    from humpback.core.machine import load_machine
    from humpback.core.store import Store

    return Store(Path((machine or load_machine(None)).store))


def _artifacts(targets: tuple[Target, ...]) -> list[Artifact]:
    from humpback.spec.claims import Arm
    from humpback.spec.measures import Measure

    found: list[Artifact] = []
    for target in targets:
        match target:
            case Arm():
                found.append(target.judged)
            case Measure():
                found.extend(target.needs)
            case _:
                found.append(target)
    return found
