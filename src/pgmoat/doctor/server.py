"""
The server: its version, whether functions run, whether transactions can be left behind.

In: a connection. Out: ServerFacts, remarks about them. I/O: reads PostgreSQL.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, LiteralString

import psycopg
from psycopg import Connection, errors
from psycopg.rows import class_row

from pgmoat.doctor.check import Area, Check, Remark, Status
from pgmoat.doctor.target import PACKAGE, Target
from pgmoat.plan import quote
from pgmoat.postgres.foreign import decode
from pgmoat.postgres.sqlfile import load_sql
from pgmoat.postgres.sqltext import compose

OLDEST, NEWEST = 15, 18
"""Major versions that pgmoat is tested with."""

NO_TASK = "PM001"
_OLD_AFTER_S = 600


@dataclass(frozen=True, slots=True)
class PreparedTransaction:
    """One row of ``read_prepared_transactions.sql``."""

    id: str
    owner: str
    database: str
    age_s: int
    is_agent: bool


@dataclass(frozen=True, slots=True)
class Trial:
    """What came of a statement: *sqlstate* is empty when it succeeded."""

    sqlstate: str = ""
    message: str = ""


@dataclass(frozen=True, slots=True)
class ServerFacts:
    """What is known of the server."""

    version_number: int
    is_standby: bool
    max_prepared_transactions: int
    installed_version: str | None  # of the program file on disk; None: not readable
    prepared: Sequence[PreparedTransaction]
    plpgsql: Trial
    gate: Trial
    is_installed: bool  # pgmoat is
    database: str

    @property
    def version(self) -> str:
        """The version that runs: ``15.14``."""
        return f"{self.version_number // 10_000}.{self.version_number % 10_000}"


@dataclass(frozen=True, slots=True)
class _Row:
    """The row of ``read_server.sql``."""

    version_number: int
    is_standby: bool
    max_prepared_transactions: int


def read_server(connection: Connection[Any], target: Target) -> ServerFacts:
    """Return the server's facts; functions are tried in this session, which loads their libraries anew."""
    with connection.cursor(row_factory=class_row(_Row)) as cursor:
        row = cursor.execute(load_sql(PACKAGE, "read_server")).fetchall()[0]
    prepared = connection.execute(
        load_sql(PACKAGE, "read_prepared_transactions"), {"agent_roles": list(target.agent_roles)}
    )
    return ServerFacts(
        version_number=row.version_number,
        is_standby=row.is_standby,
        max_prepared_transactions=row.max_prepared_transactions,
        installed_version=_read_installed_version(connection),
        prepared=[
            PreparedTransaction(decode(gid), owner, decode(database), age_s, is_agent)
            for gid, owner, database, age_s, is_agent in prepared
        ],
        plpgsql=_try(connection, "DO $$ BEGIN PERFORM 1; END $$"),
        gate=_try(connection, "SELECT pgmoat.gate('doctor')") if target.is_installed else Trial(),
        is_installed=target.is_installed,
        database=target.database,
    )


def _read_installed_version(connection: Connection[Any]) -> str | None:
    try:
        row = connection.execute(load_sql(PACKAGE, "read_installed_version")).fetchone()
    except psycopg.Error:  # no right to, or no such function on a managed service
        return None
    found = re.match(rb"[0-9]+(\.[0-9]+)*", row[0]) if row and row[0] else None
    return found[0].decode() if found else None


def _try(connection: Connection[Any], statement: LiteralString) -> Trial:
    try:
        connection.execute(statement)
    except psycopg.Error as error:
        if error.sqlstate is None:
            raise
        return Trial(error.sqlstate, error.diag.message_primary or "")
    return Trial()


def _judge_version(facts: ServerFacts) -> Iterator[Remark]:
    major = facts.version_number // 10_000
    if major < OLDEST:
        yield Remark(
            Status.ERROR,
            f"PostgreSQL {facts.version} is too old: pgmoat needs {OLDEST} or later",
            "upgrade the server (pg_upgrade)",
        )
    elif major > NEWEST:
        yield Remark(
            Status.NOTE,
            f"PostgreSQL {facts.version} is newer than what this pgmoat is tested with"
            f" ({OLDEST} to {NEWEST})",
            "look for a newer pgmoat",
        )


