"""
UPDATE and DELETE say which rows.

In: Statement. Out: Problems. I/O: none.

A condition counts if it looks at the row that is written, and can be false. What does not look at the row
(constants, parameters, an EXISTS about other tables) may be true for all rows at once, and is taken to be.
What this cannot see (`id > 0`) meets the limits in PostgreSQL.
"""

from __future__ import annotations

from collections.abc import Iterator

from pgmoat.guard.allowed import Allowed
from pgmoat.guard.condition import restricts
from pgmoat.guard.parse import Node, Statement
from pgmoat.guard.problem import Problem, Use
from pgmoat.guard.reference import Target

_RULE = "where"
_COMMANDS = {"UpdateStmt": "UPDATE", "DeleteStmt": "DELETE"}


def check_where(statement: Statement, use: Use, allowed: Allowed) -> Iterator[Problem]:
    """Yield a problem for each UPDATE and DELETE that could meet every row, in WITH too."""
    for node in statement.all(*_COMMANDS):
        relation, condition = node.node("relation"), node.node("where_clause")
        if relation is None:
            continue
        shown = f"{_COMMANDS[node.kind]} of {relation.text('relname')}"
        place = statement.position(relation)
        if condition is None:
            hint = "say which rows, by their key at best"
            yield Problem(_RULE, f"{shown} without WHERE would write every row", hint, place)
        elif condition.kind == "CurrentOfExpr":
            hint = "name the rows by their key"
            yield Problem(_RULE, f"{shown} WHERE CURRENT OF needs a cursor", hint, place)
        elif not restricts(condition, _name_target(relation)):
            hint = (
                f"compare columns of {relation.text('relname')} with values, and join it to other tables by"
                f" {_name_target(relation).name}.column; a condition on parameters alone is none"
            )
            yield Problem(_RULE, f"the WHERE of this {shown} can be true for every row", hint, place)


def _name_target(relation: Node) -> Target:
    alias = relation.node("alias")
    return Target(alias.text("aliasname") if alias is not None else relation.text("relname"))
