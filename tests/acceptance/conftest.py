"""A small legacy shop with a policy, in a database and a directory of its own."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from pgmoat.devpg.install import find_wheel_binaries
from tests.acceptance.command import Command
from tests.postgres_fixtures import Database

POLICY = """\
version: 1
settings: {{agent_role_prefix: {prefix}a_, system_role_prefix: {prefix}s_}}
entities:
  orders:
    table: public.orders
    doc: One row per customer order.
    columns:
      id: {{doc: Number of the order.}}
      usr_id: {{name: customer_id, doc: Who placed it., references: customers}}
      stat_cd: {{name: status, doc: Where it stands., values: {{1: pending, 2: shipped}}}}
      upd_ts: {{name: last_modified_at, doc: When it last changed.}}
    delete: soft
    people_view: public.active_orders
  customers:
    table: public.customers
    doc: One row per customer.
    columns: {{id: {{doc: Number.}}, nm: {{name: name, doc: Full name.}}}}
agents:
  clerk:
    doc: Ships orders.
    entities:
      orders: {{insert: [customer_id, status], update: [status], delete: true}}
      customers: {{}}
    limits: {{rows_per_statement: 10}}
  reader:
    entities: {{orders: {{select: [id, status]}}}}
"""


@pytest.fixture
def policy_text(role_prefix: str) -> str:
    return POLICY.format(prefix=role_prefix)


@pytest.fixture
def shop(database: Database, tmp_path: Path, policy_text: str) -> Command:
    """The command, in a directory with moat.yaml and a database with the shop."""
    with psycopg.connect(database.dsn, autocommit=True) as connection:
        connection.execute((Path(__file__).parent / "shop.sql").read_bytes())
    (tmp_path / "moat.yaml").write_text(policy_text)
    return Command(tmp_path, database.dsn)


@pytest.fixture
def run_psql() -> Callable[[str, Path], None]:
    """Run a script through psql, stopping at the first error."""
    psql = find_wheel_binaries() / "psql"

    def run(dsn: str, script: Path) -> None:
        done = subprocess.run(
            [psql, "-X", "-q", "-v", "ON_ERROR_STOP=1", "-f", script, dsn],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr

    return run
