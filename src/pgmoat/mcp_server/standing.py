"""
What is left to a task, and what it is about.

In: a task. Out: its budget and its scope, as payloads. I/O: PostgreSQL.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from pgmoat.errors import ScopeError
from pgmoat.mcp_server.answers import Payload
from pgmoat.mcp_server.schemas import Schema
from pgmoat.mcp_server.values import make_json_value
from pgmoat.mcp_server.view import AgentView
from pgmoat.policy.rows import TaskRule
from pgmoat.runtime import AsyncTask

TASK: Schema = {"type": "object"}
_SQL = (
    "SELECT task_id AS id, rows_used, rows_left, rows_per_statement,"
    " greatest(0, extract(epoch FROM deadline - now()))::int AS seconds_left FROM pgmoat.my_task()"
)


_SCOPE = "SELECT pgmoat.scope(:key) AS held"
_WHOLE = re.compile(r"-?(?:0|[1-9][0-9]*)")


def list_scope_keys(view: AgentView) -> tuple[str, ...]:
    """Return the keys of a task's scope that an agent's entities and operations ask for."""
    called = (name for operation in view.operations.values() for name in operation.entities)
    names = (*view.entities, *called)
    return tuple(dict.fromkeys(key for name in names for key in _list_keys(view, name)))


def _list_keys(view: AgentView, name: str) -> Iterator[str]:
    entity = view.find_entity(name) or view.find_logged(name)
    rules = entity.row_rules if entity is not None else None
    for rule in rules.rules if rules is not None else ():
        if isinstance(rule, TaskRule):
            yield rule.key
        else:
            yield from _list_keys(view, rule.entity)


async def read_scope(task: AsyncTask, keys: Iterable[str]) -> Payload:
    """Return what the task's scope holds under each of *keys*; those that it lacks are left out."""
    found: Payload = {}
    for key in keys:
        try:
            held = (await task.query(_SCOPE, {"key": key}))[0]["held"]
        except ScopeError:
            continue
        values = [make_json_value(int(text)) if _WHOLE.fullmatch(text) else text for text in held]
        found[key] = values[0] if len(values) == 1 else values
    return found


async def read_standing(task: AsyncTask) -> Payload:
    """Return what the task has used, and what is left in it and in all above it."""
    found = await task.query(_SQL)
    return dict(found[0]) if found else {"id": task.task_id}
