"""
The shop of the walls, with a person on call and an orchestrator who log in by roles of their own.

Out: fixtures. I/O: PostgreSQL, PgBouncer.
"""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Generator
from dataclasses import dataclass
from typing import Any, LiteralString

import psycopg
import pytest
from psycopg import sql

from tests.integration.walls.shop import POLICY, RESET, SCHEMA
from tests.moat_fixtures import Connection, Moat, Row, open_moat
from tests.postgres_fixtures import PostgresServer


@dataclass(slots=True)
class Staff:
    """The shop's moat, and people who are members of its system roles."""

    moat: Moat
    passwords: dict[str, str]  # monitor, orchestrator

    def connect(self, suffix: str) -> Connection:
        """Return a new connection of a login that is a member of a system role."""
        dsn = self.moat.database.dsn_for(_name_login(self.moat, suffix), self.passwords[suffix])
        return psycopg.connect(dsn, autocommit=True)

    def see(self, query: LiteralString, *parameters: object) -> list[Row]:
        """Return what the person on call reads."""
        with self.connect("monitor") as connection:
            return connection.execute(query, parameters or None).fetchall()

    def count_refusals(self) -> dict[tuple[str | None, str], int]:
        """Return the counts that the person on call reads, by agent and code."""
        rows: list[Any] = self.see("SELECT agent, code, refusals FROM pgmoat.refusals")
        return {(agent, code): count for agent, code, count in rows}


def _name_login(moat: Moat, suffix: str) -> str:
    return f"{moat.policy.settings.agent_role_prefix}l_{suffix}"


@contextlib.contextmanager
def open_staff(server: PostgresServer) -> Generator[Staff]:
    """Yield the shop and its staff; the logins are dropped with the moat's roles."""
    with open_moat(server, SCHEMA, POLICY) as moat:
        yield hire_staff(moat)


def hire_staff(moat: Moat) -> Staff:
    """Make the logins of people around *moat*."""
    staff = Staff(moat, {suffix: secrets.token_hex(8) for suffix in ("monitor", "orchestrator")})
    for suffix, password in staff.passwords.items():
        moat.run(
            sql.SQL("CREATE ROLE {} LOGIN PASSWORD {} IN ROLE {}").format(
                sql.Identifier(_name_login(moat, suffix)),
                sql.Literal(password),
                sql.Identifier(moat.system_role(suffix)),
            )
        )
    return staff


@pytest.fixture(scope="session")
def installed_staff(server: PostgresServer) -> Generator[Staff]:
    """The shop, installed once for each test worker."""
    with open_staff(server) as staff:
        yield staff


@pytest.fixture
def staff(installed_staff: Staff) -> Staff:
    """The shop as it was loaded, nobody frozen, nothing used up, nothing refused yet."""
    installed_staff.moat.run(RESET)
    installed_staff.moat.run("SELECT setval(r.counter, 1, false) FROM pgmoat.refusal_counter AS r")
    return installed_staff


@pytest.fixture
def shop(staff: Staff) -> Moat:
    """The shop of `staff`."""
    return staff.moat
