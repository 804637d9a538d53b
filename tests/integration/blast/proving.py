"""
Compute and prove a blast radius, and the demo's shop to do it on.

In: DSNs. Out: Blast, Proof, Moat. I/O: PostgreSQL.
"""

from __future__ import annotations

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
    """Return the demo's shop in *database*, with names of roles that nobody else has."""
    body = find_policy_file().read_text(encoding="utf-8").partition("version: 1")[2]
    return install_moat(database, prefix, load_sql("pgmoat.demo", "shop"), body)
