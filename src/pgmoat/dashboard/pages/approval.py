"""
One held write with all that is kept of it.

In: a connection that may read pgmoat.approvals. Out: PAGE. I/O: PostgreSQL.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import psycopg

from pgmoat.dashboard.excerpt import show_whole
from pgmoat.dashboard.page import Asked, Page
from pgmoat.dashboard.pages.approvals import parse_number
from pgmoat.ledger.approvals import read_approver, read_held_write
from pgmoat.ledger.remarks import NOTHING, read_remarks


def _read(connection: psycopg.Connection[Any], asked: Asked) -> Mapping[str, object]:
    held = read_held_write(connection, parse_number(asked.path["approval"]) or 0)
    remarks = read_remarks(connection, [held.id]).get(held.id, NOTHING)
    return {"approver": read_approver(connection), "excerpt": show_whole(held, remarks)}


PAGE = Page("/approvals/{approval}", "approval", _read)
