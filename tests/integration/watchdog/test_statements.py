"""
What pg_stat_statements counts stands in the record, and what it leaves out is added.

I/O: PostgreSQL; a server of its own with the extension, where the server under test has it.
"""

from __future__ import annotations

import os
import time
from collections.abc import Generator
from contextlib import closing
from datetime import timedelta

import psycopg
import pytest

from pgmoat.accounting.share import Source, read_accounting
from pgmoat.watchdog.loop import Settings
from tests.integration.watchdog.conftest import Post, hire_watcher, wait_for
from tests.moat_fixtures import open_moat
from tests.postgres_fixtures import PostgresServer, start_chosen_server

SCHEMA = "CREATE TABLE notes (id int PRIMARY KEY, body text); INSERT INTO notes VALUES (1, 'n');"
POLICY = """\
entities:
  notes: {table: public.notes, columns: {id: {}, body: {}}}
agents:
  clerk: {entities: {notes: {}}, timeouts: {statement: 1s}}
  hasty: {entities: {notes: {}}, limits: {surge_factor: 3, surge_floor: 50}}
"""
QUICKLY = Settings(interval_s=0.2, grace=timedelta(milliseconds=500))


@pytest.fixture(scope="module")
def measured(server: PostgresServer) -> Generator[Post]:
    """A moat on a server that counts statements."""
    with psycopg.connect(server.dsn) as connection:
        found = connection.execute("SELECT FROM pg_available_extensions WHERE name = 'pg_stat_statements'")
        if found.fetchone() is None:
            assert not os.environ.get("PGMOAT_TEST_SERVER", "").startswith("system"), "contrib is missing"
            pytest.skip("these binaries come without pg_stat_statements")
    settings = {"shared_preload_libraries": "pg_stat_statements"}
    with start_chosen_server(settings) as own, open_moat(own, SCHEMA, POLICY) as moat:
        moat.run("CREATE EXTENSION pg_stat_statements")
        yield hire_watcher(moat)


def test_what_was_counted_and_what_was_cut_short(measured: Post) -> None:
    moat = measured.moat
    began = moat.value("SELECT clock_timestamp()")
    with measured.watch(QUICKLY):
        wait_for(lambda: moat.read("SELECT FROM pgmoat.reading WHERE agent = 'clerk'"))
        with closing(moat.connect("clerk")) as clerk:
            for _ in range(4):
                clerk.execute("SELECT pg_sleep(0.5)")
            with pytest.raises(psycopg.errors.QueryCanceled):
                clerk.execute("SELECT pg_sleep(9)")
            time.sleep(1)  # it is seen
    with measured.connect() as watcher:
        found = read_accounting(watcher, began, moat.value("SELECT clock_timestamp() + interval '1 minute'"))
    share = found.share_of("clerk")
    assert share.source is Source.STATEMENTS
    assert share.statements == 4
    assert share.cut_seconds == pytest.approx(1, abs=0.3)
    assert share.seconds == pytest.approx(3, abs=0.5)
    assert share.unfinished == 1


def test_too_many_statements_freeze_the_agent(measured: Post) -> None:
    moat = measured.moat
    moat.run(
        "SELECT pgmoat.make_days();"
        "INSERT INTO pgmoat.activity (minute, agent, connections, statements, rows_written)"
        " SELECT date_trunc('minute', now()) - n * interval '1 minute', 'hasty', 1, 20, 0"
        " FROM generate_series(3, 12) AS n ON CONFLICT DO NOTHING"
    )
    with measured.watch(QUICKLY), closing(moat.connect("hasty")) as hasty:
        deadline = time.monotonic() + 60

        def is_frozen() -> bool:
            for _ in range(20):
                hasty.execute("SELECT 1")
            time.sleep(0.05)
            return bool(moat.value("SELECT frozen_at IS NOT NULL FROM pgmoat.agent WHERE name = 'hasty'"))

        while not is_frozen():
            assert time.monotonic() < deadline, "nobody minded"
    assert measured.incidents("agent, kind, action") == [("hasty", "surge", "frozen")]
