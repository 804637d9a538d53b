"""
Databases to draft policies for: the shared ones, and any that PGMOAT_TEST_SCHEMAS names.

Out: fixtures. I/O: PostgreSQL, those folders.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Generator
from pathlib import Path
from typing import LiteralString

import psycopg
import pytest

from tests.integration.draft.cycle import Cli
from tests.postgres_fixtures import Database, PostgresServer, create_database, draw_role_prefix, load_file
from tests.store_fixtures import GIVE_AWAY, open_template

SHARED: dict[str, tuple[str, LiteralString]] = {
    "adventureworks": (
        "adventureworks_nodata.sql",
        "CREATE FUNCTION public.uuid_generate_v1() RETURNS uuid LANGUAGE sql AS 'SELECT gen_random_uuid()'",
    ),
    "chinook": ("chinook.sql", ""),
    "mimic": ("mimic_iii.sql", ""),
    "northwind": ("northwind.sql", ""),
    "pagila": ("pagila_0_10_1_with_data.sql", ""),
}

GIVEN = "PGMOAT_TEST_SCHEMAS"
"""Names a folder of dumps, each a file of SQL: anybody can try the same on a database of their own."""


@contextlib.contextmanager
def open_copy(server: PostgresServer, template: Database, *, superuser: bool) -> Generator[tuple[str, str]]:
    """Yield the DSN of whoever installs into a copy of *template*, and a prefix for names of roles."""
    with (
        draw_role_prefix(server) as prefix,
        create_database(server, template.name) as database,
    ):
        if superuser:
            yield database.dsn, prefix
            return
        with psycopg.connect(database.dsn, autocommit=True) as connection:
            connection.execute(GIVE_AWAY.replace("PREFIX", prefix).encode())
        role = f"{prefix}installer"
        yield database.dsn_for(role, role), prefix


@contextlib.contextmanager
def load_dump(server: PostgresServer, file: Path) -> Generator[Database]:
    """Yield a database made by *file*; what needs an extension that is not here is left out."""
    with create_database(server) as database:
        load_file(database, file, stops_at_errors=False)
        with psycopg.connect(database.dsn, autocommit=True) as connection:
            connection.execute("ANALYZE")
        yield database


def list_given() -> list[Path]:
    """Return the dumps of the folder that PGMOAT_TEST_SCHEMAS names; none without it."""
    folder = os.environ.get(GIVEN)
    if not folder:
        return []
    found = sorted(Path(folder).glob("*.sql"))
    if not found:
        raise pytest.UsageError(f"{GIVEN}: there is no .sql file in {folder}")
    return found


@pytest.fixture(scope="session", params=SHARED)
def shared(request: pytest.FixtureRequest, server: PostgresServer) -> Generator[Database]:
    """Each of the shared databases, as it is loaded."""
    file, before = SHARED[request.param]
    with open_template(server, file, before) as database:
        yield database


@pytest.fixture(params=["superuser", "installer"])
def shop(
    request: pytest.FixtureRequest,
    server: PostgresServer,
    shared: Database,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> Generator[Cli]:
    """A copy of a shared database, and the command line of a superuser, or of a role that is none."""
    with open_copy(server, shared, superuser=request.param == "superuser") as (dsn, prefix):
        yield Cli(dsn, prefix, tmp_path, capsys)


@pytest.fixture
def cli(database: Database, role_prefix: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Cli:
    """The command line of a superuser on an empty database."""
    return Cli(database.dsn, role_prefix, tmp_path, capsys)
