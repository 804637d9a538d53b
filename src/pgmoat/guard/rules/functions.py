"""
Functions by allow-list: built-in ones that only compute, and those that the policy names.

In: Statement, Allowed. Out: Problems. I/O: reads a list of the package.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from importlib.resources import files

from pgmoat.guard.allowed import Allowed, describe_call
from pgmoat.guard.parse import Node, Statement
from pgmoat.guard.problem import Problem, Use
from pgmoat.policy.messages import suggest

_RULE = "functions"
_NEARNESS = 0.75  # of 440 short names one is always somewhat like any other
_SESSION_VALUES = {
    "SVFOP_CURRENT_ROLE": "CURRENT_ROLE",
    "SVFOP_CURRENT_USER": "CURRENT_USER",
    "SVFOP_USER": "USER",
    "SVFOP_SESSION_USER": "SESSION_USER",
    "SVFOP_CURRENT_CATALOG": "CURRENT_CATALOG",
    "SVFOP_CURRENT_SCHEMA": "CURRENT_SCHEMA",
}
_REASONS = {
    "current_setting": "it reads settings of the session",
    "set_config": "it changes settings of the session",
    "pg_sleep": "it holds a connection and does nothing",
    "nextval": "it draws from people's sequences; leave the column out, and it gets its default",
    "query_to_xml": "it runs a text as a query",
}
_ELSEWHERE = {
    **dict.fromkeys(("ifnull", "nvl", "isnull", "zeroifnull"), "coalesce()"),
    **dict.fromkeys(("iif", "if", "choose"), "CASE WHEN … THEN … ELSE … END"),
    **dict.fromkeys(("group_concat", "listagg"), "string_agg()"),
    **dict.fromkeys(("getdate", "sysdate", "current_datetime"), "now()"),
    **dict.fromkeys(("date_format", "strftime", "format_date"), "to_char()"),
    **dict.fromkeys(("datediff", "date_diff", "timestampdiff"), "one date minus the other"),
    **dict.fromkeys(("dateadd", "date_sub", "adddate"), "a date plus an INTERVAL"),
    **dict.fromkeys(("charindex", "instr", "locate"), "strpos()"),
    **dict.fromkeys(("year", "month", "day", "hour", "quarter", "week"), "EXTRACT(… FROM …)"),
    **{
        "top": "ORDER BY … LIMIT 5 at the end",
        "len": "length()",
        "curdate": "CURRENT_DATE",
        "str_to_date": "to_date()",
        "ucase": "upper()",
    },
    **{"lcase": "lower()", "json_extract": "-> or ->>", "unix_timestamp": "EXTRACT(epoch FROM …)"},
    **{"regexp_extract": "regexp_substr()", "median": "percentile_cont(0.5) WITHIN GROUP (ORDER BY …)"},
}
"""What other databases call it, to what PostgreSQL has."""


def check_functions(statement: Statement, use: Use, allowed: Allowed) -> Iterator[Problem]:
    """Yield a problem for each call of a function that is not on the list, however it is written."""
    for node in statement.all("FuncCall"):
        problem = _judge(node, allowed)
        if problem is not None:
            message, hint = problem
            yield Problem(_RULE, message, hint, statement.position(node))
    for node in statement.all("SQLValueFunction"):
        name = _SESSION_VALUES.get(node.text("op"))
        if name is not None:
            hint = "leave it out: who writes is recorded by the database; pgmoat.my_task() tells of the task"
            yield Problem(
                _RULE, f"{name} is not allowed: it reads the session", hint, statement.position(node)
            )


@cache
def load_builtins() -> frozenset[str]:
    """Return the names of PostgreSQL's functions that only compute."""
    text = (files("pgmoat.guard") / "functions.txt").read_text(encoding="utf-8")
    return frozenset(text.split())


def _judge(call: Node, allowed: Allowed) -> tuple[str, str] | None:
    """Return what is wrong with a call and the hint, None if nothing is."""
    names = call.names("funcname")
    name = names[-1] if names else ""
    schema = names[-2] if len(names) > 1 else ""
    if len(names) == 1 and (name in load_builtins() or f"{allowed.schema}.{name}" in allowed.functions):
        return None
    if len(names) == 2 and (
        (schema == "pg_catalog" and name in load_builtins()) or f"{schema}.{name}" in allowed.functions
    ):
        return None
    shown = ".".join(names)
    if name in allowed.operations and schema in {"", allowed.schema}:
        return f"{name} is an operation, no function for SQL", describe_call(name)
    if name.removesuffix("_undo") in allowed.relations and name.endswith("_undo"):
        return (
            f"{name}() writes, and is no part of a query",
            "insert the state that was before as a new event",
        )
    reason = _REASONS.get(name)
    if reason is not None:
        return f"{shown}() is not allowed: {reason}", "leave it out"
    return f"{shown}() is not among the functions that are allowed, which only compute", _hint(name, allowed)


def _hint(name: str, allowed: Allowed) -> str:
    qualified = sorted(full for full in allowed.functions if full.partition(".")[2] == name)
    if qualified:
        return f"write {qualified[0]}()"
    if name.lower() in _ELSEWHERE:
        return f"PostgreSQL has {_ELSEWHERE[name.lower()]}"
    known = load_builtins() | {full.partition(".")[2] for full in allowed.functions}
    return suggest(name.lower(), sorted(known), _NEARNESS) or (
        "leave it out; a person can add it to guard.functions of the policy"
    )
