"""
A small shop to read. The real database by others is in tests/pagila_fixtures.py.

Out: fixtures. I/O: PostgreSQL.
"""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.postgres_fixtures import Database, PostgresServer, create_database, load_file


@pytest.fixture(scope="module")
def shop_template(server: PostgresServer) -> Generator[Database]:
    """The shop as it is loaded; tests get copies."""
    with create_database(server) as database:
        load_file(database, Path(__file__).with_name("shop.sql"))
        yield database


@pytest.fixture
def shop(
    server: PostgresServer, role_prefix: str, shop_template: Database
) -> Generator[psycopg.Connection[Any]]:
    """A superuser's connection to a fresh copy of the shop, which goes before the roles of `role_prefix`."""
    assert role_prefix
    with (
        create_database(server, shop_template.name) as database,
        psycopg.connect(database.dsn, autocommit=True) as connection,
    ):
        yield connection


@pytest.fixture(scope="module")
def loaded_shop(server: PostgresServer, shop_template: Database) -> Generator[psycopg.Connection[Any]]:
    """A superuser's connection to the shop as it was loaded; nothing may be changed in it."""
    with (
        create_database(server, shop_template.name) as database,
        psycopg.connect(database.dsn, autocommit=True) as connection,
    ):
        yield connection
