"""
Writes that the policy lets the agent do.

In: Statement, Allowed. Out: Problems. I/O: none.

PostgreSQL holds the rights; it names the view and not the column (42501), or tells of triggers (55000).
"""

from __future__ import annotations

from collections.abc import Iterator

from pgmoat.guard.allowed import Allowed
from pgmoat.guard.parse import Node, Statement
from pgmoat.guard.problem import Problem, Use
from pgmoat.policy.access import Access, Columns, describe_writes

RULE = "rights"
_PHRASES = {"insert": "insert into", "delete": "delete from"}
_HINT = "do what it may, or report it: a person grants more in the policy"


def check_rights(statement: Statement, use: Use, allowed: Allowed) -> Iterator[Problem]:
    """Yield a problem for each write of an entity, or of a column, that the agent may not do."""
    for verb, kind, columns in (
        ("insert", "InsertStmt", "cols"),
        ("update", "UpdateStmt", "target_list"),
        ("delete", "DeleteStmt", ""),
    ):
        for node in statement.all(kind):
            relation = node.node("relation")
            access = allowed.find(relation) if relation is not None else None
            if relation is not None and access is not None:
                yield from _judge(statement, access, verb, relation, node.nodes(columns))


def _judge(
    statement: Statement, access: Access, verb: str, relation: Node, written: tuple[Node, ...]
) -> Iterator[Problem]:
    rights: dict[str, Columns | bool] = {"insert": access.insert, "update": access.update}
    right = rights.get(verb, access.delete)
    may = f"it may {describe_writes(access)}"
    if not right:
        message = f"this agent may not {_PHRASES.get(verb, verb)} {access.name}; {may}"
        yield Problem(RULE, message, _HINT, statement.position(relation))
    elif isinstance(right, tuple):
        for target in written:
            column = target.text("name")
            if column in access.columns and column not in right:
                message = f"this agent may not {verb} {column} of {access.name}; {may}"
                yield Problem(RULE, message, _HINT, statement.position(target))
