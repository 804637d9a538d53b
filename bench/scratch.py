"""
A server to measure on, and databases and roles that are gone when a measurement ends.

In: wheel18, system15 or a superuser's DSN. Out: Scratch, Database. I/O: starts a server; PostgreSQL.
"""

from __future__ import annotations

import contextlib
import re
import secrets
from collections.abc import Generator
from dataclasses import dataclass
from importlib.resources import files
from types import TracebackType
from typing import LiteralString, Self

from psycopg import Connection, sql
from psycopg.conninfo import make_conninfo
from psycopg.rows import TupleRow

from bench.install import install
from pgmoat.devpg.install import find_system_binaries, find_wheel_binaries
from pgmoat.devpg.server import start
from pgmoat.postgres.connect import connect
from pgmoat.postgres.sqlfile import load_sql

PREFIX = "pgmoatbench_"
"""What every role and database of the bench starts with; others are never touched."""

PEOPLE = f"{PREFIX}app"
VIEWS = f"{PREFIX}moat_views"

SETTINGS = {
    "shared_buffers": "512MB",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "off",  # else the figures depend on when it comes by
    "max_connections": "600",  # "fleet" compares with one for each of 500 agents
    "max_wal_size": "8GB",
    "checkpoint_timeout": "1h",
}


def agent_role(agent: str) -> str:
    """Return the role of an agent of the bench's policies."""
    return f"{PREFIX}agent_{agent}"


@contextlib.contextmanager
def open_server(choice: str) -> Generator[str]:
    """Yield a superuser's DSN of the server that *choice* names, started if it is not a DSN itself."""
    found = re.fullmatch(r"(wheel|system)(\d+)", choice)
    if found is None:
        yield choice
        return
    version = int(found[2])
    binaries = find_wheel_binaries(version) if found[1] == "wheel" else find_system_binaries(version)
    with start(binaries=binaries, settings=SETTINGS) as server:
        yield server.dsn


@dataclass(frozen=True, slots=True)
class Database:
    """One of a measurement's databases."""

    name: str
    scratch: Scratch

    @property
    def dsn(self) -> str:
        """The superuser's DSN of this database."""
        return make_conninfo(self.scratch.dsn, dbname=self.name)

    def connect(self, role: str = "") -> Connection[TupleRow]:
        """Return a connection as *role*, or as superuser; it is closed when the measurement ends."""
        return self.scratch.connect(self.name, role)

    def dsn_for(self, role: str) -> str:
        """Return a DSN of *role*, with its password."""
        return self.scratch.dsn_for(self.name, role)

    def run_file(self, name: str, **parts: str | int) -> None:
        """Run ``sql/<name>.sql``; *parts* that are text are names, the others values."""
        statement = sql.SQL(load_sql("bench", name)).format(
            **{
                key: sql.Identifier(part) if isinstance(part, str) else sql.Literal(part)
                for key, part in parts.items()
            }
        )
        with connect(self.dsn) as connection:
            connection.execute(statement)

    def vacuum(self) -> None:
        """Run VACUUM ANALYZE, which autovacuum does elsewhere, and a checkpoint."""
        with connect(self.dsn) as connection:
            connection.execute("VACUUM ANALYZE")
            connection.execute("CHECKPOINT")

    def install(self, policy: str) -> None:
        """Apply ``policies/<policy>.yaml``."""
        install(self.dsn, (files("bench") / "policies" / f"{policy}.yaml").read_text(encoding="utf-8"))

    def open_task(self, agent: str, task_id: str = "bench", max_writes: int | None = None) -> str:
        """Return the token of a task of *agent*."""
        with connect(self.dsn) as connection:
            row = connection.execute(
                "SELECT pgmoat.open_task(%s, %s, max_writes => %s)", [agent, task_id, max_writes]
            ).fetchone()
        assert row is not None
        return str(row[0])


class Scratch:
    """Databases, roles and connections of one measurement."""

    def __init__(self, dsn: str) -> None:
        self.dsn = dsn
        self._connections: list[Connection[TupleRow]] = []
        self._passwords: dict[str, str] = {}

    def __enter__(self) -> Self:
        self._clear()
        self.execute("CREATE ROLE {}", PEOPLE)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for connection in self._connections:
            connection.close()
        self._clear()

    def create(self, name: str, template: Database | None = None) -> Database:
        """Return a fresh database, or a copy of *template*, to which nobody may be connected."""
        source = template.name if template else "template0"
        self.execute("CREATE DATABASE {} TEMPLATE {} STRATEGY file_copy", PREFIX + name, source)
        return Database(PREFIX + name, self)

    def connect(self, database: str, role: str) -> Connection[TupleRow]:
        """Return a connection that is closed when the measurement ends."""
        connection = connect(self.dsn_for(database, role), application_name="pgmoat bench")
        connection.prepare_threshold = 0
        self._connections.append(connection)
        return connection

    def dsn_for(self, database: str, role: str) -> str:
        """Return a DSN of *role*, whose password is drawn at the first time; '' is the superuser."""
        dsn = make_conninfo(self.dsn, dbname=database)
        if not role:
            return dsn
        if role not in self._passwords:
            self._passwords[role] = secrets.token_hex(16)
            with connect(self.dsn) as connection:
                connection.execute(
                    sql.SQL("ALTER ROLE {} LOGIN PASSWORD {}").format(
                        sql.Identifier(role), sql.Literal(self._passwords[role])
                    )
                )
        return make_conninfo(dsn, user=role, password=self._passwords[role])

    def execute(self, template: LiteralString, *names: str) -> None:
        """Run one statement as superuser, outside the measurement's databases."""
        with connect(self.dsn) as connection:
            connection.execute(sql.SQL(template).format(*map(sql.Identifier, names)))

    def _clear(self) -> None:
        for name in self._list(
            "SELECT datname FROM pg_catalog.pg_database WHERE pg_catalog.starts_with(datname, %s)"
        ):
            self.execute("DROP DATABASE {} WITH (FORCE)", name)
        for name in self._list(
            "SELECT rolname FROM pg_catalog.pg_roles WHERE pg_catalog.starts_with(rolname, %s)"
        ):
            self.execute("DROP ROLE {}", name)

    def _list(self, query: LiteralString) -> list[str]:
        with connect(self.dsn) as connection:
            return [str(name) for (name,) in connection.execute(query, [PREFIX]).fetchall()]
