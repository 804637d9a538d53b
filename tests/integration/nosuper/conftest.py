"""
A shop whose tables belong to two owners, and an installer that is no superuser.

Out: fixtures. I/O: PostgreSQL.
"""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Callable, Generator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql

from pgmoat.model.action import Plan
from pgmoat.plan.apply import ApplyOptions, apply_plan
from pgmoat.plan.destroy import plan_destroy
from pgmoat.plan.make import PolicyPlan, plan_policy
from pgmoat.plan.people import Patience
from pgmoat.policy.load import load_policy_text
from pgmoat.policy.schema import Policy
from tests.postgres_fixtures import Database, PostgresServer, create_database, draw_role_prefix

Connection = psycopg.Connection[Any]

SCHEMA = """
CREATE SCHEMA app AUTHORIZATION PREFIXapp;
CREATE SCHEMA crm AUTHORIZATION PREFIXcrm;
SET ROLE PREFIXapp;
CREATE TABLE app.orders (
    id bigserial PRIMARY KEY, usr_id bigint NOT NULL, stat_cd integer NOT NULL DEFAULT 1, margin text
);
INSERT INTO app.orders (usr_id, stat_cd) SELECT 1, 1 + i % 2 FROM generate_series(1, 20) AS i;
SET ROLE PREFIXcrm;
CREATE TABLE crm.customers (id bigserial PRIMARY KEY, nm text NOT NULL, ssn text);
INSERT INTO crm.customers (nm, ssn) VALUES ('Ann', '123-1');
RESET ROLE;
"""

POLICY = """
version: 1
settings: {agent_role_prefix: PREFIXa_, system_role_prefix: PREFIXm_}
entities:
  customers: {table: crm.customers, columns: {id: {}, nm: {name: name}}}
  orders:
    table: app.orders
    columns: {id: {}, usr_id: {name: customer_id}, stat_cd: {name: status, values: {1: pending, 2: shipped}}}
    delete: soft
    people_view: app.active_orders
agents:
  clerk:
    entities:
      orders: {insert: all, update: all, delete: true}
      customers: {select: all}
    limits: {rows_per_statement: 5, writes_per_task: 8}
  reader: {entities: {orders: {select: all}}}
"""

INHERITED, SET_ONLY = "inherited", "set only"


@dataclass(frozen=True, slots=True)
class Site:
    """A database that the installer owns, its policy, and who works on it."""

    database: Database
    prefix: str
    policy_text: str
    credentials: Path
    judge: Connection  # the superuser: prepares, and looks
    password: str = field(repr=False)

    @property
    def installer(self) -> str:
        """The installer's role."""
        return f"{self.prefix}installer"

    @property
    def dsn(self) -> str:
        """The installer's DSN."""
        return self.database.dsn_for(self.installer, self.password)

    @property
    def policy(self) -> Policy:
        """The policy, loaded."""
        return load_policy_text(self.policy_text, "moat.yaml").policy

    def with_policy(self, old: str, new: str) -> Site:
        """Return the same database under a policy in which *old* is *new*."""
        assert old in self.policy_text
        return replace(self, policy_text=self.policy_text.replace(old, new))

    def run(self, statement: str) -> None:
        """Run *statement* as the superuser, with ``PREFIX`` replaced."""
        self.judge.execute(statement.replace("PREFIX", self.prefix).encode())

    def value(self, query: str) -> Any:
        """Return the one value that the superuser reads."""
        row = self.judge.execute(query.replace("PREFIX", self.prefix).encode()).fetchone()
        assert row is not None
        return row[0]

    def connect(self) -> Connection:
        """Return a new connection of the installer."""
        return psycopg.connect(self.dsn, autocommit=True)

    def plan(self, dsn: str | None = None) -> PolicyPlan:
        """Return the plan that the installer, or another one, gets."""
        with psycopg.connect(dsn or self.dsn, autocommit=True) as connection:
            return plan_policy(connection, self.policy)

    def apply(self, dsn: str | None = None) -> Plan:
        """Apply the policy as the installer, or as another one."""

        def make(connection: Connection) -> Plan:
            planned = plan_policy(connection, self.policy)
            assert not planned.errors, planned.errors
            return planned.plan

        return self._apply(make, dsn or self.dsn)

    def destroy(self, *, everything: bool = False, dsn: str | None = None) -> Plan:
        """Take everything away again as the installer, or as another one."""
        return self._apply(
            lambda connection: plan_destroy(connection, everything=everything), dsn or self.dsn
        )

    def _apply(self, make: Callable[[Connection], Plan], dsn: str) -> Plan:
        options = ApplyOptions(credentials=self.credentials, patience=Patience(500, 2, 0.01))
        with (
            psycopg.connect(dsn, autocommit=True) as connection,
            psycopg.connect(dsn, autocommit=True) as side,
        ):
            return apply_plan(connection, side, make, options=options)

    def agent(self, name: str) -> Connection:
        """Return a new connection of an agent, with the password that apply drew."""
        lines = dict(line.split("=", 1) for line in self.credentials.read_text().splitlines())
        return psycopg.connect(lines[f"PGMOAT_DSN_{name.upper()}"], autocommit=True)

    @contextlib.contextmanager
    def task(self, name: str, task_id: str = "t") -> Generator[Connection]:
        """Yield an agent's connection in a transaction inside a task that the installer opened."""
        with self.connect() as person:
            row = person.execute("SELECT pgmoat.open_task(%s, %s)", [name, task_id]).fetchone()
            assert row is not None
        with self.agent(name) as connection, connection.transaction():
            connection.execute("SELECT pgmoat.enter(%s)", row)
            yield connection

    def tell_traces(self) -> list[str]:
        """Return the roles, schemas and grants of pgmoat's that are still there."""
        rows = self.judge.execute(
            """
            SELECT 'role ' || rolname FROM pg_roles WHERE rolname ~ ('^' || %(prefix)s || '[am]_')
            UNION ALL
            SELECT 'schema ' || nspname FROM pg_namespace WHERE nspname ~ '^pgmoat' OR nspname = 'agent'
            UNION ALL
            SELECT 'acl of ' || c.relname FROM pg_class AS c, aclexplode(c.relacl) AS a
             WHERE c.relname IN ('orders', 'customers', 'orders_id_seq') AND a.grantee <> c.relowner
            UNION ALL
            SELECT 'acl of ' || attrelid::regclass || '.' || attname FROM pg_attribute
             WHERE attrelid = ANY (ARRAY['app.orders', 'crm.customers']::regclass[]) AND attacl IS NOT NULL
            """,
            {"prefix": self.prefix},
        ).fetchall()
        return [text for (text,) in rows]


