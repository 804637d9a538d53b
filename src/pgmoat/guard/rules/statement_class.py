"""
Which kinds of statements are sent.

In: Statement, its use. Out: Problems. I/O: none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from pgmoat.guard.allowed import Allowed, describe_writing
from pgmoat.guard.parse import Node, Statement
from pgmoat.guard.problem import Problem, Use

_RULE = "statement_class"
_WRITES = {"InsertStmt": "insert", "UpdateStmt": "update", "DeleteStmt": "delete"}
_NAMES = {
    "AlterRoleSetStmt": "alter role",
    "CallStmt": "call",
    "CheckPointStmt": "checkpoint",
    "ClosePortalStmt": "close",
    "CreateRoleStmt": "create role",
    "CreateStmt": "create table",
    "CreateTableAsStmt": "create table as",
    "DeclareCursorStmt": "declare",
    "DropStmt": "drop",
    "GrantRoleStmt": "grant",
    "IndexStmt": "create index",
    "RenameStmt": "alter",
    "RuleStmt": "create rule",
    "VariableSetStmt": "set",
    "VariableShowStmt": "show",
    "ViewStmt": "create view",
}
_HINTS = {
    "CallStmt": "call an operation itself, outside of SQL",
    "CreateTableAsStmt": "use a WITH query for an intermediate result",
    "DeclareCursorStmt": "use query: the answer is cut at a row limit, and says so",
    "MergeStmt": "use UPDATE, and INSERT for the rows that it did not find; or an operation",
    "TransactionStmt": "leave it out: each call is a transaction, or part of one",
    "TruncateStmt": "DELETE with a WHERE, where the agent may delete",
    "VariableSetStmt": "settings are the policy's",
    "VariableShowStmt": "settings are the policy's; entities are described by the tools",
}
_EXPLAIN_OPTIONS = frozenset(
    {"costs", "verbose", "format", "generic_plan", "summary", "buffers", "memory", "analyze"}
)
_OFF = frozenset({"false", "off", "0", "no"})


def check_statement_class(statement: Statement, use: Use, allowed: Allowed) -> Iterator[Problem]:
    """Yield a problem unless *statement* is of a kind that *use* allows."""
    root = statement.root
    query = find_query(root)
    if root.kind == "ExplainStmt":
        yield from _check_explain(statement, root, use)
    if query is None or query.kind not in {*_WRITES, "SelectStmt"}:
        yield _refuse(query or root, use)
        return
    if use is Use.READ:
        for node in statement.all(*_WRITES, "MergeStmt"):
            name = name_command(node).upper()
            hint = (
                "EXPLAIN a SELECT with the same WHERE"
                if root.kind == "ExplainStmt"
                else describe_writing(allowed)
            )
            yield Problem(_RULE, f"{name} in a query that reads", hint, statement.position(node))
    elif query.kind == "SelectStmt" and root.kind != "ExplainStmt":
        hint = "make the INSERT, UPDATE or DELETE the main statement, with RETURNING; use query to read"
        yield Problem(_RULE, "a SELECT where a write is wanted", hint, None)
    for node in statement.all("MergeStmt") if use is Use.WRITE else ():
        yield _refuse(node, use)
    for node in statement.all("IntoClause"):
        hint = "use a WITH query for an intermediate result"
        yield Problem(_RULE, "SELECT INTO makes a table", hint, statement.position(node))


def find_query(root: Node) -> Node | None:
    """Return the statement itself, or the one that EXPLAIN is asked about."""
    return root.node("query") if root.kind == "ExplainStmt" else root


def name_command(node: Node) -> str:
    """Return what a statement is, in lower case: "select", "create table"."""
    if node.kind == "SelectStmt":
        return "values" if "values_lists" in node.fields else "select"
    if node.kind == "TransactionStmt":
        words = node.text("kind").removeprefix("TRANS_STMT_").lower()
        return words.replace("_", " ")
    if node.kind == "CreateTableAsStmt" and node.text("objtype") == "OBJECT_MATVIEW":
        return "create materialized view"
    if node.kind == "VariableSetStmt" and "RESET" in node.text("kind"):
        return "reset"
    if node.kind == "GrantStmt":
        return "grant" if node.flag("is_grant") else "revoke"
    plain = re.sub(r"(?<!^)(?=[A-Z])", " ", node.kind.removesuffix("Stmt")).lower()
    return _NAMES.get(node.kind, plain)


def _check_explain(statement: Statement, root: Node, use: Use) -> Iterator[Problem]:
    if use is Use.WRITE:
        yield Problem(_RULE, "EXPLAIN where a write is wanted", "use query", None)
    for option in root.nodes("options"):
        name, value = option.text("defname"), option.fields.get("arg")
        place = statement.position(option)
        if name not in _EXPLAIN_OPTIONS:
            hint = "leave it out"
            yield Problem(_RULE, f"EXPLAIN ({name.upper()}) is not allowed", hint, place)
        elif name == "analyze" and not _is_off(value):
            hint = "EXPLAIN alone estimates; to run the query, send it without EXPLAIN"
            yield Problem(_RULE, "EXPLAIN ANALYZE runs the statement", hint, place)


def _is_off(value: object) -> bool:
    if isinstance(value, Node):
        return value.kind in {"Integer", "Boolean"} and not value.fields
    return isinstance(value, str) and value.lower() in _OFF


def _refuse(node: Node, use: Use) -> Problem:
    wanted = (
        "SELECT, VALUES, TABLE, WITH and EXPLAIN" if use is Use.READ else "INSERT, UPDATE, DELETE, with WITH"
    )
    hint = _HINTS.get(node.kind, "ask a person, or use an operation")
    return Problem(_RULE, f"{name_command(node).upper()} is not allowed: only {wanted} are", hint, None)
