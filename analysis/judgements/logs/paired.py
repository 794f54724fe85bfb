"""What two models differ by on the samples that both have, task by task.

A sample is its question: the same id with the same question and target; where ids differ, the question, if it stands
once in both. Times that a sample was asked (epochs) are no samples more: they are averaged, and samples are the units.
Scores of 0 and 1 that each sample has once are tested by McNemar's exact test, everything else by Student's t over the
samples' differences; p-values are corrected by Holm over all tests of a comparison.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations

import numpy as np

from humpback.analysis.judgements.logs.items import Sample, SystemLog, TaskLog
from humpback.analysis.stats.evidence import FEWEST, against_verdict, few_different
from humpback.analysis.stats.multiplicity import LEVEL, holm, p_of
from humpback.analysis.stats.power import sign_test
from humpback.analysis.stats.statistics import NONE, Estimate, MeanSquares, Scores, crossed_mean

MCNEMAR, STUDENT = "McNemar", "t"


@dataclass(frozen=True)
class Difference:
    """The first system's mean score minus the second's on one task by one metric, over the samples that both have."""

    first: str
    second: str
    task: str
    metric: str
    n: int = 0
    """Samples with a score in both."""
    first_mean: float = NONE
    """Over these samples."""
    second_mean: float = NONE
    estimate: Estimate = field(default_factory=lambda: Estimate(NONE))
    """Of the difference."""
    variance: float = NONE
    """Of one sample's difference."""
    only_first: int | None = None
    """Samples that the first alone has right; None where scores are not 0 and 1, or samples were asked repeatedly."""
    only_second: int | None = None
    repeats: tuple[int, int] = (1, 1)
    """Most times that either asked one sample."""
    test: str = ""
    p: float | None = None
    """Two-sided; None where it cannot be told whether they differ."""
    adjusted: float | None = None
    """The same by Holm's correction over all tests of the comparison."""
    lower: bool = False
    """Whether less is better."""
    members: tuple[str, ...] = ()
    """Of a group, its tasks: their samples together, each counting the same."""
    tasks_alike: bool = False
    """Of a group, whether it is each task that counts the same."""
    obstacle: str = ""
    """Why it cannot be told whether they differ."""

    @property
    def told_apart(self) -> bool | None:
        """Whether the corrected p is below .05; None where that cannot be told."""
        return None if self.obstacle or self.adjusted is None else self.adjusted < LEVEL


@dataclass(frozen=True)
class Pair:
    """Two systems."""

    first: str
    second: str
    differences: tuple[Difference, ...]
    notes: tuple[str, ...]
    """What is not in both, and what else the two logs differ in."""


@dataclass(frozen=True)
class _Matched:
    """The samples of one task that both have."""

    ids: tuple[tuple[str, str], ...]
    notes: tuple[str, ...]


def compare_systems(systems: Sequence[SystemLog], metrics: Sequence[str] = ()) -> list[Pair]:
    """Every pair of systems, the earlier minus the later. metrics: names of those to compare, with or without their
    filter; all where none is given.

    Raises:
        ValueError: for a name of a metric that no log has.
    """
    _known(systems, metrics)
    pairs = [_pair(one, other, metrics) for one, other in combinations(systems, 2)]
    adjusted = iter(holm([row.p for pair in pairs for row in pair.differences]))
    return [
        replace(pair, differences=tuple(replace(row, adjusted=next(adjusted)) for row in pair.differences))
        for pair in pairs
    ]


def _known(systems: Sequence[SystemLog], metrics: Sequence[str]) -> None:
    there = list(dict.fromkeys(name for one in systems for log in one.tasks.values() for name in log.scores))
    for name in metrics:
        if not any(_is_metric(one, (name,)) for one in there):
            raise ValueError(f"--metric {name}: no log has it; there are {', '.join(there) or 'none'}")


def _is_metric(label: str, wanted: Sequence[str]) -> bool:
    return not wanted or label in wanted or label.split(" (")[0] in wanted


