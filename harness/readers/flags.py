"""Fields by which a publisher says that a row, or a turn of it, is not to be trained on."""

from __future__ import annotations

from typing import Any

_TRUE = frozenset(
    ("is_safe", "safe", "review_result", "approved", "accepted", "is_valid", "valid", "is_correct", "correct", "keep")
)
_TRAINED = frozenset(("label", "kto_tag", "train", "trainable", "loss"))
_FALSE = frozenset(
    ("deleted", "is_deleted", "removed", "flagged", "is_flagged", "rejected", "hidden", "spam", "is_spam", "toxic")
) | frozenset(("is_toxic", "unsafe", "is_unsafe", "discarded"))
_STATUS = ("status", "review_status", "state")
_OUT = ("deleted", "rejected", "discarded", "removed", "flagged", "spam")
_WEIGHTS = ("weight", "weights", "sample_weight", "loss_weight")
_MASKS = ("loss_mask", "train_mask", "mask", "loss_masks")


def withheld(row: dict[str, Any], where: str = "") -> str:
    """Which field says that this is not to be trained on; empty where none does.

    A weight other than 0 and 1 is not acted on, and so stands among what is left aside.
    """
    for name, value in row.items():
        spelled = name.lower()
        truth = _truth(spelled, value)
        if spelled in _TRUE | _TRAINED and truth is False:
            return f"field {where}{name} is {_shown(value)}: its publisher does not train on it"
        if spelled in _FALSE and truth is True:
            return f"field {where}{name} is {_shown(value)}: its publisher has taken it out"
        if spelled in _STATUS and isinstance(value, str) and value.strip().lower() in _OUT:
            return f"field {where}{name} is {value.strip()!r}: its publisher has taken it out"
        if spelled in _WEIGHTS and _is_zero(value):
            return f"field {where}{name} is 0: its publisher does not train on it"
        if spelled in _MASKS and isinstance(value, list) and value and not all(value):
            return f"field {where}{name} masks parts of it, which cannot be told apart here"
    return ""


def acted_on(name: str, value: Any) -> bool:
    """Whether the field was understood: a flag, a mask, a weight of 0 or 1."""
    spelled = name.lower()
    if spelled in _WEIGHTS:
        return not isinstance(value, bool) and isinstance(value, int | float) and value in (0, 1)
    if spelled in _STATUS:
        return isinstance(value, str) and value.strip().lower() in _OUT
    if spelled in _MASKS:
        return isinstance(value, list)
    return spelled in _TRUE | _TRAINED | _FALSE and _truth(spelled, value) is not None


def _truth(name: str, value: Any) -> bool | None:
    """Also of its word, but for fields whose text can be an answer or a class."""
    if isinstance(value, bool):
        return value
    if not isinstance(value, str) or name in _TRAINED | {"rejected"}:
        return None
    return {"true": True, "false": False}.get(value.strip().lower())


def _is_zero(value: Any) -> bool:
    return not isinstance(value, bool) and isinstance(value, int | float) and value == 0


def _shown(value: Any) -> str:
    return str(value).strip().lower()
