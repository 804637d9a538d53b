"""Connections that die, fail or are given up half-way: none is lost to the pool, none is lent again."""

from __future__ import annotations

import asyncio
import gc
import threading
import time
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor

import pytest

from pgmoat import errors
from pgmoat.runtime import AsyncMoat, Backoff, Moat, Task
from tests.integration.runtime.conftest import QUICK, Opener
from tests.moat_fixtures import Moat as Site

READ = "SELECT id FROM orders WHERE id = 1"
ONCE = Backoff(deadline_s=0)


def _count_sessions(shop: Site, agent: str) -> int:
    return int(shop.value("SELECT count(*) FROM pg_stat_activity WHERE usename = %s", shop.role(agent)))


def _use_at_once(task: Task, callers: int) -> None:
    """Have the pool open as many connections as there are *callers*."""
    all_in = threading.Barrier(callers)

    def read() -> None:
        with task.transaction() as transaction:
            transaction.query(READ)
            all_in.wait(10)

    with ThreadPoolExecutor(callers) as pool:
        for reading in [pool.submit(read) for _ in range(callers)]:
            reading.result()


def test_dead_connections_cost_no_time(make_runtime: Opener, shop: Site) -> None:
    moat = make_runtime()
    with moat.task("solo", "T-1") as task:
        _use_at_once(task, 6)
        terminate = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE usename = %s"
        assert shop.read(terminate, shop.role("solo")) == [(True,)] * 6
        started = time.monotonic()
        for _ in range(6):
            task.query(READ)
        assert time.monotonic() - started < 2.5


def test_an_error_leaves_prepared_statements_usable(make_runtime: Opener) -> None:
    moat = make_runtime(backoff=ONCE)  # agent "narrow" has one connection, and the same text for all tasks
    with moat.task("narrow", "T-1") as closed, moat.task("narrow", "T-2") as task:
        moat.close_task(closed)
        for _ in range(3):
            for _ in range(2):
                with pytest.raises(errors.TaskEndedError):
                    closed.query(READ)
            for _ in range(5):
                assert task.query(READ)[0] == {"id": 1}


def test_calls_given_up_leave_the_pool_whole(shop: Site) -> None:
    async def run() -> None:
        async with AsyncMoat(
            shop.policy, dsns=shop.dsns(), orchestrator_dsn=shop.database.dsn, backoff=QUICK
        ) as moat:
            task = await moat.open_task("narrow", "T-1")
            for number in range(60):
                try:
                    async with asyncio.timeout(number / 4000):
                        with pytest.raises(errors.StatementInvalidError):  # and then a rollback
                            await task.query("SELECT missing FROM orders")
                except TimeoutError:
                    continue
            assert (await task.query(READ))[0] == {"id": 1}

    asyncio.run(run())


@pytest.fixture
def without_collector() -> Generator[None]:
    """Nothing is closed by chance."""
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("without_collector")
def test_a_connection_that_cannot_be_used_is_closed(make_runtime: Opener, shop: Site) -> None:
    moat: Moat = make_runtime(backoff=ONCE)
    task = moat.open_task("solo", "T-1")
    shop.run("REVOKE EXECUTE ON FUNCTION pg_catalog.pg_backend_pid() FROM PUBLIC")
    try:
        with pytest.raises(errors.ConnectionLostError, match=r"no connection to PostgreSQL within 1 s"):
            task.query(READ)
        deadline = time.monotonic() + 5
        while _count_sessions(shop, "solo"):
            assert time.monotonic() < deadline
            time.sleep(0.02)
    finally:
        shop.run("GRANT EXECUTE ON FUNCTION pg_catalog.pg_backend_pid() TO PUBLIC")