def _judge_installed_version(facts: ServerFacts) -> Iterator[Remark]:
    if facts.installed_version is None:
        yield Remark(
            Status.UNKNOWN,
            f"{facts.version} runs; which version lies on disk only a superuser can see",
            "run doctor as a superuser",
        )
    elif facts.installed_version != facts.version:
        yield Remark(
            Status.ERROR,
            f"PostgreSQL {facts.version} runs, and {facts.installed_version} is installed:"
            " new sessions load libraries of a version that does not fit",
            "restart the server: pg_ctl restart, or systemctl restart postgresql",
        )


def _judge_plpgsql(facts: ServerFacts) -> Iterator[Remark]:
    if facts.plpgsql.sqlstate == errors.InsufficientPrivilege.sqlstate:
        yield Remark(
            Status.WARNING,
            f"this role may not use plpgsql, so neither may others: {facts.plpgsql.message}",
            "GRANT USAGE ON LANGUAGE plpgsql TO PUBLIC;",
        )
    elif facts.plpgsql.sqlstate:
        yield Remark(
            Status.ERROR,
            f"PL/pgSQL does not run, so every guard refuses: {facts.plpgsql.message}"
            f" (SQLSTATE {facts.plpgsql.sqlstate})",
            "restart the server; if that does not help, install the plpgsql library of its version",
        )


def _judge_gate(facts: ServerFacts) -> Iterator[Remark]:
    trial = facts.gate
    if not facts.is_installed:
        yield Remark(Status.NOTE, "pgmoat is not in this database", "pgmoat apply")
    elif trial.sqlstate == errors.InsufficientPrivilege.sqlstate:
        yield Remark(
            Status.UNKNOWN,
            f"the gate could not be tried: {trial.message}",
            "run doctor as a superuser, or as a member of pgmoat's owner role",
        )
    elif not trial.sqlstate:
        yield Remark(
            Status.ERROR,
            "the gate let a session in that has no task: agents read and write without one",
            "pgmoat plan shows what was changed, pgmoat apply sets it right",
        )
    elif trial.sqlstate != NO_TASK:
        yield Remark(
            Status.ERROR,
            f"the gate does not work: {trial.message} (SQLSTATE {trial.sqlstate}); every agent is refused",
            "pgmoat plan shows what was changed, pgmoat apply sets it right; restart the"
            " server after an upgrade",
        )


def _judge_standby(facts: ServerFacts) -> Iterator[Remark]:
    if facts.is_standby:
        yield Remark(
            Status.NOTE,
            "this is a standby: agents can read here, and a freeze arrives with the replication's delay",
            "tasks, writes and apply need the primary",
        )


def _judge_max_prepared(facts: ServerFacts) -> Iterator[Remark]:
    if facts.max_prepared_transactions:
        yield Remark(
            Status.ERROR,
            f"max_prepared_transactions is {facts.max_prepared_transactions}: any agent can"
            " PREPARE TRANSACTION,"
            " whose locks outlive its session, every timeout and a restart",
            "ALTER SYSTEM SET max_prepared_transactions = 0; -- then restart the server",
        )


def _judge_prepared(facts: ServerFacts) -> Iterator[Remark]:
    for found in facts.prepared:
        if not found.is_agent and found.age_s < _OLD_AFTER_S:
            continue
        yield Remark(
            Status.ERROR if found.is_agent else Status.WARNING,
            f"{'agent' if found.is_agent else 'role'} {found.owner} left a prepared transaction in database"
            f" {found.database} {found.age_s} s ago, which holds its locks",
            compose("ROLLBACK PREPARED {};", quote.value(found.id)) + f" -- in database {found.database}",
        )


CHECKS: tuple[Check[ServerFacts], ...] = (
    Check(Area.SERVER, "doctor-server-version", "the version is supported", _judge_version),
    Check(
        Area.SERVER,
        "doctor-installed-version",
        "the version that runs is the one that is installed",
        _judge_installed_version,
    ),
    Check(Area.SERVER, "doctor-plpgsql", "PL/pgSQL runs", _judge_plpgsql),
    Check(Area.SERVER, "doctor-gate", "the gate refuses a session without a task", _judge_gate),
    Check(Area.SERVER, "doctor-standby", "this is the primary", _judge_standby),
    Check(
        Area.SERVER,
        "doctor-max-prepared-transactions",
        "no transaction can be left prepared",
        _judge_max_prepared,
    ),
    Check(Area.SERVER, "doctor-prepared-transactions", "no transaction is left prepared", _judge_prepared),
)
