"""A desk with notes that a clerk writes, and a person's connection."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import psycopg
import pytest

from pgmoat.ledger.freeze import thaw_agent
from tests.moat_fixtures import Moat, open_moat
from tests.postgres_fixtures import PostgresServer

_SCHEMA = """
CREATE TABLE notes (id int PRIMARY KEY, body text);
INSERT INTO notes SELECT n, 'n' FROM generate_series(1, 50) n;
"""
_POLICY = """\
entities:
  notes:
    table: public.notes
    columns: {id: {}, body: {}}
    delete: soft
agents:
  clerk:
    entities: {notes: {update: all, delete: true}}
    limits: {writes_per_task: 10, task_duration: 10m}
  reader:
    entities: {notes: {}}
"""


@pytest.fixture(scope="module")
def desk(server: PostgresServer) -> Generator[Moat]:
    with open_moat(server, _SCHEMA, _POLICY) as moat:
        yield moat


@pytest.fixture
def person(desk: Moat) -> Generator[psycopg.Connection[Any]]:
    with desk.superuser() as connection:
        yield connection
        thaw_agent(connection, "clerk")
