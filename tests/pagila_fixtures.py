"""
A real database by others: a video rental's, from the folder of shared schemas beside the project.

Out: fixtures. I/O: PostgreSQL, that folder. Without the folder its tests are skipped; in CI they fail.
"""

from __future__ import annotations

import os
from collections.abc import Generator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.postgres_fixtures import Database, PostgresServer, create_database, load_file

_FILE = Path(__file__).parents[1].parent / "shared" / "schemas" / "pagila_0_10_1_with_data.sql"


@pytest.fixture(scope="session")
def pagila_template(server: PostgresServer) -> Generator[Database]:
    """The video rental as it is loaded, analyzed, with nobody connected; tests get copies."""
    if not _FILE.exists():
        message = f"no shared schemas beside the project: {_FILE} is missing"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    with create_database(server) as database:
        # It creates a language that is there already.
        load_file(database, _FILE, stops_at_errors=False)
        with psycopg.connect(database.dsn, autocommit=True) as connection:
            connection.execute("ANALYZE")
        yield database


@pytest.fixture(scope="module")
def pagila(server: PostgresServer, pagila_template: Database) -> Generator[psycopg.Connection[Any]]:
    """A superuser's connection to the video rental; nothing may be changed in it."""
    with (
        create_database(server, pagila_template.name) as database,
        psycopg.connect(database.dsn, autocommit=True) as connection,
    ):
        yield connection
