"""
The overview: who takes the database's time, now, in the last hour and the last day.

In: a connection that may read the record. Out: PAGE. I/O: PostgreSQL.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import psycopg

from pgmoat.accounting.series import read_seen, read_series
from pgmoat.accounting.share import Accounting, describe_share, read_accounting
from pgmoat.dashboard.figures import lay_out
from pgmoat.dashboard.page import Asked, Page
from pgmoat.ledger.incidents import IncidentFilter, read_incidents

_LATEST = 6
_MOST_ROWS = 25


def _read(connection: psycopg.Connection[Any], asked: Asked) -> Mapping[str, object]:
    window = asked.window("live")
    edges = (window.since, window.until, window.span.bucket)
    hour = read_accounting(connection, asked.now - timedelta(hours=1), asked.now)
    seen = {point.at: point.seconds for point in read_seen(connection, *edges)}
    points = ((p.at, p.agent, p.seconds) for p in read_series(connection, *edges))
    return {
        "window": window,
        "most": _MOST_ROWS,
        "sentence": describe_top(hour),
        "hour": hour,
        "day": read_accounting(connection, asked.now - timedelta(days=1), asked.now),
        "figures": lay_out(window, seen, points),
        "incidents": read_incidents(connection, IncidentFilter(limit=_LATEST)),
    }


def describe_top(accounting: Accounting) -> str:
    """Return the sentence about the agent that took most; about everybody else where no agent took any."""
    agents = [share.agent for share in accounting.shares if share.agent and share.seconds > 0]
    sentence = describe_share(accounting, agents[0] if agents else "")
    return sentence[:1].upper() + sentence[1:] + "."


PAGE = Page("/", "overview", _read, "Overview")
