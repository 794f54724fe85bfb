"""How much there is to read: lines, modules, sizes of rooms, names with several meanings, imports inside functions.

`python benchmarks/house.py [FOLDER]` measures the product code (experiments, harness, analysis) of a checkout.
"""

from __future__ import annotations

import ast
import sys
from collections import Counter, defaultdict
from pathlib import Path


def main(root: Path) -> None:
    """Print the figures."""
    paths = [
        path for folder in ("experiments", "harness", "analysis") for path in sorted((root / folder).rglob("*.py"))
    ]
    rooms: Counter[str] = Counter()
    homes: dict[str, set[str]] = defaultdict(set)
    inner = any_dicts = lines = 0
    for path in paths:
        text = path.read_text(encoding="utf-8")
        name = path.relative_to(root)
        lines += text.count("\n")
        rooms["/".join(name.parts[:2]) if len(name.parts) > 2 else name.parts[0]] += text.count("\n")
        any_dicts += text.count("dict[str, Any]")
        tree = ast.parse(text)
        inner += sum(
            isinstance(node, (ast.Import, ast.ImportFrom))
            for function in ast.walk(tree)
            if isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef))
            for node in ast.walk(function)
        )
        for node in tree.body:
            if isinstance(node, (ast.ClassDef, ast.FunctionDef)) and not node.name.startswith("_"):
                homes[node.name].add(str(name))
    several = sorted(name for name, where in homes.items() if len(where) > 1)
    print(f"lines {lines:,}; modules {len(paths)}; lines a module {lines / len(paths):.0f}")
    print(f"imports inside functions {inner}; dict[str, Any] {any_dicts}")
    print(f"public names defined in more than one module: {len(several)}: {', '.join(several)}")
    for folder in ("harness", "analysis"):
        print(f"{folder}: {len([p for p in (root / folder).iterdir() if p.name != '__pycache__'])} entries")
    for room, size in rooms.most_common():
        print(f"{size:7,} {room}")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent.parent)
