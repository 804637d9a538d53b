"""
What agents run now, with the buttons that end it.

In: a connection that sees all sessions. Out: PAGE. I/O: PostgreSQL.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import psycopg

from pgmoat.accounting.sessions import read_running
from pgmoat.dashboard.page import Asked, Page


def _read(connection: psycopg.Connection[Any], asked: Asked) -> Mapping[str, object]:
    running, agent = read_running(connection), asked.text("agent")
    sessions = [session for session in running.sessions if agent in (None, session.agent)]
    return {"running": running, "sessions": sessions}


PAGE = Page("/sessions", "sessions", _read, "Sessions")
