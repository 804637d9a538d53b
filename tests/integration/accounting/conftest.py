"""
A record that tests write themselves, and logins that read it.

Out: fixtures. I/O: PostgreSQL.
"""

from __future__ import annotations

import secrets
from collections.abc import Generator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import psycopg
import pytest
from psycopg import sql

from pgmoat.postgres.connect import connect
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
    tasks: claimed
    connections: 7
    limits: {writes_per_task: 40, writes_per_hour: 200}
  reader:
    entities: {notes: {}}
    tasks: claimed
"""
MINUTE = timedelta(minutes=1)


@dataclass(slots=True)
class Record:
    """A moat, logins of people's, and a record that begins an hour before *until*."""

    moat: Moat
    dsns: dict[str, str] = field(repr=False)
    until: datetime = field(init=False)

    def __post_init__(self) -> None:
        self.until = self.moat.value("SELECT pg_catalog.date_trunc('minute', now(), 'UTC')")

    @property
    def since(self) -> datetime:
        """When the window begins."""
        return self.until - timedelta(hours=1)

    def connect(self, who: str = "viewer") -> Connection:
        """Return a connection of somebody who may read the record, or who may end sessions as well."""
        return connect(self.dsns[who])

    def name(self, who: str) -> str:
        """Return the login of somebody."""
        return f"{self.moat.policy.settings.agent_role_prefix}l_{who}"

    def minute(self, ago: int) -> datetime:
        """Return the minute that began so many minutes before the window's end."""
        return self.until - ago * MINUTE

    def insert(self, table: str, **values: object) -> None:
        """Write one row down."""
        statement = sql.SQL("INSERT INTO pgmoat.{} ({}) VALUES ({})").format(
            sql.Identifier(table),
            sql.SQL(", ").join(map(sql.Identifier, values)),
            sql.SQL(", ").join(sql.Placeholder() * len(values)),
        )
        self.moat.run(statement, *values.values())

    def see(self, ago: int, **seconds: float) -> None:
        """Write down a minute of samples, one a second; *seconds* by agent, '_' is everybody else."""
        self.insert("sampling", minute=self.minute(ago), seconds=60, samples=60, hidden=0)
        for agent, each in seconds.items():
            self.use(ago, agent.strip("_"), "CPU", each)

    def use(self, ago: int, agent: str, wait_class: str, seconds: float) -> None:
        """Write down what samples say of one agent."""
        self.insert(
            "usage",
            minute=self.minute(ago),
            agent=agent,
            wait_class=wait_class,
            seconds=seconds,
            samples=round(seconds),
        )

    def count(self, ago: int, agent: str, execution: float | None, planning: float | None = 0) -> None:
        """Write down what pg_stat_statements says of one agent; None: it is not installed."""
        counts = None if execution is None else 10
        self.insert(
            "activity",
            minute=self.minute(ago),
            agent=agent,
            connections=3,
            statements=counts,
            rows=counts,
            execution_seconds=execution,
            planning_seconds=None if execution is None else planning,
            rows_written=5,
        )


@pytest.fixture(scope="module")
def installed_record(server: PostgresServer) -> Generator[Record]:
    with open_moat(server, SCHEMA, POLICY) as moat:
        dsns: dict[str, str] = {}
        for who, more in (("viewer", ()), ("operator", ("pg_signal_backend",))):
            name, password = f"{moat.policy.settings.agent_role_prefix}l_{who}", secrets.token_hex(8)
            roles = sql.SQL(", ").join(map(sql.Identifier, (moat.system_role("monitor"), *more)))
            moat.run(
                sql.SQL("CREATE ROLE {} LOGIN PASSWORD {} IN ROLE {}").format(
                    sql.Identifier(name), sql.Literal(password), roles
                )
            )
            dsns[who] = moat.database.dsn_for(name, password)
        dsns["owner"] = moat.database.dsn
        yield Record(moat, dsns)


@pytest.fixture
def record(installed_record: Record) -> Record:
    """The record, empty, its window ending with the minute that begins now."""
    moat = installed_record.moat
    moat.run("SELECT pgmoat.make_days()")
    moat.run(
        "TRUNCATE pgmoat.sampling, pgmoat.usage, pgmoat.usage_detail, pgmoat.activity, pgmoat.statement_text,"
        " pgmoat.unfinished, pgmoat.incident;"
        "UPDATE pgmoat.agent SET frozen_at = NULL, frozen_by = NULL, frozen_reason = NULL;"
        "UPDATE pgmoat.task SET frozen_at = NULL, frozen_by = NULL, frozen_reason = NULL"
    )
    return Record(moat, installed_record.dsns)
