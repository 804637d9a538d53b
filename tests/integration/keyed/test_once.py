"""A key that is repeated: replayed, refused, waited for; never a second effect."""

from __future__ import annotations

import threading

import psycopg
import pytest

from tests.integration.keyed.writes import (
    Result,
    begin,
    begin_new,
    bump,
    count_effects,
    finish,
    wait_for_lock,
    write,
    write_once,
)
from tests.moat_fixtures import Moat, enter, new_task_id, refused


def test_a_repeated_key_gets_the_stored_result_and_writes_nothing(shop: Moat, route: str) -> None:
    token = shop.open_task("worker")
    first = write_once(shop, "worker", "k1", token=token, route=route)
    assert first == {
        "operation": "write()",
        "key": "k1",
        "replayed": False,
        "affected": 1,
        "rows": [{"id": 1, "v": 1}],
        "truncated": False,
        "statement_id": shop.value("SELECT id FROM pgmoat.statement WHERE rows = 1"),
    }
    for one in (token, shop.open_task("worker")):
        again = write_once(shop, "worker", "k1", token=one, route=route)
        assert again == {**first, "replayed": True}
    assert count_effects(shop) == (1, 1, 1)
    assert shop.read("SELECT max(rows_used) FROM pgmoat.ledger") == [(1,)]


def test_a_key_is_the_agents_own(shop: Moat) -> None:
    write_once(shop, "worker", "k1")
    assert not write_once(shop, "twin", "k1")["replayed"]
    assert count_effects(shop) == (2, 2, 2)


def test_another_request_is_another_write(shop: Moat, route: str) -> None:
    write_once(shop, "worker", "k1", 1, route=route)
    with refused("PM041") as caught:
        write_once(shop, "worker", "k1", 2, route=route)
    assert "write()" in str(caught.value.diag.message_detail)
    assert count_effects(shop) == (1, 1, 1)


def test_equal_values_are_one_request(shop: Moat) -> None:
    with shop.task("worker") as connection:
        finish(connection, begin_new(connection, "k1", {"a": 1, "b": [1, None], "c": None}))
    with shop.task("worker") as connection:
        assert begin(connection, "k1", {"b": [1, None], "a": 1})[1] is not None
        with refused("PM041"):
            begin(connection, "k1", {"b": [1], "a": 1})


def test_another_scope_is_another_request(shop: Moat) -> None:
    wide = shop.open_task("worker", scope='{"customer_id": [42, 43]}')
    write_once(shop, "worker", "k1", token=wide)
    for scope in ('{"customer_id": 42}', "{}"):
        with refused("PM041"):
            write_once(shop, "worker", "k1", token=shop.open_task("worker", scope=scope))
    again = shop.open_task("worker", scope='{"customer_id": [42, 43]}')
    assert write_once(shop, "worker", "k1", token=again)["replayed"]
    assert count_effects(shop) == (1, 1, 1)


def test_a_narrower_child_does_not_get_its_parents_result(shop: Moat) -> None:
    with shop.task("worker", shop.open_task("worker", scope='{"customer_id": [42, 43]}')) as connection:
        write(connection, "k1")
        tokens = [
            connection.execute("SELECT pgmoat.open_child(%s, %s)", arguments).fetchone()
            for arguments in (("same", "{}"), ("less", '{"customer_id": 42}'))
        ]
    assert tokens[0] is not None
    assert tokens[1] is not None
    assert write_once(shop, "worker", "k1", token=tokens[0][0])["replayed"]
    with refused("PM041"):
        write_once(shop, "worker", "k1", token=tokens[1][0])


def test_an_expired_key_is_never_run_again_by_itself(shop: Moat) -> None:
    write_once(shop, "worker", "k1")
    shop.run("UPDATE pgmoat.operation_call SET expires_at = now(), at = now() - interval '8 days'")
    with refused("PM042"):
        write_once(shop, "worker", "k1")
    assert count_effects(shop) == (1, 1, 1)


def test_a_replay_needs_an_open_task(shop: Moat, route: str) -> None:
    task_id = new_task_id()
    token = shop.open_task("worker", task_id)
    write_once(shop, "worker", "k1", token=token, route=route)
    with shop.connect("worker", route=route) as connection, refused("PM001"):
        begin(connection, "k1", {"bump": 1})
    with shop.connect("worker", route=route) as connection, refused("PM001"):
        begin(connection, "k1", {"bump": 1}, "moat_x")
    with shop.connect("twin", route=route) as connection, refused("PM001"):
        begin(connection, "k1", {"bump": 1}, token)
    shop.run("SELECT pgmoat.close_task('worker', %s)", task_id)
    with refused("PM002"):
        write_once(shop, "worker", "k1", token=token, route=route)


