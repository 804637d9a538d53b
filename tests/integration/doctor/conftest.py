"""A desk under a policy, and what doctor says of it."""

from __future__ import annotations

from collections.abc import Generator
from typing import LiteralString

import pytest

from pgmoat.doctor.check import Diagnosis
from pgmoat.doctor.examine import examine
from pgmoat.policy.load import LoadedPolicy
from pgmoat.postgres.connect import connect
from pgmoat.postgres.dsn import Dsn
from tests.moat_fixtures import Moat, open_moat
from tests.postgres_fixtures import PostgresServer

SCHEMA: LiteralString = """
CREATE TABLE notes (id int PRIMARY KEY, body text, state int NOT NULL DEFAULT 1, hidden text);
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
    connections: 5
"""


@pytest.fixture(scope="module")
def desk(server: PostgresServer) -> Generator[Moat]:
    with open_moat(server, SCHEMA, POLICY) as moat:
        yield moat


def look_at(moat: Moat, *, dsn: str | None = None, pooler: str | None = None) -> list[Diagnosis]:
    """Return what doctor says to the superuser, or to whoever *dsn* is."""
    loaded = LoadedPolicy(moat.policy, "moat.yaml", {})
    with connect(dsn or moat.database.dsn) as connection:
        return examine(connection, loaded, Dsn(pooler) if pooler else None)


def select(diagnoses: list[Diagnosis], code: str) -> list[Diagnosis]:
    """Return the lines of one check, of which there is always one at least."""
    found = [diagnosis for diagnosis in diagnoses if diagnosis.code == code]
    assert found
    return found
