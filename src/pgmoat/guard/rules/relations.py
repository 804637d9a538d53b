"""
Entities only, in every place where a table can stand.

In: Statement, Allowed. Out: Problems. I/O: none.
"""

from __future__ import annotations

from collections.abc import Iterator

from pgmoat.guard.allowed import Allowed, describe_call, describe_relations
from pgmoat.guard.parse import Node, Statement
from pgmoat.guard.problem import Problem, Use
from pgmoat.policy.messages import suggest

_RULE = "relations"
_SYSTEM = frozenset({"pg_catalog", "information_schema", "pgmoat"})
_Names = frozenset[str]


def check_relations(statement: Statement, use: Use, allowed: Allowed) -> Iterator[Problem]:
    """Yield a problem for each table that is neither an entity of the agent nor a WITH query in scope."""
    for relation in _list_relations(statement.root, frozenset()):
        problem = _judge(relation, allowed)
        if problem is not None:
            message, hint = problem
            yield Problem(_RULE, message, hint, statement.position(relation))
    for sample in statement.all("RangeTableSample"):
        hint = "use WHERE random() < 0.01, or ORDER BY random() LIMIT 100"
        message = "TABLESAMPLE does not work on entities: they are views"
        yield Problem(_RULE, message, hint, statement.position(sample))


def _list_relations(node: Node, scope: _Names) -> Iterator[Node]:
    """Yield the tables at and below *node* that are not among the WITH queries that it sees."""
    if node.kind == "RangeVar":
        name = node.text("relname")
        if name not in scope or node.text("schemaname") or node.text("catalogname"):
            yield node
        return
    if node.kind in {"LockingClause", "IntoClause"}:  # names of what stands in FROM; refused as such
        return
    clause = node.node("with_clause")
    if clause is not None:
        queries = clause.nodes("ctes")
        names = [query.text("ctename") for query in queries]
        for place, query in enumerate(queries):
            seen = names if clause.flag("recursive") else names[:place]
            yield from _list_relations(query, scope | set(seen))
        scope |= set(names)
    target = node.node("relation") if node.kind in {"InsertStmt", "UpdateStmt", "DeleteStmt"} else None
    for child in node.children():
        if child is target:
            yield child  # what is written is a table, even where a WITH query has the same name
        elif child is not clause:
            yield from _list_relations(child, scope)


def _judge(relation: Node, allowed: Allowed) -> tuple[str, str] | None:
    """Return what is wrong with a table and the hint, None if nothing is."""
    schema, name = relation.text("schemaname"), relation.text("relname")
    if not relation.text("catalogname") and schema in {"", allowed.schema} and name in allowed.relations:
        return None
    shown = f"{schema}.{name}" if schema else name
    near = suggest(name.lower(), sorted(allowed.relations))
    hint = " ".join(part for part in (near, describe_relations(allowed)) if part)
    if schema in _SYSTEM or (not schema and name.startswith("pg_")):
        return f"{shown} is a system table, not for agents", hint
    if name in allowed.operations:
        return f"{name} is an operation, no table", describe_call(name)
    return f"there is no entity {shown} for this agent", hint