def _pair(one: SystemLog, other: SystemLog, metrics: Sequence[str]) -> Pair:
    notes: list[str] = []
    rows: list[Difference] = []
    outcomes: dict[tuple[str, str], tuple[list[tuple[float, ...]], list[tuple[float, ...]]]] = {}
    for name, mine, theirs in ((one.name, one, other), (other.name, other, one)):
        if alone := [task for task in mine.tasks if task not in theirs.tasks]:
            notes.append(f"only {name} has {', '.join(alone)}: not compared")
    for task in (task for task in one.tasks if task in other.tasks):
        first, second = one.tasks[task], other.tasks[task]
        notes += _unlike(first, second)
        matched = _match(first.samples, second.samples)
        notes += [f"{task}: {line}" for line in matched.notes]
        refused = ""
        if first.version and second.version and first.version != second.version:
            refused = f"version {first.version} of the task and version {second.version}: their scores are of two tasks"
        labels = [name for name in first.scores if _is_metric(name, metrics)]
        for names, who in ((first.scores.keys() - second.scores, one), (second.scores.keys() - first.scores, other)):
            if alone := sorted(name for name in names if _is_metric(name, metrics)):
                notes.append(f"{task}: only {who.name} has {', '.join(alone)}: not compared")
        for label in (name for name in labels if name in second.scores):
            empty = Difference(one.name, other.name, task, label, lower=label in first.lower | second.lower)
            if refused:
                rows.append(replace(empty, obstacle=refused))
                continue
            both = [(i, j) for i, j in matched.ids if i in first.scores[label] and j in second.scores[label]]
            mine_ = [first.scores[label][i] for i, _ in both]
            theirs_ = [second.scores[label][j] for _, j in both]
            outcomes[task, label] = mine_, theirs_
            rows.append(_difference(empty, mine_, theirs_))
            if (left := len(matched.ids) - len(both)) > 0:
                notes.append(f"{task}, {label}: {left:,} samples lack a score in either: left out")
    return Pair(one.name, other.name, (*rows, *_groups(one, other, rows, outcomes)), tuple(notes))


def _groups(
    one: SystemLog,
    other: SystemLog,
    rows: Sequence[Difference],
    outcomes: Mapping[tuple[str, str], tuple[list[tuple[float, ...]], list[tuple[float, ...]]]],
) -> list[Difference]:
    """A group's samples together, by the metrics that all of its tasks have in both; or the mean of its tasks, where
    that is what either log's own value of the group is."""
    found = []
    for group, tasks in one.groups.items():
        if other.groups.get(group) != tasks or len(tasks) < 2:
            continue
        shared = [row.metric for row in rows if row.task == tasks[0]]
        for metric in (name for name in shared if all((task, name) in outcomes for task in tasks)):
            lower = next(row.lower for row in rows if row.metric == metric)
            empty = Difference(one.name, other.name, group, metric, lower=lower, members=tasks)
            mine = [score for task in tasks for score in outcomes[task, metric][0]]
            theirs = [score for task in tasks for score in outcomes[task, metric][1]]
            whole = _difference(empty, mine, theirs)
            alike = (group, metric) in one.tasks_alike | other.tasks_alike
            of_tasks = [row for row in rows if row.metric == metric and row.task in tasks]
            found.append(_of_tasks_alike(whole, of_tasks) if alike else whole)
    return found


def _of_tasks_alike(whole: Difference, tasks: Sequence[Difference]) -> Difference:
    """The mean of the tasks' differences, which are these tasks and no sample of others. Its error is put together from
    theirs."""
    squares = np.array([row.variance / row.n for row in tasks])
    degrees = np.array([row.n - 1 for row in tasks])
    mean = float(np.mean([row.estimate.mean for row in tasks]))
    obstacle = whole.obstacle
    if not obstacle and not squares.sum() > 0:
        obstacle = "a task has one sample, or within tasks every outcome is the same"
    estimate = Estimate(mean)
    if not obstacle:
        # Welch and Satterthwaite's degrees of freedom.
        freedom = int(squares.sum() ** 2 / np.sum(squares**2 / degrees))
        estimate = MeanSquares(mean, len(tasks), (), float(squares.mean()), freedom).estimate
    return replace(
        whole,
        first_mean=float(np.mean([row.first_mean for row in tasks])),
        second_mean=float(np.mean([row.second_mean for row in tasks])),
        estimate=estimate,
        variance=NONE,
        only_first=None,
        only_second=None,
        tasks_alike=True,
        test="" if obstacle else STUDENT,
        p=None if obstacle else p_of(estimate),
        obstacle=obstacle,
    )


