"""
Make trees out of trees: what a question about a query is written with.

In: Nodes. Out: new Nodes; none is changed. I/O: none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cache

from pgmoat.guard.parse import Node, Statement, Value, parse_statement


def edit(node: Node, **changes: Value) -> Node:
    """Return *node* with some fields changed; None, or nothing in a list, takes a field away."""
    fields: dict[str, Value] = {
        name: value for name, value in {**node.fields, **changes}.items() if value not in (None, [])
    }
    return Node(node.kind, fields)


def transform(node: Node, change: Callable[[Node], Node | None]) -> Node:
    """Return *node* with each node below replaced by what *change* gives for it; None: look further down."""
    changed = change(node)
    if changed is not None:
        return changed
    return Node(node.kind, {name: _transform(value, change) for name, value in node.fields.items()})


def _transform(value: Value, change: Callable[[Node], Node | None]) -> Value:
    if isinstance(value, Node):
        return transform(value, change)
    if isinstance(value, list):
        return [_transform(item, change) for item in value]
    return value


def find(node: Node, *kinds: str) -> Iterator[Node]:
    """Yield all nodes of *kinds* in *node*, itself included."""
    if node.kind in kinds:
        yield node
    for child in node.children():
        yield from find(child, *kinds)


def make_text(value: str) -> Node:
    """Return a constant of unknown type, as a quoted text in SQL is."""
    return Node("A_Const", {"sval": value})


def make_number(value: int) -> Node:
    """Return a whole number."""
    return Node("A_Const", {"ival": Node("Integer", {"ival": value} if value else {})})


def make_column(*names: str) -> Node:
    """Return a reference to a column."""
    return Node("ColumnRef", {"fields": list(names)})


def make_call(name: str, *arguments: Node) -> Node:
    """Return a call of a function of pg_catalog."""
    fields: dict[str, Value] = {"funcname": ["pg_catalog", name], "args": list(arguments)}
    return Node("FuncCall", {**fields, "funcformat": "COERCE_EXPLICIT_CALL"})


def make_cast(node: Node, type_name: str) -> Node:
    """Return *node* as a type, whose name is as PostgreSQL prints it."""
    return Node("TypeCast", {"arg": node, "type_name": _parse_type(type_name)})


@cache
def _parse_type(name: str) -> Node:
    statement = parse_statement(f"SELECT NULL::{name}")
    found = next(statement.all("TypeName"), None) if isinstance(statement, Statement) else None
    if found is None:
        raise ValueError(f"no type: {name}")
    return found


def make_comparison(left: Node, operator: str, right: Node) -> Node:
    """Return a comparison."""
    fields: dict[str, Value] = {"kind": "AEXPR_OP", "name": [operator], "lexpr": left, "rexpr": right}
    return Node("A_Expr", fields)


def make_any(value: Node, array: Node) -> Node:
    """Return ``value = ANY (array)``."""
    fields: dict[str, Value] = {"kind": "AEXPR_OP_ANY", "name": ["="], "lexpr": value, "rexpr": array}
    return Node("A_Expr", fields)


def make_null_test(node: Node) -> Node:
    """Return ``node IS NULL``."""
    return Node("NullTest", {"arg": node, "nulltesttype": "IS_NULL"})


def make_all(conditions: Sequence[Node]) -> Node | None:
    """Return the conditions joined by AND; None for none."""
    if len(conditions) < 2:
        return conditions[0] if conditions else None
    return Node("BoolExpr", {"boolop": "AND_EXPR", "args": list(conditions)})


def make_select(
    targets: Sequence[Node],
    sources: Sequence[Node] = (),
    where: Node | None = None,
    *,
    limit: int | None = None,
    with_clause: Node | None = None,
) -> Node:
    """Return a SELECT; the columns of its answer are called v1, v2 and so on."""
    named: list[Value] = [
        Node("ResTarget", {"name": f"v{number}", "val": target})
        for number, target in enumerate(targets, start=1)
    ]
    fields: dict[str, Value] = {
        "target_list": named,
        "from_clause": list(sources),
        "where_clause": where,
        "limit_count": None if limit is None else make_number(limit),
        "limit_option": "LIMIT_OPTION_DEFAULT" if limit is None else "LIMIT_OPTION_COUNT",
        "with_clause": with_clause,
        "op": "SETOP_NONE",
    }
    return edit(Node("SelectStmt", {}), **fields)


def make_subquery(query: Node, alias: str) -> Node:
    """Return *query* as an item of FROM."""
    return Node("RangeSubselect", {"subquery": query, "alias": Node("Alias", {"aliasname": alias})})


def list_conditions(condition: Node | None) -> Iterator[Node]:
    """Yield what AND joins, at any depth."""
    if condition is None:
        return
    if condition.kind == "BoolExpr" and condition.text("boolop") == "AND_EXPR":
        for part in condition.nodes("args"):
            yield from list_conditions(part)
    else:
        yield condition


def number_parameters(query: Node) -> tuple[Node, tuple[int, ...]]:
    """Return *query* with its parameters counted anew, without gaps, and their old numbers in order."""
    used: list[int] = []

    def renumber(node: Node) -> Node | None:
        if node.kind != "ParamRef":
            return None
        old = node.fields.get("number")
        if isinstance(old, int) and old not in used:
            used.append(old)
        return edit(node, number=used.index(old) + 1) if isinstance(old, int) else None

    return transform(query, renumber), tuple(used)
