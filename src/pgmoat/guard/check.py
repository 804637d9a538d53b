"""
Judge a statement before PostgreSQL is asked.

In: text, what it is for, what the agent may name. Out: Verdict. I/O: reads a list of the package.

The second wall, for clear and early messages; the first is in PostgreSQL. What cannot be judged is denied.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import islice

from pgmoat.guard.allowed import Allowed, describe_columns
from pgmoat.guard.diagnose.doubts import may_mislead
from pgmoat.guard.diagnose.summary import is_summary
from pgmoat.guard.parse import Node, Statement, parse_statement
from pgmoat.guard.problem import Problem, Use
from pgmoat.guard.rules.functions import check_functions
from pgmoat.guard.rules.known_nodes import check_known_nodes
from pgmoat.guard.rules.locking import check_locking
from pgmoat.guard.rules.on_conflict import check_on_conflict
from pgmoat.guard.rules.one_statement import check_one_statement
from pgmoat.guard.rules.relations import check_relations
from pgmoat.guard.rules.rights import check_rights
from pgmoat.guard.rules.statement_class import check_statement_class, find_query, name_command
from pgmoat.guard.rules.types import check_types
from pgmoat.guard.rules.where import check_where
from pgmoat.guard.syntax import asks_for_columns, list_words

__all__ = ["Problem", "Use", "Verdict", "check_statement"]

_Rule = Callable[[Statement, Use, Allowed], Iterator[Problem]]

FIRST_RULES: tuple[_Rule, ...] = (check_one_statement, check_statement_class)
"""What these refuse is not looked at any further."""

RULES: tuple[_Rule, ...] = (
    check_known_nodes,
    check_relations,
    check_rights,
    check_functions,
    check_types,
    check_where,
    check_locking,
    check_on_conflict,
)

_AGGREGATES = frozenset((name,) for name in ("avg", "bool_and", "bool_or", "count", "max", "min", "sum"))
_PLAIN = frozenset({"A_Const", "ParamRef", "SubLink"})  # a function may return many rows
_PLAIN_READ = re.compile(r"\s*SELECT\b[\w\s,.*=<>()+-]*", re.ASCII | re.IGNORECASE)
_LIMITING = re.compile(r"\b(?:LIMIT|FETCH|OFFSET|EXPLAIN)\b", re.ASCII | re.IGNORECASE)
_NUMBER = re.compile(r"(?<![\w.])[0-9]{1,9}(?![\w.])", re.ASCII)
_MAX_CACHED = 8 * 1024
_MAX_PROBLEMS = 10


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is wrong with a statement, nothing if it may be sent; and what kind of statement it is."""

    problems: tuple[Problem, ...]
    command: str = ""  # "select", "insert", …; of an EXPLAIN that which it explains; empty if unreadable
    has_returning: bool = False
    has_with: bool = False
    is_explain: bool = False
    has_order: bool = False
    has_limit: bool = False
    limit: int | None = None  # where it is a number
    has_one_row: bool = False  # an aggregate without GROUP BY, or no FROM: LIMIT leaves nothing to chance
    is_summary: bool = False  # one row, of aggregates: over no rows it is all NULL and 0
    may_mislead: bool = False  # aggregates that a look at the rows may show to be other than they seem


def check_statement(text: str, use: Use, allowed: Allowed) -> Verdict:
    """
    Return the verdict on *text*, whose parameters are written as $1.

    It never raises. Verdicts on texts of up to 8 kB are kept, the thousand that were asked for last; of plain
    reads one for all that differ in numbers only.
    """
    if len(text) > _MAX_CACHED:
        return _judge(text, use, allowed)
    shape = find_shape(text) if use is Use.READ else None
    if shape is not None:
        verdict = _judge_cached(shape, use, allowed)
        if not verdict.problems:  # those tell of places in the text
            return verdict
    return _judge_cached(text, use, allowed)


def find_shape(text: str) -> str | None:
    """
    Return *text* with 0 in place of its whole numbers, None where that might be judged in another way.

    A SELECT of words, numbers and plain operators has the same tree with any numbers; quotes, comments, casts
    and parameters are not looked at, nor LIMIT, whose number the verdict holds.
    """
    if _PLAIN_READ.fullmatch(text) is None or "--" in text or _LIMITING.search(text) is not None:
        return None
    return _NUMBER.sub("0", text)


@lru_cache(maxsize=1024)
def _judge_cached(text: str, use: Use, allowed: Allowed) -> Verdict:
    return _judge(text, use, allowed)


def _judge(text: str, use: Use, allowed: Allowed) -> Verdict:
    statement = parse_statement(text)
    if isinstance(statement, Problem):
        if statement.rule == "syntax" and asks_for_columns(text):
            statement = replace(statement, hint=describe_columns(allowed, list_words(text)))
        return Verdict((statement,))
    try:
        for rules in (FIRST_RULES[:1], FIRST_RULES[1:], RULES):
            found = (problem for rule in rules for problem in rule(statement, use, allowed))
            problems = tuple(islice(found, _MAX_PROBLEMS))  # looking for near names takes its time
            if problems:
                break
        return _describe(statement, problems)
    except RecursionError:
        message = "the statement is nested too deeply to be judged"
        return Verdict((Problem("too_deep", message, "write it in a simpler way", None),))


def _describe(statement: Statement, problems: tuple[Problem, ...]) -> Verdict:
    if len(statement.roots) != 1:
        return Verdict(problems)
    root = statement.root
    query = find_query(root) or root
    limit = query.node("limit_count")
    return Verdict(
        problems,
        command=name_command(query),
        has_returning=bool({"returning_clause", "returning_list"} & query.fields.keys()),
        has_with="with_clause" in query.fields,
        is_explain=root.kind == "ExplainStmt",
        has_order=bool(query.nodes("sort_clause")),
        has_limit=limit is not None and not limit.flag("isnull"),
        limit=_read_number(limit),
        has_one_row=query.kind == "SelectStmt" and _has_one_row(query),
        is_summary=query.kind == "SelectStmt" and is_summary(query),
        may_mislead=query.kind == "SelectStmt" and may_mislead(query),
    )


def _read_number(constant: Node | None) -> int | None:
    number = constant.node("ival") if constant is not None and constant.kind == "A_Const" else None
    value = number.fields.get("ival", 0) if number is not None else None
    return value if isinstance(value, int) else None


def _has_one_row(query: Node) -> bool:
    """Return whether a SELECT gives one row at most; in doubt not."""
    if {"values_lists", "group_clause", "larg"} & query.fields.keys():
        return False
    values = [target.node("val") for target in query.nodes("target_list")]
    if "from_clause" not in query.fields:
        return not any(value is None or value.kind not in _PLAIN for value in values)
    calls = [value for value in values if value is not None and value.kind == "FuncCall"]
    return len(calls) == len(values) > 0 and all(
        call.names("funcname")[-1:] in _AGGREGATES and call.node("over") is None for call in calls
    )
