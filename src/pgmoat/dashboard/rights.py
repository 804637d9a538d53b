"""
Say at the start what operators cannot do here, for want of rights of the dashboard's login.

In: a Database. Out: a line of the log. I/O: PostgreSQL, log.
"""

from __future__ import annotations

import logging

import psycopg

from pgmoat.dashboard.database import Database
from pgmoat.errors import Error
from pgmoat.ledger.approvals import read_approver

_LOG = logging.getLogger("pgmoat.dashboard")


async def tell_rights(database: Database) -> None:
    """Log whether nobody can approve here. Where the database is away, the page says it later."""
    try:
        approver = await database.run(read_approver)
    except (psycopg.Error, Error):
        return
    if not approver.may_decide:
        role = approver.role or "pgmoat_approver"
        _LOG.log(logging.WARNING, "nobody can approve or reject here: this login is no member of %s", role)
