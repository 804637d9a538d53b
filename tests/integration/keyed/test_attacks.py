"""An agent tries to get two effects from one key, none from a good one, or a result that is not its own."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import LiteralString

import pytest

from tests.integration.keyed.writes import (
    begin,
    begin_new,
    bump,
    count_effects,
    finish,
    wait_for_lock,
    write,
    write_once,
)
from tests.moat_fixtures import Moat, refused

_INNER: tuple[LiteralString, ...] = (
    "SELECT pgmoat.begin_operation('write()', 'k', true, 1000, '{}', '{}')",
    "SELECT pgmoat.finish_operation(1, 0, NULL, NULL, '[]', false)",
    "SELECT pgmoat.check_idle_calls(1, NULL)",
    "SELECT pgmoat.check_writer('x')",
    "SELECT pgmoat.charge_result(1)",
    "SELECT pgmoat.refuse_json('x', 'x', 'x')",
    "SELECT * FROM pgmoat.operation_call",
    "UPDATE pgmoat.operation_call SET result = NULL",
    "INSERT INTO pgmoat.statement DEFAULT VALUES",
    "SELECT * FROM pgmoat.change",
    "CREATE OR REPLACE FUNCTION pgmoat.finish_write(call bigint, rows jsonb, is_truncated boolean)"
    " RETURNS jsonb LANGUAGE sql RETURN '{}'::jsonb",
)


@pytest.mark.parametrize("statement", _INNER)
def test_what_only_the_functions_may_do(shop: Moat, statement: LiteralString) -> None:
    with shop.task("worker") as connection, refused("42501"), connection.transaction():
        connection.execute(statement)


def test_begin_rolled_back_to_a_savepoint(shop: Moat, route: str) -> None:
    token = shop.open_task("worker")
    with shop.task("worker", token, route=route) as connection:
        connection.execute("SAVEPOINT s")
        call = begin_new(connection, "k1", {"bump": 1})
        connection.execute("ROLLBACK TO s")
        with refused("PM048"), connection.transaction():
            finish(connection, call)
        assert not write(connection, "k1")["replayed"]
    assert count_effects(shop) == (1, 1, 1)


@pytest.mark.parametrize("is_repeated", [True, False])
def test_the_one_who_waits_for_what_a_savepoint_took_back(shop: Moat, is_repeated: bool) -> None:
    """PostgreSQL has it wait for the whole transaction, and then it finds what that left."""
    token = shop.open_task("worker")
    with ThreadPoolExecutor(1) as pool:
        with shop.task("worker", token) as connection:
            connection.execute("SAVEPOINT s")
            write(connection, "k1")
            second = pool.submit(write_once, shop, "worker", "k1", token=token)
            wait_for_lock(shop)
            connection.execute("ROLLBACK TO s")
            if is_repeated:
                assert not write(connection, "k1")["replayed"]
        assert second.result()["replayed"] is is_repeated
    assert count_effects(shop) == (1, 1, 1)


def test_the_write_rolled_back_to_a_savepoint(shop: Moat, route: str) -> None:
    with shop.task("worker", route=route) as connection:
        call = begin_new(connection, "k1")
        connection.execute("SAVEPOINT s")
        rows = bump(connection)
        connection.execute("ROLLBACK TO s")
        assert finish(connection, call, rows)["affected"] == 0
    assert count_effects(shop) == (0, 0, 1)


def test_the_finish_rolled_back_to_a_savepoint(shop: Moat, route: str) -> None:
    token = shop.open_task("worker")
    with shop.task("worker", token, route=route) as connection:
        call = begin_new(connection, "k1", {"bump": 1})
        bump(connection)
        connection.execute("SAVEPOINT s")
        finish(connection, call, [{"forged": 1}])
        connection.execute("ROLLBACK TO s")
        with refused("PM049"), connection.transaction():
            begin(connection, "k1", {"bump": 1})
        bump(connection)
        connection.execute("SAVEPOINT t")
        assert finish(connection, call, [{"id": 1}])["affected"] == 2
        connection.execute("RELEASE t")
        with refused("PM048"), connection.transaction():
            finish(connection, call)
    assert write_once(shop, "worker", "k1", token=token)["rows"] == [{"id": 1}]
    assert count_effects(shop) == (2, 2, 1)


def test_a_subtransaction_is_no_transaction_of_its_own(shop: Moat) -> None:
    with shop.task("worker") as connection:
        connection.execute(
            "DO $$ DECLARE c bigint; BEGIN"
            "   BEGIN c := (pgmoat.begin_write('k1', '{}')).call; EXCEPTION WHEN OTHERS THEN RAISE; END;"
            "   BEGIN UPDATE counters SET v = v + 1 WHERE id = 1; EXCEPTION WHEN OTHERS THEN RAISE; END;"
            "   BEGIN PERFORM pgmoat.finish_write(c); EXCEPTION WHEN OTHERS THEN RAISE; END; END $$"
        )
    assert shop.read("SELECT affected FROM pgmoat.operation_call") == [(1,)]


def test_writes_within_writes(shop: Moat, route: str) -> None:
    with shop.task("worker", route=route) as connection:
        outer = begin_new(connection, "outer")
        bump(connection, 1)
        inner = begin_new(connection, "inner")
        bump(connection, 2)
        assert finish(connection, inner)["affected"] == 1
        result = finish(connection, outer)
        assert result["affected"] == 2
        bump(connection, 3)
    # The record that carries the inner one's bytes is nobody's statement.
    assert shop.read("SELECT rows FROM pgmoat.statement WHERE id = %s", result["statement_id"]) == [(1,)]
    assert shop.read("SELECT entity, called FROM pgmoat.history") == [("counters", None)] * 3
    assert shop.read("SELECT sum(rows)::int FROM pgmoat.writes") == [(3,)]


def test_an_operation_within_a_write(shop: Moat, route: str) -> None:
    with shop.task("worker", route=route) as connection:
        outer = begin_new(connection, "outer")
        bump(connection, 1)
        connection.execute("SELECT refund(2, 'inner')")
        inner = begin_new(connection, "deep")
        connection.execute("SELECT refund(3, 'inner2')")
        finish(connection, inner)
        result = finish(connection, outer)
        assert result["affected"] == 5
    assert shop.read("SELECT entity, called FROM pgmoat.history ORDER BY change_id") == [
        ("counters", None),
        *[("counters", "refund"), ("refunds", "refund")] * 2,
    ]


def test_a_key_of_an_operation_and_the_other_way(shop: Moat) -> None:
    """One name space: neither gets the other's result."""
    write_once(shop, "worker", "k1")
    with shop.task("worker") as connection:
        with refused("PM041"), connection.transaction():
            connection.execute("SELECT refund(1, 'k1')")
        connection.execute("SELECT refund(1, 'k2')")
        with refused("PM041"), connection.transaction():
            begin(connection, "k2", {"counter_id": 1})


