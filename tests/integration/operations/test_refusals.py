"""What an operation refuses, and that a refusal leaves nothing behind, the key included."""

from __future__ import annotations

import pytest

from tests.integration.operations.calls import call, call_once, count_effects
from tests.moat_fixtures import Moat, enter, refused


@pytest.mark.parametrize("key", [None, "", "k" * 201])
def test_a_key_of_no_use(shop: Moat, key: str | None) -> None:
    with refused("PM040") as caught:
        call_once(shop, "support", "refund_order", key, order_id=5, amount=20)
    assert "the same whenever you repeat this call" in str(caught.value.diag.message_hint)
    assert count_effects(shop) == (0, 0, 0)


@pytest.mark.parametrize(("order_id", "amount"), [(6, 20), (5, 21)])
def test_one_key_for_two_requests(shop: Moat, order_id: int, amount: int) -> None:
    call_once(shop, "support", "refund_order", "k1", order_id=5, amount=20)
    with refused("PM041") as caught:
        call_once(shop, "support", "refund_order", "k1", order_id=order_id, amount=amount)
    detail = str(caught.value.diag.message_detail)
    assert detail.startswith("Used for operation refund_order at ")
    assert detail.endswith(", with other parameters, or in a task of another scope. Nothing was written now.")
    with refused("PM041"):
        call_once(shop, "support", "drop_order", "k1", order_id=5)
    assert count_effects(shop) == (1, 1, 1)


def test_a_key_belongs_to_the_scope_and_to_the_agent(shop: Moat) -> None:
    ada = shop.open_task("support", scope='{"customer": "ada"}')
    call_once(shop, "support", "refund_order", "k1", token=ada, order_id=5, amount=20)
    same_scope = shop.open_task("support", scope='{"customer": "ada"}')
    assert call_once(shop, "support", "refund_order", "k1", token=same_scope, order_id=5, amount=20)[
        "replayed"
    ]
    with refused("PM041"):
        other_scope = shop.open_task("support", scope='{"customer": "ben"}')
        call_once(shop, "support", "refund_order", "k1", token=other_scope, order_id=5, amount=20)
    assert not call_once(shop, "second", "refund_order", "k1", order_id=6, amount=20)["replayed"]
    assert count_effects(shop) == (2, 2, 2)


def test_an_expired_key_is_never_run_again_by_itself(shop: Moat) -> None:
    call_once(shop, "support", "refund_order", "k1", order_id=5, amount=20)
    shop.run("UPDATE pgmoat.operation_call SET expires_at = now(), at = now() - interval '8 days'")
    with refused("PM042"):
        call_once(shop, "support", "refund_order", "k1", order_id=5, amount=20)
    assert count_effects(shop) == (1, 1, 1)
    call_once(shop, "support", "refund_order", "k2", order_id=6, amount=20)
    assert shop.value("SELECT pgmoat.prune_operations('9 days')") == 0
    assert shop.value("SELECT pgmoat.prune_operations('7 days')") == 1
    assert shop.value("SELECT pgmoat.prune_operations('0 days')") == 0  # k2 still replays
    with refused("PM044"):  # forgotten: it runs, and finds the order refunded
        call_once(shop, "support", "refund_order", "k1", order_id=5, amount=20)


def test_preconditions_in_order_and_a_later_retry(shop: Moat) -> None:
    with refused("PM044") as caught:
        call_once(shop, "support", "refund_order", "k1", order_id=0, amount=-1)
    assert caught.value.diag.message_primary == "pgmoat: The amount must be positive."
    shop.run("UPDATE public.orders SET stat_cd = 5 WHERE id = 5")
    with refused("PM044") as caught:
        call_once(shop, "support", "refund_order", "k1", order_id=5, amount=20)
    assert "Precondition 2 of operation refund_order" in str(caught.value.diag.message_detail)
    assert count_effects(shop) == (0, 0, 0)
    shop.run("UPDATE public.orders SET stat_cd = 7 WHERE id = 5")
    assert not call_once(shop, "support", "refund_order", "k1", order_id=5, amount=20)["replayed"]


def test_a_missing_value(shop: Moat) -> None:
    with refused("PM046") as caught:
        call_once(shop, "support", "refund_order", "k1", order_id=5, amount=None)
    assert "amount" in str(caught.value.diag.message_primary)


