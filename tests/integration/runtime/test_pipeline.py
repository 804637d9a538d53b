"""A pipeline of the runtime ends with Sync: a Flush behind it would hold one of PgBouncer's connections."""

from __future__ import annotations

import asyncio
import os
import socket
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import AsyncConnection, AsyncRawCursor, ClientCursor, Connection, OperationalError
from psycopg.pq import Trace
from sqlalchemy import text

from pgmoat import errors
from pgmoat.runtime import AsyncMoat, Moat
from pgmoat.runtime.asynchronous import exchange as asynchronous
from pgmoat.runtime.asynchronous.pipeline import open_pipeline as open_async_pipeline
from pgmoat.runtime.messages import BEGIN, COMMIT, Message
from pgmoat.runtime.sqlalchemy import create_agent_engine, create_async_agent_engine
from pgmoat.runtime.synchronous import exchange as synchronous
from pgmoat.runtime.synchronous.pipeline import open_pipeline
from tests.integration.runtime.conftest import Opener
from tests.moat_fixtures import Moat as Site

READ = "SELECT id FROM orders WHERE id = :id"
BUMP = "UPDATE orders SET visits = visits + 1 WHERE id = :id"
ONE, WRONG = Message(b"SELECT 1"), Message(b"SELECT 1 / 0")

Sent = Callable[[], list[str]]


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Sent]:
    """The messages that clients have sent by connections made in this test, as libpq traces them."""
    path = tmp_path / "trace"
    with path.open("wb") as file:
        for kind in (Connection, AsyncConnection):

            def trace(
                self: Any, *given: Any, made: Callable[..., None] = kind.__init__, **named: Any
            ) -> None:
                made(self, *given, **named)
                self.pgconn.trace(file.fileno())
                self.pgconn.set_trace_flags(Trace.SUPPRESS_TIMESTAMPS)

            monkeypatch.setattr(kind, "__init__", trace)

        def read() -> list[str]:
            lines = [line.split(b"\t") for line in path.read_bytes().splitlines()]
            return [fields[2].decode() for fields in lines if len(fields) > 2 and fields[0] == b"F"]

        yield read


def check(found: list[str], *, pipelines: int) -> None:
    """Look for no Flush, and for a Sync behind several statements in so many places."""
    assert "Flush" not in found
    together = " ".join(found).split("Sync")
    assert sum(part.split().count("Execute") > 1 for part in together) >= pipelines


def test_the_runtime_sends_no_flush(sent: Sent, moat: Moat) -> None:
    with moat.task("support", "T-1") as task:
        task.query(READ, {"id": 1})
        task.write(BUMP, {"id": 1})
        task.call("bump", {"order_id": 2})
        task.preview(BUMP, {"id": 3})
        with pytest.raises(errors.AgentError):
            task.write("UPDATE orders SET visits = 1 WHERE id < 100")
        with task.transaction() as transaction:
            transaction.query(READ, {"id": 1})
            transaction.write(BUMP, {"id": 4})
    check(sent(), pipelines=8)


def test_nor_for_asyncio(sent: Sent, shop: Site, route: str) -> None:
    async def work() -> None:
        moat = AsyncMoat(shop.policy, dsns=shop.dsns(route), orchestrator_dsn=shop.database.dsn)
        async with moat, moat.task("support", "T-1") as task:
            await task.query(READ, {"id": 1})
            await task.write(BUMP, {"id": 1})
            async with task.transaction() as transaction:
                await transaction.query(READ, {"id": 1})

    asyncio.run(work())
    check(sent(), pipelines=4)


def test_nor_an_engine(sent: Sent, make_runtime: Opener, shop: Site) -> None:
    engine = create_agent_engine(shop.policy, "support", dsn=shop.dsns()["support"])
    with make_runtime().task("support", "T-1"), engine.begin() as connection:
        connection.execute(text(READ), {"id": 1})
    engine.dispose()
    check(sent(), pipelines=0)  # psycopg sends a Sync behind the BEGIN of its own too


def test_nor_an_engine_for_asyncio(sent: Sent, shop: Site) -> None:
    async def work() -> None:
        moat = AsyncMoat(shop.policy, dsns=shop.dsns(), orchestrator_dsn=shop.database.dsn)
        engine = create_async_agent_engine(shop.policy, "support", dsn=shop.dsns()["support"])
        async with moat, moat.task("support", "T-1"), engine.begin() as connection:
            await connection.execute(text(READ), {"id": 1})
        await engine.dispose()

    asyncio.run(work())
    check(sent(), pipelines=0)  # psycopg sends a Sync behind the BEGIN of its own too


def test_an_idle_client_holds_no_server_connection(shop: Site) -> None:
    """Behind 200 pipelines, some of which fail: a Flush that comes late is given the pool's only one."""
    pooler = shop.start_pooler()
    role, console = shop.role("support"), pooler.console(resets=False)
    with (
        shop.connect_pooled("support", resets=False) as client,
        psycopg.connect(console, autocommit=True, cursor_factory=ClientCursor) as judge,
    ):

        def count_active() -> int:
            servers = judge.execute("SHOW SERVERS").fetchall()  # type, user, database, state, …
            assert role in [server[1] for server in servers]
            return sum(server[1] == role and server[3] == "active" for server in servers)

        for number in range(200):
            if number % 10:
                synchronous.send(client, BEGIN, ONE, COMMIT)
            else:
                with pytest.raises(errors.AgentError):
                    synchronous.send(client, ONE, WRONG, ONE)
            deadline = time.monotonic() + 1
            while count_active() and time.monotonic() < deadline:
                time.sleep(0.01)
            assert count_active() == 0, number


def test_a_message_larger_than_the_socket_takes(shop: Site) -> None:
    """psycopg leaves the end of it to its Flush; without either both ends would wait for ever."""
    large = Message(b"SELECT pg_catalog.length($1)", ["x" * 20_000_000])

    async def work(connection: AsyncConnection[Any]) -> None:
        with socket.socket(fileno=os.dup(connection.fileno())) as narrow:
            narrow.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 65_536)
        for messages in ((ONE, large), (large, ONE), (large, large)):
            cursors = await asynchronous.send(connection, *messages)
            assert (20_000_000,) in [await cursor.fetchone() for cursor in cursors]

    run(shop, work)


def test_an_error_before_the_sync_is_sent(shop: Site) -> None:
    """As with psycopg's own: no hang, and a connection that can be used."""

    def fail() -> None:
        raise OperationalError("out of memory")

    async def work(connection: AsyncConnection[Any]) -> None:
        cursor = connection.cursor()
        with pytest.raises(OperationalError, match="out of memory"):
            async with open_async_pipeline(connection) as pipeline:
                await cursor.execute("SELECT 1")
                pipeline.command_queue.append(fail)
        assert await cursor.fetchone() == (1,)
        assert await (await connection.execute("SELECT 2")).fetchone() == (2,)

    run(shop, work)


def run(shop: Site, work: Callable[[AsyncConnection[Any]], Awaitable[None]]) -> None:
    """Run *work*, which might hang, on a connection of its own."""

    async def inside() -> None:
        async with asyncio.timeout(12):
            connect = AsyncConnection.connect(
                shop.database.dsn, autocommit=True, cursor_factory=AsyncRawCursor
            )
            async with await connect as connection:
                await work(connection)

    asyncio.run(inside())


def test_a_connection_that_is_closed_takes_no_pipeline(shop: Site) -> None:
    with psycopg.connect(shop.database.dsn) as connection:
        connection.close()
        with pytest.raises(OperationalError), open_pipeline(connection):
            pass
