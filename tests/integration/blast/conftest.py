"""
A database with a role that has nothing, and what blast says of it.

Out: fixtures. I/O: PostgreSQL.
"""

from __future__ import annotations

import contextlib
from collections.abc import Generator
from dataclasses import dataclass
from typing import Any, cast

import psycopg
import pytest
from psycopg import sql

from pgmoat.report.blast.measure import measure_blast
from pgmoat.report.blast.model import Blast, Claim
from pgmoat.report.blast.script import render_script
from tests.postgres_fixtures import Database

PASSWORD = "x"  # noqa: S105 - of a role that lives for one test


@dataclass(slots=True)
class Place:
    """A database, role *me* that may log in, and names of roles that a test may make."""

    database: Database
    prefix: str
    connection: psycopg.Connection[Any]

    @property
    def me(self) -> str:
        """The role in question."""
        return f"{self.prefix}me"

    def run(self, text: str) -> None:
        """Run SQL as the superuser; ``{me}``, ``{staff}``, ``{boss}``, ``{app}`` are roles of this test."""
        self.connection.execute(cast("Any", self.fill(text)))

    def fill(self, text: str) -> str:
        """Return *text* with the names of this test's roles."""
        for word in ("me", "staff", "boss", "app"):
            text = text.replace("{" + word + "}", f"{self.prefix}{word}")
        return text

    def blast(self, role: str = "") -> Blast:
        """Return what a role can do, as the superuser sees it."""
        return measure_blast(self.connection, role or self.me, any_role=True)

    def find(self, code: str, name: str, action: str) -> list[Claim]:
        """Return the claims beyond what every role may do, with that code, object and action."""
        return [
            claim
            for claim in self.blast().beyond
            if (claim.code, claim.action) == (code, action) and claim.subject.name == self.fill(name)
        ]

    def attempt(self, statements: str) -> str:
        """Run statements as *me*, and roll them back; return the SQLSTATE, empty if they ran."""
        dsn = self.database.dsn_for(self.me, PASSWORD)
        with contextlib.closing(psycopg.connect(dsn)) as connection:
            try:
                connection.execute(cast("Any", self.fill(statements)))
            except psycopg.Error as error:
                return error.sqlstate or "lost"
            finally:
                connection.rollback()
        return ""

    def close_all(self) -> None:
        """Run the script that blast prints."""
        self.connection.execute(cast("Any", render_script(self.blast())))


@pytest.fixture
def place(database: Database, role_prefix: str) -> Generator[Place]:
    with psycopg.connect(database.dsn, autocommit=True) as connection:
        made = Place(database, role_prefix, connection)
        for word in ("staff", "boss", "app"):
            connection.execute(sql.SQL("CREATE ROLE {}").format(sql.Identifier(role_prefix + word)))
        connection.execute(
            sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(sql.Identifier(made.me), sql.Literal(PASSWORD))
        )
        made.run(
            "CREATE TABLE public.orders (id int, total int, email text);"
            "INSERT INTO public.orders SELECT g, g FROM pg_catalog.generate_series(1, 100) AS g;"
            "CREATE TABLE public.audit (x text);"
            "CREATE SCHEMA hr; CREATE TABLE hr.salaries (id int, amount int);"
            "ANALYZE public.orders"
        )
        yield made