@contextlib.contextmanager
def open_site(database: Database, prefix: str, folder: Path, memberships: str = INHERITED) -> Generator[Site]:
    """Yield the shop; the installer has its memberships of the owners inherited, or with SET only."""
    password = secrets.token_hex(8)
    version = database.server.server_version
    options = " WITH INHERIT FALSE, SET TRUE" if memberships == SET_ONLY and version >= 160000 else ""
    with psycopg.connect(database.dsn, autocommit=True) as judge:
        site = Site(
            database, prefix, POLICY.replace("PREFIX", prefix), folder / "agents.env", judge, password
        )
        site.run(f"CREATE ROLE PREFIXinstaller LOGIN CREATEROLE PASSWORD '{password}'")
        for owner in ("app", "crm"):
            site.run(f"CREATE ROLE PREFIX{owner}; GRANT PREFIX{owner} TO PREFIXinstaller{options}")
        name = sql.Identifier(database.name)
        judge.execute(sql.SQL("ALTER DATABASE {} OWNER TO {}").format(name, sql.Identifier(site.installer)))
        site.run(SCHEMA)
        if options:
            site.run("GRANT USAGE ON SCHEMA app, crm TO PREFIXinstaller")
        yield site


@pytest.fixture(params=[INHERITED, SET_ONLY])
def site(
    request: pytest.FixtureRequest, database: Database, role_prefix: str, tmp_path: Path
) -> Generator[Site]:
    """The shop before anything was applied, for each kind of membership that the server knows."""
    if request.param == SET_ONLY and database.server.server_version < 160000:
        pytest.skip("before PostgreSQL 16 a membership has no options")
    with open_site(database, role_prefix, tmp_path, request.param) as opened:
        yield opened


@pytest.fixture
def plain(database: Database, role_prefix: str, tmp_path: Path) -> Generator[Site]:
    """The shop before anything was applied, with inherited memberships."""
    with open_site(database, role_prefix, tmp_path) as opened:
        yield opened


@pytest.fixture(scope="module")
def kept(server: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Generator[Site]:
    """One shop under its policy for many tests: each leaves it in order."""
    with (
        draw_role_prefix(server) as prefix,
        create_database(server) as database,
        open_site(database, prefix, tmp_path_factory.mktemp("kept")) as opened,
    ):
        opened.apply()
        yield opened
