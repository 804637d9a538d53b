"""
A ledger of counters under a policy with agents that issue, claim and split tasks.

Out: fixtures. I/O: PostgreSQL, PgBouncer.
"""

from __future__ import annotations

import time
from collections.abc import Generator
from typing import LiteralString

import pytest

from tests.moat_fixtures import Moat, open_moat
from tests.postgres_fixtures import PostgresServer

_SCHEMA: LiteralString = (
    "CREATE TABLE public.counters (id integer PRIMARY KEY, v integer NOT NULL, blob text)"
)

_POLICY = """
entities:
  counters:
    table: public.counters
    columns: {id: {}, v: {}, blob: {}}
agents:
  boss:                       # 30 rows a task
    entities: &all {counters: {insert: all, update: all}}
    connections: 60
    timeouts: &patient {lock: 20s, statement: 20s}
    limits: {rows_per_statement: 1000, writes_per_task: 30, writes_per_hour: 1000000, task_duration: 20m}
  worker:                     # more than its boss
    entities: *all
    connections: 60
    timeouts: *patient
    limits:
      {rows_per_statement: 1000, writes_per_task: 500, writes_per_hour: 1000000, task_duration: 2h,
       tasks_per_hour: 5000}
  hourly:                     # 40 rows an hour
    entities: *all
    connections: 60
    timeouts: *patient
    limits: {rows_per_statement: 1000, writes_per_task: 1000, writes_per_hour: 40}
  thin:                       # 20 kB a task
    entities: *all
    limits: {rows_per_statement: 1000, writes_per_task: 1000, writes_per_hour: 1000000, bytes_per_task: 20kB}
  namer:                      # names its tasks: 10 rows each, 40 an hour
    tasks: claimed
    entities: *all
    connections: 60
    timeouts: *patient
    limits: {rows_per_statement: 1000, writes_per_task: 10, writes_per_hour: 40}
  flooder:                    # 12 tasks an hour
    tasks: claimed
    entities: *all
    connections: 60
    timeouts: *patient
    limits: {tasks_per_hour: 12}
"""

_RESET: LiteralString = """
DELETE FROM public.counters;
INSERT INTO public.counters (id, v) SELECT i, 0 FROM generate_series(1, 200) AS i;
DELETE FROM pgmoat.task; DELETE FROM pgmoat.ledger; DELETE FROM pgmoat.hour; DELETE FROM pgmoat.opening;
DELETE FROM pgmoat.statement; DELETE FROM pgmoat.change;
UPDATE pgmoat.agent SET frozen_at = NULL, frozen_by = NULL, frozen_reason = NULL WHERE frozen_at IS NOT NULL;
"""

_MARGIN_S = 8


@pytest.fixture(scope="session")
def installed_desk(server: PostgresServer) -> Generator[Moat]:
    """The desk, installed once for each test worker."""
    with open_moat(server, _SCHEMA, _POLICY) as moat:
        yield moat


@pytest.fixture
def desk(installed_desk: Moat) -> Moat:
    """The desk with nothing used up; a new hour begins first where it is about to."""
    installed_desk.run(_RESET)
    left = installed_desk.value("SELECT 3600 - extract(epoch FROM clock_timestamp())::bigint % 3600")
    if left < _MARGIN_S:
        time.sleep(int(left) + 1)
    return installed_desk
