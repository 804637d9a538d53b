"""
A real database by others: a video rental's.

Out: fixtures. I/O: PostgreSQL, the folder of shared schemas.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import psycopg
import pytest

from tests.postgres_fixtures import Database, PostgresServer, create_database
from tests.store_fixtures import open_template


@pytest.fixture(scope="session")
def pagila_template(server: PostgresServer) -> Generator[Database]:
    """The video rental as it is loaded; tests get copies."""
    with open_template(server, "pagila_0_10_1_with_data.sql") as database:
        yield database


@pytest.fixture(scope="module")
def pagila(server: PostgresServer, pagila_template: Database) -> Generator[psycopg.Connection[Any]]:
    """A superuser's connection to the video rental; nothing may be changed in it."""
    with (
        create_database(server, pagila_template.name) as database,
        psycopg.connect(database.dsn, autocommit=True) as connection,
    ):
        yield connection
