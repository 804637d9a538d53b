"""Each rule of the guard has its row in the reference and in the explanation."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from tests.unit.test_docs import ROOT, SOURCE, read_sections, read_table


def list_rules() -> set[str]:
    """Return the first argument of each Problem: a text, or a name that the module gives one or two to."""
    return {
        rule
        for path in sorted((SOURCE / "guard").rglob("*.py"))
        for rule in _find_rules(ast.parse(path.read_text()))
    }


def _find_rules(module: ast.Module) -> Iterator[str]:
    names: set[str] = set()
    for node in ast.walk(module):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Problem":
            rule = node.args[0]
            if isinstance(rule, ast.Name):
                names.add(rule.id)
            else:
                assert isinstance(rule, ast.Constant)
                yield str(rule.value)
    for node in ast.walk(module):
        if (
            isinstance(node, ast.Assign)
            and isinstance(node.targets[0], ast.Name)
            and node.targets[0].id in names
        ):
            branches = (
                [node.value.body, node.value.orelse] if isinstance(node.value, ast.IfExp) else [node.value]
            )
            yield from (str(branch.value) for branch in branches if isinstance(branch, ast.Constant))


def test_every_rule_is_in_the_reference() -> None:
    rules = list_rules()
    assert len(rules) > 10
    assert set(read_table(read_sections("errors.md")["Guard rules"])) == rules


def test_every_rule_is_in_the_explanation() -> None:
    text = (ROOT / "docs" / "explanation" / "guard.md").read_text()
    assert list_rules() <= set(read_table(text))
