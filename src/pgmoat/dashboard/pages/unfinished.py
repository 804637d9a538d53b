"""
Statements that did not finish: refused, timed out, cancelled, ended, failed.

In: a connection that may read pgmoat.unfinished. Out: PAGE. I/O: PostgreSQL.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import psycopg

from pgmoat.accounting.unfinished import count_unfinished, read_unfinished
from pgmoat.dashboard.page import Asked, Page


def _read(connection: psycopg.Connection[Any], asked: Asked) -> Mapping[str, object]:
    window, agent = asked.window("24h"), asked.text("agent")
    return {
        "window": window,
        "counts": count_unfinished(connection, window.since, agent),
        "entries": read_unfinished(connection, window.since, agent),
    }


PAGE = Page("/unfinished", "unfinished", _read, "Unfinished")
