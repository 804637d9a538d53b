"""Frozen, closed, expired: at begin, at finish, at COMMIT; and transactions that cannot write."""

from __future__ import annotations

import contextlib
from typing import LiteralString

import pytest

from tests.integration.keyed.writes import begin, begin_new, bump, count_effects, finish, write_once
from tests.moat_fixtures import Moat, refused

_STOPS: tuple[tuple[LiteralString, str], ...] = (
    ("SELECT pgmoat.freeze_agent('worker', 'enough')", "PM005"),
    ("SELECT pgmoat.freeze_task('worker', 't1', 'enough')", "PM004"),
    ("SELECT pgmoat.close_task('worker', 't1')", "PM002"),
    ("UPDATE pgmoat.task SET deadline = clock_timestamp()", "PM003"),
)
_PARENT_STOPS: tuple[tuple[LiteralString, str], ...] = (
    ("SELECT pgmoat.freeze_task('worker', 't1', 'enough')", "PM004"),
    ("SELECT pgmoat.close_task('worker', 't1')", "PM002"),
)


@pytest.mark.parametrize(("stop", "code"), _STOPS)
@pytest.mark.parametrize("at", ["begin", "finish", "commit"])
def test_a_task_that_may_not_go_on(shop: Moat, route: str, stop: LiteralString, code: str, at: str) -> None:
    token = shop.open_task("worker", "t1")
    with refused(code), shop.task("worker", token, route=route) as connection:
        if at == "begin":
            shop.run(stop)
        call = begin_new(connection, "k1")
        rows = bump(connection)
        if at == "finish":
            shop.run(stop)
        finish(connection, call, rows)
        assert at == "commit"
        shop.run(stop)
    assert count_effects(shop) == (0, 0, 0)


@pytest.mark.parametrize(("stop", "code"), _STOPS)
def test_a_finish_that_comes_too_late_stores_nothing(shop: Moat, stop: LiteralString, code: str) -> None:
    with shop.task("worker", shop.open_task("worker", "t1")) as connection:
        call = begin_new(connection, "k1")
        shop.run(stop)
        with refused(code), connection.transaction():
            finish(connection, call, [{"forged": 1}])
    assert shop.read("SELECT result FROM pgmoat.operation_call") == [(None,)]


@pytest.mark.parametrize(("stop", "code"), _STOPS)
def test_a_commit_that_comes_too_late_stores_nothing(shop: Moat, stop: LiteralString, code: str) -> None:
    with refused(code), shop.task("worker", shop.open_task("worker", "t1")) as connection:
        finish(connection, begin_new(connection, "k1"), [{"forged": 1}])
        shop.run(stop)
    assert count_effects(shop) == (0, 0, 0)


@pytest.mark.parametrize(("stop", "code"), _PARENT_STOPS)
def test_a_task_above_that_may_not_go_on(shop: Moat, stop: LiteralString, code: str) -> None:
    with shop.task("worker", shop.open_task("worker", "t1")) as connection:
        row = connection.execute("SELECT pgmoat.open_child('c')").fetchone()
    assert row is not None
    with refused(code), shop.task("worker", row[0]) as connection:
        call = begin_new(connection, "k1")
        rows = bump(connection)
        shop.run(stop)
        with refused(code), connection.transaction():
            finish(connection, call, rows)
    assert count_effects(shop) == (0, 0, 0)


def test_a_read_only_transaction(shop: Moat, route: str) -> None:
    with shop.task("worker", route=route) as connection:
        connection.execute("SET TRANSACTION READ ONLY")
        with refused("25006"), connection.transaction():
            begin(connection, "k1")
    with shop.task("worker", route=route) as connection:
        call = begin_new(connection, "k1")
        connection.execute("SET TRANSACTION READ ONLY")
        with refused("25006"), connection.transaction():
            finish(connection, call)


@pytest.mark.parametrize("level", ["REPEATABLE READ", "SERIALIZABLE"])
def test_an_older_snapshot(shop: Moat, level: str) -> None:
    token = shop.open_task("worker")
    with shop.connect("worker") as connection, connection.transaction():
        connection.execute(f"SET TRANSACTION ISOLATION LEVEL {level}".encode())
        with refused("PM006"):
            begin(connection, "k1", token=token)


def test_a_replay_in_a_read_only_transaction(shop: Moat) -> None:
    write_once(shop, "worker", "k1")
    with shop.task("worker") as connection, refused("25006"):
        connection.execute("SET TRANSACTION READ ONLY")
        begin(connection, "k1", {"bump": 1})


def test_an_agent_that_only_reads(shop: Moat) -> None:
    token = shop.open_task("reader")
    with shop.task("reader", token) as connection, refused("25006"):
        begin(connection, "k1")
    # The setting is a default. What it then leaves behind is limited, as for all who write nothing.
    with contextlib.ExitStack() as stack:
        stack.enter_context(refused("PM047"))
        for number in range(7):
            with shop.connect("reader") as connection, connection.transaction():
                connection.execute("SET TRANSACTION READ WRITE")
                call = begin_new(connection, f"k{number}", token=token)
                with refused("42501"), connection.transaction():
                    bump(connection)
                finish(connection, call, [number])
    assert count_effects(shop) == (0, 0, 5)
