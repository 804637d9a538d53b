"""
What agents wrote: each row before and after.

In: a connection that may read pgmoat.history. Out: PAGE. I/O: PostgreSQL.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import psycopg

from pgmoat.dashboard.page import Asked, Page
from pgmoat.ledger.history import HistoryFilter, read_history

_AT_A_TIME = 50
_OPERATIONS = ("insert", "update", "delete")


def _read(connection: psycopg.Connection[Any], asked: Asked) -> Mapping[str, object]:
    before_at, before_change = parse_place(asked.text("before"))
    operation = asked.text("operation")
    wanted = HistoryFilter(
        agent=asked.text("agent"),
        task_id=asked.text("task"),
        entity=asked.text("entity"),
        operation=operation if operation in _OPERATIONS else None,
        before_at=before_at,
        before_change=before_change,
        limit=_AT_A_TIME + 1,
    )
    found = read_history(connection, wanted)
    shown = found[:_AT_A_TIME]
    return {
        "writes": shown,
        "operations": _OPERATIONS,
        "next": f"{shown[-1].at.isoformat()}/{shown[-1].change_id}" if len(found) > _AT_A_TIME else None,
    }


def parse_place(text: str | None) -> tuple[datetime | None, int | None]:
    """Return where the last page ended; from the newest on where *text* is no place."""
    try:
        at, _, change = (text or "").partition("/")
        return datetime.fromisoformat(at), int(change)
    except ValueError:
        return None, None


PAGE = Page("/writes", "writes", _read, "Writes")
