"""
Tell a webhook of each incident: at least once, in order, by whoever leads.

In: a Hook, what opens a connection. Out: notes. I/O: PostgreSQL, HTTP.

It has a thread and a connection of its own: a receiver that is slow or away holds up nobody. How far it has
come stands in pgmoat.webhook, so that a restart and the next leader go on from there.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import psycopg
from psycopg.rows import dict_row

from pgmoat.postgres.sqlfile import load_sql
from pgmoat.watchdog.hook import Answer, Hook, send

_PACKAGE = "pgmoat.watchdog"
_MOST = 50
_PAUSE_S = 0.5
_FIRST_S = 1.0
_LONGEST_S = 300.0
_TRIES_IF_REFUSED = 5
_TRIES_IF_STUCK = 20
_SETTINGS = (
    "SET search_path = pg_catalog, pg_temp",
    "SET default_transaction_read_only = off",
    "SET statement_timeout = '10s'",
    "SET lock_timeout = '2s'",
    "SET synchronous_commit = local",
)

Connection = psycopg.Connection[Any]


@dataclass(slots=True)
class Courier:
    """One webhook of one watchdog."""

    hook: Hook
    connect: Callable[[], Connection]
    holder: str
    leads: Callable[[], bool]
    say: Callable[[str], None]
    _told: str = ""

    def run(self, stop: threading.Event) -> None:
        """
        Deliver until told to stop, or until another watchdog leads.

        Raises:
            psycopg.Error, Error: the database is away.
        """
        if not self.leads():
            return
        with self.connect() as connection:
            for statement in _SETTINGS:
                connection.execute(statement)
            if not self._mark(connection, None):
                return
            while not stop.is_set() and self.leads():
                stop.wait(self.go_round(connection, stop))

    def go_round(self, connection: Connection, stop: threading.Event) -> float:
        """Deliver what is there, and return after how many seconds to look again."""
        parameters = {"holder": self.holder, "webhook": self.hook.name, "most": _MOST}
        with connection.cursor(row_factory=dict_row) as cursor:
            rows = cursor.execute(load_sql(_PACKAGE, "read_outbox"), parameters).fetchall()
        attempts = rows[0]["attempts"] if rows else 0
        for row in rows:
            del row["attempts"]
            answer = send(self.hook, row, datetime.now(UTC))
            if attempts >= _TRIES_IF_STUCK and self._is_stuck(rows, answer):
                answer = replace(answer, is_refused=True)
            pause_s = self._settle(connection, row["id"], answer, attempts + 1)
            if pause_s is not None:
                return pause_s
            attempts = 0
            if stop.is_set():
                break
        return 0.0 if len(rows) == _MOST else _PAUSE_S

    def _is_stuck(self, rows: Sequence[dict[str, Any]], answer: Answer) -> bool:
        """
        Whether the first of *rows* alone is what the receiver does not take, and all others wait for it.

        The next one is sent to find out. Should it be taken, it comes once more, in its turn.
        """
        if answer.problem is None or answer.is_busy or len(rows) < 2:
            return False
        following = {key: value for key, value in rows[1].items() if key != "attempts"}
        return send(self.hook, following, datetime.now(UTC)).problem is None

    def _settle(self, connection: Connection, number: int, answer: Answer, attempts: int) -> float | None:
        """Note what came of an incident; return how long to wait before it is tried again, None: go on."""
        if answer.problem is None:
            if self._told:
                self.say(f"webhook {self.hook.shown}: delivered again")
                self._told = ""
            return None if self._mark(connection, number, is_delivered=True) else _PAUSE_S
        if answer.is_refused and attempts >= _TRIES_IF_REFUSED:
            self._mark(connection, number, problem=answer.problem)
            self.say(
                f"webhook {self.hook.shown}: INCIDENT {number} WAS NOT DELIVERED and is given up,"
                f" {answer.problem} {attempts} times"
            )
            return None
        self._mark(connection, None, problem=answer.problem)
        self._say_once(f"webhook {self.hook.shown}: {answer.problem}; trying again")
        return find_pause(answer, attempts)

    def _mark(
        self,
        connection: Connection,
        settled: int | None,
        *,
        is_delivered: bool = False,
        problem: str | None = None,
    ) -> bool:
        """Note how far it has come; False: another watchdog leads."""
        parameters = (self.holder, self.hook.name, settled, is_delivered, problem)
        row = connection.execute("SELECT pgmoat.mark_webhook(%s, %s, %s, %s, %s)", parameters).fetchone()
        return bool(row and row[0])

    def _say_once(self, message: str) -> None:
        if message != self._told:  # a receiver that is away for an hour is one line
            self.say(message)
        self._told = message


def find_pause(answer: Answer, attempts: int) -> float:
    """Return how long to wait after so many failed attempts: twice as long each time, up to five minutes."""
    backoff_s = min(_FIRST_S * 2 ** min(attempts - 1, 20), _LONGEST_S) * random.uniform(0.5, 1.0)  # noqa: S311 - jitter
    return max(backoff_s, answer.retry_after_s or 0.0)
