"""Several statements in one transaction: all or nothing, and short."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest

from pgmoat import errors
from pgmoat.runtime import Moat
from tests.moat_fixtures import Moat as Site

BUMP = "UPDATE orders SET visits = visits + 1 WHERE id = :id"


def test_all_or_nothing(moat: Moat, shop: Site) -> None:
    with moat.task("support", "T-1") as task:
        with task.transaction() as transaction:
            before = transaction.query("SELECT visits FROM orders WHERE id = 1")[0]["visits"]
            transaction.write(BUMP, {"id": 1})
            assert transaction.query("SELECT visits FROM orders WHERE id = 1")[0]["visits"] == before + 1
            transaction.call("refund_order", {"order_id": 2, "amount": 5})
        with pytest.raises(ZeroDivisionError), task.transaction() as transaction:
            transaction.write(BUMP, {"id": 3})
            raise ZeroDivisionError
    assert shop.read("SELECT id, n, stat_cd FROM public.orders WHERE id <= 3 ORDER BY id") == [
        (1, 1, 1),
        (2, 0, 8),
        (3, 0, 1),
    ]


def test_repeated_as_a_whole_it_takes_effect_once(moat: Moat, shop: Site) -> None:
    with moat.task("support", "T-1") as task:
        for is_again in (False, True):
            with task.transaction() as transaction:
                assert transaction.write(BUMP, {"id": 1}).replayed is is_again
                assert transaction.call("bump", {"order_id": 2}).replayed is is_again
    assert shop.value("SELECT sum(n) FROM public.orders") == 2


def test_each_statement_has_the_step_it_is_in(moat: Moat, shop: Site) -> None:
    with moat.task("support", "T-1") as task, task.transaction() as transaction:
        with task.step("first"):
            transaction.write(BUMP, {"id": 1})
        with task.step("second"):
            transaction.write(BUMP, {"id": 2})
        transaction.write(BUMP, {"id": 3})
    assert shop.read("SELECT key ->> 'id', step FROM pgmoat.history ORDER BY 1") == [
        ("1", "first"),
        ("2", "second"),
        ("3", None),
    ]


def test_it_may_not_wait_for_something_else(moat: Moat, shop: Site) -> None:
    with (
        moat.task("support", "T-1") as task,
        pytest.raises(errors.TransactionIdleError) as caught,
        task.transaction() as transaction,
    ):
        transaction.write(BUMP, {"id": 1})
        time.sleep(1.2)  # a model that thinks
        transaction.write(BUMP, {"id": 2})
    assert "for something else before the next statement" in caught.value.message
    assert shop.value("SELECT sum(n) FROM public.orders") == 0


def test_neither_before_its_commit(moat: Moat, shop: Site) -> None:
    with (
        moat.task("support", "T-1") as task,
        pytest.raises(errors.TransactionIdleError, match="before COMMIT"),
        task.transaction() as transaction,
    ):
        transaction.write(BUMP, {"id": 1})
        time.sleep(1.2)
    assert shop.value("SELECT sum(n) FROM public.orders") == 0
    assert task.query("SELECT id FROM orders WHERE id = 1")


@pytest.mark.parametrize("last", ["begin", "query", "write"])
def test_postgresql_ends_one_that_waits(moat: Moat, shop: Site, last: str) -> None:
    """The block holds no lock and no connection of the server for longer, whatever was sent last."""
    with moat.task("support", "T-1") as task, pytest.raises(errors.AgentError), task.transaction() as held:
        if last == "query":
            held.query("SELECT id FROM orders WHERE id = 1")
        elif last == "write":
            held.write(BUMP, {"id": 1})
        time.sleep(1.3)
        open_ones = shop.value(
            "SELECT count(*) FROM pg_stat_activity WHERE usename = %s AND xact_start IS NOT NULL",
            shop.role("support"),
        )
        assert open_ones == 0


def test_it_may_not_take_too_long(moat: Moat, shop: Site) -> None:
    with (
        moat.task("support", "T-1") as task,
        pytest.raises(errors.TransactionTooLongError),
        task.transaction() as transaction,
    ):
        for number in range(1, 60):
            transaction.write(BUMP, {"id": number})
            time.sleep(0.1)
    assert shop.value("SELECT sum(n) FROM public.orders") == 0


def test_a_swallowed_error_does_not_look_like_a_commit(moat: Moat, shop: Site) -> None:
    with (
        moat.task("support", "T-1") as task,
        pytest.raises(errors.StateConflictError, match="rolled back"),
        task.transaction() as transaction,
    ):
        transaction.write(BUMP, {"id": 1})
        with pytest.raises(errors.BudgetExceededError):
            transaction.write("UPDATE orders SET visits = 1 WHERE id < 100")
    assert shop.value("SELECT sum(n) FROM public.orders") == 0


def test_a_budget_that_commit_refuses(moat: Moat, shop: Site) -> None:
    """Charged at COMMIT: the block ends with an error, and nothing of it is there."""
    with (
        moat.task("support", "T-1", max_writes=2) as task,
        pytest.raises(errors.BudgetExceededError),
        task.transaction() as transaction,
    ):
        transaction.write(BUMP, {"id": 1})
        transaction.write(BUMP, {"id": 2})
        task.write(BUMP, {"id": 3})  # meanwhile, by another connection
    assert shop.read("SELECT id FROM public.orders WHERE n > 0") == [(3,)]


def test_after_its_block_it_is_over(moat: Moat, shop: Site) -> None:
    """Its connection may be in another task's transaction then."""
    with moat.task("narrow", "T-1") as first, moat.task("narrow", "T-2") as second:
        with first.transaction() as over:
            over.query("SELECT 1 AS x")
        with second.transaction() as transaction:
            transaction.write(BUMP, {"id": 1})
            for attempt in (lambda: over.write(BUMP, {"id": 2}), lambda: over.query("SELECT 1 AS x")):
                with pytest.raises(errors.StateConflictError, match="the transaction is over"):
                    attempt()
            with pytest.raises(errors.StateConflictError, match="the transaction is over"):
                over.call("bump", {"order_id": 2})
    assert shop.read("SELECT id FROM public.orders WHERE n > 0") == [(1,)]