def test_no_rows_is_loud(shop: Moat) -> None:
    with refused("PM045"):
        call_once(shop, "support", "drop_order", "k1", order_id=999)
    assert count_effects(shop) == (0, 0, 0)


def test_the_number_of_rows_written(shop: Moat) -> None:
    assert call_once(shop, "support", "mark_many", "k1", first=1, last=0)["affected"] == 0
    assert call_once(shop, "support", "mark_many", "k2", first=1, last=50)["affected"] == 50


def test_rows_per_statement_holds_over_all_calls_of_one_statement(shop: Moat) -> None:
    with refused("PM010"):
        call_once(shop, "support", "mark_many", "k1", first=1, last=51)
    with shop.task("hasty") as connection, refused("PM010"), connection.transaction():
        connection.execute("SELECT mark_many(i, i + 3, 'k' || i) FROM generate_series(1, 9, 4) AS i")
    assert count_effects(shop) == (0, 0, 0)


def test_the_budget_takes_the_whole_operation_back(shop: Moat) -> None:
    token = shop.open_task("hasty")
    call_once(shop, "hasty", "mark_many", "k1", token=token, first=1, last=10)
    with refused("PM011"):
        call_once(shop, "hasty", "mark_many", "k2", token=token, first=1, last=3)
    call_once(shop, "hasty", "refund_order", "k3", token=token, order_id=5, amount=20)
    with refused("PM011"):
        call_once(shop, "hasty", "refund_order", "k4", token=token, order_id=6, amount=20)
    assert count_effects(shop) == (1, 1, 2)
    replayed = call_once(shop, "hasty", "refund_order", "k3", token=token, order_id=5, amount=20)
    assert replayed["replayed"]


def test_calls_that_write_nothing_are_limited_too(shop: Moat) -> None:
    token = shop.open_task("hasty")
    for number in range(12):
        call_once(shop, "hasty", "mark_many", f"k{number}", token=token, first=1, last=0)
    with refused("PM047"):
        call_once(shop, "hasty", "mark_many", "k12", token=token, first=1, last=0)
    assert count_effects(shop) == (0, 0, 12)


def test_the_gate_stands_before_a_replay(shop: Moat) -> None:
    token = shop.open_task("support", "t1")
    call_once(shop, "support", "refund_order", "k1", token=token, order_id=5, amount=20)
    with shop.connect("support") as connection:
        with refused("PM001"):
            call(connection, "refund_order", "k1", order_id=5, amount=20)
        with connection.transaction():
            enter(connection, token)
            shop.run("SELECT pgmoat.freeze_agent('support', 'enough')")
            with refused("PM005"):
                call(connection, "refund_order", "k1", order_id=5, amount=20)
    shop.run("SELECT pgmoat.thaw_agent('support')")
    shop.run("SELECT pgmoat.close_task('support', 't1')")
    with shop.connect("support") as connection:
        connection.execute("SELECT set_config('pgmoat.token', %s, false)", (token,))
        with refused("PM002"):
            call(connection, "refund_order", "k1", order_id=5, amount=20)


def test_a_freeze_before_commit_holds(shop: Moat) -> None:
    with refused("PM005"), shop.task("support") as connection:
        call(connection, "refund_order", "k1", order_id=5, amount=20)
        shop.run("SELECT pgmoat.freeze_agent('support', 'enough')")
    assert count_effects(shop) == (0, 0, 0)


def test_a_transaction_that_cannot_write(shop: Moat) -> None:
    with refused("25006") as caught, shop.task("support") as connection:
        connection.execute("SET TRANSACTION READ ONLY")
        call(connection, "refund_order", "k1", order_id=5, amount=20)
    assert "on the primary" in str(caught.value.diag.message_hint)


@pytest.mark.parametrize("agent", ["blind", "support"])
def test_a_constraint_shows_the_row_only_to_those_who_may_read_it(shop: Moat, agent: str) -> None:
    with refused("23514") as caught:
        call_once(shop, agent, "refund_order", "k1", order_id=5, amount=2000)
    # Neither may read refunds, which has columns that the agent did not give.
    assert "Failing row" not in str(caught.value)
