"""The layouts of instruction data, what is refused, and the known figures of real files."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from humpback.core.tables import Example, Rejected, Unreadable
from humpback.readers.instructions import Row, layout_of, pairs, prompts
from humpback.readers.layouts import RowLayout, fitting_layouts
from humpback.readers.unusable import UnusableFile
from tests.shared_data import SHARED, needs_shared


def written(folder: Path, *rows: dict[str, Any], name: str = "set.jsonl") -> Path:
    path = folder / name
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def one(path: Path, row: dict[str, Any], reader: Any = pairs) -> Row:
    """What comes of a row among others that are like it but for one field."""
    (found,) = reader(written(path, row))
    assert isinstance(found, (Example, Rejected, Unreadable))
    return found


USER, BOT = {"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}
LAYOUTS: list[tuple[dict[str, Any], RowLayout]] = [
    ({"instruction": "q", "input": "", "output": "a"}, RowLayout.ALPACA),
    ({"instruction": "q", "output": "a"}, RowLayout.ALPACA),
    ({"instruction": "q", "output": "a", "generator": "g", "dataset": "d"}, RowLayout.ALPACA_EVAL),
    ({"instruction": "q", "context": "", "response": "a", "category": "c"}, RowLayout.DOLLY),
    ({"messages": [USER, BOT]}, RowLayout.MESSAGES),
    ({"conversation": [USER, BOT, USER]}, RowLayout.MESSAGES),
    ({"prompt": "q", "messages": [USER, BOT]}, RowLayout.MESSAGES),
    ({"conversations": [{"from": "human", "value": "q"}, {"from": "gpt", "value": "a"}]}, RowLayout.SHAREGPT),
    ({"conversations": ["q", "a"], "source": "s"}, RowLayout.LIMA),
    ({"prompt": "q", "completion": "a"}, RowLayout.PAIR),
    ({"question": "q", "answer": "a"}, RowLayout.PAIR),
    ({"inputs": "q", "targets": "a"}, RowLayout.PAIR),
    ({"prompt": "q", "chosen": "a", "rejected": "b"}, RowLayout.PAIR),
    ({"text": "### Human: q### Assistant: a### Human: more"}, RowLayout.GUANACO),
    ({"instruction": "q", "instances": [{"input": "", "output": "a"}]}, RowLayout.SELF_INSTRUCT),
]
PROMPTS: list[tuple[dict[str, Any], RowLayout]] = [
    ({"text": "q", "category": "c", "question_id": 1}, RowLayout.VICUNA),
    ({"id": "k", "prompt": "q"}, RowLayout.KOALA),
    ({"idx": 1, "Instruction": "q", "Skill": "c", "Difficulty": 3}, RowLayout.WIZARDLM),
    ({"prompt": "q"}, RowLayout.PROMPTS),
    ({"instruction": "q", "dataset": "c"}, RowLayout.PROMPTS),
    ({"conversations": ["q"]}, RowLayout.LIMA),
]


@pytest.mark.parametrize(("row", "layout"), LAYOUTS)
def test_pairs_of_every_layout(tmp_path: Path, row: dict[str, Any], layout: RowLayout) -> None:
    found = one(tmp_path, row)
    assert isinstance(found, Example), found
    assert (found.instruction, found.output, found.id) == ("q", "a", "set/0")
    assert found.source == row.get("source", row.get("dataset", row.get("category", "set")))
    assert (layout_of(tmp_path / "set.jsonl"), found.known["layout"]) == (layout, layout.value)


@pytest.mark.parametrize(("row", "layout"), PROMPTS)
def test_prompts_of_every_layout_are_prompts_and_no_pairs(
    tmp_path: Path, row: dict[str, Any], layout: RowLayout
) -> None:
    found = one(tmp_path, row, prompts)
    assert isinstance(found, Example)
    assert (found.instruction, found.output) == ("q", "")
    assert layout_of(tmp_path / "set.jsonl") == layout
    refused = one(tmp_path, row, pairs)
    assert isinstance(refused, Unreadable)
    assert refused.reason.startswith("no output")


@pytest.mark.parametrize(("row", "layout"), LAYOUTS)
def test_an_output_that_is_there_is_kept_with_a_prompt(tmp_path: Path, row: dict[str, Any], layout: RowLayout) -> None:
    found = one(tmp_path, row, prompts)
    assert isinstance(found, Example)
    assert found.output == "a"


def test_inputs_stand_below_their_instruction_and_can_be_taken_apart(tmp_path: Path) -> None:
    for row in (
        {"instruction": "q", "input": "in\nput", "output": "a"},
        {"instruction": "q", "context": "in\nput", "response": "a"},
        {"instruction": "q", "instances": [{"input": "in\nput", "output": "a"}]},
    ):
        found = one(tmp_path, row)
        assert isinstance(found, Example)
        assert found.instruction == "q\n\nin\nput"
        assert found.instruction.removesuffix("\n\n" + found.known["input"]) == "q"


def test_system_messages_and_later_turns_of_a_chat(tmp_path: Path) -> None:
    tool = {"role": "tool", "content": {"x": 1}}
    found = one(tmp_path, {"messages": [{"role": "system", "content": "be kind"}, USER, BOT, USER, tool]})
    assert isinstance(found, Example)
    assert (found.system, found.instruction, found.output, found.known["turns"]) == ("be kind", "q", "a", 2)
    assert "turns" not in one(tmp_path, {"messages": [USER, BOT]}).known  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"instruction": "", "input": "", "output": "a"}, "field instruction is an empty string|is empty"),
        ({"instruction": " \n", "input": "", "output": "a"}, "field instruction is blank"),
        ({"instruction": 3, "output": "a"}, "field instruction is a number"),
        ({"instruction": "q", "output": ["a"]}, "field output is a list"),
        ({"instruction": "q", "input": {"a": 1}, "output": "a"}, "field input is an object"),
        ({"instruction": "q", "input": ""}, "field output is missing"),
        ({"instruction": "q", "output": None, "input": ""}, "field output is null"),
        ({"output": "a"}, "field instruction is missing"),
        ({"other": "a"}, "field instruction is missing"),
        ({"instruction": "q", "output": "b", "messages": [USER, BOT]}, "two layouts fit .* chat messages and Alpaca"),
        ({"prompt": "q", "completion": "a"}, "no Alpaca row as the others: field instruction is missing"),
        ({"instruction": "q", "output": "a", "prompt": "p"}, "more than one instruction"),
        ({"instruction": "q", "output": "a", "response": "b"}, "more than one instruction or output"),
        ({"instruction": "q", "output": "a", "id": [1]}, "field id is a list"),
    ],
)
def test_the_odd_row_of_an_alpaca_file_is_kept_aside(tmp_path: Path, row: dict[str, Any], reason: str) -> None:
    good = {"instruction": "q", "input": "", "output": "a"}
    for order in ([row, good, good], [good, good, row]):
        found = list(pairs(written(tmp_path, *order)))
        (bad,) = (one for one in found if isinstance(one, Unreadable))
        assert (bad.file, bad.place) == ("set.jsonl", f"line {order.index(row) + 1}")
        assert re.search(reason, bad.reason), bad.reason
        assert sum(isinstance(one, Example) for one in found) == 2


@pytest.mark.parametrize(
    ("turns", "reason"),
    [
        ([BOT, USER], r"messages\[0\] is a turn of the assistant; it takes one of the user"),
        ([USER, USER], r"messages\[1\] is a turn of the user"),
        ([{"role": "system", "content": "s"}], "system message alone"),
        ([{"role": "system", "content": "s"}, BOT], r"messages\[1\] is a turn of the assistant"),
        ([USER], "no output"),
        ([], "messages is an empty list"),
        ([{"role": "narrator", "content": "x"}], r"messages\[0\].role is 'narrator'; it takes one of user"),
        ([{"role": "user"}, BOT], r"messages\[0\].content is missing"),
        ([{"role": "user", "content": ""}, BOT], r"messages\[0\] is empty"),
        ([USER, "a"], r"messages\[1\] is a string"),
        ([USER, {"role": "assistant", "content": None}], r"messages\[1\].content is null"),
    ],
)
def test_chats_that_do_not_open_with_a_pair_are_kept_aside(tmp_path: Path, turns: list[Any], reason: str) -> None:
    found = list(pairs(written(tmp_path, {"messages": turns}, {"messages": [USER, BOT]})))
    assert isinstance(found[1], Example)
    assert isinstance(found[0], Unreadable)
    assert re.search(reason, found[0].reason), found[0].reason


def test_a_prompt_beside_a_chat_must_be_its_first_turn(tmp_path: Path) -> None:
    found = one(tmp_path, {"prompt": "another", "messages": [USER, BOT]})
    assert isinstance(found, Unreadable)
    assert "fields prompt and messages[0] differ" in found.reason


def test_a_file_without_a_layout_or_with_two_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UnusableFile, match=r"set.jsonl: line 1: no layout fits its fields \(a, b\)"):
        list(pairs(written(tmp_path, {"a": "1", "b": 2})))
    row = {"prompt": "q", "response": "a", "conversations": [{"from": "human", "value": "another"}]}
    with pytest.raises(UnusableFile, match=r"two layouts fit its fields .*: ShareGPT and prompt and response"):
        list(pairs(written(tmp_path, row)))
    (tmp_path / "set.jsonl").write_text("{nothing", encoding="utf-8")
    with pytest.raises(UnusableFile, match="none of the first 1 records"):
        list(pairs(tmp_path / "set.jsonl"))


def test_the_later_of_two_ids_is_kept_aside_and_ids_carry_the_file(tmp_path: Path) -> None:
    rows = [{"id": id, "prompt": f"q{i}", "response": "a"} for i, id in enumerate(["x", 7, "x", None])]
    found = list(pairs(written(tmp_path, *rows)))
    assert [one.id for one in found if isinstance(one, Example)] == ["set/x", "set/7", "set/3"]
    (bad,) = (one for one in found if isinstance(one, Rejected))
    assert bad.reason == "duplicate id: line 3 of set.jsonl has the id of line 1, 'x'"
    assert bad.text == "q2\na"


def test_an_empty_output_is_data(tmp_path: Path) -> None:
    assert one(tmp_path, {"instruction": "q", "input": "", "output": ""}).output == ""  # type: ignore[union-attr]


def test_what_else_is_known_goes_to_origin(tmp_path: Path) -> None:
    row = {"idx": 4, "Instruction": "q", "Skill": "Math", "Difficulty": 3, "category": "y" * 300}
    found = one(tmp_path, row, prompts)
    assert isinstance(found, Example)
    assert found.known == {
        "file": "set.jsonl", "row": 0, "layout": "WizardLM prompts", "id": "4", "skill": "Math", "difficulty": 3
    }  # fmt: skip


def test_null_is_absent_and_mere_text_is_a_prompt() -> None:
    assert fitting_layouts({"messages": None, "prompt": "q", "response": "a"}) == (RowLayout.PAIR,)
    assert fitting_layouts({"text": "words"}) == (RowLayout.PROMPTS,)
    assert fitting_layouts({}) == ()


@needs_shared
@pytest.mark.parametrize(
    ("file", "rows", "empty"),
    [
        ("alpagasus/claude_t45.json", 5_305, 4),
        ("alpagasus/helpfulness_t45.json", 2_022, 1),
        ("alpagasus/dolly_3k.json", 2_996, 0),
        ("lima/train.jsonl", 1_030, 0),
        ("alpaca_eval/guanaco-7b/model_outputs.json", 805, 0),
    ],
)
def test_known_rows_of_training_sets(file: str, rows: int, empty: int) -> None:
    found = list(pairs(SHARED / file))
    assert all(isinstance(one, Example) for one in found)
    assert len(found) == len({one.id for one in found if isinstance(one, Example)}) == rows
    assert sum(not one.output for one in found if isinstance(one, Example)) == empty


@needs_shared
@pytest.mark.parametrize(
    ("file", "layout", "rows", "sources"),
    [
        ("alpagasus/test_sets/vicuna_test_set.jsonl", RowLayout.VICUNA, 80, 9),
        ("alpagasus/test_sets/koala_test_set.jsonl", RowLayout.KOALA, 180, 1),
        ("alpagasus/test_sets/wizardlm_test_set.jsonl", RowLayout.WIZARDLM, 218, 29),
        ("alpagasus/test_sets/sinstruct_test_set.jsonl", RowLayout.SELF_INSTRUCT, 252, 1),
        ("lima/test.jsonl", RowLayout.LIMA, 300, 1),
    ],
)
def test_known_rows_of_prompt_sets(file: str, layout: RowLayout, rows: int, sources: int) -> None:
    found = [one for one in prompts(SHARED / file) if isinstance(one, Example)]
    assert (layout_of(SHARED / file), len(found), len({one.source for one in found})) == (layout, rows, sources)


@needs_shared
def test_the_805_by_source() -> None:
    found = [one for one in prompts(SHARED / "alpaca_eval/reference_text_davinci_003.json") if isinstance(one, Example)]
    assert Counter(one.source for one in found) == {
        "selfinstruct": 252, "oasst": 188, "koala": 156, "helpful_base": 129, "vicuna": 80
    }  # fmt: skip
    assert round(sum(len(one.output) for one in found) / 805) == 482


@needs_shared
def test_limas_longer_conversations_say_what_was_dropped() -> None:
    found = [one.known.get("turns", 0) for one in pairs(SHARED / "lima/train.jsonl") if isinstance(one, Example)]
    assert Counter(found) == {0: 1_000, 2: 15, 4: 10, 6: 3, 18: 1, 3: 1}


def test_an_alpaca_row_s_system_message_is_read(tmp_path: Path) -> None:
    path = tmp_path / "set.json"
    path.write_text(json.dumps([{"system": "Be brief.", "instruction": "Add.", "input": "", "output": "3"}]))
    (row,) = pairs(path)
    assert isinstance(row, Example)
    assert row.system == "Be brief."
