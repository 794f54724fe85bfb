"""The best of a sweep as Python, to paste into a setup or an arm."""

from __future__ import annotations

from typing import Any

from humpback.core.expression import Value
from humpback.spec.paths import place
from humpback.spec.search import FIXED, Space, Values, assignments


def literal(root: Value, space: Space, values: Values, name: str = "setup") -> str:
    """`replace(setup, sft=replace(setup.sft, learning_rate=0.0002))`: the expression that sets what the values set of
    the setup `root`.

    Numbers are written so that reading them gives the same ones.
    """
    tree: dict[str, Any] = {}
    for path, value in assignments(space, values).items():
        at = place(root, path, fixed=FIXED)
        *above, last = at.path.split(".")
        inner = tree
        for part in above:
            inner = inner.setdefault(part, {})
        inner[last] = _Leaf(at.held(value))
    return _written(tree, name)


class _Leaf:
    def __init__(self, value: Any) -> None:
        self.value = value


def _written(tree: dict[str, Any], name: str) -> str:
    parts = (
        f"{key}={inner.value!r}" if isinstance(inner, _Leaf) else f"{key}={_written(inner, f'{name}.{key}')}"
        for key, inner in tree.items()
    )
    return f"replace({name}, {', '.join(parts)})"
