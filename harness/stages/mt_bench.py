"""MT-Bench: its turns as prompts, answers from files, and the rating of every answer by a judge behind an endpoint."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from humpback.core.store import StoreError
from humpback.core.tables import GRADES, Example, Grade, Writer, to_json
from humpback.core.work import Counts, Work
from humpback.engines.endpoint.calls import Reply, Request, Usage, describe_reply
from humpback.engines.endpoint.client import Client
from humpback.engines.endpoint.journal import Journal
from humpback.inputs.locate import resolve_file
from humpback.judging.single_grades import (
    Question,
    grading_request,
    rating_of,
    read_prompts,
    read_questions,
    read_turns,
)
from humpback.readers.row_content import with_earlier_turns
from humpback.spec.mt_bench import MtBenchAnswers, MtBenchGraded, MtBenchTurn
from humpback.stages.rows import read_examples, write_tables


def ask_turn(node: MtBenchTurn, work: Work) -> Counts:
    """A prompt for each question, its category as `source`.

    Raises:
        StoreError: when no question is of the categories.
    """
    questions = read_questions(resolve_file(node.questions, work.machine))
    wanted = [one for one in questions.values() if not node.categories or one.category in node.categories]
    if not wanted:
        there = ", ".join(sorted({one.category for one in questions.values()}))
        raise StoreError(f"{node.name}: no question of {', '.join(node.categories)}; there are {there}")
    answers = None if node.answered is None else {row.id: row.output for row in read_examples(node.answered, work)}
    rows = []
    for one in wanted:
        prompt = one.turns[0]
        if answers is not None:
            if one.id not in answers:
                continue
            said = (("user", one.turns[0]), ("assistant", answers[one.id]))
            prompt = with_earlier_turns(said, one.turns[1])
        rows.append(Example(one.id, prompt, source=one.category))
    return write_tables(rows, work, Example)


def read_answers(node: MtBenchAnswers, work: Work) -> Counts:
    """The answers to one turn; questions without one are counted.

    Raises:
        StoreError: when no question has an answer.
    """
    questions = read_questions(resolve_file(node.questions, work.machine))
    given = read_turns(resolve_file(node.answers, work.machine))
    rows = [
        Example(
            id, one.turns[node.turn - 1], turns[node.turn - 1], "", one.category, origin=to_json({"generator": who})
        )
        for id, one in questions.items()
        if id in given
        for turns, who in (given[id],)
        if len(turns) >= node.turn
    ]
    if not rows:
        raise StoreError(
            f"{node.answers.name}: answers to none of the questions of {node.questions.name}, turn {node.turn}"
        )
    strange = len(given.keys() - questions.keys())
    counts = write_tables(rows, work, Example)
    return {**counts, "without an answer": len(questions) - len(rows), "of other questions": strange}


def grade(node: MtBenchGraded, work: Work) -> Counts:
    """A rating for each answer, its question's turns in order.

    Raises:
        Unanswered, StoreError: as `Client.ask`; and when no reply holds a rating.
    """
    asked = list(grading_requests(node, work))
    unread: list[Reply] = []

    def accept(reply: Reply) -> bool:
        readable = rating_of(reply.text) is not None
        if not readable and not unread:
            unread.append(reply)
        return readable

    used, unparsed, refused = Usage(), 0, 0
    with Journal.of(Path(work.machine.store), node.by.model) as journal:
        client = Client(work.machine.endpoint, journal)
        client.ask(
            (request for _, _, request in asked),
            accept=accept,
            explain=lambda reply: f"no rating such as [[7]] in the first reply. {describe_reply(reply)}",
            report=lambda done, total: work.log.progress(done, total, "ratings"),
            total=len(asked),
        )
        with Writer(work.out / GRADES, Grade) as out:
            for question, turn, request in asked:
                answer = client.answer(request)
                used += answer.used
                reply = answer.reply
                raw, model = (answer.problem, "") if reply is None else (reply.text, reply.model)
                score = None if reply is None else rating_of(raw)
                out.add(Grade(question.id, question.category, turn, score, raw, model))
                unparsed, refused = unparsed + (score is None), refused + (reply is None)
    if unparsed == len(asked):
        words = describe_reply(unread[0]) if unread else "every call is refused"
        raise StoreError(f"{work.machine.endpoint.address}: no reply holds a rating such as [[7]]; {words}")
    return {
        "in": len(asked),
        "kept": len(asked),
        "calls": used.calls,
        "unparsed": unparsed,
        "refused": refused,
        **used.counts(work.machine.endpoint),
    }


def grading_requests(node: MtBenchGraded, work: Work) -> Iterator[tuple[Question, int, Request]]:
    """What is asked about each answer: the question, which turn, and the request.

    Raises:
        FieldError: when a reference answer is not there.
        StoreError: when a second turn is answered and the first is not.
    """
    questions = read_questions(resolve_file(node.questions, work.machine))
    prompts = read_prompts(resolve_file(node.by.prompts, work.machine))
    references = read_turns(resolve_file(node.by.references, work.machine))
    first, second = (
        {row.id: row.output for part in parts for row in read_examples(part, work)}
        for parts in (node.first, node.second)
    )
    if orphans := [id for id in second if id not in first]:
        raise StoreError(f"question {orphans[0]}: its second turn is answered, and the first is not")
    for id, question in questions.items():
        if id not in first:
            continue
        reference = references[id][0] if id in references else None
        yield question, 1, grading_request(node.by, prompts, question, [first[id]], reference)
        if id in second:
            yield question, 2, grading_request(node.by, prompts, question, [first[id], second[id]], reference)
