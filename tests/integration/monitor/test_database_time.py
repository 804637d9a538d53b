"""
Database time per agent, from pg_stat_statements: summed by role, whatever stands in a comment.

I/O: PostgreSQL; a server of its own with the extension, where the server under test has it.
"""

from __future__ import annotations

import os
from collections.abc import Generator
from typing import Any

import psycopg
import pytest

from tests.integration.monitor.conftest import Staff, open_staff
from tests.integration.walls.shop import RESET
from tests.moat_fixtures import refused
from tests.postgres_fixtures import PostgresServer, start_chosen_server

_COLUMNS = "agent, calls, execution_seconds, planning_seconds, rows, share_percent, since"


@pytest.fixture(scope="module")
def measured(server: PostgresServer) -> Generator[Staff]:
    """The shop on a server that measures."""
    with psycopg.connect(server.dsn) as connection:
        found = connection.execute("SELECT FROM pg_available_extensions WHERE name = 'pg_stat_statements'")
        if found.fetchone() is None:
            assert not os.environ.get("PGMOAT_TEST_SERVER", "").startswith("system"), "contrib is missing"
            pytest.skip("these binaries come without pg_stat_statements")
    settings = {"shared_preload_libraries": "pg_stat_statements", "pg_stat_statements.track": "all"}
    with start_chosen_server(settings) as own, open_staff(own) as staff:
        yield staff


@pytest.fixture
def clean(measured: Staff) -> Staff:
    """The same with the extension in a schema of its own, and nothing measured yet."""
    measured.moat.run(RESET)
    measured.moat.run("DROP EXTENSION IF EXISTS pg_stat_statements; DROP SCHEMA IF EXISTS watch")
    measured.moat.run("CREATE SCHEMA watch; GRANT USAGE ON SCHEMA watch TO PUBLIC")
    measured.moat.run("CREATE EXTENSION pg_stat_statements SCHEMA watch")
    measured.moat.run("SELECT watch.pg_stat_statements_reset()")
    return measured


def _read(staff: Staff) -> dict[str | None, tuple[Any, ...]]:
    return {row[0]: row[1:] for row in staff.see(f"SELECT {_COLUMNS} FROM pgmoat.database_time")}


def test_without_the_extension_it_is_an_error_not_an_empty_result(staff: Staff) -> None:
    with staff.connect("monitor") as connection, refused("55000") as caught:
        connection.execute("SELECT * FROM pgmoat.database_time")
    assert "not measured" in str(caught.value.diag.message_primary)
    assert "CREATE EXTENSION" in str(caught.value.diag.message_hint)


def test_each_agent_has_its_calls_rows_and_seconds(clean: Staff) -> None:
    shop = clean.moat
    with shop.connect("clerk") as connection:
        for number in range(5):
            # The comment names another agent, the first comment of a statement wins: it must not matter.
            connection.execute(f"/*agent_id='wide',n='{number}'*/ SELECT generate_series(1, 10)".encode())
        connection.execute("SELECT count(*) FROM generate_series(1, 300000)")
    with shop.connect("wide") as connection:
        connection.execute("SELECT generate_series(1, 3)")
    found = _read(clean)
    assert set(found) == {None, *shop.policy.agents}
    assert found["clerk"][0] == 6
    assert found["clerk"][3] == 51
    assert (found["wide"][0], found["wide"][3]) == (1, 3)
    assert found["reader"][:4] == (0, 0.0, 0.0, 0)
    assert found[None][0] > 0
    assert found["clerk"][1] > found["wide"][1] > 0
    assert abs(sum(row[4] for row in found.values()) - 100) < 0.1
    assert len({row[5] for row in found.values()}) == 1


def test_it_says_what_the_extension_says(clean: Staff) -> None:
    shop = clean.moat
    with shop.task("clerk", reason="x") as connection:
        connection.execute("UPDATE orders SET v = 1 WHERE id <= 50")
        connection.execute("DELETE FROM order_items WHERE id <= 5")
    with psycopg.connect(shop.database.server.dsn, autocommit=True) as elsewhere:
        elsewhere.execute("SELECT count(*) FROM generate_series(1, 100000)")
    query = (
        "SELECT sum(calls), sum(rows), sum(total_exec_time) / 1000 FROM watch.pg_stat_statements"
        " WHERE toplevel AND userid = %s::regrole"
    )
    ((calls, rows, seconds),) = shop.read(query, shop.role("clerk"))
    found = _read(clean)["clerk"]
    assert (found[0], found[3]) == (calls, rows)
    assert rows >= 55
    assert found[1] == pytest.approx(seconds)


def test_what_a_function_runs_inside_is_not_counted_twice(clean: Staff) -> None:
    with clean.moat.connect("clerk") as connection:
        connection.execute("DO $$ BEGIN PERFORM generate_series(1, 7); PERFORM generate_series(1, 7); END $$")
    assert _read(clean)["clerk"][0] == 1


def test_the_extension_may_be_dropped_moved_and_come_back(clean: Staff) -> None:
    shop = clean.moat
    with shop.connect("clerk") as connection:
        connection.execute("SELECT 1")
    assert _read(clean)["clerk"][0] == 1
    shop.run("DROP EXTENSION pg_stat_statements; DROP SCHEMA watch")
    with clean.connect("monitor") as connection:
        with refused("55000"):
            connection.execute("SELECT * FROM pgmoat.database_time")
        shop.run('CREATE SCHEMA "Odd ""name%s"')
        shop.run('GRANT USAGE ON SCHEMA "Odd ""name%s" TO PUBLIC')
        shop.run('CREATE EXTENSION pg_stat_statements SCHEMA "Odd ""name%s"')
        row = connection.execute("SELECT calls FROM pgmoat.database_time WHERE agent = 'clerk'").fetchone()
        assert row is not None
        assert row[0] >= 1
        with refused("42501"):
            shop.run('REVOKE USAGE ON SCHEMA "Odd ""name%s" FROM PUBLIC')
            connection.execute("SELECT * FROM pgmoat.database_time")
    shop.run('DROP EXTENSION pg_stat_statements; DROP SCHEMA "Odd ""name%s"')


def test_an_old_version_of_the_extension_is_named(clean: Staff) -> None:
    clean.moat.run("DROP EXTENSION pg_stat_statements")
    clean.moat.run("CREATE EXTENSION pg_stat_statements SCHEMA watch VERSION '1.8'")
    with clean.connect("monitor") as connection:
        with refused("55000") as caught:
            connection.execute("SELECT * FROM pgmoat.database_time")
        assert "ALTER EXTENSION" in str(caught.value.diag.message_hint)
        clean.moat.run("ALTER EXTENSION pg_stat_statements UPDATE TO '1.9'")
        connection.execute("SELECT * FROM pgmoat.database_time")
