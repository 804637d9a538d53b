"""
What the watchdog and people did to agents.

In: a connection that may read pgmoat.incident. Out: PAGE. I/O: PostgreSQL.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import psycopg

from pgmoat.dashboard.page import Asked, Page
from pgmoat.ledger.incidents import IncidentFilter, read_incidents

_MOST = 200
AGES = {"1h": ("Last hour", 1), "24h": ("Last day", 24), "7d": ("Last week", 168), "": ("All", 0)}
"""How far back to look: key, label, hours."""


def _read(connection: psycopg.Connection[Any], asked: Asked) -> Mapping[str, object]:
    _, hours = AGES.get(asked.query.get("since", "7d"), AGES["7d"])
    since = asked.now - timedelta(hours=hours) if hours else None
    found = read_incidents(connection, IncidentFilter(agent=asked.text("agent"), since=since, limit=_MOST))
    action, kind = asked.text("action"), asked.text("kind")
    return {
        "ages": AGES,
        "most": _MOST,
        "is_cut": len(found) == _MOST,
        "actions": sorted({entry.action for entry in found} | ({action} if action else set())),
        "kinds": sorted({entry.kind for entry in found} | ({kind} if kind else set())),
        "incidents": [
            entry for entry in found if action in (None, entry.action) and kind in (None, entry.kind)
        ],
    }


PAGE = Page("/incidents", "incidents", _read, "Incidents")