def _difference(
    empty: Difference, first: Sequence[tuple[float, ...]], second: Sequence[tuple[float, ...]]
) -> Difference:
    if not first:
        return replace(empty, obstacle="no sample in common")
    means: list[Scores] = [np.array([np.mean(times) for times in some]) for some in (first, second)]
    margin = means[0] - means[1]
    repeats = max(map(len, first)), max(map(len, second))
    estimate = crossed_mean(margin[None])
    if few_different(margin[None]):
        estimate = Estimate(estimate.mean)
    found = replace(
        empty,
        n=len(margin),
        first_mean=float(means[0].mean()),
        second_mean=float(means[1].mean()),
        estimate=estimate,
        variance=float(margin.var(ddof=1)) if len(margin) > 1 else NONE,
        repeats=repeats,
        obstacle=against_verdict(margin[None]).replace("prompts", "samples"),
    )
    binary = repeats == (1, 1) and all(np.isin(some, (0.0, 1.0)).all() for some in means)
    if binary:
        found = replace(found, only_first=int((margin > 0).sum()), only_second=int((margin < 0).sum()))
        if len(margin) >= FEWEST and abs(margin.sum()) == len(margin):
            # One has all of them right and the other none: that has no interval, and the exact test needs none.
            found = replace(found, obstacle="")
    if found.obstacle:
        return found
    p = sign_test(found.only_first or 0, found.only_second or 0).exact if binary else p_of(estimate)
    return replace(found, test=MCNEMAR if binary else STUDENT, p=p)


def _unlike(first: TaskLog, second: TaskLog) -> list[str]:
    """What the two logs say that bears on scores, where they say two things."""
    notes = []
    for name in (name for name in first.about if name in second.about):
        if first.about[name] != second.about[name]:
            one, other = (about[name][:60] for about in (first.about, second.about))
            notes.append(f"{first.task}: {name} {one} and {other}")
    return notes


def _match(first: Mapping[str, Sample], second: Mapping[str, Sample]) -> _Matched:
    """The same id with the same question and target; then, of what is left, questions with their target that stand once
    on each side."""
    ids = [(i, i) for i in first if i in second and _same(first[i], second[i])]
    used = {i for i, _ in ids}
    left, right = ({_asks(of[i]): i for i in of if i not in used} for of in (first, second))
    times = [Counter(_asks(of[i]) for i in of if i not in used) for of in (first, second)]
    by_question = [
        (i, right[asks])
        for asks, i in left.items()
        if asks[0] and asks in right and times[0][asks] == times[1][asks] == 1
    ]
    ids += by_question
    notes = []
    if by_question:
        notes.append(f"{len(by_question):,} samples have the same question under another id: matched by it")
    done = {i for i, _ in ids}, {j for _, j in ids}
    other = [i for i in first if i in second and i not in done[0] and i not in done[1]]
    targets = sum(first[i].question == second[i].question != "" for i in other)
    if len(other) > targets:
        notes.append(f"{len(other) - targets:,} ids stand for two different questions: left out")
    if targets:
        notes.append(f"{targets:,} questions have two different targets: left out")
    sides = zip((first, second), done, strict=True)
    alone = [sum(i not in matched and i not in other for i in of) for of, matched in sides]
    if any(alone):
        notes.append(f"{alone[0]:,} samples are in the first alone, {alone[1]:,} in the second alone: left out")
    prompts = [(first[i].prompt, second[j].prompt) for i, j in ids]
    if unlike := sum(one != two for one, two in prompts if one and two):
        words = "were put in other words (template, shots, wording): the difference is of that as well"
        notes.append(f"{unlike:,} of {len(ids):,} samples {words}")
    return _Matched(tuple(ids), tuple(notes))


def _asks(one: Sample) -> tuple[str, str]:
    return one.question, one.target


def _same(one: Sample, other: Sample) -> bool:
    """Nothing that both say differs."""
    return all(mine == theirs or not mine or not theirs for mine, theirs in zip(_asks(one), _asks(other), strict=True))
