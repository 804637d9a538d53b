"""What an operation does and gives back, directly and through PgBouncer."""

from __future__ import annotations

from tests.integration.operations.calls import call, call_once, count_effects, without_flag
from tests.moat_fixtures import Moat, refused


def test_an_agent_without_any_write_grant_refunds(shop: Moat, route: str) -> None:
    result = call_once(shop, "support", "refund_order", "k1", route=route, order_id=5, amount=20)
    assert result.pop("statement_id") == shop.value("SELECT max(id) FROM pgmoat.statement")
    assert result == {
        "operation": "refund_order",
        "key": "k1",
        "replayed": False,
        "affected": 2,
        "rows": [{"id": 5, "status": "refunded"}],
        "truncated": False,
    }
    assert count_effects(shop) == (1, 1, 1)
    assert shop.read("SELECT ord_id, amt, why FROM public.refunds") == [(5, 20, None)]
    with shop.task("support") as connection, refused("42501"):
        connection.execute("UPDATE orders SET status = 'refunded' WHERE id = 6")
    assert shop.value("SELECT count(*) FROM pgmoat.task") == 2


def test_the_same_key_replays_and_writes_nothing(shop: Moat, route: str) -> None:
    token = shop.open_task("support")
    first = call_once(shop, "support", "refund_order", "k1", token=token, route=route, order_id=5, amount=20)
    again = call_once(shop, "support", "refund_order", "k1", token=token, route=route, order_id=5, amount=20)
    assert again["replayed"]
    assert without_flag(again) == without_flag(first)
    assert count_effects(shop) == (1, 1, 1)
    assert shop.value("SELECT max(rows_used) FROM pgmoat.ledger") == 2


def test_twice_in_one_transaction_and_a_savepoint(shop: Moat) -> None:
    with shop.task("support") as connection:
        assert not call(connection, "refund_order", "k1", order_id=5, amount=20)["replayed"]
        assert call(connection, "refund_order", "k1", order_id=5, amount=20)["replayed"]
        with connection.transaction(force_rollback=True):
            assert not call(connection, "refund_order", "k2", order_id=6, amount=20)["replayed"]
        assert not call(connection, "refund_order", "k2", order_id=6, amount=20)["replayed"]
    assert count_effects(shop) == (2, 2, 2)


def test_history_names_the_operation(shop: Moat) -> None:
    with shop.task("support", step="pay back") as connection:
        call(connection, "refund_order", "k1", order_id=5, amount=20)
        call(connection, "add_refund", order_id=5, amount=1)
    with shop.task("clerk") as connection:
        connection.execute("UPDATE orders SET amount = 1 WHERE id = 9")
    assert shop.read(
        "SELECT agent, step, entity, operation, called FROM pgmoat.history ORDER BY change_id"
    ) == [
        ("support", "pay back", "orders", "update", "refund_order"),
        ("support", "pay back", "refunds", "insert", "refund_order"),
        ("support", "pay back", "refunds", "insert", "add_refund"),
        ("clerk", None, "orders", "update", None),
    ]


def test_an_optional_key_runs_every_time(shop: Moat) -> None:
    with shop.task("support") as connection:
        results = [call(connection, "add_refund", order_id=5, amount=1) for _ in range(3)]
    assert [result["key"] for result in results] == [None, None, None]
    assert len({result["rows"][0]["id"] for result in results}) == 3
    assert count_effects(shop) == (0, 3, 3)


def test_a_long_result_says_that_it_was_cut(shop: Moat) -> None:
    result = call_once(shop, "support", "remember", "k1", at="2026-01-01 12:00+00")
    assert [row["i"] for row in result["rows"]] == list(range(1, 101))
    assert result["truncated"]


def test_a_delete_is_soft_and_signed(shop: Moat) -> None:
    with shop.task("support", reason="placed twice") as connection:
        assert call(connection, "drop_order", "k1", order_id=3)["affected"] == 1
    assert shop.read("SELECT deleted_by, delete_reason FROM public.orders WHERE id = 3") == [
        ("agent:support-v1", "placed twice")
    ]


def test_positional_arguments_and_the_comment(shop: Moat) -> None:
    with shop.task("support") as connection:
        connection.execute("SELECT refund_order(5, 20, NULL, 'k1')")
    comment = shop.value("SELECT obj_description('agent.refund_order'::regproc, 'pg_proc')")
    assert comment.splitlines() == [
        "Refund an order in full or in part.",
        "order_id (bigint)",
        "amount (numeric): In the order's currency.",
        "reason (text, optional)",
        "idempotency_key (text, required): the same for every retry of one call",
    ]
