"""Which call may be finished: the transaction's own write, of the session's own task, once."""

from __future__ import annotations

import json

import psycopg
import pytest

from tests.integration.keyed.writes import begin, begin_new, bump, count_effects, finish, write, write_once
from tests.moat_fixtures import Moat, enter, refused


def test_twice(shop: Moat, route: str) -> None:
    with shop.task("worker", route=route) as connection:
        call = begin_new(connection, "k1")
        finish(connection, call, bump(connection))
        with refused("PM048"), connection.transaction():
            finish(connection, call, [{"forged": 1}])
    assert shop.read("SELECT result -> 'rows' FROM pgmoat.operation_call") == [([{"id": 1, "v": 1}],)]


def test_after_the_transaction(shop: Moat, route: str) -> None:
    token = shop.open_task("worker")
    with shop.task("worker", token, route=route) as connection:
        call = begin_new(connection, "k1")
    with shop.task("worker", token, route=route) as connection:
        bump(connection)
        with refused("PM048"), connection.transaction():
            finish(connection, call)
    assert shop.read("SELECT result FROM pgmoat.operation_call") == [(None,)]


def test_in_a_transaction_of_its_own_each(shop: Moat) -> None:
    with shop.connect("worker") as connection:
        token = shop.open_task("worker")
        call = begin_new(connection, "k1", token=token)
        connection.execute("SELECT set_config('pgmoat.token', %s, false)", [token])
        with refused("PM048"):
            finish(connection, call)


def test_while_the_other_is_open(shop: Moat, route: str) -> None:
    with shop.task("worker") as mine, shop.task("twin", route=route) as other:
        call = begin_new(mine, "k1")
        with refused("PM048"), other.transaction():
            finish(other, call)
        own = begin_new(other, "k1")
        with refused("PM048"), mine.transaction():
            finish(mine, own)


@pytest.mark.parametrize("call", [0, -1, None, 2**62, 10**9])
def test_a_forged_number(shop: Moat, call: int | None) -> None:
    with shop.task("worker") as connection, refused("PM048"):
        begin_new(connection, "k1")
        finish(connection, call)


def test_an_operations_call(shop: Moat) -> None:
    with shop.task("worker") as connection:
        connection.execute("SELECT refund(1, 'k1')")
        number = shop_call = connection.execute("SELECT call FROM pgmoat.begin_write('k2', '{}')").fetchone()
        assert shop_call is not None
        assert number is not None
        for call in range(number[0] - 3, number[0]):
            with refused("PM048"), connection.transaction():
                finish(connection, call, [{"forged": 1}])
    assert shop.read(
        "SELECT result ->> 'operation', result -> 'rows' FROM pgmoat.operation_call WHERE key = 'k1'"
    ) == [("refund", [])]


def test_in_another_task_of_the_same_agent(shop: Moat, route: str) -> None:
    with shop.task("worker", route=route) as connection:
        call = begin_new(connection, "k1")
        bump(connection)
        enter(connection, shop.open_task("worker"))
        with refused("PM009"), connection.transaction():
            finish(connection, call)
    with shop.task("worker", route=route) as connection:
        call = begin_new(connection, "k2")
        enter(connection, shop.open_task("worker"))
        with refused("PM048"), connection.transaction():
            finish(connection, call)


def test_begun_under_one_task_and_written_under_another(shop: Moat, route: str) -> None:
    first, second = shop.open_task("worker"), shop.open_task("worker")
    with refused("PM048"), shop.task("worker", first, route=route) as connection:
        call = begin_new(connection, "k1")
        enter(connection, second)
        finish(connection, call, bump(connection))
    with refused("PM009"), shop.task("worker", first, route=route) as connection:
        call = begin_new(connection, "k1")
        enter(connection, second)
        bump(connection)
        enter(connection, first)
        finish(connection, call)
    assert count_effects(shop) == (0, 0, 0)


def test_written_in_a_child_of_the_task(shop: Moat) -> None:
    parent = shop.open_task("worker")
    with shop.connect("worker") as connection, connection.transaction():
        call = begin_new(connection, "k1", token=parent)
        row = connection.execute("SELECT pgmoat.open_child('c')").fetchone()
        assert row is not None
        enter(connection, row[0])
        bump(connection)
        for one in row[0], parent:
            enter(connection, one)
            with refused("PM048", "PM009"), connection.transaction():
                finish(connection, call)
        enter(connection, row[0])
        write(connection, "k2")
    assert shop.read(
        "SELECT c.key, k.parent IS NULL, c.affected FROM pgmoat.operation_call AS c"
        "  JOIN pgmoat.task AS k ON k.id = c.task ORDER BY 1"
    ) == [("k1", True, 0), ("k2", False, 1)]


