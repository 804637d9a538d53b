"""
The roles of people's side: what an orchestrator and a monitor may do, and what not.

I/O: PostgreSQL.
"""

from __future__ import annotations

import contextlib
from collections.abc import Generator
from typing import LiteralString

import pytest
from psycopg import sql

from tests.integration.walls.ways import count_dirty
from tests.moat_fixtures import Connection, Moat, refused


@contextlib.contextmanager
def _as_role(moat: Moat, suffix: str) -> Generator[Connection]:
    with moat.superuser() as connection:
        connection.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(moat.system_role(suffix))))
        yield connection


def test_an_orchestrator_opens_lists_closes_and_freezes_tasks(shop: Moat) -> None:
    with _as_role(shop, "orchestrator") as connection:
        row = connection.execute("SELECT pgmoat.open_task('clerk', 'o-1', '{\"a\": 1}')").fetchone()
        assert row is not None
        assert connection.execute("SELECT task_id, scope FROM pgmoat.task").fetchall() == [("o-1", {"a": 1})]
        with refused("PM031"):
            connection.execute("SELECT pgmoat.open_task('clerk', 'o-1', '{\"a\": 2}')")
        with refused("PM030"):
            connection.execute("SELECT pgmoat.open_task('clark', 'o-2')")
        with refused("PM032"):
            connection.execute("SELECT pgmoat.close_task('clerk', 'o-3')")
        assert connection.execute("SELECT pgmoat.freeze_task('clerk', 'o-1', 'odd')").fetchone() == (True,)
        assert connection.execute("SELECT pgmoat.close_task('clerk', 'o-1')").fetchone() == (True,)
        with refused("PM004"):
            connection.execute("SELECT pgmoat.open_task('clerk', 'o-1', '{\"a\": 1}')")
        connection.execute("SELECT pgmoat.open_task('clerk', 'o-4'), pgmoat.close_task('clerk', 'o-4')")
        with refused("PM002"):
            connection.execute("SELECT pgmoat.open_task('clerk', 'o-4')")


_FORBIDDEN: tuple[LiteralString, ...] = (
    "SELECT token_hash FROM pgmoat.task",
    "SELECT * FROM pgmoat.task",
    "SELECT * FROM pgmoat.secret",
    "SELECT password_verifier FROM pgmoat.agent",
    "UPDATE pgmoat.agent SET frozen_at = NULL",
    "UPDATE pgmoat.task SET deadline = 'infinity'",
    "DELETE FROM pgmoat.change",
    "DELETE FROM pgmoat.ledger",
    "SELECT pgmoat.thaw_agent('clerk')",
    "SELECT * FROM agent.orders",
    "SELECT * FROM public.orders",
    "UPDATE public.orders SET v = 1",
)


@pytest.mark.parametrize("suffix", ["orchestrator", "monitor"])
def test_neither_reads_secrets_nor_writes_tables(shop: Moat, suffix: str) -> None:
    with _as_role(shop, suffix) as connection:
        for command in _FORBIDDEN:
            with refused("42501"):
                connection.execute(command)
    assert count_dirty(shop) == 0


def test_a_monitor_reads_history_and_freezes_but_opens_no_task(shop: Moat) -> None:
    with shop.task("clerk") as connection:
        connection.execute("UPDATE counters SET v = 1 WHERE id = 1")
    with _as_role(shop, "monitor") as connection:
        assert connection.execute("SELECT count(*) FROM pgmoat.history").fetchone() == (1,)
        assert connection.execute("SELECT pgmoat.freeze_agent('clerk', 'odd')").fetchone() == (True,)
        with refused("42501"):
            connection.execute("SELECT pgmoat.open_task('clerk', 'm-1')")


def test_the_token_is_stored_as_a_hash_only(shop: Moat) -> None:
    token = shop.open_task("clerk")
    with shop.task("clerk", token) as connection:
        connection.execute("UPDATE counters SET v = 1 WHERE id = 1")
    for table in ("task", "agent", "ledger", "statement", "change", "hour", "object"):
        query = sql.SQL("SELECT count(*) FROM pgmoat.{} AS t WHERE position(%s IN t::text) > 0")
        with shop.superuser() as person:
            row = person.execute(query.format(sql.Identifier(table)), (token,)).fetchone()
        assert row == (0,), table
