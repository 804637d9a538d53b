"""
What is left to a task.

In: a task. Out: its budget, as a payload. I/O: PostgreSQL.
"""

from __future__ import annotations

from pgmoat.mcp_server.answers import Payload
from pgmoat.mcp_server.schemas import Schema
from pgmoat.runtime import AsyncTask

TASK: Schema = {"type": "object"}
_SQL = (
    "SELECT task_id AS id, rows_used, rows_left, rows_per_statement,"
    " greatest(0, extract(epoch FROM deadline - now()))::int AS seconds_left FROM pgmoat.my_task()"
)


async def read_standing(task: AsyncTask) -> Payload:
    """Return what the task has used, and what is left in it and in all above it."""
    found = await task.query(_SQL)
    return dict(found[0]) if found else {"id": task.task_id}