def test_a_statement_that_changes_the_task_meanwhile(shop: Moat) -> None:
    other = shop.open_task("worker")
    with refused("PM009"), shop.task("worker") as connection:
        call = begin_new(connection, "k1")
        connection.execute(
            "WITH f AS MATERIALIZED (SELECT pgmoat.finish_write(%s) AS r),"
            " t AS MATERIALIZED (SELECT set_config('pgmoat.token', %s, true) AS s, r FROM f)"
            " UPDATE counters AS c SET v = v + 1 FROM t WHERE c.id = 1",
            [call, other],
        )
        connection.execute(
            "WITH w AS (UPDATE counters SET v = v + 1 WHERE id = 2 RETURNING id),"
            " t AS MATERIALIZED (SELECT set_config('pgmoat.token', %s, true) FROM w)"
            " SELECT pgmoat.finish_write((SELECT b.call FROM pgmoat.begin_write('k2', '{}') AS b)) FROM t",
            [shop.open_task("worker")],
        )
    assert count_effects(shop) == (0, 0, 0)


@pytest.mark.parametrize("rows", ["{}", '"x"', "1", "true", "null", '{"0": []}'])
def test_rows_that_are_no_array(shop: Moat, rows: str) -> None:
    with shop.task("worker") as connection:
        call = begin_new(connection, "k1")
        with refused("PM046") as caught, connection.transaction():
            connection.execute("SELECT pgmoat.finish_write(%s, %s)", [call, rows])
        assert "array" in str(caught.value.diag.message_primary)
        assert connection.execute("SELECT pgmoat.finish_write(%s, NULL, NULL)", [call]).fetchone() == (
            {
                "operation": "write()", "key": "k1", "replayed": False, "affected": 0, "rows": [],
                "truncated": False, "statement_id": None,
            },
        )  # fmt: skip


@pytest.mark.parametrize("request_json", [None, "[]", "null", "1", '"x"', '[{"a": 1}]'])
def test_a_request_that_is_no_object(shop: Moat, request_json: str | None) -> None:
    with shop.task("worker") as connection, refused("PM046") as caught:
        connection.execute("SELECT pgmoat.begin_write('k1', %s)", [request_json])
    assert "object" in str(caught.value.diag.message_primary)


@pytest.mark.parametrize("text", ["", "{", "\\u0000", '{"a": "\\u0000"}', '{"a": "\\ud800"}', "[" * 100_000])
def test_invalid_json(shop: Moat, text: str) -> None:
    with shop.task("worker") as connection:
        with pytest.raises(psycopg.Error), connection.transaction():
            connection.execute("SELECT pgmoat.begin_write('k1', %s)", [text])
        call = begin_new(connection, "k1")
        with pytest.raises(psycopg.Error), connection.transaction():
            connection.execute("SELECT pgmoat.finish_write(%s, %s)", [call, text])
        finish(connection, call, [json.dumps({"a": "\\u0000"})])
    assert count_effects(shop) == (0, 0, 1)


@pytest.mark.parametrize("key", [None, "", "x" * 201])
def test_a_key_that_is_none(shop: Moat, key: str | None) -> None:
    with shop.task("worker") as connection, refused("PM040") as caught:
        begin(connection, key)
    assert "begin_write" in str(caught.value.diag.message_hint)


def test_an_unfinished_write_has_no_result(shop: Moat, route: str) -> None:
    token = shop.open_task("worker")
    with shop.task("worker", token, route=route) as connection:
        begin_new(connection, "k1", {"bump": 1})
        with refused("PM049") as caught, connection.transaction():
            begin(connection, "k1", {"bump": 1})
        assert "this transaction" in str(caught.value.diag.message_primary)
        assert "committed" not in str(caught.value.diag.message_detail)
        bump(connection)
    with refused("PM049") as caught:
        write_once(shop, "worker", "k1", token=token, route=route)
    assert "committed" in str(caught.value.diag.message_detail)
    assert shop.read("SELECT affected, result FROM pgmoat.operation_call") == [(0, None)]
    assert count_effects(shop) == (1, 1, 1)
