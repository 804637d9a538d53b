"""
A PostgreSQL server, databases and role names for tests.

In: PGMOAT_TEST_SERVER (wheel18, the default; wheel16; system15, or any other version), or
PGMOAT_TEST_DSN (a superuser's DSN of a server to use instead). Out: fixtures. I/O: starts a server.

Each pytest-xdist worker has a server of its own. A server that is missing is an error, never a skip.
"""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import socket
import subprocess
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from pgmoat.devpg.install import find_system_binaries, find_wheel_binaries, read_version
from pgmoat.devpg.server import start

_DEFAULT = "wheel18"


@dataclass(frozen=True, slots=True)
class PostgresServer:
    """A server that tests may do anything to."""

    host: str
    port: int
    user: str
    password: str = field(repr=False)
    server_version: int  # as libpq writes it: 180001 for 18.1
    log_file: Path | None = None  # what it said since its start, if it is ours

    @property
    def dsn(self) -> str:
        """The superuser's URL of the database `postgres`."""
        return self.dsn_for(self.user, self.password)

    def dsn_for(self, user: str, password: str, database: str = "postgres") -> str:
        """Return a URL for anybody."""
        login = f"{quote(user, safe='')}:{quote(password, safe='')}"
        return f"postgresql://{login}@{self.host}:{self.port}/{quote(database, safe='')}"


@dataclass(frozen=True, slots=True)
class Database:
    """A fresh database on the test server."""

    name: str
    server: PostgresServer

    @property
    def dsn(self) -> str:
        """The superuser's URL of this database."""
        return self.dsn_for(self.server.user, self.server.password)

    def dsn_for(self, user: str, password: str) -> str:
        """Return another role's URL of this database."""
        return self.server.dsn_for(user, password, self.name)


@contextlib.contextmanager
def create_database(
    server: PostgresServer, template: str = "template0", encoding: str = ""
) -> Generator[Database]:
    """Make a database from *template*; drop it, and whoever is still connected, afterwards."""
    database = Database(name=f"t_{secrets.token_hex(4)}", server=server)
    name = sql.Identifier(database.name)
    with psycopg.connect(server.dsn, autocommit=True) as connection:
        statement = sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(name, sql.Identifier(template))
        if encoding:
            statement += sql.SQL(" LOCALE 'C' ENCODING {}").format(sql.Literal(encoding))
        connection.execute(statement)
    try:
        yield database
    finally:
        with psycopg.connect(server.dsn, autocommit=True) as connection:
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name))


def load_file(database: Database, file: Path, *, stops_at_errors: bool = True) -> None:
    """Run a file of SQL, COPY data included."""
    psql = find_wheel_binaries(18) / "psql"
    stop = ["-v", "ON_ERROR_STOP=1"] if stops_at_errors else []
    subprocess.run([psql, "-X", "-q", *stop, "-d", database.dsn, "-f", file], check=True, capture_output=True)


@contextlib.contextmanager
def draw_role_prefix(server: PostgresServer) -> Generator[str]:
    """
    Draw a prefix for role names; drop every role that has it afterwards.

    Roles belong to the server, not to a database: databases that depend on them must be gone by then.
    """
    prefix = f"t{secrets.token_hex(3)}_"
    try:
        yield prefix
    finally:
        with psycopg.connect(server.dsn) as connection:
            _drop_roles(connection, prefix)


def _drop_roles(connection: psycopg.Connection, prefix: str) -> None:
    rows = connection.execute(
        "SELECT rolname FROM pg_catalog.pg_roles WHERE pg_catalog.starts_with(rolname, %s) ORDER BY rolname",
        [prefix],
    ).fetchall()
    if not rows:
        return
    # In one statement: since PostgreSQL 16 a role that granted a membership cannot go before its grantee.
    names = sql.SQL(", ").join(sql.Identifier(name) for (name,) in rows)
    connection.execute(sql.SQL("DROP OWNED BY {} CASCADE").format(names))
    connection.execute(sql.SQL("DROP ROLE {}").format(names))


def draw_port() -> int:
    """
    Return a free port below those that clients get.

    What comes back on its port must not find it taken: by a client's own end of a connection, or by one
    that connected to itself while nobody listened.
    """
    while True:
        port = 20_000 + secrets.randbelow(12_000)
        with contextlib.suppress(OSError), socket.socket() as trial:
            trial.bind(("127.0.0.1", port))
            return port


def find_test_binaries() -> Path:
    """Return the programs that PGMOAT_TEST_SERVER names, for a test that starts a server of its own."""
    return find_binaries(os.environ.get("PGMOAT_TEST_SERVER", _DEFAULT))


def find_binaries(choice: str) -> Path:
    """Return the program directory of ``wheel18``, ``system15`` and the like."""
    found = re.fullmatch(r"(wheel|system)(\d+)", choice)
    if found is None:
        raise pytest.UsageError(f"PGMOAT_TEST_SERVER={choice}: wanted wheel18, wheel16, system15 or the like")
    version = int(found[2])
    return find_wheel_binaries(version) if found[1] == "wheel" else find_system_binaries(version)


def _read_given_server(dsn: str) -> PostgresServer:
    with psycopg.connect(dsn) as connection:
        row = connection.execute(
            "SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = CURRENT_USER"
        ).fetchone()
        if row != (True,):
            raise pytest.UsageError("PGMOAT_TEST_DSN must be a superuser's")
        info = connection.info
        return PostgresServer(
            host=info.host,
            port=info.port,
            user=info.user,
            password=str(conninfo_to_dict(dsn).get("password") or info.password),
            server_version=info.server_version,
        )


@contextlib.contextmanager
def start_chosen_server(settings: Mapping[str, str]) -> Generator[PostgresServer]:
    """Start a server of the version under test, with more *settings* than all tests have."""
    binaries = find_binaries(os.environ.get("PGMOAT_TEST_SERVER", _DEFAULT))
    with start(binaries=binaries, settings={"max_prepared_transactions": "0", **settings}) as own:
        yield PostgresServer(
            host=own.host,
            port=own.port,
            user="postgres",
            password=own.password,
            server_version=own.server_version,
            log_file=own.log_file,
        )


def pytest_report_header() -> str:
    """Say against which server the tests run."""
    if os.environ.get("PGMOAT_TEST_DSN"):
        return "PostgreSQL: the one of PGMOAT_TEST_DSN"
    choice = os.environ.get("PGMOAT_TEST_SERVER", _DEFAULT)
    number = read_version(find_binaries(choice))
    return f"PostgreSQL: {number // 10000}.{number % 10000} ({choice})"


@pytest.fixture(scope="session")
def server() -> Generator[PostgresServer]:
    """The worker's server; tests may use it at the same time as others, and so leave nothing behind."""
    dsn = os.environ.get("PGMOAT_TEST_DSN")
    if dsn:
        yield _read_given_server(dsn)
        return
    with start_chosen_server({"max_prepared_transactions": "0"}) as own:
        yield own


@pytest.fixture
def role_prefix(server: PostgresServer) -> Generator[str]:
    """A prefix such as `t3fa901_`; roles whose names start with it are dropped after the test."""
    with draw_role_prefix(server) as prefix:
        yield prefix


@pytest.fixture
def database(server: PostgresServer, role_prefix: str) -> Generator[Database]:
    """A fresh, empty database. It goes before the roles of `role_prefix` do, so that nothing holds them."""
    with create_database(server) as fresh:
        yield fresh
