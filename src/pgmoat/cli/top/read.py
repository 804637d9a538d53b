"""
Look at the server once, and make a frame of it.

In: a connection. Out: View. I/O: reads PostgreSQL.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import psycopg

from pgmoat.accounting.budgets import read_agents
from pgmoat.accounting.share import Accounting, read_accounting
from pgmoat.accounting.watchdog import read_watchdog
from pgmoat.accounting.window import read_window
from pgmoat.cli.top.view import Reading, Rolling, View, make_view
from pgmoat.sampling.sessions import read_activity

_RECORD_EVERY_S = 10.0
_SETTINGS = (
    "SET search_path = pg_catalog, pg_temp",
    "SET statement_timeout = '10s'",
    "SET lock_timeout = '2s'",
)


@dataclass(slots=True)
class Reader:
    """What is kept between two looks: the samples of a minute, and the record, which changes slowly."""

    interval: timedelta
    age: timedelta  # of the record
    rolling: Rolling = field(init=False)
    _accounting: Accounting | None = None
    _read_at: float | None = None

    def __post_init__(self) -> None:
        self.rolling = Rolling(self.interval)

    def look(self, connection: psycopg.Connection[Any]) -> View:
        """
        Return a frame.

        Raises:
            psycopg.Error: the connection is lost, or a right is missing.
        """
        activity = read_activity(connection)
        self.rolling.add(activity)
        reading = Reading(
            database=connection.info.dbname,
            agents=read_agents(connection),
            watchdog=read_watchdog(connection),
            accounting=self._read_record(connection),
        )
        return make_view(self.rolling, activity, reading)

    def _read_record(self, connection: psycopg.Connection[Any]) -> Accounting | None:
        now = time.monotonic()
        if self._read_at is None or now - self._read_at >= _RECORD_EVERY_S:
            window = read_window(connection, self.age)
            found = read_accounting(connection, window.since, window.until)
            self._accounting = found if found.covered_seconds else None
            self._read_at = now
        return self._accounting


def prepare(connection: psycopg.Connection[Any]) -> None:
    """Bound what a look, or an act, may wait for."""
    for statement in _SETTINGS:
        connection.execute(statement)
