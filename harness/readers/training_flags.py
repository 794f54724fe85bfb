"""Fields by which a publisher says that a row, or a turn of it, is not to be trained on."""

from __future__ import annotations

from typing import Any

from humpback.readers.row_content import spelling

_GOOD = frozenset(
    ("is_safe", "safe", "review_result", "approved", "accepted", "is_valid", "valid", "is_correct", "correct", "keep")
)
_TRAINED = frozenset(("label", "kto_tag", "train", "trainable", "loss"))
_BAD = frozenset(
    ("deleted", "is_deleted", "removed", "flagged", "is_flagged", "rejected", "hidden", "spam", "is_spam", "toxic",
     "is_toxic", "unsafe", "is_unsafe", "discarded")
)  # fmt: skip
_TEXTS = _TRAINED | {"rejected"}
"""Flags whose text can be an answer or a class, so that only true and false themselves are understood."""
_STATUS = ("status", "review_status", "state")
_OUT = ("deleted", "rejected", "discarded", "removed", "flagged", "spam")
_WEIGHTS = ("weight", "weights", "sample_weight", "loss_weight")
_MASKS = ("loss_mask", "train_mask", "mask", "loss_masks")
_WORDS = {"true": True, "false": False}


def withheld(row: dict[str, Any], where: str = "") -> str:
    """Which field says that this is not to be trained on; empty where none does."""
    said = ((name, objection(name, value)) for name, value in row.items())
    return next((f"field {where}{name} {found}" for name, found in said if found), "")


def objection(name: str, value: Any) -> str | None:
    """What a field says against training on its row, empty where it says nothing against it; None where it is no flag
    or is not understood, as a weight other than 0 and 1."""
    name, word = spelling(name), str(value).strip().lower()
    truth = value if isinstance(value, bool) else None
    if isinstance(value, str) and name not in _TEXTS:
        truth = _WORDS.get(word)
    if name in _GOOD | _TRAINED and truth is not None:
        return "" if truth else f"is {word}: its publisher does not train on it"
    if name in _BAD and truth is not None:
        return f"is {word}: its publisher has taken it out" if truth else ""
    if name in _STATUS and isinstance(value, str) and word in _OUT:
        return f"is {value.strip()!r}: its publisher has taken it out"
    if name in _WEIGHTS and not isinstance(value, bool) and isinstance(value, int | float) and value in (0, 1):
        return "" if value else "is 0: its publisher does not train on it"
    if name in _MASKS and isinstance(value, list):
        return "" if all(value) else "masks parts of it, which cannot be told apart here"
    return None
