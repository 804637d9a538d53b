"""Connections lost before and after COMMIT, writers who repeat until they are told: one effect per key."""

from __future__ import annotations

import contextlib
import random
import threading
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from tests.integration.keyed.writes import (
    Result,
    begin,
    bump,
    count_effects,
    finish,
    poll,
    write_once,
)
from tests.moat_fixtures import Connection, Moat

# Through PgBouncer, psycopg may read the server's last words and PgBouncer's as two answers to one command.
_LOST = (psycopg.OperationalError, psycopg.InternalError)
WRITERS = 8
WRITES = 200
KEYS = 20


def _kill(shop: Moat, connection: Connection) -> None:
    """End the server's side of a connection, and wait until it is gone."""
    pid = connection.execute("SELECT pg_backend_pid()").fetchone()
    assert pid is not None
    shop.run("SELECT pg_terminate_backend(%s)", pid[0])
    poll(lambda: not shop.read("SELECT FROM pg_stat_activity WHERE pid = %s", pid[0]))


@pytest.mark.parametrize("at", ["begun", "written", "finished"])
def test_a_connection_lost_before_commit(shop: Moat, route: str, at: str) -> None:
    token = shop.open_task("worker")
    connection = shop.connect("worker", route=route)
    with contextlib.suppress(*_LOST), connection.transaction():
        call, _ = begin(connection, "k1", {"bump": 1}, token)
        rows: object = None if at == "begun" else bump(connection)
        if at == "finished":
            finish(connection, call, rows)
        _kill(shop, connection)
    connection.close()
    assert count_effects(shop) == (0, 0, 0)
    assert [write_once(shop, "worker", "k1", token=token)["replayed"] for _ in range(3)] == [
        False,
        True,
        True,
    ]
    assert count_effects(shop) == (1, 1, 1)
    assert shop.value("SELECT max(rows_used) FROM pgmoat.ledger") == 1


def test_a_connection_lost_after_commit(shop: Moat, route: str) -> None:
    token = shop.open_task("worker")
    connection = shop.connect("worker", route=route)
    with contextlib.suppress(*_LOST):
        with connection.transaction():
            call, _ = begin(connection, "k1", {"bump": 1}, token)
            finish(connection, call, bump(connection))
        # The answer to COMMIT is one that the client might not have had.
        _kill(shop, connection)
    connection.close()
    assert [write_once(shop, "worker", "k1", token=token)["replayed"] for _ in range(3)] == [True] * 3
    assert count_effects(shop) == (1, 1, 1)
    assert shop.value("SELECT max(rows_used) FROM pgmoat.ledger") == 1


class Storm:
    """Writers that repeat each write until they have an answer, while their connections are ended by lot."""

    def __init__(self, shop: Moat, route: str) -> None:
        self._shop = shop
        self._route = route
        self._tokens = [shop.open_task("worker") for _ in range(2)]
        self._is_over = threading.Event()
        self.lost = 0
        self.answers: list[Result] = []

    def run(self) -> None:
        """Write all, each key many times."""
        with ThreadPoolExecutor(WRITERS + 1) as pool:
            killer = pool.submit(self._kill_until_over)
            writers = [pool.submit(self._write_all, number) for number in range(WRITERS)]
            try:
                for writer in writers:
                    writer.result()
            finally:
                self._is_over.set()
            killer.result()

    def _write_all(self, number: int) -> None:
        connection: Connection | None = None
        for turn in range(WRITES // WRITERS):
            key = (turn * WRITERS + number) * 7 % KEYS
            while True:
                try:
                    connection = connection or self._shop.connect("worker", route=self._route)
                    self.answers.append(self._write(connection, key, self._tokens[number % 2]))
                    break
                except _LOST as error:
                    self.lost += 1
                    # 40001: another key's writer changed the same counter meanwhile.
                    if connection is not None and error.sqlstate != "40001":
                        connection.close()
                        connection = None
        if connection is not None:
            connection.close()

    def _write(self, connection: Connection, key: int, token: str) -> Result:
        with connection.transaction():
            call, result = begin(connection, f"k{key}", {"bump": key}, token)
            if result is not None:
                return result
            # Two keys share a counter.
            return finish(connection, call, bump(connection, 1 + key // 2))

    def _kill_until_over(self) -> None:
        draw = random.Random(11)  # noqa: S311 - a lot, no secret
        with self._shop.superuser() as connection:
            while not self._is_over.is_set():
                pids = connection.execute(
                    # Not one that is logging in: PgBouncer would pause before it tries again.
                    "SELECT pid FROM pg_stat_activity WHERE usename = %s AND state <> 'idle'",
                    [self._shop.role("worker")],
                ).fetchall()
                if pids:
                    connection.execute("SELECT pg_terminate_backend(%s)", draw.choice(pids))
                # Slower than a new connection is made, on a busy machine as well.
                connection.execute("SELECT pg_sleep(0.025)")


def test_writers_killed_at_random(shop: Moat, route: str) -> None:
    storm = Storm(shop, route)
    storm.run()
    assert storm.lost > 0
    assert len(storm.answers) == WRITES
    assert count_effects(shop) == (KEYS, KEYS, KEYS)
    assert shop.read("SELECT DISTINCT v FROM public.counters WHERE id <= %s", KEYS // 2) == [(2,)]
    ((rows, bytes_used),) = shop.read(
        "SELECT sum(r)::int, sum(b)::int"
        "  FROM (SELECT max(rows_used) AS r, max(bytes_used) AS b FROM pgmoat.ledger GROUP BY task) AS l"
    )
    assert rows == KEYS
    assert bytes_used == shop.value(
        "SELECT (SELECT sum(pg_column_size(before) + pg_column_size(after)) FROM pgmoat.change)"
        "     + (SELECT sum(pg_column_size(request) + pg_column_size(result)) FROM pgmoat.operation_call)"
    )
    assert sum(not answer["replayed"] for answer in storm.answers) <= KEYS
    for key in {answer["key"] for answer in storm.answers}:
        results = {str({**a, "replayed": None}) for a in storm.answers if a["key"] == key}
        assert len(results) == 1
