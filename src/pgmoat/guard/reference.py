"""
What an expression says about the table that is written.

In: expressions as trees, the table. Out: true or false, texts to compare by. I/O: none.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pgmoat.guard.parse import Node, Value

_PLACES = frozenset({"location", "list_start", "list_end"})


@dataclass(frozen=True, slots=True)
class Target:
    """The table that is written, by the name that stands before its columns: its alias if it has one."""

    name: str


def looks_at(node: Node, target: Target) -> bool:
    """
    Return whether a column of *target* stands in *node*.

    A name alone may be the target's. Inside a subquery with tables of its own it is taken to be theirs, for
    what columns they have is not known here: there it counts only with the target's name before it.
    """
    if node.kind == "ColumnRef":
        return _is_of(node, target, may_be_bare=True)
    if node.kind == "SubLink":
        tested, query = node.node("testexpr"), node.node("subselect")
        return (tested is not None and looks_at(tested, target)) or (
            query is not None and _is_tied(query, target, may_be_bare=True)
        )
    return any(looks_at(child, target) for child in node.children())


def render(value: Value, target: Target) -> str:
    """Return the same text for the same expression, wherever it stands; the target's columns go bare."""
    if isinstance(value, list):
        return f"[{', '.join(render(item, target) for item in value)}]"
    if not isinstance(value, Node):
        return repr(value)
    if value.kind == "ColumnRef":
        names = value.names("fields")
        return "column " + ".".join(names[-1:] if names[-2:-1] == (target.name,) else names)
    inner = ", ".join(
        f"{name}={render(part, target)}" for name, part in sorted(value.fields.items()) if name not in _PLACES
    )
    return f"{value.kind}({inner})"


def _is_tied(node: Node, target: Target, *, may_be_bare: bool) -> bool:
    """Return whether a subquery refers to *target* outside of it, not to a table of its own by that name."""
    if node.kind == "ColumnRef":
        return _is_of(node, target, may_be_bare=may_be_bare)
    if node.kind == "SelectStmt" and "from_clause" in node.fields:
        if target.name in set(_list_exposed(node.nodes("from_clause"))):
            return False
        may_be_bare = False
    return any(_is_tied(child, target, may_be_bare=may_be_bare) for child in node.children())


def _list_exposed(items: tuple[Node, ...]) -> Iterator[str]:
    """Yield the names that the items of a FROM give to their columns."""
    for item in items:
        alias = item.node("alias")
        if alias is not None:
            yield alias.text("aliasname")
        elif item.kind == "RangeVar":
            yield item.text("relname")
        elif item.kind == "JoinExpr":
            sides = (item.node("larg"), item.node("rarg"))
            yield from _list_exposed(tuple(side for side in sides if side is not None))


def _is_of(column: Node, target: Target, *, may_be_bare: bool) -> bool:
    names = column.names("fields")
    if len(names) == 1:
        return may_be_bare
    return len(names) > 1 and names[-2] == target.name
