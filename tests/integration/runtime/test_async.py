"""The same for asyncio: many at once, cancelled ones, and context that stays where it belongs."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from pgmoat import errors
from pgmoat.runtime import AsyncMoat
from tests.integration.runtime.conftest import QUICK
from tests.moat_fixtures import Moat as Site

BUMP = "UPDATE orders SET visits = visits + 1 WHERE id = :id"


def run(shop: Site, route: str, work: Callable[[AsyncMoat], Awaitable[None]]) -> None:
    """Run *work* with a moat that was made outside of the event loop."""
    moat = AsyncMoat(shop.policy, dsns=shop.dsns(route), orchestrator_dsn=shop.database.dsn, backoff=QUICK)

    async def inside() -> None:
        async with moat:
            await work(moat)

    asyncio.run(inside())


def test_everything_once(shop: Site, route: str) -> None:
    async def work(moat: AsyncMoat) -> None:
        async with moat.task("support", "T-1") as task:
            with task.step("read"):
                assert (await task.query("SELECT id FROM orders WHERE id = :id", {"id": 6}))[0] == {"id": 6}
            first, again = await task.write(BUMP, {"id": 1}), await task.write(BUMP, {"id": 1})
            assert (first.replayed, again.replayed) == (False, True)
            assert (await task.call("bump", {"order_id": 2})).affected == 1
            assert (await task.preview(BUMP, {"id": 3})).affected == 1
            async with task.transaction() as transaction:
                await transaction.write(BUMP, {"id": 4})
            child = await task.open_child("a")
            await child.write(BUMP, {"id": 5})
            assert await moat.close_task(task)
            with pytest.raises(errors.TaskEndedError):
                await child.query("SELECT id FROM orders WHERE id = 1")

    run(shop, route, work)
    assert shop.read("SELECT id FROM public.orders WHERE n > 0 ORDER BY id") == [(1,), (2,), (4,), (5,)]


def test_a_hundred_at_once_over_twelve_connections(shop: Site, route: str) -> None:
    async def work(moat: AsyncMoat) -> None:
        async def one(number: int) -> None:
            async with moat.task("support", f"T-{number}") as task:
                await task.write(BUMP, {"id": number})
                found = await task.query("SELECT visits FROM orders WHERE id = :id", {"id": number})
                assert found[0] == {"visits": 1}

        await asyncio.gather(*(one(number) for number in range(1, 101)))

    run(shop, route, work)
    assert shop.value("SELECT sum(n) FROM public.orders") == 100
    limit = shop.value("SELECT count(*) FROM pg_stat_activity WHERE usename = %s", shop.role("support"))
    assert limit <= 12


def test_a_cancelled_call_leaves_a_pool_that_works(shop: Site, route: str) -> None:
    slow = "WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r WHERE n < 100000000)"

    async def work(moat: AsyncMoat) -> None:
        async with moat.task("narrow", "T-1") as task:  # one connection
            for _ in range(3):
                with pytest.raises(TimeoutError):
                    await asyncio.wait_for(task.query(f"{slow} SELECT count(*) FROM r"), 0.3)
                await task.query("SELECT id FROM orders WHERE id = 1")
            running = shop.value(
                "SELECT count(*) FROM pg_stat_activity WHERE usename = %s AND state = 'active'",
                shop.role("narrow"),
            )
            assert running == 0

    run(shop, route, work)


def test_an_await_inside_a_transaction_is_told(shop: Site, route: str) -> None:
    async def work(moat: AsyncMoat) -> None:
        async with moat.task("support", "T-1") as task:
            with pytest.raises(errors.TransactionIdleError):
                async with task.transaction() as transaction:
                    await transaction.write(BUMP, {"id": 1})
                    await asyncio.sleep(1.2)  # a model that thinks
                    await transaction.write(BUMP, {"id": 2})

    run(shop, route, work)
    assert shop.value("SELECT sum(n) FROM public.orders") == 0


def test_steps_follow_the_context(shop: Site, route: str) -> None:
    async def work(moat: AsyncMoat) -> None:
        async with moat.task("support", "T-1") as task, moat.task("support", "T-2") as other:

            async def in_step(name: str, number: int) -> None:
                with task.step(name):
                    await asyncio.sleep(0.01)
                    await task.write(BUMP, {"id": number})

            with task.step("outside"):
                await asyncio.gather(in_step("a", 1), in_step("b", 2))
                await task.write(BUMP, {"id": 3})
                await other.write(BUMP, {"id": 4})  # the step is not its own

    run(shop, route, work)
    assert shop.read("SELECT key ->> 'id', step FROM pgmoat.history ORDER BY 1") == [
        ("1", "a"),
        ("2", "b"),
        ("3", "outside"),
        ("4", None),
    ]
