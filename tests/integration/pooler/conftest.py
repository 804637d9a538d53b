"""A desk with two agents of unequal pools, and PgBouncer before it."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path
from typing import LiteralString

import pytest

from tests.acceptance.command import Command
from tests.moat_fixtures import Moat, open_moat
from tests.pooler_fixtures import Pooler
from tests.postgres_fixtures import PostgresServer

SCHEMA: LiteralString = """
CREATE TABLE notes (id int PRIMARY KEY, body text, state int NOT NULL DEFAULT 1);
INSERT INTO notes SELECT n, 'n' FROM generate_series(1, 50) n;
ANALYZE notes;
"""
POLICY = """\
entities:
  notes:
    table: public.notes
    columns: {id: {}, body: {}, state: {values: {1: new, 2: done}}}
    delete: soft
agents:
  clerk:
    entities: {notes: {update: all, delete: true}}
    timeouts: {idle_in_transaction: 6s}
    pool: {timeout: 1s}
  reader:
    entities: {notes: {}}
    connections: 4
    timeouts: {idle_in_transaction: 5s}
    pool: {workers: 4, steps: 1, overflow: 1, timeout: 1s}
"""


@pytest.fixture(scope="module")
def desk(server: PostgresServer) -> Generator[Moat]:
    with open_moat(server, SCHEMA, POLICY) as moat:
        yield moat


@pytest.fixture(scope="module")
def pooler(desk: Moat) -> Pooler:
    return desk.start_pooler()


@pytest.fixture
def command(desk: Moat, tmp_path: Path) -> Command:
    """The command in a folder with the desk's policy; its database is the desk's."""
    settings = desk.policy.settings
    lines = (
        f"agent_role_prefix: {settings.agent_role_prefix}, system_role_prefix: {settings.system_role_prefix}"
    )
    (tmp_path / "moat.yaml").write_text(f"version: 1\nsettings: {{{lines}}}\n{POLICY}")
    return Command(tmp_path, desk.database.dsn)
