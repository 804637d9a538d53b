"""
What a condition says about one column.

In: Conditions. Out: Terms. I/O: none.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal as OneOf

from pgmoat.guard.diagnose.block import Block, Condition, Leaf
from pgmoat.guard.diagnose.literal import Literal, read_literal, read_literals
from pgmoat.guard.diagnose.probe import Case, show
from pgmoat.guard.diagnose.volatile import is_volatile
from pgmoat.guard.parse import Node
from pgmoat.guard.rewrite import find

_TURNED = {"=": "=", "<>": "<>", ">": "<", ">=": "<=", "<": ">", "<=": ">="}
_LOWER, _UPPER = frozenset({">", ">="}), frozenset({"<", "<="})
TermKind = OneOf["equal", "range", "like", "null", "not_null", "different"]


@dataclass(frozen=True, slots=True)
class Term:
    """An expression over one leaf, how it is compared, and with what."""

    kind: TermKind
    leaf: Leaf
    expression: Node
    operator: str
    values: tuple[Literal, ...] = ()

    @property
    def column(self) -> str:
        """The column that the expression is of."""
        return next(find(self.expression, "ColumnRef")).names("fields")[-1]

    @property
    def is_plain(self) -> bool:
        """Whether the expression is the column itself."""
        return self.expression.kind == "ColumnRef"

    @property
    def lower(self) -> Literal | None:
        """What it must be above, of a range."""
        if self.operator == "BETWEEN" or self.operator in _LOWER:
            return self.values[0]
        return None

    @property
    def upper(self) -> Literal | None:
        """What it must be below, of a range."""
        if self.operator == "BETWEEN" or self.operator in _UPPER:
            return self.values[-1]
        return None


def read_term(block: Block, condition: Condition) -> Term | None:
    """Return what *condition* says about a column; None where that is nothing simple."""
    node = condition.node
    if node.kind == "NullTest":
        is_null = node.text("nulltesttype") == "IS_NULL"
        return _make(block, "null" if is_null else "not_null", node.node("arg"), "", ())
    return _read_operator(block, node) if node.kind == "A_Expr" else None


def _read_operator(block: Block, node: Node) -> Term | None:
    left, right, operator = node.node("lexpr"), _find_right(node), "".join(node.names("name")[-1:])
    match node.text("kind"):
        case "AEXPR_OP":
            return _read_comparison(block, operator, left, right)
        case "AEXPR_IN" | "AEXPR_OP_ANY" if operator == "=":
            return _make(block, "equal", left, "=", read_literals(block.case, right))
        case "AEXPR_BETWEEN":
            return _make(block, "range", left, "BETWEEN", read_literals(block.case, right))
        case "AEXPR_LIKE" | "AEXPR_ILIKE" if operator in {"~~", "~~*"}:
            pattern = read_literal(block.case, right)
            return _make(block, "like", left, operator, None if pattern is None else (pattern,))
        case _:
            return None


def _read_comparison(block: Block, operator: str, left: Node | None, right: Node | None) -> Term | None:
    if operator not in _TURNED:
        return None
    read = _read_bound if operator in _LOWER | _UPPER else _read_value
    value = read(block.case, right)
    if value is None:
        value, left, operator = read(block.case, left), right, _TURNED[operator]
    if value is None:
        return None
    kind: TermKind = "equal" if operator == "=" else "different" if operator == "<>" else "range"
    return _make(block, kind, left, operator, (value,))


def _read_value(case: Case, node: Node | None) -> Literal | None:
    return read_literal(case, node)


def _read_bound(case: Case, node: Node | None) -> Literal | None:
    """Return a constant, or what has one value throughout a statement: now() - '1 day'::interval."""
    literal = read_literal(case, node)
    if literal is not None or node is None:
        return literal
    is_one = next(find(node, "ColumnRef", "SubLink"), None) is None and not is_volatile(case, node)
    return Literal(show(node), node) if is_one and node.kind != "ParamRef" else None


def _make(
    block: Block, kind: TermKind, expression: Node | None, operator: str, values: tuple[Literal, ...] | None
) -> Term | None:
    if expression is None or values is None or next(find(expression, "SubLink"), None) is not None:
        return None
    owners = {
        names[-2] if len(names) > 1 else ""
        for names in (column.names("fields") for column in find(expression, "ColumnRef"))
    }
    leaf = block.find_leaf(next(iter(owners))) if len(owners) == 1 else None
    return None if leaf is None else Term(kind, leaf, expression, operator, values)


def _find_right(node: Node) -> Node | None:
    """Return what stands on the right: a list of BETWEEN or IN as one node."""
    value = node.fields.get("rexpr")
    if isinstance(value, list):
        return Node("List", {"items": value})
    return value if isinstance(value, Node) else None
