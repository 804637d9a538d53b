"""
A shop with much that PUBLIC may do, people's roles that rely on it, and agents under a policy.

Out: fixtures. I/O: PostgreSQL.
"""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from typing import Any

import psycopg
import pytest
from psycopg import sql

from pgmoat.harden.areas import Areas, parse_areas
from pgmoat.harden.make import HardenedPlan, plan_destroyed, plan_hardened
from pgmoat.model.action import Plan
from pgmoat.plan.apply import apply_plan
from pgmoat.policy.load import load_policy_text
from pgmoat.policy.schema import Policy
from tests.postgres_fixtures import Database, PostgresServer, create_database, draw_role_prefix

Connection = psycopg.Connection[Any]

# With the password `secret`. Bob is a member of the staff and does not inherit.
ROLES = """
CREATE ROLE PREFIXowner LOGIN PASSWORD 'secret';
CREATE ROLE PREFIXweb LOGIN PASSWORD 'secret';
CREATE ROLE "PREFIXOdd ""name" LOGIN PASSWORD 'secret';
CREATE ROLE PREFIXstaff;
CREATE ROLE PREFIXann LOGIN PASSWORD 'secret' IN ROLE PREFIXstaff;
CREATE ROLE PREFIXbob LOGIN NOINHERIT PASSWORD 'secret' IN ROLE PREFIXstaff;
"""

SCHEMA = """
GRANT CREATE ON SCHEMA public TO PUBLIC, PREFIXowner;
SET ROLE PREFIXowner;
CREATE TABLE public.orders (id bigserial PRIMARY KEY, stat_cd int NOT NULL DEFAULT 1, margin text);
INSERT INTO public.orders (stat_cd) VALUES (1), (2);
CREATE TABLE public.parcels (id bigint PRIMARY KEY, st int NOT NULL);
INSERT INTO public.parcels VALUES (1, 1);
CREATE TABLE public.audit (at timestamptz NOT NULL DEFAULT now(), what text);
GRANT INSERT, SELECT ON public.audit TO PUBLIC;
CREATE TABLE public.prices (id int, price int, cost int);
GRANT SELECT (id, price) ON public.prices TO PUBLIC;
CREATE SEQUENCE public.tickets;
GRANT USAGE ON SEQUENCE public.tickets TO PUBLIC;
CREATE FUNCTION public.total() RETURNS bigint LANGUAGE sql SECURITY DEFINER
    AS 'SELECT count(*) FROM public.orders';
CREATE FUNCTION public.plain(integer) RETURNS integer LANGUAGE sql AS 'SELECT $1 + 1';
CREATE PROCEDURE public."Odd proc"(integer) LANGUAGE sql SECURITY DEFINER AS 'SELECT 1';
CREATE FUNCTION public.keep_audit() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO public.audit (what) VALUES (concat_ws(' ', NEW.id, public.total(), public.plain(1)));
    RETURN NEW;
END $$;
CREATE TRIGGER keep AFTER INSERT OR UPDATE ON public.orders FOR EACH ROW EXECUTE FUNCTION public.keep_audit();
SELECT lo_from_bytea(4711, '\\x616263');
GRANT SELECT ON LARGE OBJECT 4711 TO PUBLIC;
RESET ROLE;
"""

POLICY = """
version: 1
settings: {agent_role_prefix: PREFIXa_, system_role_prefix: PREFIXs_}
entities:
  orders:
    table: public.orders
    columns: {id: {}, stat_cd: {name: status, values: {1: pending, 2: shipped}}}
    delete: soft
  parcels:
    table: public.parcels
    columns: {id: {}, st: {name: state, values: {1: packed, 2: sent}}}
    log:
      {name: parcel_log, state: state, key: [parcel_id], transitions: {packed: [sent]}, idempotency: optional}
operations:
  ship:
    doc: Ship an order.
    parameters: {order_id: bigint}
    entities: {orders: {select: all, update: [status]}}
    sql: UPDATE orders SET status = 'shipped' WHERE id = :order_id
agents:
  clerk:
    entities:
      orders: {insert: [status], update: [status], delete: true}
      parcels: {}
      parcel_log: {insert: all}
    operations: [ship]
  reader: {entities: {orders: {select: all}}}
accept:
  - {object: public.audit, why: as it was}
  - {object: public.prices, why: as it was}
  - {object: public.tickets, why: as it was}
  - {object: public, why: as it was}
  - {object: public.total(), why: as it was}
  - {object: 'public."Odd proc"(integer)', why: as it was}
  - {object: "4711", why: as it was}
"""

