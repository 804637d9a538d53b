"""
A database with everything that a survey looks at.

Out: fixtures. I/O: PostgreSQL.
"""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.integration.schemas.examples import ADVENTUREWORKS
from tests.postgres_fixtures import Database, PostgresServer, create_database, load_file
from tests.store_fixtures import open_template

FILES = {
    "northwind": "northwind.sql",
    "chinook": "chinook.sql",
    "mimic": "mimic_iii.sql",
    "adventureworks": ADVENTUREWORKS.file,
    "pagila": "pagila_0_10_1_with_data.sql",
}


@pytest.fixture(scope="module")
def office_template(server: PostgresServer) -> Generator[Database]:
    """The office as it is loaded; tests get copies."""
    with create_database(server) as database:
        load_file(database, Path(__file__).with_name("office.sql"))
        yield database


@pytest.fixture
def office_database(
    server: PostgresServer, role_prefix: str, office_template: Database
) -> Generator[Database]:
    """A copy of the office, which goes before the roles of `role_prefix`."""
    assert role_prefix
    with create_database(server, office_template.name) as database:
        yield database


@pytest.fixture
def office(office_database: Database) -> Generator[psycopg.Connection[Any]]:
    """A superuser's connection to a fresh copy of the office."""
    with psycopg.connect(office_database.dsn, autocommit=True) as connection:
        yield connection


@pytest.fixture(scope="module", params=FILES)
def others(request: pytest.FixtureRequest, server: PostgresServer) -> Generator[psycopg.Connection[Any]]:
    """A superuser's connection to each database by others."""
    before = ADVENTUREWORKS.before if request.param == "adventureworks" else ""
    with (
        open_template(server, FILES[request.param], before) as database,
        psycopg.connect(database.dsn, autocommit=True) as connection,
    ):
        yield connection
