"""
Databases whose blast radius is known: the demo's shop under its policy, and ways to compute and prove one.

Out: fixtures. I/O: PostgreSQL.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import Any

import psycopg
import pytest

from pgmoat.demo.shop import find_policy_file
from pgmoat.postgres.sqlfile import load_sql
from pgmoat.report.blast.compare import Proof
from pgmoat.report.blast.compute import compute_blast
from pgmoat.report.blast.model import Blast
from pgmoat.report.blast.prove import prove
from pgmoat.report.blast.read import read_snapshot
from tests.moat_fixtures import Moat, install_moat
from tests.postgres_fixtures import Database, PostgresServer, create_database, draw_role_prefix


def compute(dsn: str, role: str) -> Blast:
    """Return the blast radius of a role, as the superuser sees it."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        return compute_blast(read_snapshot(connection), role)


def prove_it(dsn: str, blast: Blast, actor_dsn: str | None = None) -> Proof:
    """Return the proof of *blast* by a session of *actor_dsn*, or else of the superuser's."""
    with (
        psycopg.connect(dsn, autocommit=True) as reader,
        psycopg.connect(actor_dsn or dsn, autocommit=True) as actor,
    ):
        return prove(blast, reader, actor)


@dataclass(frozen=True, slots=True)
class Example:
    """The demo's shop, its policy in force."""

    moat: Moat

    @property
    def dsn(self) -> str:
        """The superuser's."""
        return self.moat.database.dsn

    def read(self, query: str) -> list[tuple[Any, ...]]:
        """Return what the superuser reads."""
        with psycopg.connect(self.dsn) as connection:
            return connection.execute(query.encode()).fetchall()


def install_example(database: Database, prefix: str) -> Moat:
    """Return the demo's shop in *database*, with names of roles that nobody else has."""
    body = find_policy_file().read_text(encoding="utf-8").partition("version: 1")[2]
    return install_moat(database, prefix, load_sql("pgmoat.demo", "shop"), body)


@pytest.fixture(scope="module")
def example(server: PostgresServer) -> Generator[Example]:
    """The demo's shop for all tests of a file: they only look."""
    with (
        draw_role_prefix(server) as prefix,
        create_database(server) as database,
        install_example(database, prefix) as moat,
    ):
        yield Example(moat)