# Every ACL of the database and those of databases; what is NULL counts as what it stands for.
ACLS = """
SELECT 'database ' || datname, coalesce(datacl, acldefault('d', datdba))::text[] FROM pg_database
WHERE datname = ANY (%(databases)s)
UNION ALL SELECT 'schema ' || nspname, coalesce(nspacl, acldefault('n', nspowner))::text[] FROM pg_namespace
UNION ALL SELECT 'function ' || oid::regprocedure, coalesce(proacl, acldefault('f', proowner))::text[]
FROM pg_proc
UNION ALL SELECT 'relation ' || oid::regclass,
    coalesce(relacl, acldefault(CASE relkind WHEN 'S' THEN 's' ELSE 'r' END::"char", relowner))::text[]
FROM pg_class
UNION ALL SELECT 'column ' || attrelid::regclass || '.' || attname, attacl::text[] FROM pg_attribute
WHERE attacl IS NOT NULL
UNION ALL SELECT 'language ' || lanname, coalesce(lanacl, acldefault('l', lanowner))::text[] FROM pg_language
UNION ALL SELECT 'large object ' || oid, coalesce(lomacl, acldefault('L', lomowner))::text[]
FROM pg_largeobject_metadata
UNION ALL SELECT concat_ws(' ', 'default', defaclrole::regrole, defaclnamespace, defaclobjtype),
    defaclacl::text[]
FROM pg_default_acl
"""


@dataclass(slots=True)
class Site:
    """The shop under its policy, and its superuser."""

    database: Database
    prefix: str
    policy_text: str
    judge: Connection
    dsn: str  # of whoever plans and applies
    databases: list[str] = field(default_factory=list[str])  # others whose ACL is looked at, too

    @property
    def policy(self) -> Policy:
        """The policy, loaded."""
        return load_policy_text(self.policy_text, "moat.yaml").policy

    def role(self, name: str) -> str:
        """Return the full name of a role."""
        return self.prefix + name

    def run(self, statement: str) -> None:
        """Run *statement* as the superuser, with ``PREFIX`` replaced."""
        self.judge.execute(statement.replace("PREFIX", self.prefix).encode())

    def value(self, query: str) -> Any:
        """Return the one value that the superuser reads."""
        row = self.judge.execute(query.replace("PREFIX", self.prefix).encode()).fetchone()
        assert row is not None
        return row[0]

    def connect(self, name: str, database: str = "") -> Connection:
        """Return a new connection of a role."""
        server = self.database.server
        dsn = server.dsn_for(self.role(name), "secret", database or self.database.name)
        return psycopg.connect(dsn, autocommit=True)

    def acls(self) -> dict[str, frozenset[str]]:
        """Return who holds what on everything."""
        parameters = {"databases": [self.database.name, *self.databases]}
        rows = self.judge.execute(ACLS.encode(), parameters).fetchall()
        return {name: frozenset(acl) for name, acl in rows}

    def plan(self, harden: str = "", soften: str = "") -> HardenedPlan:
        """Return what apply would do."""
        with psycopg.connect(self.dsn, autocommit=True) as connection:
            return plan_hardened(connection, self.policy, _areas(harden), _areas(soften))

    def apply(self, harden: str = "", soften: str = "") -> Plan:
        """Apply the policy, and harden or soften."""

        def make(reader: Connection) -> Plan:
            planned = plan_hardened(reader, self.policy, _areas(harden), _areas(soften)).planned
            assert not planned.errors, planned.errors
            return planned.plan

        return self._apply(make)

    def destroy(self, *, everything: bool = False) -> Plan:
        """Take everything away again."""

        def make(reader: Connection) -> Plan:
            return plan_destroyed(reader, everything=everything)

        return self._apply(make)

    def _apply(self, make: Callable[[Connection], Plan]) -> Plan:
        with (
            psycopg.connect(self.dsn, autocommit=True) as connection,
            psycopg.connect(self.dsn, autocommit=True) as side,
        ):
            return apply_plan(connection, side, make)

    def set_passwords(self) -> None:
        """Give the agents' roles the password that all roles have."""
        for agent in self.policy.agents:
            name = sql.Identifier(self.policy.settings.agent_role(agent))
            self.judge.execute(sql.SQL("ALTER ROLE {} PASSWORD 'secret'").format(name))


def _areas(words: str) -> Areas:
    return parse_areas([words] if words else (), "--harden")


@contextlib.contextmanager
def open_site(database: Database, prefix: str) -> Generator[Site]:
    """Yield the shop before anything was applied."""
    with psycopg.connect(database.dsn, autocommit=True) as judge:
        site = Site(database, prefix, POLICY.replace("PREFIX", prefix), judge, database.dsn)
        site.run(ROLES)
        site.run(SCHEMA)
        yield site


@pytest.fixture
def bare(database: Database, role_prefix: str) -> Generator[Site]:
    """The shop before anything was applied."""
    with open_site(database, role_prefix) as opened:
        yield opened


@pytest.fixture(scope="module")
def kept(server: PostgresServer) -> Generator[Site]:
    """One shop under its policy for many tests: each gives back to PUBLIC what it took."""
    with (
        draw_role_prefix(server) as prefix,
        create_database(server) as database,
        open_site(database, prefix) as opened,
    ):
        opened.apply()
        opened.set_passwords()
        yield opened


@pytest.fixture
def site(bare: Site) -> Site:
    """The shop under its policy, with all of PUBLIC's ways open."""
    bare.apply()
    bare.set_passwords()
    return bare


@pytest.fixture
def other_database(kept: Site) -> Generator[str]:
    """A second database on the server."""
    name = f"other_{secrets.token_hex(3)}"
    kept.judge.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    kept.databases.append(name)
    yield name
    kept.databases.remove(name)
    kept.judge.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