def test_a_token_in_the_text_is_refused(shop: Moat) -> None:
    token = shop.open_task("worker")
    with shop.connect("worker") as connection, refused("PM008"):
        connection.execute(f"SELECT pgmoat.begin_write('k1', '{{}}', '{token}')".encode())


def test_a_write_that_fails_leaves_the_key_free(shop: Moat, route: str) -> None:
    token = shop.open_task("worker")
    with refused("22012"), shop.connect("worker", route=route) as connection, connection.transaction():
        call = begin_new(connection, "k1", {"bump": 1}, token)
        finish(connection, call, bump(connection))
        connection.execute("SELECT 1 / 0")
    assert count_effects(shop) == (0, 0, 0)
    assert not write_once(shop, "worker", "k1", token=token, route=route)["replayed"]


@pytest.mark.parametrize("is_committed", [True, False])
def test_a_second_writer_waits_for_the_first(shop: Moat, route: str, is_committed: bool) -> None:
    second: list[Result] = []
    token = shop.open_task("worker")
    thread = threading.Thread(
        target=lambda: second.append(write_once(shop, "worker", "k1", token=token, route=route))
    )
    with (
        shop.task("worker", token, route=route) as connection,
        connection.transaction(force_rollback=not is_committed),
    ):
        write(connection, "k1")
        thread.start()
        wait_for_lock(shop)
    thread.join(20)
    assert second[0]["replayed"] is is_committed
    assert count_effects(shop) == (1, 1, 1)


def test_a_writer_that_may_not_wait_is_told_to_come_back(shop: Moat) -> None:
    with shop.task("hasty") as first:
        write(first, "k1")
        with refused("PM043") as caught:
            write_once(shop, "hasty", "k1")
        assert "same key" in str(caught.value.diag.message_hint)
    assert write_once(shop, "hasty", "k1")["replayed"]
    assert count_effects(shop) == (1, 1, 1)


def test_two_keys_in_two_orders_end_as_a_deadlock_for_one(shop: Moat) -> None:
    codes: list[str | None] = []
    token = shop.open_task("worker")
    both = threading.Barrier(2)

    def write_both(keys: tuple[str, str]) -> None:
        try:
            with shop.task("worker", token) as connection:
                begin_new(connection, keys[0])
                both.wait(20)
                begin_new(connection, keys[1])
        except psycopg.Error as error:
            codes.append(error.sqlstate)

    threads = [threading.Thread(target=write_both, args=[keys]) for keys in (("k1", "k2"), ("k2", "k1"))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert codes == ["40P01"]
    assert shop.read("SELECT key FROM pgmoat.operation_call ORDER BY 1") == [("k1",), ("k2",)]


def test_under_a_claimed_name(shop: Moat) -> None:
    with shop.connect("claimer", application_name="pgmoat:night:tidy up") as connection:
        with connection.transaction():
            assert not write(connection, "k1")["replayed"]
        with connection.transaction():
            connection.execute("SELECT pgmoat.claim('day', 'other')")
            assert write(connection, "k1")["replayed"]
    assert shop.read(
        "SELECT k.task_id, c.step, c.affected FROM pgmoat.operation_call AS c"
        "  JOIN pgmoat.task AS k ON k.id = c.task"
    ) == [("night", "tidy up", 1)]
    with shop.connect("worker", application_name="pgmoat:night:x") as connection, refused("PM001"):
        begin(connection, "k1", {"bump": 1})


def test_step_and_reason_go_with_the_write(shop: Moat, route: str) -> None:
    with shop.connect("worker", route=route) as connection, connection.transaction():
        row = connection.execute(
            "SELECT call FROM pgmoat.begin_write('k1', '{}', %s, 'tidy', 'too old')",
            [shop.open_task("worker")],
        ).fetchone()
        assert row is not None
        connection.execute("DELETE FROM counters WHERE id = 1")
        assert finish(connection, row[0])["affected"] == 1
    assert shop.read("SELECT step, reason FROM pgmoat.history") == [("tidy", "too old")]
    assert shop.read("SELECT step FROM pgmoat.operation_call") == [("tidy",)]


def test_only_what_was_written_in_between_is_counted(shop: Moat) -> None:
    with shop.connect("worker") as connection, connection.transaction():
        enter(connection, shop.open_task("worker"))
        bump(connection, 1)
        call = begin_new(connection, "k1")
        bump(connection, 2)
        bump(connection, 3)
        result = finish(connection, call)
        bump(connection, 4)
    assert result["affected"] == 2
    assert (
        shop.value("SELECT entity FROM pgmoat.statement WHERE id = %s", result["statement_id"]) == "counters"
    )
    assert shop.read(
        "SELECT (after ->> 'id')::int FROM pgmoat.change AS c JOIN pgmoat.operation_call AS o"
        "    ON c.id BETWEEN o.first_change AND o.last_change AND c.xid = o.xid ORDER BY 1"
    ) == [(2,), (3,)]
    assert count_effects(shop) == (4, 4, 1)
