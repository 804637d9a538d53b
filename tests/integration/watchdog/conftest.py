"""
Agents with short timeouts, and a watchdog with a login of its own.

Out: fixtures. I/O: PostgreSQL, PgBouncer.
"""

from __future__ import annotations

import contextlib
import secrets
import threading
import time
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from psycopg import sql

from pgmoat.postgres.connect import connect
from pgmoat.watchdog.incident import Incident
from pgmoat.watchdog.loop import Output, Settings, run_watch
from tests.moat_fixtures import Moat, open_moat
from tests.postgres_fixtures import PostgresServer

Connection = psycopg.Connection[Any]

SCHEMA = """
CREATE TABLE notes (id int PRIMARY KEY, body text);
INSERT INTO notes SELECT n, 'n' FROM generate_series(1, 50) n;
"""
POLICY = """\
entities:
  notes:
    table: public.notes
    columns: {id: {}, body: {}}
agents:
  clerk:
    entities: {notes: {update: [body]}}
    connections: 40
    timeouts: {statement: 1s, idle_in_transaction: 1s, transaction: 20s}
  hasty:
    entities: {notes: {}}
    timeouts: {statement: 5s, idle_in_transaction: 5s, transaction: 1s}
  circling:
    entities: {notes: {}}
    limits: {repeats_per_minute: 3}
  watched:
    entities: {notes: {update: [body]}}
    require_watchdog: true
    tasks: claimed
  slow:
    entities: {notes: {update: [body]}}
    connections: 40
    pool: {workers: 30, steps: 2}
    timeouts: {statement: 9s, idle_in_transaction: 9s, transaction: 9s}
"""
QUICK = Settings(interval_s=0.25, grace=timedelta(milliseconds=200))


@dataclass(slots=True)
class Running:
    """A watchdog in a thread, and what it said."""

    incidents: list[Incident] = field(default_factory=list[Incident])
    notes: list[str] = field(default_factory=list[str])

    def output(self) -> Output:
        """Return where the watchdog writes to."""
        return Output(self.incidents.append, self.notes.append)


@dataclass(slots=True)
class Post:
    """A moat and the watchdog's login."""

    moat: Moat
    dsn: str = field(repr=False)

    def connect(self) -> Connection:
        """Return a connection of the watchdog's."""
        return connect(self.dsn)

    @contextlib.contextmanager
    def watch(self, settings: Settings = QUICK) -> Generator[Running]:
        """Run a watchdog in a thread until the block ends."""
        stop, running = threading.Event(), Running()
        thread = threading.Thread(
            target=run_watch, args=(self.connect, settings, running.output(), stop), daemon=True
        )
        thread.start()
        try:
            wait_for(lambda: running.notes or settings.is_dry_run)
            yield running
        except BaseException as error:
            error.add_note(f"the watchdog: {running.notes}")
            raise
        finally:
            stop.set()
            thread.join(20)
        assert not thread.is_alive()

    def incidents(self, columns: str = "kind, action") -> list[tuple[Any, ...]]:
        """Return what was recorded, oldest first."""
        query = sql.SQL("SELECT {} FROM pgmoat.incident ORDER BY id").format(
            sql.SQL(", ").join(sql.Identifier(name) for name in columns.split(", "))
        )
        with self.moat.superuser() as judge:
            return judge.execute(query).fetchall()


def hire_watcher(moat: Moat, *, signals: bool = True) -> Post:
    """Make a login for a watchdog; without *signals* it may look, and end nothing."""
    suffix, password = ("watcher" if signals else "looker"), secrets.token_hex(8)
    name = f"{moat.policy.settings.agent_role_prefix}l_{suffix}"
    roles = [moat.system_role("monitor"), *(["pg_signal_backend"] if signals else [])]
    moat.run(
        sql.SQL("CREATE ROLE {} LOGIN PASSWORD {} IN ROLE {}").format(
            sql.Identifier(name), sql.Literal(password), sql.SQL(", ").join(map(sql.Identifier, roles))
        )
    )
    return Post(moat, moat.database.dsn_for(name, password))


def set_limits(moat: Moat, milliseconds: int) -> None:
    """Give agent slow other limits than its role has."""
    moat.run(
        "UPDATE pgmoat.agent SET statement_timeout_ms = %s, idle_timeout_ms = %s WHERE name = 'slow'",
        milliseconds,
        milliseconds,
    )


def wait_for(condition: Callable[[], object], seconds: float = 10) -> None:
    """Return as soon as *condition* holds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it never came"
        time.sleep(0.02)


@pytest.fixture(scope="module")
def installed_post(server: PostgresServer) -> Generator[Post]:
    with open_moat(server, SCHEMA, POLICY) as moat:
        yield hire_watcher(moat)


@pytest.fixture
def post(installed_post: Post) -> Post:
    """The post, nothing recorded, nobody leading, nobody frozen."""
    installed_post.moat.run(
        "TRUNCATE pgmoat.incident;"
        "UPDATE pgmoat.lease SET holder = NULL, leased_until = NULL;"
        "UPDATE pgmoat.heartbeat SET at = '-infinity', good_until = '-infinity';"
        "UPDATE pgmoat.agent SET frozen_at = NULL"
    )
    set_limits(installed_post.moat, 60_000)
    return installed_post


@pytest.fixture
def moat(post: Post) -> Moat:
    return post.moat
