"""
The values that a CHECK lists.

In: the expression of a CHECK. Out: values as text. I/O: none.
"""

from __future__ import annotations

from collections.abc import Sequence

from pgmoat.guard.parse import Node, Statement, parse_statement

_CASE_FOLDING = frozenset({"upper", "lower", "btrim", "rtrim"})


def list_values(expression: str, columns: Sequence[str]) -> tuple[str, ...]:
    """
    Return the values that *expression* lets its one column have; empty when it says something else.

    Read are ``col IN (…)``, ``= ANY (ARRAY[…])``, ``col = 'a' OR col = 'b'``, with or without
    ``OR col IS NULL``, casts and ``upper(col)`` (in the case that is written). A domain calls its column VALUE.
    """
    if len(columns) != 1:
        return ()
    statement = parse_statement(f"SELECT {expression}")
    if not isinstance(statement, Statement) or len(statement.roots) != 1:
        return ()
    target = next(iter(statement.root.nodes("target_list")), None)
    condition = target.node("val") if target is not None else None
    values = None if condition is None else _read_condition(condition, columns[0])
    return tuple(dict.fromkeys(values or ()))


def _read_condition(node: Node, column: str) -> list[str] | None:
    """Return the values of a condition, None when it is none of those known."""
    match node.kind, node.text("boolop"):
        case "BoolExpr", "OR_EXPR":
            parts = [_read_condition(part, column) for part in node.nodes("args")]
            if any(part is None for part in parts):
                return None
            return [value for part in parts for value in part or ()]
        case "BoolExpr", "AND_EXPR":
            parts = [_read_condition(part, column) for part in node.nodes("args")]
            return next((part for part in parts if part), None)
        case "NullTest", _:
            argument = node.node("arg")
            is_null = node.text("nulltesttype") in ("IS_NULL", "")
            return [] if is_null and argument is not None and _is_column(argument, column) else None
        case "A_Expr", _:
            return _read_comparison(node, column)
        case _:
            return None


def _read_comparison(node: Node, column: str) -> list[str] | None:
    left, right = node.node("lexpr"), node.node("rexpr")
    if node.names("name") != ("=",) or left is None or right is None or not _is_column(left, column):
        return None
    if node.text("kind") == "AEXPR_OP_ANY":
        return _read_array(right)
    if right.kind == "List":  # IN (…)
        return _read_constants(right.nodes("items"))
    return _read_constants((right,)) if node.text("kind") in ("AEXPR_OP", "") else None


def _is_column(node: Node, column: str) -> bool:
    node = _strip_casts(node)
    if (
        node.kind == "FuncCall"
        and node.names("funcname")[-1:]
        and node.names("funcname")[-1] in _CASE_FOLDING
    ):
        arguments = node.nodes("args")
        return len(arguments) == 1 and _is_column(arguments[0], column)
    # To the parser a domain's VALUE is a name like any other.
    return node.kind == "ColumnRef" and node.names("fields") in ((column,), ("value",))


def _strip_casts(node: Node) -> Node:
    while node.kind == "TypeCast":
        inner = node.node("arg")
        if inner is None:
            return node
        node = inner
    return node


def _read_array(node: Node) -> list[str] | None:
    node = _strip_casts(node)
    if node.kind == "A_ArrayExpr":
        return _read_constants(node.nodes("elements"))
    text = _read_constant(node)
    if text is None or not text.startswith("{") or any(mark in text for mark in '"\\'):
        return None
    return [part for part in text.strip("{}").split(",") if part]


def _read_constants(nodes: Sequence[Node]) -> list[str] | None:
    found = [_read_constant(node) for node in nodes]
    if not found or any(value is None for value in found):
        return None
    return [value for value in found if value is not None]


def _read_constant(node: Node) -> str | None:
    """Return a constant as text; None for anything that would have to be computed."""
    node = _strip_casts(node)
    if node.kind == "A_Expr" and node.names("name") == ("-",) and node.node("lexpr") is None:
        right = node.node("rexpr")
        inner = _read_constant(right) if right is not None else None
        return None if inner is None else f"-{inner}"
    if node.kind != "A_Const" or node.flag("isnull"):
        return None
    for name in ("ival", "fval", "sval", "boolval"):
        part = node.fields.get(name)
        if isinstance(part, Node):
            return _render_constant(part, name)
    return None


def _render_constant(part: Node, field: str) -> str:
    value = part.fields.get(field)
    if field == "boolval":
        return "true" if value is True else "false"
    if value is None:  # what is zero or empty is left out of the tree
        return "0" if field == "ival" else ""
    return str(value)