def test_a_key_that_another_task_took_first(shop: Moat) -> None:
    """A task of the same agent can spoil a key; it cannot pass a result of another request for this one's."""
    with shop.task("worker") as connection:
        finish(connection, begin_new(connection, "k1", {"bump": 2}), [{"forged": 1}])
    with refused("PM041") as caught:
        write_once(shop, "worker", "k1")
    assert "forged" not in str(caught.value)
    with shop.task("worker") as connection:
        begin_new(connection, "k2", {"bump": 1})
    with refused("PM049"):
        write_once(shop, "worker", "k2")
    with shop.task("twin") as connection:
        begin_new(connection, "k3", {"bump": 1})
    assert not write_once(shop, "worker", "k3")["replayed"]


def test_forged_names_and_settings(shop: Moat) -> None:
    with shop.task("worker") as connection:
        for statement in (
            "CREATE TEMP TABLE counters (id bigint, v bigint)",
            "CREATE TEMP TABLE operation_call (id bigint)",
            "CREATE TEMP TABLE session_task (id bigint)",
            "CREATE FUNCTION pg_temp.pg_current_xact_id_if_assigned() RETURNS xid8"
            " LANGUAGE sql RETURN '1'::xid8",
            "CREATE FUNCTION pg_temp.no(bigint, bigint) RETURNS boolean LANGUAGE sql RETURN true",
            "CREATE OPERATOR pg_temp.= (LEFTARG = bigint, RIGHTARG = bigint, FUNCTION = pg_temp.no)",
            "SET LOCAL search_path = pg_temp, agent, pg_catalog",
            "SET LOCAL plpgsql.extra_errors = 'all'",
            "SET LOCAL TimeZone = 'Asia/Tokyo'",
        ):
            connection.execute(statement.encode())
        with refused("PM048"), connection.transaction():
            finish(connection, 1)
        call = begin_new(connection, "k1", {"bump": 1})
        connection.execute("UPDATE agent.counters SET v = v + 1 WHERE id = 1")
        assert finish(connection, call)["affected"] == 1
    assert count_effects(shop) == (1, 1, 1)


def test_people_have_no_keyed_writes(shop: Moat) -> None:
    with shop.superuser() as connection:
        with refused("PM001"):
            begin(connection, "k1")
        with refused("PM001"):
            finish(connection, 1)
        with refused("PM001"):
            connection.execute("SELECT * FROM pgmoat.preview_changes()")
