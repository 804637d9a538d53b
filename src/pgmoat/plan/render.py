"""
A plan as text: one psql script, JSON, lines for a terminal.

In: Plan. Out: text, or data. I/O: none.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from pgmoat.model.action import Action, Plan
from pgmoat.model.objects import Kind
from pgmoat.plan import quote
from pgmoat.plan.checks import list_check_sql
from pgmoat.postgres.sqltext import compose

MAIN_SETTINGS = (
    "SET LOCAL search_path = pg_catalog",
    "SET LOCAL lock_timeout = '30s'",
    "SET LOCAL statement_timeout = 0",
    "SET LOCAL check_function_bodies = off",
)
"""How the main transaction begins: no name is looked up where others may have put one."""


@dataclass(frozen=True, slots=True)
class Line:
    """One action or finding as a person reads it."""

    change: str  # add, change, remove; the severity of a finding
    cause: str  # policy, drift; "" for a finding
    kind: str
    name: str
    description: str


def list_lines(plan: Plan) -> list[Line]:
    """Return the plan in order, its findings last."""
    lines = [Line(a.change, a.cause, a.kind, a.name, a.description) for a in plan.actions]
    return lines + [Line(f.severity, "", f.code, f.message, f.hint) for f in plan.findings]


def render_script(plan: Plan, *, lock_timeout_ms: int = 2000) -> str:
    """
    Return one script for ``psql -v ON_ERROR_STOP=1 -f``, that does what apply does, the manifest included.

    Only passwords are left to a person: the script says for which roles.
    """
    return "\n".join(_list_script_lines(plan, lock_timeout_ms)) + "\n"


def describe_plan(plan: Plan) -> dict[str, Any]:
    """Return the plan as JSON has it."""
    return {
        "is_in_order": plan.is_in_order,
        "actions": [
            {
                "change": action.change,
                "cause": action.cause,
                "kind": action.kind,
                "name": action.name,
                "description": action.description,
                "sql": list(action.sql),
                "run_as": action.run_as,
                "on_people_table": action.on_people_table,
                "needs_password": action.needs_password,
                "revert": list(action.revert),
            }
            for action in plan.actions
        ],
        "findings": [
            {
                "severity": finding.severity,
                "code": finding.code,
                "message": finding.message,
                "hint": finding.hint,
            }
            for finding in plan.findings
        ],
    }


def render_json(plan: Plan) -> str:
    """Return the plan as a JSON document."""
    return json.dumps(describe_plan(plan), indent=2, ensure_ascii=False)


def group_by_table(actions: Iterable[Action]) -> list[tuple[str, list[Action]]]:
    """
    Return *actions* by people's table: one transaction, and so one wait for a lock, for each.

    Statistics are collected in a transaction of their own, after the ALTERs and their heavy lock.
    """

    def place(action: Action) -> tuple[str, Kind]:
        return (action.on_people_table, action.kind)

    return [(table, list(part)) for (table, _), part in groupby(sorted(actions, key=place), place)]


def _list_script_lines(plan: Plan, lock_timeout_ms: int) -> Iterator[str]:
    yield "-- pgmoat: run with psql -v ON_ERROR_STOP=1"
    for finding in plan.findings:
        yield _comment(f"{finding.severity} {finding.code}: {finding.message}")
    yield from _list_alters(plan.before, lock_timeout_ms)
    if plan.main or plan.bookkeeping:
        yield from ("", "BEGIN;")
        yield from map(_end, MAIN_SETTINGS)
        if not plan.is_first:
            yield "SELECT l.name FROM pgmoat.lease AS l WHERE l.name = 'apply' FOR UPDATE NOWAIT;"
        for action in plan.main:
            yield from _list_action(action)
        for check in plan.checks:
            yield from ("", _comment(f"check {check.what}"))
            yield from map(_end, list_check_sql(check))
        yield from ("", "-- the manifest: what was made, to notice drift")
        yield from map(_end, plan.bookkeeping)
        yield "COMMIT;"
    yield from _list_alters(plan.after, lock_timeout_ms)


def _list_alters(actions: Sequence[Action], lock_timeout_ms: int) -> Iterator[str]:
    for _, part in group_by_table(actions):
        yield from ("", "BEGIN;")
        yield _end(compose("SET LOCAL lock_timeout = {}", quote.value(f"{lock_timeout_ms}ms")))
        for action in part:
            yield _title(action)
            if action.run_as:
                yield _end(compose("SET LOCAL ROLE {}", quote.name(action.run_as)))
            yield from map(_end, action.sql)
        yield "COMMIT;"


def _list_action(action: Action) -> Iterator[str]:
    yield ""
    yield _title(action)
    if action.run_as:
        yield _end(compose("SET LOCAL ROLE {}", quote.name(action.run_as)))
    yield from map(_end, action.sql)
    if action.run_as:
        yield "RESET ROLE;"
    for statement in action.revert:
        yield _comment(f"revert: {_end(statement)}")
    if action.needs_password:
        yield _comment(f"set its password afterwards: \\password {action.needs_password}")


def _title(action: Action) -> str:
    return _comment(f"{action.change} {action.kind} {action.name} ({action.cause}): {action.description}")


def _comment(text: str) -> str:
    """Return *text* on one line, printable: a line break in a name must not end the comment."""
    return "-- " + "".join(c if c.isprintable() else " " for c in " ".join(text.split()))


def _end(statement: str) -> str:
    text = statement.rstrip()
    if text.endswith(";"):
        return text
    # A semicolon behind a closing comment would be part of it.
    return f"{text}\n;" if "--" in text.rpartition("\n")[2] else f"{text};"
