"""
A shop with a policy, to plan, apply, disturb and destroy.

Out: fixtures. I/O: PostgreSQL.
"""

from __future__ import annotations

import contextlib
from collections.abc import Generator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import psycopg
import pytest

from pgmoat.catalog.actual import read_actual
from pgmoat.catalog.read import read_catalog
from pgmoat.compiler.compile import compile_wanted
from pgmoat.model.action import Plan
from pgmoat.model.objects import Wanted
from pgmoat.plan.apply import ApplyOptions, apply_plan
from pgmoat.plan.destroy import plan_destroy
from pgmoat.plan.diff import diff
from pgmoat.plan.people import Patience
from pgmoat.policy.load import load_policy_text
from tests.postgres_fixtures import Database, PostgresServer, create_database, draw_role_prefix

SCHEMA = """
CREATE TABLE public.customers (id bigserial PRIMARY KEY, nm text NOT NULL, ssn text);
CREATE TABLE public.orders (
    id bigserial PRIMARY KEY, usr_id bigint NOT NULL, stat_cd integer NOT NULL DEFAULT 1
);
INSERT INTO public.customers (nm) VALUES ('Ann');
INSERT INTO public.orders (usr_id) VALUES (1), (1);
"""

POLICY = """
version: 1
settings: {agent_role_prefix: PREFIX, system_role_prefix: PREFIXm_}
entities:
  customers: {table: public.customers, columns: {id: {}, nm: {name: name}}}
  orders:
    table: public.orders
    columns: {id: {}, usr_id: {name: customer_id}, stat_cd: {name: status, values: {1: pending, 2: shipped}}}
    delete: soft
agents:
  clerk: {entities: {orders: {update: all, delete: true}, customers: {select: all}}}
  reader: {entities: {orders: {select: all}}}
"""


@dataclass(frozen=True, slots=True)
class Site:
    """A database, the text of its policy, and two connections of a superuser."""

    database: Database
    prefix: str
    policy: str
    connection: psycopg.Connection[Any]
    side: psycopg.Connection[Any]
    credentials: Path

    def with_policy(self, old: str, new: str) -> Site:
        """Return the same database under a policy in which *old* is *new*."""
        assert old in self.policy
        return replace(self, policy=self.policy.replace(old, new))

    def compile(self, connection: psycopg.Connection[Any]) -> Wanted:
        """Return what the policy wants."""
        policy = load_policy_text(self.policy, "moat.yaml").policy
        return compile_wanted(policy, read_catalog(connection, policy))

    def make_plan(self, connection: psycopg.Connection[Any]) -> Plan:
        """Return the plan as it is now."""
        wanted = self.compile(connection)
        return diff(wanted, read_actual(connection, wanted))

    def plan(self) -> Plan:
        """Return the plan as it is now."""
        return self.make_plan(self.connection)

    def apply(self, shown: Plan | None = None) -> Plan:
        """Apply the policy, with little patience."""
        options = ApplyOptions(credentials=self.credentials, patience=Patience(100, 2, 0.01))
        return apply_plan(self.connection, self.side, self.make_plan, shown=shown, options=options)

    def destroy(self, *, everything: bool = False) -> Plan:
        """Take everything away again."""

        def make(connection: psycopg.Connection[Any]) -> Plan:
            return plan_destroy(connection, everything=everything)

        options = ApplyOptions(patience=Patience(100, 2, 0.01))
        return apply_plan(self.connection, self.side, make, options=options)

    def run(self, statement: str) -> None:
        """Run *statement* as the superuser, with ``PREFIX`` replaced."""
        self.connection.execute(statement.replace("PREFIX", self.prefix).encode())

    def value(self, query: str) -> Any:
        """Return the one value that *query* reads."""
        row = self.connection.execute(query.replace("PREFIX", self.prefix).encode()).fetchone()
        assert row is not None
        return row[0]


@pytest.fixture
def site(database: Database, role_prefix: str, tmp_path: Path) -> Generator[Site]:
    """The shop before anything was applied."""
    with open_site(database, role_prefix, tmp_path) as opened:
        yield opened


@pytest.fixture(scope="module")
def kept(server: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Generator[Site]:
    """One shop under its policy for many tests: each leaves it in order."""
    folder = tmp_path_factory.mktemp("kept")
    with (
        draw_role_prefix(server) as prefix,
        create_database(server) as database,
        open_site(database, prefix, folder) as opened,
    ):
        opened.apply()
        yield opened


@contextlib.contextmanager
def open_site(database: Database, role_prefix: str, folder: Path) -> Generator[Site]:
    """Yield the shop, loaded into *database*."""
    with (
        psycopg.connect(database.dsn, autocommit=True) as connection,
        psycopg.connect(database.dsn, autocommit=True) as side,
    ):
        connection.execute(SCHEMA)
        policy = POLICY.replace("PREFIX", role_prefix)
        yield Site(database, role_prefix, policy, connection, side, folder / "agents.env")


@pytest.fixture
def applied(site: Site) -> Site:
    """The shop under its policy."""
    site.apply()
    return site
