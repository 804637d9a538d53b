"""The same for asyncio: the current task follows asyncio's tasks, and nothing is left behind."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Coroutine
from typing import Any, LiteralString

import pytest
from sqlalchemy import exc, select, text
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from pgmoat import errors
from pgmoat.runtime import AsyncMoat
from pgmoat.runtime.sqlalchemy import create_async_agent_engine, write_once
from tests.integration.runtime.sqlalchemy.conftest import change_pool
from tests.integration.runtime.sqlalchemy.test_orm import Order, Refund, count_rows
from tests.moat_fixtures import Moat as Site

READ = text("SELECT visits FROM orders WHERE id = 1")
WRITE = text("UPDATE orders SET visits = visits + 1 WHERE id = :id")
KILL: LiteralString = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE '%T-1%'"
)


@contextlib.asynccontextmanager
async def _open(shop: Site, route: str, **changes: int) -> AsyncGenerator[tuple[AsyncEngine, AsyncMoat]]:
    policy = change_pool(shop.policy, "support", **changes)
    engine = create_async_agent_engine(policy, "support", dsn=shop.dsns(route)["support"])
    async with AsyncMoat(shop.policy, dsns=shop.dsns(), orchestrator_dsn=shop.database.dsn) as moat:
        try:
            yield engine, moat
        finally:
            await engine.dispose()


def _run(work: Coroutine[Any, Any, None]) -> None:
    asyncio.run(work)


def test_core_and_orm(shop: Site, route: str) -> None:
    async def work() -> None:
        async with _open(shop, route) as (engine, moat), moat.task("support", "T/%1") as task:
            with task.step("50%"):
                async with engine.connect() as connection:
                    found = await connection.execute(
                        text("SELECT current_query(), CAST(:p AS text)"), {"p": "%"}
                    )
                    query, percent = found.one()
                    streamed = await connection.stream(select(Order.id).where(Order.id <= 3))
                    assert {number async for (number,) in streamed} == {1, 2, 3}
                    await connection.exec_driver_sql("SET LOCAL search_path TO %s", ("agent",))
                assert query.startswith("/*agent_id='support-v1',step='50%25',task_id='T%2F%251'*/ SELECT")
                assert percent == "%"
                async with AsyncSession(engine) as session, session.begin():
                    order = await session.get_one(Order, 7)
                    order.status = "shipped"
                    session.add_all([Refund(order_id=7, amount=1), Refund(order_id=8, amount=2)])

    _run(work())
    assert shop.read("SELECT DISTINCT task_id, step, count(*) FROM pgmoat.history GROUP BY 1, 2") == [
        ("T/%1", "50%", 3)
    ]


def test_many_tasks_over_a_small_pool(shop: Site, route: str) -> None:
    async def work() -> None:
        async with _open(shop, route, workers=1, steps=1, overflow=1, timeout=20_000) as (engine, moat):

            async def one(number: int) -> None:
                async with moat.task("support", f"T-{number}") as task:
                    for round_ in range(5):
                        async with engine.begin() as connection:
                            with task.step(f"{number}.{round_}a"):
                                await connection.execute(WRITE, {"id": number * 10 + round_})
                            with task.step(f"{number}.{round_}b"):
                                await connection.execute(WRITE, {"id": 1000 + number * 10 + round_})

            async with asyncio.TaskGroup() as group:
                for number in range(1, 21):
                    group.create_task(one(number))

    _run(work())
    found = shop.read("SELECT (key ->> 'id')::int, task_id, step FROM pgmoat.history")
    assert set(found) == {
        (number * 10 + round_ + shift, f"T-{number}", f"{number}.{round_}{part}")
        for number in range(1, 21)
        for round_ in range(5)
        for part, shift in (("a", 0), ("b", 1000))
    }


def test_the_next_without_a_task_is_refused(shop: Site, route: str) -> None:
    async def work() -> None:
        async with _open(shop, route, workers=1, steps=1, overflow=0) as (engine, moat):
            async with moat.task("support", "T-1"):
                connection = await engine.connect()
                await connection.execute(READ)
                await connection.execute(
                    text("SELECT set_config('pgmoat.token', current_setting('pgmoat.token'), false)")
                )
                await connection.commit()
                with pytest.raises(exc.DBAPIError):
                    await connection.execute(text("SELECT 1 / 0"))
                await connection.close()
            async with engine.connect() as connection:
                with pytest.raises(errors.NoTaskError):
                    await connection.execute(READ)
            async with moat.task("support", "T-2"):
                assert await asyncio.to_thread(_read_in_thread, shop) == 0

    _run(work())


def _read_in_thread(shop: Site) -> Any:
    """Read with an engine of its own: asyncio.to_thread passes the current task on."""

    async def read() -> Any:
        engine = create_async_agent_engine(shop.policy, "support", dsn=shop.dsns()["support"])
        try:
            async with engine.connect() as connection:
                return await connection.scalar(READ)
        finally:
            await engine.dispose()

    return asyncio.run(read())


def test_failures(shop: Site, route: str) -> None:
    async def work() -> None:
        narrow = _open(shop, route, workers=1, steps=1, overflow=0, timeout=200)
        async with narrow as (engine, moat), moat.task("support", "T-1"), engine.connect() as connection:
            with pytest.raises(errors.PoolExhaustedError) as caught:
                await engine.connect()
            assert isinstance(caught.value, exc.TimeoutError)
            assert caught.value.retry_after_s == 0.2
            with pytest.raises(errors.BudgetExceededError) as refused:
                await connection.execute(text("UPDATE orders SET visits = 1 WHERE id < 100"))
            assert isinstance(refused.value, exc.DBAPIError)
            await connection.rollback()
            await connection.execute(READ)
            shop.run(KILL)
            with pytest.raises(errors.ConnectionLostError):
                await connection.execute(READ)
            assert connection.invalidated
            await connection.rollback()
            assert await connection.scalar(READ) == 0
            with pytest.raises(errors.SessionRefusedError):
                await connection.execution_options(isolation_level="AUTOCOMMIT")

    _run(work())


def test_a_cancelled_statement_leaves_no_task_behind(shop: Site, route: str) -> None:
    async def work() -> None:
        async with _open(shop, route, workers=1, steps=1, overflow=0) as (engine, moat):

            async def wait() -> None:
                async with moat.task("support", "T-1"), engine.connect() as connection:
                    await connection.execute(text("SELECT pg_sleep(1)"))

            with pytest.raises(TimeoutError):
                await asyncio.wait_for(wait(), 0.3)
            async with engine.connect() as connection:
                with pytest.raises(errors.NoTaskError):
                    await connection.execute(READ)

    _run(work())


def test_a_unit_of_work_takes_effect_once(shop: Site, route: str) -> None:
    async def work() -> None:
        async with _open(shop, route) as (engine, moat), moat.task("support", "T-1"):
            for is_again in (False, True):
                async with AsyncSession(engine) as session, session.begin():
                    found = await session.run_sync(
                        write_once, "k", {"id": 1}, lambda inner: count_rows(inner, WRITE, {"id": 1})
                    )
                    assert (found.value, found.replayed) == (1, is_again)

    _run(work())
    assert shop.value("SELECT n FROM public.orders WHERE id = 1") == 1
