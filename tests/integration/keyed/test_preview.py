"""What a transaction has written so far, in columns that the agent may read; then ROLLBACK."""

from __future__ import annotations

from typing import Any, LiteralString

import pytest

from tests.integration.keyed.writes import begin_new, bump, count_effects, finish, write_once
from tests.moat_fixtures import Connection, Moat, enter, refused

Row = tuple[Any, ...]


def _preview(connection: Connection, most_rows: int | None = 100) -> list[Row]:
    return connection.execute("SELECT * FROM pgmoat.preview_changes(%s)", [most_rows]).fetchall()


def test_what_would_be_written(shop: Moat, route: str) -> None:
    token = shop.open_task("worker")
    with shop.task("worker", token, route=route, reason="old") as connection:
        assert _preview(connection) == []
        with connection.transaction(force_rollback=True):
            bump(connection)
            connection.execute("INSERT INTO counters (id, note) VALUES (99, 'new')")
            connection.execute("DELETE FROM counters WHERE id = 2")
            shown = _preview(connection)
        assert _preview(connection) == []
    old = {"id": 1, "v": 0, "note": "hidden-note"}
    assert shown == [
        ("counters", "update", old, {**old, "v": 1}),
        ("counters", "insert", None, {"id": 99, "v": 0, "note": "new"}),
        ("counters", "delete", {**old, "id": 2}, None),
    ]
    # As if nothing had been: no row, no budget, no record.
    assert count_effects(shop) == (0, 0, 0)
    assert shop.value("SELECT count(*) FROM pgmoat.statement") == 0
    assert shop.read("SELECT max(rows_used), max(bytes_used) FROM pgmoat.ledger") == [(0, 0)]
    assert shop.read("SELECT count(*) FROM public.counters WHERE deleted_at IS NOT NULL OR id = 99") == [(0,)]
    assert not write_once(shop, "worker", "k1", token=token, route=route)["replayed"]


def test_a_keyed_write_is_rolled_back_with_its_key(shop: Moat, route: str) -> None:
    token = shop.open_task("worker")
    with shop.connect("worker", route=route) as connection, connection.transaction(force_rollback=True):
        call = begin_new(connection, "k1", {"bump": 1}, token)
        finish(connection, call, bump(connection))
        assert [row[:2] for row in _preview(connection)] == [("counters", "update")]
    assert count_effects(shop) == (0, 0, 0)
    assert not write_once(shop, "worker", "k1", token=token, route=route)["replayed"]


def test_columns_that_the_agent_may_not_read(shop: Moat, route: str) -> None:
    with shop.task("narrow", route=route) as connection:
        connection.execute("UPDATE counters SET note = 'x', v = 5 WHERE id = 1")
        with refused("42501"), connection.transaction():
            connection.execute("SELECT note FROM counters")
        shown = _preview(connection)
    assert shown == [("counters", "update", {"id": 1, "v": 0}, {"id": 1, "v": 5})]


def test_an_entity_that_only_an_operation_reaches(shop: Moat, route: str) -> None:
    with shop.task("worker", route=route) as connection:
        connection.execute("SELECT refund(1, 'k1')")
        shown = _preview(connection)
    assert [row[:2] for row in shown] == [("counters", "update"), ("refunds", "insert")]
    assert shown[1][2:] == (None, None)
    assert "hidden-why" not in str(shown)


_DISGUISES: tuple[LiteralString, ...] = (
    "CREATE TEMP VIEW refunds AS SELECT 1::bigint AS id, 2::bigint AS counter, 'x'::text AS why",
    "CREATE TEMP TABLE refunds (id bigint, counter bigint, why text)",
)


@pytest.mark.parametrize("disguise", _DISGUISES)
def test_a_view_of_the_agents_own_with_that_name(shop: Moat, disguise: LiteralString) -> None:
    with shop.task("worker") as connection:
        connection.execute(disguise)
        with refused("42501"), connection.transaction():
            connection.execute(
                "CREATE TRIGGER record AFTER UPDATE ON pg_temp.refunds"
                " FOR EACH STATEMENT EXECUTE FUNCTION pgmoat.after_write()"
            )
        connection.execute("SELECT agent.refund(1, 'k1')")
        assert "hidden-why" not in str(_preview(connection))


def test_other_transactions(shop: Moat, route: str) -> None:
    token = shop.open_task("worker")
    with shop.task("worker", token, route=route) as connection:
        bump(connection)
    with (
        shop.task("worker", token, route=route) as connection,
        shop.task("worker", token, route=route) as same,
        shop.task("twin", route=route) as other,
    ):
        bump(connection, 2)
        assert _preview(same) == []
        bump(other, 3)
        assert [row[2]["id"] for row in _preview(connection)] == [2]
        assert [row[2]["id"] for row in _preview(other)] == [3]


def test_scoped_rows(shop: Moat, route: str) -> None:
    token = shop.open_task("worker", scope='{"customer_id": 42}')
    with shop.task("worker", token, route=route) as connection:
        connection.execute("UPDATE items SET sku = 'x'")
        assert [(row[2]["id"], row[2]["sku"], row[3]["sku"]) for row in _preview(connection)] == [
            (1, "a", "x"),
            (2, "b", "x"),
        ]


def test_after_a_rollback_to_a_savepoint(shop: Moat, route: str) -> None:
    with shop.task("worker", route=route) as connection:
        bump(connection, 1)
        connection.execute("SAVEPOINT s")
        bump(connection, 2)
        assert len(_preview(connection)) == 2
        connection.execute("ROLLBACK TO s")
        assert [row[2]["id"] for row in _preview(connection)] == [1]
    assert count_effects(shop) == (1, 1, 0)


def test_how_many_rows(shop: Moat) -> None:
    with shop.task("worker") as connection:
        connection.execute("UPDATE counters SET v = v + 1 WHERE id <= 50")
        assert [len(_preview(connection, most)) for most in (0, 7, 100, None)] == [0, 7, 50, 50]
        with refused("2201W"), connection.transaction():
            _preview(connection, -1)


def test_the_gate_stands_before_a_preview(shop: Moat, route: str) -> None:
    """It shows rows as they were: a read like any other."""
    with shop.connect("worker", route=route) as connection, refused("PM001"):
        _preview(connection)
    token = shop.open_task("worker", "t1")
    with shop.task("worker", token, route=route) as connection:
        connection.execute("UPDATE counters SET v = v + 1 WHERE id = 1")
        enter(connection, shop.open_task("worker"))
        with refused("PM009"), connection.transaction():
            _preview(connection)
        enter(connection, token)
        shop.run("SELECT pgmoat.freeze_task('worker', 't1', 'enough')")
        with refused("PM004"), connection.transaction():
            _preview(connection)
        connection.execute("ROLLBACK")


def test_read_only_and_a_failed_statement(shop: Moat) -> None:
    with shop.task("reader") as connection:
        assert _preview(connection) == []
    with refused("25P02"), shop.task("worker") as connection:
        bump(connection)
        with refused("22012"):
            connection.execute("SELECT 1 / 0")
        _preview(connection)


def test_under_a_claimed_name(shop: Moat) -> None:
    with (
        shop.connect("claimer", application_name="pgmoat:night:x") as connection,
        connection.transaction(force_rollback=True),
    ):
        assert _preview(connection) == []
        bump(connection)
        assert len(_preview(connection)) == 1
    assert shop.value("SELECT count(*) FROM pgmoat.task") == 0
