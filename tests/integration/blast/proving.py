"""
Compute and prove a blast radius, and the demo's shop to do it on.

In: DSNs. Out: Blast, Proof, Moat. I/O: PostgreSQL.
"""

from __future__ import annotations

from typing import LiteralString, cast

import psycopg

from pgmoat.demo.shop import find_policy_file
from pgmoat.postgres.sqlfile import load_sql
from pgmoat.report.blast.compare import Proof
from pgmoat.report.blast.compute import compute_blast
from pgmoat.report.blast.model import Blast
from pgmoat.report.blast.prove import prove
from pgmoat.report.blast.read import read_snapshot
from tests.moat_fixtures import Moat, install_moat
from tests.postgres_fixtures import Database


def _sort(acl: str, kind: str, owner: str) -> str:
    """Return SQL for who may do what by an ACL, sorted; PostgreSQL's default where it is NULL."""
    default = f"acldefault('{kind}', {owner})"
    return (
        f"ARRAY(SELECT a::text FROM unnest(COALESCE({acl}, {default})) AS a ORDER BY 1)"
        if kind
        else f"ARRAY(SELECT a::text FROM unnest({acl}) AS a ORDER BY 1)"
    )


STATE = (
    f"SELECT c.oid::regclass::text, {_sort('relacl', 'r', 'relowner')}, relowner::regrole::text, reloptions"
    " FROM pg_class AS c WHERE relnamespace <> 'pg_toast'::regnamespace ORDER BY c.oid",
    f"SELECT attrelid, attnum, {_sort('attacl', '', '')} FROM pg_attribute WHERE attacl IS NOT NULL"
    " ORDER BY 1, 2",
    f"SELECT oid::regprocedure::text, {_sort('proacl', 'f', 'proowner')}, proowner::regrole::text, proconfig"
    " FROM pg_proc WHERE pronamespace <> 'pg_catalog'::regnamespace OR proacl IS NOT NULL ORDER BY oid",
    f"SELECT nspname, {_sort('nspacl', 'n', 'nspowner')}, nspowner::regrole::text FROM pg_namespace"
    " WHERE nspname !~ '^pg_(toast|temp)' ORDER BY 1",
    f"SELECT datname, {_sort('datacl', 'd', 'datdba')} FROM pg_database ORDER BY 1",
    f"SELECT lanname, {_sort('lanacl', 'l', 'lanowner')} FROM pg_language ORDER BY 1",
    f"SELECT oid, {_sort('lomacl', 'L', 'lomowner')} FROM pg_largeobject_metadata ORDER BY 1",
    f"SELECT srvname, {_sort('srvacl', 'S', 'srvowner')} FROM pg_foreign_server ORDER BY 1",
    f"SELECT parname, {_sort('paracl', 'p', '10')} FROM pg_parameter_acl ORDER BY 1",
    f"SELECT defaclrole::regrole::text, defaclobjtype, {_sort('defaclacl', '', '')} FROM pg_default_acl"
    " ORDER BY 1, 2",
    "SELECT rolname, rolsuper, rolinherit, rolcreaterole, rolcreatedb, rolcanlogin, rolreplication,"
    " rolbypassrls FROM pg_roles ORDER BY 1",
    "SELECT roleid::regrole::text, member::regrole::text, to_jsonb(m) - 'oid' FROM pg_auth_members AS m"
    " ORDER BY 1, 2",
    "SELECT srvname, usename FROM pg_user_mappings ORDER BY 1, 2",
)
"""Queries for all privileges of a database, and the roles of the server."""


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


def install_example(database: Database, prefix: str) -> Moat:
    """Return the demo's shop in *database*; nobody else has its roles, those of people among them."""
    body = find_policy_file().read_text(encoding="utf-8").partition("version: 1")[2]
    shop = load_sql("pgmoat.demo", "shop").replace("shop_app", f"{prefix}shop_app")
    return install_moat(database, prefix, cast("LiteralString", shop), body)