def test_after_an_error_it_is_over_too(moat: Moat) -> None:
    with moat.task("narrow", "T-1") as task:
        with pytest.raises(ZeroDivisionError), task.transaction() as over:
            raise ZeroDivisionError
        with pytest.raises(errors.StateConflictError, match="the transaction is over"):
            over.query("SELECT 1 AS x")


def test_a_statement_that_failed_half_way_takes_the_transaction_with_it(moat: Moat, shop: Site) -> None:
    """PostgreSQL has done the write, and Python cannot give it back: swallowed, it must not commit."""
    endless = "UPDATE orders SET visits = 1 WHERE id = 1 RETURNING 'infinity'::date AS day"
    with moat.task("support", "T-1") as task:
        with (
            pytest.raises(errors.StateConflictError, match="rolled back"),
            task.transaction() as transaction,
            suppress(errors.StatementInvalidError),
        ):
            transaction.write(endless, key="k1")
        assert not task.write(BUMP, {"id": 1}, key="k1").replayed  # the key is free
    assert shop.value("SELECT n FROM public.orders WHERE id = 1") == 1


def test_one_statement_at_a_time(moat: Moat, shop: Site) -> None:
    with (
        moat.task("support", "T-1") as task,
        ThreadPoolExecutor(1) as other,
        pytest.raises(errors.StateConflictError),
        task.transaction() as transaction,
    ):
        slow = "WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r WHERE n < 500000)"
        running = other.submit(transaction.query, f"{slow} SELECT count(*) FROM r")
        time.sleep(0.05)
        with suppress(errors.AgentError):
            with pytest.raises(errors.StateConflictError, match="in use"):
                transaction.write(BUMP, {"id": 1})
            running.result()
        raise errors.StateConflictError("seen")
    assert shop.value("SELECT n FROM public.orders WHERE id = 1") == 0
