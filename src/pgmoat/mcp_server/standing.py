"""
What is left to a task, and what it is about.

In: a task. Out: its budget and its scope, as payloads. I/O: PostgreSQL.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from pgmoat.errors import ScopeError
from pgmoat.mcp_server.answers import Payload
from pgmoat.mcp_server.schemas import Schema
from pgmoat.mcp_server.values import make_json_value
from pgmoat.runtime import AsyncTask

TASK: Schema = {"type": "object"}
_SQL = (
    "SELECT task_id AS id, rows_used, rows_left, rows_per_statement,"
    " greatest(0, extract(epoch FROM deadline - now()))::int AS seconds_left FROM pgmoat.my_task()"
)


_SCOPE = "SELECT pgmoat.scope(:key) AS held"
_WHOLE = re.compile(r"-?(?:0|[1-9][0-9]*)")


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
