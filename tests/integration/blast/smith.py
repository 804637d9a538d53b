"""
Have sqlsmith write SQL, and run it as an agent whose gate is open.

In: a database under a policy, an agent, seconds. Out: Tally. I/O: PostgreSQL, the program sqlsmith.

First sqlsmith itself logs in as the agent: it calls any function and reads any relation that it finds, and
rolls back each statement. Then it writes statements for a copy in which entities are tables, as base tables
are, so that it writes to both; they are run by the agent's own login and committed.
"""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import shutil
import subprocess
import time
from collections import Counter
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.moat_fixtures import Moat
from tests.postgres_fixtures import Database, create_database

BATCH = 150
_LEFT_OUT = ("pgmoat", "pgmoat_write", "pgmoat_map", "public")


@dataclass(slots=True)
class Tally:
    """What was run, and what PostgreSQL said."""

    generated: int = 0  # statements that sqlsmith ran itself
    committed: Counter[str] = field(default_factory=Counter[str])  # SQLSTATE, "ok": succeeded
    lost: int = 0  # connections that ended


def find_sqlsmith() -> str:
    """Return the program; without it the test is skipped, in CI it fails."""
    found = shutil.which("sqlsmith")
    if found is None:
        message = "sqlsmith is not installed: apt install sqlsmith"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    return found


def attack(  # noqa: PLR0917 - where, who, what, for how long
    moat: Moat, twins: tuple[Database, ...], agent: str, writes: list[str], seconds: float, seed: int
) -> Tally:
    """Run sqlsmith's SQL as *agent* for so long, *writes* of the policy's among it; return what happened."""
    tally = Tally()
    _let_sqlsmith_play(moat, agent, seconds / 2, seed, tally)
    end = time.monotonic() + seconds / 2
    while time.monotonic() < end:
        seed += 1
        statements = list(write_sql(twins[seed % len(twins)], seed))
        _commit_all(moat, agent, statements, writes, end, tally)
    return tally


def _let_sqlsmith_play(moat: Moat, agent: str, seconds: float, seed: int, tally: Tally) -> None:
    """Run the program as the agent's role; it ends a connection's work only when the time is over."""
    end = time.monotonic() + seconds
    server, role = moat.database.server, moat.role(agent)
    target = (
        f"host={server.host} port={server.port} dbname={moat.database.name}"
        f" user={role} password={moat.passwords[role]}"
    )
    while (left := end - time.monotonic()) > 1:
        seed += 1
        command = [find_sqlsmith(), f"--target={target}", f"--seed={seed}", "--dump-all-queries"]
        options = f"-c pgmoat.token={moat.open_task(agent)} -c pgmoat.reason=fuzz"
        try:
            done = subprocess.run(
                command,
                env={**os.environ, "PGOPTIONS": options},
                capture_output=True,
                timeout=left,
                check=False,
            )
            output = done.stdout
        except subprocess.TimeoutExpired as expired:
            output = expired.stdout or b""
        tally.generated += output.count(b";\n")


@contextlib.contextmanager
def open_twins(original: Database) -> Generator[tuple[Database, Database]]:
    """Yield two copies of a database in which entities are tables; in the second there is nothing else."""
    with create_database(original.server, original.name) as whole:
        with psycopg.connect(whole.dsn, autocommit=True) as connection:
            rows = connection.execute(
                "SELECT c.relname, string_agg(format('%I %s', a.attname,"
                " format_type(a.atttypid, a.atttypmod)), ', ' ORDER BY a.attnum)"
                " FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid"
                " WHERE c.relnamespace = 'agent'::regnamespace AND c.relkind = 'v' AND a.attnum > 0"
                " AND NOT a.attisdropped GROUP BY 1"
            ).fetchall()
            for name, columns in rows:
                connection.execute(f"DROP VIEW agent.{name} CASCADE".encode())
                connection.execute(f"CREATE TABLE agent.{name} ({columns})".encode())
        with create_database(original.server, whole.name) as entities:
            with psycopg.connect(entities.dsn, autocommit=True) as connection:
                for schema in _LEFT_OUT:
                    connection.execute(f"DROP SCHEMA IF EXISTS {schema} CASCADE".encode())
            yield whole, entities


def write_sql(twin: Database, seed: int) -> Iterator[str]:
    """Yield statements that sqlsmith writes for a database, without running them."""
    server = twin.server
    target = (
        f"host={server.host} port={server.port} dbname={twin.name}"
        f" user={server.user} password={server.password}"
    )
    options = ["--dry-run", "--exclude-catalog", f"--max-queries={BATCH}"]
    done = subprocess.run(
        [find_sqlsmith(), f"--target={target}", f"--seed={seed}", *options],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    yield from (text.strip() for text in re.split(r";\s*\n", done.stdout) if text.strip())


def _commit_all(  # noqa: PLR0917 - where, who, what, until when
    moat: Moat, agent: str, statements: list[str], writes: list[str], end: float, tally: Tally
) -> None:
    connection = _login(moat, agent)
    draw = secrets.SystemRandom()
    try:
        for number, statement in enumerate(statements):
            for text in (statement, *([draw.choice(writes)] if writes and number % 5 == 0 else [])):
                if connection.closed:
                    tally.lost += 1
                    connection = _login(moat, agent)
                state = _commit(connection, text)
                tally.committed[state] += 1
            if time.monotonic() > end:
                return
    finally:
        connection.close()


def _login(moat: Moat, agent: str) -> psycopg.Connection[Any]:
    options = f"-c pgmoat.token={moat.open_task(agent)} -c pgmoat.reason=fuzz -c statement_timeout=1s"
    return moat.connect(agent, options=options)


def _commit(connection: psycopg.Connection[Any], statement: str) -> str:
    try:
        connection.execute(statement.encode())
    except psycopg.Error as error:
        return error.sqlstate or "lost"
    return "ok"


def read_log(log_file: Path | None) -> list[str]:
    """Return lines of the server's log that tell of a crash."""
    if log_file is None:
        return []
    lines = log_file.read_text(errors="replace").splitlines()
    return [line for line in lines if "PANIC" in line or "terminated by signal" in line]
