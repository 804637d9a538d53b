"""
Writes that wait for a person's word, and what became of others.

In: a connection that may read pgmoat.approvals. Out: PAGE. I/O: PostgreSQL.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import psycopg

from pgmoat.dashboard.excerpt import shorten
from pgmoat.dashboard.page import Asked, Page
from pgmoat.ledger.approvals import (
    PENDING,
    SETTLED,
    Settled,
    Waiting,
    read_approver,
    read_held_writes,
    read_settled,
    read_waiting,
)
from pgmoat.ledger.remarks import NOTHING, read_remarks

_WAITING_AT_A_TIME = 10
_SETTLED_AT_A_TIME = 25
_MOST_DIGITS = 18


def _read(connection: psycopg.Connection[Any], asked: Asked) -> Mapping[str, object]:
    agent, state = asked.text("agent"), asked.text("state")
    after, before = (parse_number(asked.text(name)) for name in ("after", "before"))
    waiting = read_waiting(connection, Waiting(agent, after, _WAITING_AT_A_TIME + 1))
    shown = [entry.id for entry in waiting[:_WAITING_AT_A_TIME]]
    held = [found for found in read_held_writes(connection, shown) if found.state == PENDING]
    remarks = read_remarks(connection, shown)
    known_state = state if state in SETTLED else None
    settled = read_settled(connection, Settled(agent, known_state, before, _SETTLED_AT_A_TIME + 1))
    return {
        "approver": read_approver(connection),
        "excerpts": [shorten(found, remarks.get(found.id, NOTHING)) for found in held],
        "next_waiting": shown[-1] if len(waiting) > _WAITING_AT_A_TIME else None,
        "states": SETTLED,
        "settled": settled[:_SETTLED_AT_A_TIME],
        "next_settled": settled[_SETTLED_AT_A_TIME - 1].id if len(settled) > _SETTLED_AT_A_TIME else None,
    }


def parse_number(text: str | None) -> int | None:
    """Return the number of a held write, None where *text* is none."""
    is_number = text is not None and text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS
    return int(text) if text and is_number else None


PAGE = Page("/approvals", "approvals", _read, "Approvals")
