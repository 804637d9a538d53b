"""Files, functions and classes stay small enough to read at once."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

SOURCE = Path(__file__).parents[2] / "src"
MAX_FILE_LINES = 400
MAX_FUNCTION_LINES = 60
MAX_PUBLIC_METHODS = 12


def test_everything_is_small() -> None:
    assert list(_find_large()) == []


def _find_large() -> Iterator[str]:
    for path in sorted(SOURCE.rglob("*.py")):
        text = path.read_text()
        name = path.relative_to(SOURCE)
        if len(text.splitlines()) > MAX_FILE_LINES:
            yield f"{name} is too long"
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno is not None:
                if node.end_lineno - node.lineno >= MAX_FUNCTION_LINES:
                    yield f"{name}: {node.name}() is too long"
            elif isinstance(node, ast.ClassDef):
                methods = [part for part in node.body if isinstance(part, ast.FunctionDef)]
                if sum(not method.name.startswith("_") for method in methods) > MAX_PUBLIC_METHODS:
                    yield f"{name}: class {node.name} has too many methods"
